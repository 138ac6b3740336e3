/** The seal of a paper: a signature over every byte before it, as a comment in the file's last line, which PDF readers pass over. */
import { createHash } from "node:crypto"
import { Schema } from "effect"
import { signJws, unverified, verifyJws } from "../vehicle-trust/jws.ts"
import { kidOf, type SigningKey, verifyingKeyOf } from "../vehicle-trust/keys.ts"

const typ = "caas-paper+jws"
const before = "\n%CAAS-SEAL "
const form = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}\n$/

/** What the seal says of the paper besides its bytes: its name, and the hash of the record inside. */
export const Claims = Schema.Struct({
  paper: Schema.Literals(["invoice", "creditNote", "withdrawalAcknowledgement"]),
  reference: Schema.String,
  hash: Schema.String
})
export type Claims = typeof Claims.Type

const Said = Schema.Struct({ v: Schema.Literal(1), ...Claims.fields, size: Schema.Natural, sha256: Schema.String })
const readSaid = Schema.decodeUnknownOption(Schema.fromJsonString(Said), { onExcessProperty: "error" })

/** The same bytes by the same key, always: Ed25519 has no dice. */
export const seal = async (key: SigningKey, pdf: Uint8Array, claims: Claims): Promise<Uint8Array> => {
  const jws = await signJws(key, typ, { v: 1, ...claims, size: pdf.length, sha256: sha256(pdf) })
  return Buffer.concat([pdf, Buffer.from(`${before}${jws}\n`)])
}

export type SealFlaw = "NotAPdf" | "NoSeal" | "OtherKey" | "BytesChanged" | "SealForged"

/** What a sealed file says under this public key (base64url), or the first thing that is wrong with it. Everything outside the seal is sealed. */
export const openSeal = async (file: Uint8Array, publicKey: string): Promise<Claims | SealFlaw> => {
  const bytes = Buffer.from(file)
  if (!bytes.subarray(0, 5).equals(Buffer.from("%PDF-"))) return "NotAPdf"
  const end = bytes.lastIndexOf(before)
  const line = end < 0 ? "" : bytes.subarray(end + before.length).toString("latin1")
  if (!form.test(line)) return "NoSeal"
  const jws = line.slice(0, -1)
  const kid = kidOf(publicKey)
  const text = await verifyJws(verifyingKeyOf(publicKey), kid, typ, jws)
  if (text === null) return unverified(jws) !== null && kidIn(jws) !== kid ? "OtherKey" : "SealForged"
  const said = readSaid(text)
  if (said._tag === "None") return "SealForged"
  const { paper, reference, hash, size, sha256: sealed } = said.value
  const pdf = bytes.subarray(0, end)
  return pdf.length === size && sha256(pdf) === sealed ? { paper, reference, hash } : "BytesChanged"
}

/** The name of the key that the seal says it is by. */
const kidIn = (jws: string): unknown => {
  try {
    return JSON.parse(Buffer.from(jws.split(".")[0]!, "base64url").toString()).kid
  } catch {
    return null
  }
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")
