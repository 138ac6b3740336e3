/** What cars said, checked again from the bytes that were kept, by code that nobody else uses (I06). */
import { createHash, createPublicKey, verify } from "node:crypto"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Findings } from "./findings.ts"

const page = 500 // Reports in memory at once; each is at most 16 KiB.

interface ReportRow {
  readonly receiptId: string
  readonly vin: string
  readonly evidence: string
  readonly bytes: string
  readonly publicKey: string | null
}

export const signatures = Effect.fn("verify.signatures")(function* (findings: Findings) {
  const sql = yield* SqlClient.SqlClient
  for (let after = ""; ; ) {
    const reports = yield* sql<ReportRow>`
      SELECT receipt_id AS "receiptId", r.vin, evidence, bytes, public_key AS "publicKey"
      FROM vehicle_reports r
      LEFT JOIN vehicle_keys k ON k.vin = r.vin
      WHERE receipt_id > ${after}
      ORDER BY receipt_id
      LIMIT ${page}`
    if (reports.length === 0) return
    after = reports.at(-1)!.receiptId
    findings.checked("I06", reports.length)
    for (const report of reports) {
      const wrong = flawOf(report)
      if (wrong !== null) findings.violated("I06", `${report.receiptId} of ${report.vin} was believed: ${wrong}`)
    }
  }
})

const flawOf = ({ receiptId, vin, evidence, bytes, publicKey }: ReportRow): string | null => {
  if (receiptId !== `rep_${createHash("sha256").update(bytes).digest("hex")}`) return "its name is not the hash of its bytes"
  if (evidence === "statusPoll") return null // The fixed API signs nothing.
  if (publicKey === null) return "nobody knows its key"
  const [header = "", payload = "", signature = "", ...more] = bytes.split(".")
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" })
  const signed = verify(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, "base64url"))
  if (more.length > 0 || !signed) return "its signature is not the car's"
  const said = read(payload)
  return said?.vin === vin && read(header)?.alg === "EdDSA" ? null : "it speaks of another car"
}

const read = (part: string): { readonly vin?: unknown; readonly alg?: unknown } | null => {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString())
  } catch {
    return null
  }
}
