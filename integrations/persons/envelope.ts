/** How one person's data is sealed: AES-256-GCM under a key of its own, and that key under the house's key-encryption key. */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto"
import { Redacted } from "effect"

const keyLength = 32 // Bytes of every key: AES-256, HMAC-SHA256.
const nonceLength = 12 // Bytes, NIST SP 800-38D; random, since a key seals one text only, and the wrapping key fewer than 2^32.
const tagLength = 16 // Bytes.

/** What lies in `persons`: nothing of it opens without the key-encryption key. */
export interface Sealed {
  readonly wrappedKey: Uint8Array
  readonly nonce: Uint8Array
  readonly ciphertext: Uint8Array
}

/**
 * Seals, opens and indexes under one key-encryption key of 32 bytes. Wrapping and indexing use keys derived from it (HKDF, RFC 5869).
 * `open` throws where the key is another one, or a byte or the subject was changed; the error holds none of the data.
 */
export const envelope = (kek: Redacted.Redacted<Uint8Array>) => {
  const derive = (purpose: string) => Buffer.from(hkdfSync("sha256", Redacted.value(kek), "", `caas/${purpose}`, keyLength))
  const wrappingKey = derive("person-keys")
  const indexKey = derive("email-index")
  return {
    seal: (subjectId: string, text: string): Sealed => {
      const key = randomBytes(keyLength)
      const { nonce, ciphertext } = encrypt(key, `person/${subjectId}`, Buffer.from(text, "utf8"))
      const wrapped = encrypt(wrappingKey, `key/${subjectId}`, key)
      return { wrappedKey: Buffer.concat([wrapped.nonce, wrapped.ciphertext]), nonce, ciphertext }
    },
    open: (subjectId: string, { wrappedKey, nonce, ciphertext }: Sealed): string => {
      const key = decrypt(wrappingKey, `key/${subjectId}`, wrappedKey.subarray(0, nonceLength), wrappedKey.subarray(nonceLength))
      return decrypt(key, `person/${subjectId}`, nonce, ciphertext).toString("utf8")
    },
    /** The keyed hash by which an address is found again: HMAC-SHA256 of the trimmed, lower-case, NFC form. */
    indexOf: (email: string): Uint8Array =>
      createHmac("sha256", indexKey).update(email.trim().normalize("NFC").toLowerCase(), "utf8").digest()
  }
}

/**
 * How papers are sealed: many under one key, each key wrapped under the same key-encryption key by a key of its own. A paper is nonce, ciphertext
 * and tag in one piece. `open` throws where the key is another one, or a byte or the paper's hash was changed.
 */
export const paperEnvelope = (kek: Redacted.Redacted<Uint8Array>) => {
  const wrappingKey = Buffer.from(hkdfSync("sha256", Redacted.value(kek), "", "caas/paper-keys", keyLength))
  const unwrap = ({ keyId, wrappedKey }: WrappedKey) =>
    decrypt(wrappingKey, `paper-key/${keyId}`, wrappedKey.subarray(0, nonceLength), wrappedKey.subarray(nonceLength))
  return {
    /** A fresh key, wrapped. */
    newKey: (keyId: string): Uint8Array => {
      const { nonce, ciphertext } = encrypt(wrappingKey, `paper-key/${keyId}`, randomBytes(keyLength))
      return Buffer.concat([nonce, ciphertext])
    },
    seal: (key: WrappedKey, sha256: string, bytes: Uint8Array): Uint8Array => {
      const { nonce, ciphertext } = encrypt(unwrap(key), `paper/${sha256}`, bytes)
      return Buffer.concat([nonce, ciphertext])
    },
    open: (key: WrappedKey, sha256: string, sealed: Uint8Array): Uint8Array =>
      decrypt(unwrap(key), `paper/${sha256}`, sealed.subarray(0, nonceLength), sealed.subarray(nonceLength))
  }
}

interface WrappedKey {
  readonly keyId: string
  readonly wrappedKey: Uint8Array
}

// The subject is authenticated along: a row's text moved to another row does not open.
const encrypt = (key: Uint8Array, about: string, text: Uint8Array) => {
  const nonce = randomBytes(nonceLength)
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: tagLength }).setAAD(Buffer.from(about))
  return { nonce, ciphertext: Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]) }
}

const decrypt = (key: Uint8Array, about: string, nonce: Uint8Array, sealed: Uint8Array) => {
  const cipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagLength }).setAAD(Buffer.from(about))
  cipher.setAuthTag(sealed.subarray(-tagLength))
  return Buffer.concat([cipher.update(sealed.subarray(0, -tagLength)), cipher.final()])
}
