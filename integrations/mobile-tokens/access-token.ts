/**
 * What a phone shows at each request: a JWT of five minutes (RFC 7519, RFC 9068) under a key of our own. It names a session and nothing else; whether
 * that session still lives is asked of the database each time, so that an end is an end at once.
 */
import { hkdfSync } from "node:crypto"
import { Redacted } from "effect"
import { signJws, verifyJws } from "../vehicle-trust/jws.ts"
import { signingKeyOf, verifyingKeyOf } from "../vehicle-trust/keys.ts"

const typ = "at+jwt"
const iss = "caas"
const aud = "caas/public"
const lifeSeconds = 5 * 60
const longest = 1024 // Characters.

/** Which session a token says that it is of, believed by nobody; null where it says nothing. */
export const sessionSaid = (token: string): string | null => {
  try {
    const { sid } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")) as Partial<Claims>
    return typeof sid === "string" ? sid : null
  } catch {
    return null
  }
}

interface Claims {
  readonly iss: string
  readonly aud: string
  readonly sub: string
  readonly sid: string
  readonly iat: number
  readonly exp: number
}

/** The signing key is derived from the key-encryption key of people's data (HKDF, RFC 5869): one secret less to keep, and to lose. */
export const accessTokens = (kek: Redacted.Redacted<Uint8Array>) => {
  const seed = Buffer.from(hkdfSync("sha256", Redacted.value(kek), "", "caas/access-tokens", 32))
  const key = signingKeyOf(seed.toString("base64"))!
  const verifying = verifyingKeyOf(key.publicKey)
  return {
    /** `now`: milliseconds of platform time. */
    issue: async (subjectId: string, sessionId: string, now: number) => {
      const iat = Math.floor(now / 1000)
      const claims: Claims = { iss, aud, sub: subjectId, sid: sessionId, iat, exp: iat + lifeSeconds }
      return { accessToken: await signJws(key, typ, claims), expiresAt: new Date(claims.exp * 1000).toISOString() }
    },
    /** Null where we did not issue it, for this door, within its life. */
    sessionOf: async (token: string, now: number): Promise<string | null> => {
      const text = token.length > longest ? null : await verifyJws(verifying, key.kid, typ, token)
      if (text === null) return null
      const claims = JSON.parse(text) as Claims // What we signed, we wrote.
      return claims.iss === iss && claims.aud === aud && now < claims.exp * 1000 ? claims.sid : null
    }
  }
}
