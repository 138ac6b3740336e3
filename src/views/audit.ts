/** Who did what, and who looked at whom, the newest first; and how far the chain through it has come. */
import { Effect } from "effect"
import type { Act } from "#integrations/audit/audit.ts"
import { linked } from "#integrations/audit/chain.ts"
import { Seen } from "#integrations/postgres/seen-by.ts"
import type { FileRead } from "#integrations/purchase-file/purchase-file.ts"
import type { SubjectId } from "#machines/vocabulary.ts"

const linksFollowed = 1_000

/** Which session it was, an auditor has no need to know. */
export interface ActRow extends Omit<Act, "sessionId"> {
  readonly position: number
  readonly at: Date
  /** Of the answer; null where we were stopped on the way to it. */
  readonly status: number | null
}

export interface ActFilter {
  readonly subject: SubjectId | undefined
  readonly object: string | undefined
  /** Inclusive, and exclusive. */
  readonly from: string | undefined
  readonly to: string | undefined
}

/** Before position `before`; at most `limit`. Rows are written in the order of their time, to within what two clocks of ours differ in. */
export const actsWhere = Effect.fn("views.acts")(function* (
  { subject, object, from, to }: ActFilter,
  before: number,
  limit: number
) {
  const sql = yield* Seen
  const firstSince = (instant: string) =>
    sql`coalesce((SELECT position FROM audit WHERE at >= ${new Date(instant)} ORDER BY at, position LIMIT 1), 9223372036854775807)`
  // An object has few acts: they are found first, whatever the newest page would cost.
  const all = [
    sql`a.position < ${before}`,
    ...(subject === undefined ? [] : [sql`a.subject_id = ${subject}`]),
    ...(object === undefined
      ? []
      : [sql`a.position = ANY(ARRAY(SELECT position FROM audit WHERE objects @> ARRAY[${object}]::text[]))`]),
    ...(from === undefined ? [] : [sql`a.position >= ${firstSince(from)}`]),
    ...(to === undefined ? [] : [sql`a.position < ${firstSince(to)}`])
  ]
  return yield* sql<ActRow>`
    SELECT a.position::float8 AS position, a.at, a.request_id AS "requestId", a.subject_id AS "subjectId", a.role, a.dealership_id AS "dealershipId",
           a.method, a.route, a.objects, a.reason, o.status
    FROM audit a
    LEFT JOIN LATERAL (SELECT status FROM audit_outcomes WHERE request_id = a.request_id LIMIT 1) o ON true
    WHERE ${sql.and(all)}
    ORDER BY a.position DESC
    LIMIT ${limit}`
})

export interface LookRow extends Omit<FileRead, "customerId" | "by"> {
  readonly position: number
  readonly at: Date
  readonly requestId: string | null
  readonly bySubjectId: SubjectId
}

/** Into one customer's data, before position `before`; at most `limit`. */
export const looksInto = Effect.fn("views.looks")(function* (customerId: SubjectId, before: number, limit: number) {
  const sql = yield* Seen
  return yield* sql<LookRow>`
    SELECT position::float8 AS position, at, request_id AS "requestId", by_subject_id AS "bySubjectId", role, dealership_id AS "dealershipId",
           order_id AS "orderId", what, document_id AS "documentId"
    FROM purchase_file_reads
    WHERE customer_id = ${customerId} AND purchase_file_reads.position < ${before}
    ORDER BY purchase_file_reads.position DESC
    LIMIT ${limit}`
})

export interface Head {
  readonly chain: string
  readonly position: number
  readonly hash: string
  readonly sealedAt: Date
  /** A row that waits for its place, for how long ago ever. */
  readonly someWait: boolean
  readonly witnessed: { readonly position: number; readonly signed: string; readonly at: Date } | null
  /** The newest links, followed again; rows are compared by ./caas verify. */
  readonly followed: { readonly links: number; readonly unbroken: boolean }
}

export const headOfAudit = Effect.fn("views.headOfAudit")(function* () {
  const sql = yield* Seen
  const links = yield* sql<{ position: number; at: Date; entry: Uint8Array; hash: Uint8Array }>`
    SELECT c.position::float8 AS position, c.at, c.entry, c.hash FROM audit_chain c ORDER BY c.position DESC LIMIT ${linksFollowed}`
  const [first] = yield* sql<{ chain: string }>`SELECT encode(hash, 'hex') AS chain FROM audit_chain WHERE position = 0`
  const waiting = yield* sql`SELECT source FROM audit_unsealed LIMIT 1`
  const [witnessed] = yield* sql<NonNullable<Head["witnessed"]>>`
    SELECT h.position::float8 AS position, h.signed, h.witnessed_at AS at FROM audit_heads h ORDER BY h.position DESC LIMIT 1`
  const newest = links[0]!
  const follows = (n: number) => {
    const [link, before] = [links[n]!, links[n + 1]!]
    return link.position === before.position + 1 && Buffer.from(linked(before.hash, link.entry)).equals(link.hash)
  }
  const pairs = links.length - 1
  return {
    chain: first!.chain,
    position: newest.position,
    hash: Buffer.from(newest.hash).toString("hex"),
    sealedAt: newest.at,
    someWait: waiting.length > 0,
    witnessed: witnessed ?? null,
    followed: { links: pairs, unbroken: Array.from({ length: pairs }, (_, n) => n).every(follows) }
  } satisfies Head
})
