/** Reconciliation in Postgres: one row says whose turn it is, the others what was said, and what does not agree. */
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { answeredInTime, int2s, texts } from "../postgres/postgres.ts"
import { iso, PlatformTime } from "../postgres/time.ts"
import { ClaimLost, type OurPayment, Reconciliation, ReconciliationUnreachable } from "./reconciliation.ts"

const leaseSeconds = 60 // Of the database's own time; prolonged with every page.
const overlapMinutes = 60 // Of the gateway's clock: what was too young to judge, and what its list was late with, is read again.
const firstLookHours = 24 // How far back our own payments are looked for the first time.

const unreachable = <A, E, R>(asking: Effect.Effect<A, E, R>) =>
  answeredInTime(asking).pipe(Effect.mapError((cause: unknown) => new ReconciliationUnreachable({ cause })))

/** What an actor hears of its payment; a refund and a dispute have names of their own. */
const facts = [
  "PaymentAuthorised",
  "PaymentCaptured",
  "PaymentSucceeded",
  "PaymentDeclined",
  "PaymentVoided",
  "PaymentSettled",
  "PaymentSettlementFailed",
  "PaymentReturned",
  "RefundFailed",
  "PaymentDisputed",
  "DisputeClosed"
]

interface Sums {
  readonly paymentId: string
  readonly currency: string
  readonly kind: string
  readonly debit: string
  readonly credit: string
  readonly minor: number
}

