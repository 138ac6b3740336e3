/** The actor system's memory in Postgres. The statement below is the only place in the program that changes an actor. */
import { PgTypes } from "@effect/sql-pg"
import { Effect, Layer } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { answeredInTime, bools, instants, int2s, int4s, texts } from "#integrations/postgres/postgres.ts"
import {
  ActorStore,
  ConstraintBroken,
  type Draft,
  type Reply,
  type Stored,
  StoreUnreachable,
  type Timer,
  triesBeforeQuarantine
} from "./actor-store.ts"
import type { AnyBehavior, RecordTable } from "./behavior.ts"
import { partitionOf } from "./partition.ts"

const idKept = 512 // Characters of a message's name in the list of defects: it may be the name that is the defect.

export const PostgresActorStore = (registry: ReadonlyArray<AnyBehavior>) =>
  Layer.effect(
    ActorStore,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const tables = [
        ...new Map(registry.flatMap(({ records }) => Object.values(records)).map((record) => [record.table, record])).values()
      ]
      const statement = commitStatement(tables)

      return ActorStore.of({
        claim: (partitions, owner) =>
          Effect.gen(function* () {
            const claimed = yield* sql<{ partition: number; epoch: number }>`
              UPDATE partitions SET epoch = epoch + 1, owner = ${owner}, claimed_at = clock_timestamp() WHERE partition = ANY(${int2s(partitions)}) RETURNING partition, epoch`
            // The last owner's leases end with its epoch: what it was at is done again, with the same ids.
            yield* sql`UPDATE outbox SET due_at = at, leased = false WHERE state = 'waiting' AND leased AND partition = ANY(${int2s(partitions)})`
            yield* sql`UPDATE timers SET retry_at = due_at WHERE retry_at > due_at AND partition = ANY(${int2s(partitions)})`
            return new Map(claimed.map(({ partition, epoch }) => [partition, epoch]))
          }).pipe(sql.withTransaction, answeredInTime, Effect.mapError(unreachable)),

        load: (paths) =>
          sql<LoadedRow>`
            SELECT path, version, machine_version, state,
              (extract(epoch FROM state_since) * 1000)::float8 AS state_since,
              (SELECT jsonb_agg(jsonb_build_array(timer_id, set_version, (extract(epoch FROM due_at) * 1000)::float8))
               FROM timers WHERE timers.path = actors.path) AS timers,
              EXISTS (SELECT FROM defects WHERE defects.path = actors.path AND tries >= ${triesBeforeQuarantine}) AS quarantined
            FROM actors WHERE path = ANY(${texts(paths)})`.pipe(
            Effect.map((rows) => new Map(rows.map((row) => [row.path, stored(row)]))),
            answeredInTime,
            Effect.mapError(unreachable)
          ),

        heard: (letters) =>
          sql<Reply & { path: string; message_id: string }>`
            SELECT letter.path, letter.message_id, reply.version, reply.state, reply.outcome
            FROM unnest(
              ${int2s(letters.map(({ path }) => partitionOf(path)))},
              ${texts(letters.map(({ path }) => path))},
              ${texts(letters.map(({ id }) => id))}
            ) AS letter (partition, path, message_id)
            CROSS JOIN LATERAL ( -- With a LIMIT it stays one index probe per letter and table, however young the statistics are.
              SELECT version, reply AS state, outcome FROM whole.journal
              WHERE journal.partition = letter.partition AND journal.path = letter.path AND journal.message_id = letter.message_id
              LIMIT 1
            ) AS reply`.pipe(
            Effect.map(
              (rows) =>
                new Map(
                  rows.map(({ path, message_id, version, state, outcome }) => [
                    `${path} ${message_id}`,
                    { version, state, outcome }
                  ])
                )
            ),
            answeredInTime,
            Effect.mapError(unreachable)
          ),

        commit: (epochs, drafts) =>
          sql
            .unsafe<{ owned: ReadonlyArray<number> | null; kept: ReadonlyArray<string> | null }>(
              statement,
              parameters(epochs, drafts, tables)
            )
            .pipe(
              Effect.map(([row]) => ({ owned: new Set(row!.owned ?? []), kept: new Set(row!.kept ?? []) })),
              answeredInTime,
              Effect.mapError((error) =>
                isConstraint(error) ? new ConstraintBroken({ cause: String(error.reason.cause) }) : unreachable(error)
              )
            ),

        defect: ({ path, messageId, type, cause, at }) =>
          sql<{ tries: number }>`
            INSERT INTO defects AS d (path, message_id, type, tries, cause, first_at, last_at)
            VALUES (${path}, ${messageId.slice(0, idKept)}, ${type}, 1, ${cause.slice(0, 4000)}, ${PgTypes.timestamptz(at)}, ${PgTypes.timestamptz(at)})
            ON CONFLICT (path, message_id) DO UPDATE SET tries = d.tries + 1, cause = EXCLUDED.cause, last_at = EXCLUDED.last_at
            RETURNING tries`.pipe(
            Effect.map(([row]) => row!.tries),
            answeredInTime,
            Effect.mapError(unreachable)
          )
      })
    })
  )

