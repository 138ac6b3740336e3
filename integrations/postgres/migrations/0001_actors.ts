/** The memory of the actor system: who everyone is, what they were told, what they promised, and when they wake. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const journalSlices = 8 // Hash slices of the journal by actor partition: a slice is what is archived or moved.

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  yield* sql`
    CREATE TABLE partitions (
      partition  smallint PRIMARY KEY,
      epoch      integer  NOT NULL DEFAULT 0        -- Grows with every owner. Who commits with an older one is refused.
    )`
  yield* sql`INSERT INTO partitions (partition) SELECT generate_series(0, 63)`

  yield* sql`
    CREATE TABLE actors (
      path            text        PRIMARY KEY,      -- 'order/ord_42'
      partition       smallint    NOT NULL,
      version         integer     NOT NULL CHECK (version > 0),
      epoch           integer     NOT NULL,
      machine_version integer     NOT NULL,
      state           jsonb       NOT NULL,         -- { value, context, status, heardFrom: { path: version } }
      type            text        NOT NULL,         -- The rest are facets: what lists ask for.
      state_path      text        NOT NULL,         -- 'manufacturing.building'
      state_since     timestamptz NOT NULL,
      next_timer_at   timestamptz,
      closed          boolean     NOT NULL,
      country         text,
      dealership_id   text,
      subject_id      text,
      vin             text
    ) WITH (fillfactor = 70)                        -- Room for the next version on the same page: HOT updates.`
  yield* sql`CREATE INDEX actors_by_state ON actors (type, state_path, path)`
  yield* sql`CREATE INDEX actors_by_dealership ON actors (dealership_id, type) WHERE dealership_id IS NOT NULL`
  yield* sql`CREATE INDEX actors_by_subject ON actors (subject_id, type) WHERE subject_id IS NOT NULL`

  yield* sql`
    CREATE TABLE journal (                          -- Insert-only. Also the inbox: a message is heard once.
      partition       smallint    NOT NULL,
      path            text        NOT NULL,
      version         integer     NOT NULL,
      message_id      text        NOT NULL,
      at              timestamptz NOT NULL,         -- Platform time, as the machine heard it.
      type            text        NOT NULL,
      body            jsonb       NOT NULL,         -- The message without its type and at.
      reply           jsonb       NOT NULL,         -- The state value that was answered.
      outcome         text        NOT NULL,         -- 'handled' or 'recorded: <reason>'
      machine_version integer     NOT NULL,
      epoch           integer     NOT NULL,
      cause           text        NOT NULL,
      correlation     text        NOT NULL,
      trace_id        text,
      PRIMARY KEY (partition, path, version),       -- One turn per version: the check against a second owner.
      UNIQUE (partition, path, message_id)
    ) PARTITION BY HASH (partition)`
  for (let slice = 0; slice < journalSlices; slice++)
    yield* sql.unsafe(
      `CREATE TABLE journal_${slice} PARTITION OF journal FOR VALUES WITH (MODULUS ${journalSlices}, REMAINDER ${slice})`
    )

  yield* sql`
    CREATE TABLE outbox (                           -- What was promised. Done rows stay: what left the building is evidence.
      partition   smallint    NOT NULL,
      path        text        NOT NULL,
      version     integer     NOT NULL,
      position    smallint    NOT NULL,
      lane        text        NOT NULL,             -- Order holds per (path, lane).
      type        text        NOT NULL,
      body        jsonb       NOT NULL,
      state       text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'parked', 'done', 'discarded')),
      due_at      timestamptz NOT NULL,             -- Leased or postponed is simply due later.
      leased      boolean     NOT NULL DEFAULT false, -- Somebody is at it until due_at. A new owner of the partition may take it at once.
      attempts    smallint    NOT NULL DEFAULT 0,
      rounds      smallint    NOT NULL DEFAULT 0,   -- How often it was parked.
      cause       text,                             -- The last failure.
      at          timestamptz NOT NULL,             -- When it was decided.
      finished_at timestamptz,
      correlation text        NOT NULL,
      trace_id    text,
      PRIMARY KEY (path, version, position)
    )`
  yield* sql`CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 'waiting'`
  yield* sql`CREATE INDEX outbox_lanes ON outbox (path, lane, version, position) WHERE state IN ('waiting', 'parked')`
  yield* sql`CREATE INDEX outbox_parked ON outbox (at) WHERE state = 'parked'`

  yield* sql`
    CREATE TABLE timers (
      partition    smallint    NOT NULL,
      path         text        NOT NULL,
      timer_id     text        NOT NULL,
      set_version  integer     NOT NULL,            -- The version of the actor that set it: the same name set again is another timer.
      due_at       timestamptz NOT NULL,
      retry_at     timestamptz NOT NULL,            -- due_at, or later while somebody is telling it.
      PRIMARY KEY (path, timer_id)
    )`
  yield* sql`CREATE INDEX timers_due ON timers (retry_at)`

  yield* sql`
    CREATE TABLE defects (                          -- A machine threw. Five on one message: the actor is quarantined.
      path        text        NOT NULL,
      message_id  text        NOT NULL,
      type        text        NOT NULL,
      tries       integer     NOT NULL,
      cause       text        NOT NULL,
      first_at    timestamptz NOT NULL,
      last_at     timestamptz NOT NULL,
      PRIMARY KEY (path, message_id)
    )`

  yield* sql`
    CREATE TABLE clock (                            -- Platform time is database time plus this. Only demo, tests and simulation may move it.
      one         boolean     PRIMARY KEY DEFAULT true CHECK (one),
      offset_ms   bigint      NOT NULL DEFAULT 0,
      movable     boolean     NOT NULL DEFAULT false
    )`
  yield* sql`INSERT INTO clock DEFAULT VALUES`
})
