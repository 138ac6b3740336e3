/** The chain through five logs, followed again from its beginning by code that nobody else uses, and held against what its witness knows (I04). */
import { createHash, createPublicKey, verify } from "node:crypto"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Evidence } from "./evidence.ts"
import type { Findings } from "./findings.ts"
import type { PartnerLedgers } from "./partner-ledgers.ts"

const page = 2_000 // Links in memory at once.
const instant = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'

/** What is sealed, and how each row was said: its columns in this order, as JSON. */
const logs: Readonly<Record<string, readonly [key: string, columns: string]>> = {
  audit: ["position", "request_id, session_id, subject_id, role, dealership_id, method, route, objects, reason"],
  audit_outcomes: ["position", "request_id, status"],
  security_log: ["position", "kind, subject_id, detail"],
  operator_acts: ["id", "by, act, target, reason"],
  purchase_file_reads: ["position", "customer_id, by_subject_id, role, dealership_id, order_id, what, document_id, request_id"]
}

interface Link {
  readonly position: number
  readonly source: string
  readonly row: number
  readonly entry: Uint8Array
  readonly hash: Uint8Array
  readonly said: string | null
}

export const auditChain = Effect.fn("verify.auditChain")(function* (findings: Findings, { after }: Evidence) {
  const known = (after.witness ?? []).map(({ position }) => position ?? 0)
  const hashes = yield* followed(findings, new Set([0, ...known]))
  yield* leftOut(findings)
  yield* witnessed(findings, hashes, after.witness)
})

/** Answers the hash at each position that somebody outside knows. */
export const followed = Effect.fnUntraced(function* (findings: Findings, known: ReadonlySet<number>) {
  const sql = yield* SqlClient.SqlClient
  const said = Object.entries(logs).map(
    ([table, [key, columns]]) =>
      `SELECT (json_build_array('${table}', ${key}, to_char(at AT TIME ZONE 'UTC', '${instant}'), ${columns}))::text AS said
       FROM ${table} WHERE c.source = '${table}' AND ${table}.${key} = c.source_position`
  )
  const hashes = new Map<number, string>()
  let before: Uint8Array = new Uint8Array()
  for (let next = 0; ; ) {
    const links = yield* sql.unsafe<Link>(
      `SELECT c.position::float8 AS position, c.source, c.source_position::float8 AS row, c.entry, c.hash,
              CASE WHEN c.position = 0 THEN to_char(c.at AT TIME ZONE 'UTC', '${instant}') ELSE r.said END AS said
       FROM audit_chain c
       LEFT JOIN LATERAL (${said.join(" UNION ALL ")}) r ON true
       WHERE c.position >= ${next}
       ORDER BY c.position
       LIMIT ${page}`
    )
    findings.checked("I04", links.length)
    if (next === 0 && links[0]?.position !== 0) findings.violated("I04", "The chain has no beginning")
    for (const { position, source, row, entry, hash, said } of links) {
      const name = `${source} ${row}, at ${position} of the chain`
      if (position !== next) findings.violated("I04", `The chain goes on at ${position}, and not at ${next}`)
      if (said === null) findings.violated("I04", `${name}, is gone`)
      else if (position > 0 && !sha256(said).equals(entry)) findings.violated("I04", `${name}, is not what was sealed`)
      const linked = position === 0 ? sha256(said ?? "", entry) : sha256(before, entry)
      if (!linked.equals(hash)) findings.violated("I04", `${name}, does not follow what is before it`)
      if (known.has(position)) hashes.set(position, Buffer.from(hash).toString("hex"))
      before = hash
      next = position + 1
    }
    if (links.length < page) return hashes
  }
})

/** What has no place in the chain waits for one. */
export const leftOut = Effect.fnUntraced(function* (findings: Findings) {
  const sql = yield* SqlClient.SqlClient
  for (const [table, [key]] of Object.entries(logs)) {
    const rows = yield* sql.unsafe<{ row: string }>(
      `SELECT ${key}::text AS row FROM ${table} t
       WHERE NOT EXISTS (SELECT FROM audit_chain WHERE source = '${table}' AND source_position = t.${key})
         AND NOT EXISTS (SELECT FROM audit_unsealed WHERE source = '${table}' AND source_position = t.${key})`
    )
    for (const { row } of rows) findings.violated("I04", `${table} ${row} has no place in the chain, and waits for none`)
  }
})

const witnessed = Effect.fnUntraced(function* (
  findings: Findings,
  hashes: ReadonlyMap<number, string>,
  witness: PartnerLedgers["witness"]
) {
  if (witness === null) return findings.skipped("I04", "in part: the witness keeps its book to itself")
  const sql = yield* SqlClient.SqlClient
  const heads = witness.filter(({ kind, chain }) => kind === "head" && chain === hashes.get(0))
  findings.checked("I04", heads.length)
  for (const { position, hash, signed, publicKey } of heads) {
    const ours = hashes.get(position!)
    if (ours === undefined) findings.violated("I04", `The witness knows the chain up to ${position}: what came before is cut off`)
    else if (ours !== hash) findings.violated("I04", `The witness knows ${hash} at ${position}, and the chain has ${ours}`)
    if (!isSigned(signed, publicKey)) findings.violated("I04", `What the witness knows at ${position} is not signed`)
  }
  const known = new Map(heads.map(({ position, signed }) => [position, signed]))
  const carried = yield* sql<{ position: number; signed: string }>`SELECT position::float8 AS position, signed FROM audit_heads`
  for (const { position, signed } of carried)
    if (known.get(position) !== signed) findings.violated("I04", `The witness knows nothing of the head at ${position}`)
})

const isSigned = (signed: string, publicKey: string): boolean => {
  const [header = "", payload = "", signature = ""] = signed.split(".")
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" })
  return verify(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, "base64url"))
}

const sha256 = (...parts: ReadonlyArray<string | Uint8Array>) => {
  const hash = createHash("sha256")
  for (const part of parts) hash.update(part)
  return hash.digest()
}
