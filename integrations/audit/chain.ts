/** The chain through the logs of persons' acts: what a link is, and what is signed of it. */
import { createHash, hkdfSync } from "node:crypto"
import { Schema } from "effect"
import { signJws, verifyJws } from "../vehicle-trust/jws.ts"
import { kidOf, type SigningKey, signingKeyOf, verifyingKeyOf } from "../vehicle-trust/keys.ts"

const typ = "caas-audit-head+jws"
const hex = Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/))

/** How far the chain goes, and the hash there. */
export const Head = Schema.Struct({
  v: Schema.Literal(1),
  /** The hash at position 0: no two databases have one chain. */
  chain: hex,
  position: Schema.Natural,
  hash: hex
})
export type Head = typeof Head.Type
const readHead = Schema.decodeUnknownOption(Schema.fromJsonString(Head), { onExcessProperty: "error" })

/**
 * One link further: SHA-256 over the hash before and over the SHA-256 of the row's canonical text. In two steps, so that a witness can follow
 * the chain from head to head without reading what anybody did.
 */
export const linked = (before: Uint8Array, entry: Uint8Array): Uint8Array =>
  createHash("sha256").update(before).update(entry).digest()

export const entryOf = (text: string): Uint8Array => createHash("sha256").update(text, "utf8").digest()

export const signHead = (key: SigningKey, head: Head): Promise<string> => signJws(key, typ, head)

/** What was signed; null where this very key has not signed it. */
export const openHead = async (signed: string, publicKey: string): Promise<Head | null> => {
  const text = await verifyJws(verifyingKeyOf(publicKey), kidOf(publicKey), typ, signed)
  const head = text === null ? null : readHead(text)
  return head?._tag === "Some" ? head.value : null
}

/**
 * The key that heads are signed with, out of INVOICE_SIGNING_KEY (HKDF-SHA-256, RFC 5869): one secret less to hand out, and what the one has
 * signed can never pass for the other's. Null where that is no key.
 */
export const auditKeyOf = (invoiceSigningKey: string): SigningKey | null => {
  if (signingKeyOf(invoiceSigningKey) === null) return null
  const seed = hkdfSync("sha256", Buffer.from(invoiceSigningKey, "base64"), new Uint8Array(), "caas audit heads", 32)
  return signingKeyOf(Buffer.from(seed).toString("base64"))
}
