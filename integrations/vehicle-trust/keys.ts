/** Ed25519 keys as settings and cars carry them: the private half as 32 bytes in base64, the public one in base64url (RFC 8037 `x`). */
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto"
import type { Redacted } from "effect"

/** A key to sign with, and the name under which others know it. */
export interface SigningKey {
  readonly key: KeyObject
  /** Base64url, 32 bytes. */
  readonly publicKey: string
  readonly kid: string
}

/** Reads `openssl rand -base64 32`; null where it is not 32 bytes in base64. */
export const signingKeyOf = (base64: string): SigningKey | null => {
  const seed = Buffer.from(base64, "base64")
  if (seed.length !== 32 || seed.toString("base64") !== base64) return null
  const key = createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: "der", type: "pkcs8" })
  const publicKey = createPublicKey(key).export({ format: "jwk" }).x!
  return { key, publicKey, kid: kidOf(publicKey) }
}
const pkcs8 = Buffer.from("302e020100300506032b657004220420", "hex") // What stands before the 32 bytes in PKCS #8 (RFC 8410).

export const verifyingKeyOf = (publicKey: string): KeyObject =>
  createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" })

/** The first 16 hex digits of the SHA-256 of the raw public key. */
export const kidOf = (publicKey: string): string =>
  createHash("sha256").update(Buffer.from(publicKey, "base64url")).digest("hex").slice(0, 16)

export type SecretKey = Redacted.Redacted<SigningKey>
