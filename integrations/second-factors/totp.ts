/** Codes of an authenticator app: six digits, thirty seconds, SHA-1, because that is what every app can (RFC 6238). */
import { Secret, TOTP } from "otpauth"

const issuer = "CaaS"
const periodSeconds = 30
const window = 1 // Steps to either side: clocks differ, and people type.
const secretBytes = 20 // As long as SHA-1's output (RFC 4226, 4).

/** Base32. */
export const newSecret = (): string => new Secret({ size: secretBytes }).base32

const totp = (secret: string, label: string) =>
  new TOTP({ issuer, label, secret, algorithm: "SHA1", digits: 6, period: periodSeconds })

/** What a QR code says to an app. */
export const otpauthUri = (secret: string, account: string): string => totp(secret, account).toString()

/** Which step of thirty seconds since 1970 the code belongs to, at most one beside `now` (milliseconds); null where it is another's. */
export const stepOf = (secret: string, code: string, now: number): number | null => {
  const delta = totp(secret, "").validate({ token: code, timestamp: now, window })
  return delta === null ? null : Math.floor(now / 1000 / periodSeconds) + delta
}