/**
 * One statement is one transaction and one round trip. In this order: the fence (partition epochs, FOR SHARE), actors (version
 * check), journal, timers, outbox, records. What hangs on an actor that was not where we thought joins nothing and is left out.
 */
const commitStatement = (tables: ReadonlyArray<RecordTable>) => `
  WITH owned AS (
    SELECT partition FROM partitions
    JOIN unnest($1::int2[], $2::int4[]) AS claim (partition, epoch) USING (partition, epoch)
    FOR SHARE OF partitions
  ), draft AS (
    SELECT * FROM owned JOIN unnest(
      $3::int2[], $4::text[], $5::int4[], $6::int4[], $7::int4[], $8::int4[], $9::text[], $10::text[], $11::text[],
      $12::timestamptz[], $13::timestamptz[], $14::bool[], $15::text[], $16::text[], $17::text[], $18::text[]
    ) AS draft (
      partition, path, was, version, epoch, machine_version, state, type, state_path,
      state_since, next_timer_at, closed, country, dealership_id, subject_id, vin
    ) USING (partition)
  ), born AS (
    INSERT INTO actors (
      path, partition, version, epoch, machine_version, state, type, state_path,
      state_since, next_timer_at, closed, country, dealership_id, subject_id, vin
    )
    SELECT path, partition, version, epoch, machine_version, state::jsonb, type, state_path,
      state_since, next_timer_at, closed, country, dealership_id, subject_id, vin
    FROM draft WHERE was = 0
    ON CONFLICT (path) DO NOTHING
    RETURNING path, partition
  ), moved AS (
    UPDATE actors SET
      version = draft.version, epoch = draft.epoch, machine_version = draft.machine_version, state = draft.state::jsonb,
      state_path = draft.state_path, state_since = draft.state_since, next_timer_at = draft.next_timer_at,
      closed = draft.closed, country = draft.country, dealership_id = draft.dealership_id,
      subject_id = draft.subject_id, vin = draft.vin, archived = false
    FROM draft
    WHERE was > 0 AND actors.path = draft.path AND actors.version = draft.was
    RETURNING actors.path, actors.partition
  ), kept AS (
    SELECT path, partition FROM born UNION ALL SELECT path, partition FROM moved
  ), journalled AS (
    INSERT INTO journal (
      partition, path, version, message_id, at, type, body, reply, outcome, machine_version, epoch, cause, correlation, trace_id
    )
    SELECT partition, path, version, message_id, at, type, body::jsonb, reply::jsonb, outcome, machine_version, epoch, cause, correlation, trace_id
    FROM unnest(
      $19::text[], $20::int4[], $21::text[], $22::timestamptz[], $23::text[], $24::text[], $25::text[], $26::text[],
      $27::int4[], $28::int4[], $29::text[], $30::text[], $31::text[]
    ) AS turn (path, version, message_id, at, type, body, reply, outcome, machine_version, epoch, cause, correlation, trace_id)
    JOIN kept USING (path)
  ), woken AS (
    DELETE FROM timers USING kept, unnest($32::text[], $33::text[]) AS gone (path, timer_id)
    WHERE kept.path = gone.path AND timers.path = gone.path AND timers.timer_id = gone.timer_id
  ), sleeping AS (
    INSERT INTO timers (partition, path, timer_id, set_version, due_at, retry_at)
    SELECT partition, path, timer_id, set_version, due_at, due_at
    FROM unnest($34::text[], $35::text[], $36::int4[], $37::timestamptz[]) AS timer (path, timer_id, set_version, due_at)
    JOIN kept USING (path)
    ON CONFLICT (path, timer_id) DO UPDATE
    SET set_version = EXCLUDED.set_version, due_at = EXCLUDED.due_at, retry_at = EXCLUDED.retry_at
  ), promised AS (
    INSERT INTO outbox (partition, path, version, position, lane, type, body, due_at, at, correlation, trace_id)
    SELECT partition, path, version, position, lane, type, body::jsonb, at, at, correlation, trace_id
    FROM unnest(
      $38::text[], $39::int4[], $40::int2[], $41::text[], $42::text[], $43::text[], $44::timestamptz[], $45::text[], $46::text[]
    ) AS command (path, version, position, lane, type, body, at, correlation, trace_id)
    JOIN kept USING (path)
  )${tables.map(recordCte).join("")}
  SELECT (SELECT array_agg(partition) FROM owned) AS owned, (SELECT array_agg(path) FROM kept) AS kept`

const firstRecordParameter = 47

const recordCte = ({ table, columns }: RecordTable, index: number) => {
  const names = Object.keys(columns)
  const typed = names.map((name) => `${name} ${columns[name]!.type}`)
  return `, record_${index} AS (
    INSERT INTO ${table} (partition, path, version, position, at, ${names.join(", ")})
    SELECT partition, path, version, position, at, ${names.join(", ")}
    FROM jsonb_to_recordset($${firstRecordParameter + index}::jsonb)
      AS record (path text, version int4, position int2, at timestamptz, ${typed.join(", ")})
    JOIN kept USING (path)
  )`
}