export const ReconciliationPostgres = Layer.effect(
  Reconciliation,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const time = yield* PlatformTime
    const now = () => iso(time.now())

    return Reconciliation.of({
      claim: Effect.suspend(() => {
        const claimId = crypto.randomUUID()
        return sql<{ since: Date; takenSince: Date }>`
          UPDATE reconciliation_schedule
          SET claim_id = ${claimId}, claimed_until = now() + ${leaseSeconds}::integer * interval '1 second'
          WHERE due_at <= ${now()}::timestamptz AND (claimed_until IS NULL OR claimed_until <= now())
          RETURNING GREATEST(read_until - ${overlapMinutes}::integer * interval '1 minute', '1970-01-01') AS since,
                    coalesce(taken_until - ${overlapMinutes}::integer * interval '1 minute',
                             ${now()}::timestamptz - ${firstLookHours}::integer * interval '1 hour') AS "takenSince"`.pipe(
          unreachable,
          Effect.map(([row]) =>
            row === undefined ? null : { claimId, since: row.since.toISOString(), takenSince: row.takenSince.toISOString() }
          )
        )
      }),

      prolong: Effect.fnUntraced(function* ({ claimId }) {
        const held = yield* sql`
          UPDATE reconciliation_schedule SET claimed_until = now() + ${leaseSeconds}::integer * interval '1 second'
          WHERE claim_id = ${claimId}
          RETURNING true AS held`.pipe(unreachable)
        if (held.length === 0) return yield* new ClaimLost()
      }),

      keep: (payments) =>
        sql`
          INSERT INTO gateway_statements (gateway_id, payment_id, captured, statement, changed_at, read_at)
          SELECT said ->> 'id', said ->> 'reference', (said ->> 'capturedMinor')::bigint, said, (said ->> 'changedAt')::timestamptz,
                 ${now()}::timestamptz
          FROM jsonb_array_elements(${JSON.stringify(payments)}::jsonb) AS said
          ON CONFLICT (gateway_id) DO UPDATE
          SET payment_id = EXCLUDED.payment_id, captured = EXCLUDED.captured, statement = EXCLUDED.statement,
              changed_at = EXCLUDED.changed_at, read_at = EXCLUDED.read_at`.pipe(unreachable, Effect.asVoid),

      ours: Effect.fnUntraced(function* (payments) {
        const names = texts(payments.map(({ paymentId }) => paymentId))
        const paths = texts(payments.map(({ path }) => path))
        const partitions = int2s(payments.map(({ partition }) => partition))
        const sums = yield* sql<Sums>`
          SELECT payment_id AS "paymentId", currency, kind, debit, credit, sum(amount_minor)::float8 AS minor
          FROM ledger
          WHERE payment_id = ANY(${names}) AND phase = 'posted'
          GROUP BY payment_id, currency, kind, debit, credit`.pipe(unreachable)
        const commands = yield* sql<{ paymentId: string; commandId: string; type: string; open: boolean }>`
          SELECT asked.payment_id AS "paymentId", o.path || '#' || o.version || '.' || o.position AS "commandId", o.type,
                 o.state IN ('waiting', 'parked') AS open
          FROM unnest(${names}, ${paths}) AS asked (payment_id, path)
          JOIN whole.outbox o ON o.path = asked.path AND o.body ->> 'paymentId' = asked.payment_id`.pipe(unreachable)
        const heard = yield* sql<{ paymentId: string; fact: string }>`
          SELECT asked.payment_id AS "paymentId", concat_ws(' ', j.type, coalesce(j.body ->> 'refundId', j.body ->> 'disputeId')) AS fact
          FROM unnest(${names}, ${paths}, ${partitions}) AS asked (payment_id, path, partition)
          JOIN whole.journal j ON j.partition = asked.partition AND j.path = asked.path
          WHERE j.type = ANY(${texts(facts)}) AND j.body ->> 'paymentId' = asked.payment_id
            -- Of another amount it was not believed: it was heard for nothing, but where the list itself had said so.
            AND (j.outcome <> 'recorded: AmountMismatch' OR j.message_id LIKE 'reconcile/%')`.pipe(unreachable)
        const twins = yield* sql<{ paymentId: string; twins: number }>`
          SELECT payment_id AS "paymentId", count(*)::int - 1 AS twins
          FROM gateway_statements
          WHERE payment_id = ANY(${names}) AND captured > 0
          GROUP BY payment_id
          HAVING count(*) > 1`.pipe(unreachable)

        return payments.map(({ paymentId }): OurPayment => {
          const rows = sums.filter((row) => row.paymentId === paymentId)
          const sum = (counts: (row: Sums) => boolean) => rows.reduce((total, row) => total + (counts(row) ? row.minor : 0), 0)
          const ofKind = (...kinds: ReadonlyArray<string>) => sum(({ kind }) => kinds.includes(kind))
          const orders = commands.filter((command) => command.paymentId === paymentId)
          return {
            paymentId,
            currency: rows[0]?.currency ?? null,
            taken: sum(({ kind, debit }) => debit === "gateway" && kind !== "refundFailed" && kind !== "disputeWon"),
            returned: sum(({ debit, credit }) => debit === "refundsDue" && credit === "gateway") - ofKind("refundFailed"),
            settled: ofKind("paymentSettled"),
            settlementFailed: ofKind("paymentSettlementFailed"),
            chargedBack: ofKind("chargedBack"),
            disputesEnded: ofKind("disputeWon", "disputeLost"),
            underWay: orders.some(({ open }) => open),
            returnsOrdered: new Set(orders.flatMap(({ type, commandId }) => (type === "ReturnPayment" ? [commandId] : []))),
            heard: new Set(heard.flatMap((one) => (one.paymentId === paymentId ? [one.fact] : []))),
            twins: twins.find((one) => one.paymentId === paymentId)?.twins ?? 0
          }
        })
      }),

      untold: ({ since, until, after, limit }) =>
        sql<{ paymentId: string }>`
          SELECT DISTINCT payment_id AS "paymentId"
          FROM ledger l
          WHERE at >= ${since}::timestamptz AND at < ${until}::timestamptz AND payment_id > ${after}
            AND debit = 'gateway' AND phase = 'posted' AND kind NOT IN ('refundFailed', 'disputeWon')
            AND NOT EXISTS (SELECT FROM gateway_statements g WHERE g.payment_id = l.payment_id)
          ORDER BY payment_id
          LIMIT ${limit}`.pipe(
          unreachable,
          Effect.map((rows) => rows.map(({ paymentId }) => paymentId))
        ),

      broken: ({ before, after, limit }) =>
        sql<{ paymentId: string }>`
          SELECT DISTINCT payment_id AS "paymentId"
          FROM reconciliation_breaks b
          WHERE closed_at IS NULL AND payment_id > ${after}
            AND NOT EXISTS (SELECT FROM gateway_statements g WHERE g.payment_id = b.payment_id AND g.read_at >= ${before}::timestamptz)
          ORDER BY payment_id
          LIMIT ${limit}`.pipe(
          unreachable,
          Effect.map((rows) => rows.map(({ paymentId }) => paymentId))
        ),

      judge: Effect.fnUntraced(function* (payments, breaks) {
        const at = now()
        const found = JSON.stringify(breaks)
        const closed = yield* sql`
          UPDATE reconciliation_breaks b SET closed_at = ${at}::timestamptz, closing = 'agreed'
          WHERE closed_at IS NULL AND payment_id = ANY(${texts(payments)})
            AND NOT EXISTS (
              SELECT FROM jsonb_to_recordset(${found}::jsonb) AS f ("paymentId" text, kind text)
              WHERE f."paymentId" = b.payment_id AND f.kind = b.kind
            )
          RETURNING break_id`.pipe(unreachable)
        const opened = yield* sql`
          INSERT INTO reconciliation_breaks (payment_id, gateway_id, kind, ours, theirs, currency, opened_at)
          SELECT f."paymentId", f."gatewayId", f.kind, f.ours, f.theirs, f.currency, ${at}::timestamptz
          FROM jsonb_to_recordset(${found}::jsonb)
            AS f ("paymentId" text, "gatewayId" text, kind text, ours bigint, theirs bigint, currency text)
          LEFT JOIN LATERAL (
            SELECT closing, ours, theirs FROM reconciliation_breaks b
            WHERE b.payment_id = f."paymentId" AND b.kind = f.kind
            ORDER BY break_id DESC
            LIMIT 1
          ) last ON true
          WHERE NOT (last.closing IS NOT DISTINCT FROM 'resolved' AND last.ours IS NOT DISTINCT FROM f.ours AND last.theirs IS NOT DISTINCT FROM f.theirs)
          ON CONFLICT (payment_id, kind) WHERE closed_at IS NULL DO NOTHING
          RETURNING break_id`.pipe(unreachable)
        return { opened: opened.length, closed: closed.length }
      }),

      finish: ({ claimId }, { startedAt, payments, told, opened, closed, readUntil, failure }, minutes) =>
        sql`
          WITH over AS (
            UPDATE reconciliation_schedule
            SET due_at = ${startedAt}::timestamptz + ${minutes}::integer * interval '1 minute', claim_id = NULL, claimed_until = NULL,
                read_until = CASE WHEN ${failure === null} THEN GREATEST(read_until, coalesce(${readUntil}::timestamptz, read_until)) ELSE read_until END,
                taken_until = CASE WHEN ${failure === null} THEN ${startedAt}::timestamptz ELSE taken_until END
            WHERE claim_id = ${claimId}
            RETURNING true
          )
          INSERT INTO reconciliation_runs (started_at, ended_at, payments, told, opened, closed, failure)
          SELECT ${startedAt}::timestamptz, ${now()}::timestamptz, ${payments}::integer, ${told}::integer, ${opened}::integer,
                 ${closed}::integer, ${failure}
          FROM over`.pipe(unreachable, Effect.asVoid),

      resolve: (breakId, by, reason) =>
        sql`
          UPDATE reconciliation_breaks
          SET closed_at = ${now()}::timestamptz, closing = 'resolved', by_subject_id = ${by}, reason = ${reason}
          WHERE break_id = ${breakId} AND closed_at IS NULL
          RETURNING break_id`.pipe(
          unreachable,
          Effect.map((rows) => rows.length > 0)
        )
    })
  })
)
