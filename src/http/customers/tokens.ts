/**
 * How an app stays signed in: access tokens of five minutes, and a refresh token that changes with each use. With it goes `deviceKey`, a secret that the
 * app makes once and keeps where the system keeps keys: who steals a refresh token alone has nothing, and gives himself away by trying.
 */
import { Effect, Schema } from "effect"
import { Elysia } from "elysia"
import { Accounts } from "#integrations/accounts/accounts.ts"
import { MobileTokens } from "#integrations/mobile-tokens/mobile-tokens.ts"
import { RateLimits } from "#integrations/redis/limits.ts"
import { Instant, SubjectId } from "#machines/vocabulary.ts"
import { addressOf } from "../address.ts"
import { changingProblems } from "../answers.ts"
import type { HttpOptions } from "../options.ts"
import type { Run } from "../run.ts"
import { credentials } from "../signed-in.ts"
import { answering, takes } from "../strict.ts"

const deviceKey = Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{43,128}$/)) // At least 256 bits, base64url.
const token = Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{43}$/))

const NewTokens = Schema.Struct({
  ...credentials,
  deviceName: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(64)),
  deviceKey
}).annotate({ identifier: "NewTokens" })
const Refresh = Schema.Struct({ refreshToken: token, deviceKey }).annotate({ identifier: "TokenRefresh" })

const pair = { accessToken: Schema.String, expiresAt: Instant, refreshToken: Schema.String }
const Tokens = Schema.Struct({ ...pair, subjectId: SubjectId, device: Schema.String }).annotate({ identifier: "Tokens" })
const Refreshed = Schema.Struct(pair).annotate({ identifier: "TokensRefreshed" })

type Needs = Accounts | MobileTokens | RateLimits

export const tokens = (run: Run<Needs>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/auth/tokens", tags: ["Sign-in"] })
    .post(
      "",
      async ({ body, request, server, status }) =>
        status(201, await run(grant(addressOf(server, request, options), options.signInsPerMinute, body))),
      {
        ...takes(NewTokens),
        response: { 201: answering(Tokens), ...changingProblems },
        detail: { summary: "Sign in with an app", security: [] }
      }
    )
    .post(
      "/refresh",
      async ({ body, request, server, status }) =>
        status(201, await run(refresh(addressOf(server, request, options), options.signInsPerMinute, body))),
      {
        ...takes(Refresh),
        response: { 201: answering(Refreshed), ...changingProblems },
        detail: { summary: "The next pair; a refresh token that was used before ends the session", security: [] }
      }
    )

const grant = Effect.fn("tokens.grant")(function* (
  address: string,
  perMinute: number,
  { email, password, deviceName, deviceKey, ...means }: typeof NewTokens.Type
) {
  const limits = yield* RateLimits
  const accounts = yield* Accounts
  const tokens = yield* MobileTokens
  yield* limits.consume(`sign-in/${address}`, perMinute, 60)
  const phone = { name: deviceName, key: deviceKey }
  const { token: refreshToken, caller, device } = yield* accounts.signIn(email, password, "public", { ...means, phone })
  return { ...(yield* tokens.access(caller)), refreshToken, subjectId: caller.subjectId, device }
})

const refresh = Effect.fn("tokens.refresh")(function* (
  address: string,
  perMinute: number,
  { refreshToken, deviceKey }: typeof Refresh.Type
) {
  const limits = yield* RateLimits
  const tokens = yield* MobileTokens
  yield* limits.consume(`refresh/${address}`, perMinute, 60)
  return yield* tokens.refresh(refreshToken, deviceKey)
})