/** Column by column, as `unnest` wants them. */
const parameters = (epochs: ReadonlyMap<number, number>, drafts: ReadonlyArray<Draft>, tables: ReadonlyArray<RecordTable>) => {
  const actor = columns(16)
  const turn = columns(13)
  const gone = columns(2)
  const set = columns(4)
  const command = columns(9)
  const records = new Map<string, Array<unknown>>()
  for (const draft of drafts) {
    const { path, partition, was, version, machineVersion, state, statePath, stateSince, nextTimer, facets } = draft
    const epoch = epochs.get(partition)!
    const type = path.slice(0, path.indexOf("/"))
    const { closed, country, dealershipId, subjectId, vin } = facets
    push(
      actor,
      partition,
      path,
      was,
      version,
      epoch,
      machineVersion,
      state,
      type,
      statePath,
      stateSince,
      nextTimer,
      closed,
      country,
      dealershipId,
      subjectId,
      vin
    )
    for (const t of draft.turns) {
      push(
        turn,
        path,
        t.version,
        t.messageId,
        t.at,
        t.type,
        t.body,
        t.reply,
        t.outcome,
        machineVersion,
        epoch,
        t.cause,
        t.correlation,
        t.traceId
      )
    }
    for (const timerId of draft.timersGone) push(gone, path, timerId)
    for (const [timerId, { setVersion, due }] of draft.timersSet) push(set, path, timerId, setVersion, due)
    for (const c of draft.promised)
      push(command, path, c.version, c.position, c.lane, c.type, c.body, c.at, c.correlation, c.traceId)
    for (const { table, version, position, at, fields } of draft.records) {
      const record: Record<string, unknown> = { path, version, position, at: new Date(at).toISOString() }
      const { columns } = tables.find((known) => known.table === table)!
      for (const [name, { field }] of Object.entries(columns)) record[name] = fieldOf(fields, field)
      const rows = records.get(table)
      if (rows === undefined) records.set(table, [record])
      else rows.push(record)
    }
  }
  return [
    int2s(epochs.keys()),
    int4s(epochs.values()),
    ...typed(actor, [
      int2s,
      texts,
      int4s,
      int4s,
      int4s,
      int4s,
      texts,
      texts,
      texts,
      instants,
      instants,
      bools,
      texts,
      texts,
      texts,
      texts
    ]),
    ...typed(turn, [texts, int4s, texts, instants, texts, texts, texts, texts, int4s, int4s, texts, texts, texts]),
    ...typed(gone, [texts, texts]),
    ...typed(set, [texts, texts, int4s, instants]),
    ...typed(command, [texts, int4s, int2s, texts, texts, texts, instants, texts, texts]),
    ...tables.map(({ table }) => PgTypes.jsonb(records.get(table) ?? []))
  ]
}

const columns = (count: number): Array<Array<unknown>> => Array.from({ length: count }, () => [])
const push = (columns: Array<Array<unknown>>, ...values: ReadonlyArray<unknown>) => {
  for (let i = 0; i < values.length; i++) columns[i]!.push(values[i])
}
const typed = (columns: ReadonlyArray<ReadonlyArray<unknown>>, types: ReadonlyArray<typeof texts>) =>
  columns.map((values, i) => types[i]!(values))

/** "amount.amountMinor" reaches into a field. */
const fieldOf = (fields: Readonly<Record<string, unknown>>, path: string) =>
  path.split(".").reduce<any>((value, name) => value?.[name], fields) ?? null

interface LoadedRow {
  readonly path: string
  readonly version: number
  readonly machine_version: number
  readonly state: any
  readonly state_since: number
  readonly timers: ReadonlyArray<readonly [string, number, number]> | null
  readonly quarantined: boolean
}

const stored = ({
  version,
  machine_version,
  state: { heardFrom, ...state },
  state_since,
  timers,
  quarantined
}: LoadedRow): Stored => ({
  version,
  machineVersion: machine_version,
  state,
  heardFrom,
  stateSince: state_since,
  timers: new Map((timers ?? []).map(([timerId, setVersion, due]): [string, Timer] => [timerId, { setVersion, due }])),
  quarantined
})

/** SQLSTATE classes that repeating will not cure: 22 data exceptions (a NUL in a text), 23 integrity, 54 limits (a name too long for its index). All else (a lost connection, a lock, a time-out) is nobody's fault. */
const isConstraint = (error: SqlError.SqlError | Error): error is SqlError.SqlError =>
  SqlError.isSqlError(error) && /^(22|23|54)/.test(String((error.reason.cause as { code?: unknown } | undefined)?.code ?? ""))

const unreachable = (error: SqlError.SqlError | Error) =>
  new StoreUnreachable({ cause: SqlError.isSqlError(error) ? error.reason : error })
