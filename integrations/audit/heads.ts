/** Takes the head of the chain to somebody outside, signed, every ten minutes: what is cut off here afterwards is known there. */
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { AuditWitness } from "../audit-witness/audit-witness.ts"
import { PlatformTime } from "../postgres/time.ts"
import type { SecretKey } from "../vehicle-trust/keys.ts"
import { signHead } from "./chain.ts"

const everyMillis = 10 * 60_000 // Platform time.
const entriesAtOnce = 4_096
const toBeWritten = "2 seconds" // From a witness's yes to the row that says so.

interface Link {
  readonly position: string // A bigint.
  readonly entry: Uint8Array
  readonly hash: Uint8Array
}

/** How many rows were witnessed; 0 where none is due. Two processes at once bring the same, which is kept once. */
export const deposit = Effect.fn("Audit.deposit")(function* (key: SecretKey) {
  const sql = yield* SqlClient.SqlClient
  const time = yield* PlatformTime
  const witness = yield* AuditWitness
  const newest = sql<{ position: string }>`SELECT position::text FROM audit_heads ORDER BY audit_heads.position DESC LIMIT 1`
  const [last] = yield* newest
  const after = last?.position ?? "0"
  const [next] = yield* sql<{ at: Date }>`SELECT at FROM audit_chain WHERE position > ${after}::int8 ORDER BY position LIMIT 1`
  if (next === undefined) return 0
  // No link waits longer. The first goes at once: from then on there is a chain that somebody else knows of.
  if (last !== undefined && time.now() - next.at.getTime() < everyMillis) return 0
  const links = yield* sql<Link>`
    SELECT position::text, entry, hash FROM audit_chain WHERE position > ${after}::int8 ORDER BY audit_chain.position LIMIT ${entriesAtOnce}`
  const [first] = yield* sql<{ chain: string }>`SELECT encode(hash, 'hex') AS chain FROM audit_chain WHERE position = 0`
  const head = links.at(-1)!
  const { publicKey } = Redacted.value(key)
  const signed = yield* Effect.promise(() =>
    signHead(Redacted.value(key), {
      v: 1,
      chain: first!.chain,
      position: Number(head.position),
      hash: Buffer.from(head.hash).toString("hex")
    })
  )
  const entries = links.map(({ entry }) => entry)
  const taken = yield* witness.deposit({ chain: first!.chain, after: Number(after), entries, signed, publicKey }).pipe(
    // Another process may have brought a later head meanwhile: then this one is behind, and nothing is wrong.
    Effect.catchTag("HeadRefused", (refusal) =>
      Effect.sleep(toBeWritten).pipe(
        Effect.andThen(newest),
        Effect.flatMap(([now]) => (now !== undefined && now.position !== after ? Effect.succeed(null) : Effect.fail(refusal)))
      )
    )
  )
  if (taken === null) return 0
  yield* sql`
    INSERT INTO audit_heads (position, signed, witnessed_at)
    VALUES (${head.position}::int8, ${signed}, ${new Date(taken.at)})
    ON CONFLICT DO NOTHING`
  return links.length
})
