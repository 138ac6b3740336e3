/** Who we are for push services (VAPID, RFC 8292): a key of P-256, as it comes from the environment (`VAPID_PRIVATE_KEY`). */
import { createECDH } from "node:crypto"

/** Both halves in base64url; the public one is what devices subscribe under. */
export interface VapidKey {
  readonly privateKey: string
  readonly publicKey: string
}

/** Reads `openssl rand -base64 32`; null where that is not 32 bytes in base64, or no key of P-256 (one in 2^32 is none). */
export const vapidKeyOf = (base64: string): VapidKey | null => {
  const bytes = Buffer.from(base64, "base64")
  if (bytes.length !== 32 || bytes.toString("base64") !== base64) return null
  try {
    const pair = createECDH("prime256v1")
    pair.setPrivateKey(bytes)
    return { privateKey: bytes.toString("base64url"), publicKey: pair.getPublicKey().toString("base64url") }
  } catch {
    return null
  }
}
