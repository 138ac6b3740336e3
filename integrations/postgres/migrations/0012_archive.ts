/** Where closed actors' journals and commands go, whole, so that the tables of live traffic grow with what is alive; and both read as one. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const slices = 8 // As many as the journal has.
const turnsOfBatch = 20_000 // Journal rows after which a batch ends early: who waits for one of its actors waits well under the lock's 2 s.

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE SCHEMA archive` // Insert-only, and by the function below alone.
  yield* sql`CREATE SCHEMA whole` // What was heard and promised, wherever it lies: for whoever reads history.

  yield* sql`CREATE TABLE archive.journal (LIKE journal INCLUDING ALL) PARTITION BY HASH (partition)`
  for (let slice = 0; slice < slices; slice++)
    yield* sql.unsafe(
      `CREATE TABLE archive.journal_${slice} PARTITION OF archive.journal FOR VALUES WITH (MODULUS ${slices}, REMAINDER ${slice})`
    )
  yield* sql`
    CREATE TABLE archive.outbox (
      LIKE outbox INCLUDING DEFAULTS,
      PRIMARY KEY (path, version, position),
      CHECK (state IN ('done', 'discarded'))
    )`
  yield* sql`CREATE VIEW whole.journal AS SELECT * FROM journal UNION ALL SELECT * FROM archive.journal`
  yield* sql`CREATE VIEW whole.outbox AS SELECT * FROM outbox UNION ALL SELECT * FROM archive.outbox`

  // The committer takes the mark off again: whatever a closed actor hears later lies in the journal, until it follows the rest.
  yield* sql`ALTER TABLE actors ADD COLUMN archived boolean NOT NULL DEFAULT false`
  yield* sql`CREATE INDEX actors_to_archive ON actors (state_since, path) WHERE closed AND NOT archived`

  yield* sql`
    CREATE FUNCTION archive.at_rest(of_partition smallint, of_path text, since timestamptz) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
      SELECT NOT EXISTS (SELECT FROM public.outbox o WHERE o.path = of_path AND o.state IN ('waiting', 'parked'))
         AND NOT EXISTS (SELECT FROM public.timers t WHERE t.path = of_path)
         AND NOT EXISTS (SELECT FROM public.journal j WHERE j.partition = of_partition AND j.path = of_path AND j.at >= since)
    $$`

  // The row of the actor is locked first, and who holds it is passed over: a turn waits for the batch, or comes before it, never into it.
  // What is looked at afterwards is newer than the lock (READ COMMITTED, a look per statement), so nothing of the actor is missed.
  yield* sql.unsafe(`
    CREATE FUNCTION archive.move(
      closed_before timestamptz, after_since timestamptz, after_path text, most integer,
      OUT looked integer, OUT moved integer, OUT turns integer, OUT commands integer, OUT last_since timestamptz, OUT last_path text
    )
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      one   record;
      count integer;
    BEGIN
      looked := 0; moved := 0; turns := 0; commands := 0;
      FOR one IN
        SELECT partition, path, state_since
        FROM public.actors
        WHERE closed AND NOT archived AND state_since < closed_before AND (state_since, path) > (after_since, after_path)
        ORDER BY state_since, path
        LIMIT most
        FOR UPDATE SKIP LOCKED
      LOOP
        looked := looked + 1; last_since := one.state_since; last_path := one.path;
        CONTINUE WHEN NOT archive.at_rest(one.partition, one.path, closed_before);

        WITH gone AS (DELETE FROM public.journal WHERE partition = one.partition AND path = one.path RETURNING *)
        INSERT INTO archive.journal SELECT * FROM gone;
        GET DIAGNOSTICS count = ROW_COUNT;
        turns := turns + count;

        WITH gone AS (DELETE FROM public.outbox WHERE path = one.path RETURNING *)
        INSERT INTO archive.outbox SELECT * FROM gone;
        GET DIAGNOSTICS count = ROW_COUNT;
        commands := commands + count;

        UPDATE public.actors SET archived = true WHERE path = one.path;
        moved := moved + 1;
        EXIT WHEN turns >= ${turnsOfBatch};
      END LOOP;
    END $$`)

  // Lists that would read what grows with customers: staff among all accounts, and what was given up among all that was done.
  yield* sql`CREATE INDEX accounts_staff ON accounts (subject_id, role) WHERE role <> 'customer'`
  yield* sql`CREATE INDEX outbox_discarded ON outbox (path, version, position) WHERE state = 'discarded'`
  yield* sql`CREATE INDEX outbox_discarded ON archive.outbox (path, version, position) WHERE state = 'discarded'`

  // A new owner's look for what the last one was at.
  yield* sql`CREATE INDEX timers_told ON timers (partition) WHERE retry_at > due_at`
  yield* sql`CREATE INDEX outbox_leased ON outbox (partition) WHERE leased`

  yield* sql`GRANT USAGE ON SCHEMA archive, whole TO caas_app`
  yield* sql`GRANT SELECT ON ALL TABLES IN SCHEMA archive, whole TO caas_app`
  yield* sql`REVOKE ALL ON FUNCTION archive.move FROM PUBLIC`
  yield* sql`REVOKE ALL ON FUNCTION archive.at_rest FROM PUBLIC`
  yield* sql`GRANT EXECUTE ON FUNCTION archive.move, archive.at_rest TO caas_app`
})
