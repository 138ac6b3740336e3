/**
 * How an app stays signed in: access tokens of five minutes, and a refresh token that is another one after each use (RFC 9700, 4.14.2). The session behind
 * them is one of `Accounts`, and ends like any other.
 */
import { Context, type Effect, Schema } from "effect"
import type { Caller } from "../accounts/accounts.ts"

export interface AccessToken {
  /** A JWT, for Authorization: Bearer at the public door. */
  readonly accessToken: string
  readonly expiresAt: string
}

export interface MobileTokenPair extends AccessToken {
  readonly refreshToken: string
}

export class MobileTokens extends Context.Service<
  MobileTokens,
  {
    readonly access: (caller: Pick<Caller, "subjectId" | "sessionId">) => Effect.Effect<AccessToken>
    /**
     * The next pair, for whoever shows the refresh token and the key that the phone was signed in with. An answer may be lost on its way: the
     * very last token that was used, shown again within 30 s with that key, is answered with the same successor. Any other second use, and a
     * wrong key, mean that two hold it: the session ends for both.
     */
    readonly refresh: (refreshToken: string, deviceKey: string) => Effect.Effect<MobileTokenPair, RefreshRefused>
  }
>()("integrations/MobileTokens") {}

/** Unknown, used, or of a session that ended: sign in again. */
export class RefreshRefused extends Schema.TaggedError<RefreshRefused>()("RefreshRefused", {}) {}
