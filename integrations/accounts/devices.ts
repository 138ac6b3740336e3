/**
 * Browsers and apps that once signed in: what they hold lets nobody in, but their tries are counted apart, so that strangers who guess lock nobody
 * out (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
 */
import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto"
import { Redacted } from "effect"
import { tokenHash } from "./token.ts"

const nonceLength = 16 // Bytes, of 48.

/** Under one key-encryption key; the key of these tokens is derived from it. `index` is the keyed hash of an address (`Persons.indexOf`). */
export const deviceTokens = (kek: Redacted.Redacted<Uint8Array>) => {
  const key = Buffer.from(hkdfSync("sha256", Redacted.value(kek), "", "caas/devices", 32))
  const macOf = (nonce: Uint8Array, index: Uint8Array) => createHmac("sha256", key).update(nonce).update(index).digest()
  return {
    /** 64 characters of base64url that say nothing about anybody. */
    issue: (index: Uint8Array): string => {
      const nonce = randomBytes(nonceLength)
      return Buffer.concat([nonce, macOf(nonce, index)]).toString("base64url")
    },
    /** What the device's tries are counted by; null where it never signed in with this address. */
    countedBy: (token: string, index: Uint8Array): Uint8Array | null => {
      const bytes = Buffer.from(token, "base64url")
      const wanted = macOf(bytes.subarray(0, nonceLength), index)
      const said = bytes.subarray(nonceLength)
      return said.length === wanted.length && timingSafeEqual(said, wanted) ? tokenHash(`device/${bytes.toString("hex")}`) : null
    }
  }
}
