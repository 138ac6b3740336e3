/** Compact JWS with EdDSA over Ed25519 (RFC 7515, RFC 8037) as a car's firmware would write it. Shares no code with the platform that is judged by it. */
import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto"

/** Public keys by their name: the first 16 hex digits of the SHA-256 of the raw key. */
export type KeyRing = ReadonlyMap<string, KeyObject>

export type Opened = { readonly payload: unknown } | { readonly reason: "NotSigned" | "WrongType" | "UnknownKey" | "BadSignature" }

export const sha256 = (text: string | Uint8Array) => createHash("sha256").update(text).digest("hex")

/** `publicKeys`: raw, base64url. */
export const keyRing = (publicKeys: ReadonlyArray<string>): KeyRing =>
  new Map(publicKeys.map((x) => [nameOf(x), createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" })] as const))

export const nameOf = (publicKey: string) => sha256(Buffer.from(publicKey, "base64url")).slice(0, 16)

export const signed = (typ: string, kid: string, payload: unknown, key: KeyObject): string => {
  const input = `${encoded({ alg: "EdDSA", typ, kid })}.${encoded(payload)}`
  return `${input}.${sign(null, Buffer.from(input), key).toString("base64url")}`
}

/** What was signed, if it was signed as `typ` by a key of the ring. The token is asked for its key's name, and obeyed in nothing. */
export const opened = (text: string, typ: string, keys: KeyRing): Opened => {
  const parts = text.split(".")
  const [head, body, signature] = parts.map(bytesOf)
  if (parts.length !== 3 || !head || !body || !signature) return { reason: "NotSigned" }
  const header = objectOf(head)
  if (header === null || header.alg !== "EdDSA" || header.crit !== undefined) return { reason: "NotSigned" }
  if (header.typ !== typ) return { reason: "WrongType" }
  const key = keys.get(String(header.kid))
  if (key === undefined) return { reason: "UnknownKey" }
  const input = Buffer.from(`${parts[0]}.${parts[1]}`)
  return verify(null, input, key, signature) ? { payload: objectOf(body) } : { reason: "BadSignature" }
}

export const objectOf = (bytes: Uint8Array | string): Record<string, unknown> | null => {
  try {
    const value = JSON.parse(typeof bytes === "string" ? bytes : new TextDecoder("utf-8", { fatal: true }).decode(bytes))
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")

/** Null where it is not the one way to write these bytes: the spare bits of a last letter would let a signature be changed and hold. */
const bytesOf = (part: string) => {
  const bytes = Buffer.from(part, "base64url")
  return part !== "" && bytes.toString("base64url") === part ? bytes : null
}
