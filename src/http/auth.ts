/** Signing in, and the one-time link. There is no route to register oneself: accounts are provisioned (S13). */
import { Effect, Schema } from "effect"
import { Elysia } from "elysia"
import { Accounts, type Door } from "#integrations/accounts/accounts.ts"
import type { Mail } from "#integrations/mail/mail.ts"
import type { Passkeys } from "#integrations/passkeys/passkeys.ts"
import type { Persons } from "#integrations/persons/persons.ts"
import type { PlatformTime } from "#integrations/postgres/time.ts"
import { RateLimits } from "#integrations/redis/limits.ts"
import type { SecondFactors } from "#integrations/second-factors/second-factors.ts"
import { addressOf } from "./address.ts"
import { changingProblems } from "./answers.ts"
import { deviceCookie, deviceOf, sessionCookie } from "./cookie.ts"
import { factors } from "./factors.ts"
import { Nothing } from "./nothing.ts"
import type { HttpOptions } from "./options.ts"
import { passkeys } from "./passkeys.ts"
import { recovery } from "./recovery.ts"
import type { Run } from "./run.ts"
import { sessions } from "./sessions.ts"
import { credentials, SignedIn } from "./signed-in.ts"
import { answering, takes } from "./strict.ts"

const NewCredentials = Schema.Struct({
  token: Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{20,128}$/)),
  password: Schema.String.check(Schema.isMaxLength(1024)) // 12 to 128 is the account's rule, which has a name of its own.
}).annotate({ identifier: "NewCredentials" })

const NewSession = Schema.Struct(credentials).annotate({ identifier: "NewSession" })

export type AuthServices = Accounts | Mail | Passkeys | Persons | PlatformTime | RateLimits | SecondFactors

export const auth = (run: Run<AuthServices>, options: HttpOptions, door: Door) =>
  new Elysia({ prefix: "/api/auth", tags: ["Sign-in"] })
    .post(
      "/credentials",
      async ({ body, request, server, set }) => {
        const { device } = await run(setPassword(addressOf(server, request, options), options.signInsPerMinute, body))
        set.headers["set-cookie"] = deviceCookie(device, options.secureCookies)
        set.status = 204
      },
      {
        ...takes(NewCredentials),
        response: { 204: answering(Nothing), ...changingProblems },
        detail: { summary: "Set a password with the one-time link from the mail", security: [] }
      }
    )
    .post(
      "/sessions",
      async ({ body, request, server, set, status }) => {
        const { secureCookies } = options
        const device = body.device ?? deviceOf(request, secureCookies) ?? undefined
        const signedIn = await run(signIn(addressOf(server, request, options), options.signInsPerMinute, door, { ...body, device }))
        set.headers["set-cookie"] = [
          sessionCookie(signedIn.token, secureCookies),
          deviceCookie(signedIn.device, secureCookies)
        ] as unknown as string // Elysia sends one header for each.
        return status(201, signedIn)
      },
      {
        ...takes(NewSession),
        response: { 201: answering(SignedIn), ...changingProblems },
        detail: { summary: "Sign in: a cookie, and the same token for Authorization: Bearer", security: [] }
      }
    )
    .use(recovery(run, options, door))
    .use(passkeys(run, options, door))
    .use(sessions(run, options, door))
    .use(factors(run, options, door))

const setPassword = Effect.fn("setPassword")(function* (
  address: string,
  perMinute: number,
  { token, password }: typeof NewCredentials.Type
) {
  const limits = yield* RateLimits
  const accounts = yield* Accounts
  yield* limits.consume(`sign-in/${address}`, perMinute, 60)
  return yield* accounts.setPassword(token, password)
})

const signIn = Effect.fn("signIn")(function* (
  address: string,
  perMinute: number,
  door: Door,
  { email, password, ...means }: Omit<typeof NewSession.Type, "device"> & { readonly device: string | undefined }
) {
  const limits = yield* RateLimits
  const accounts = yield* Accounts
  yield* limits.consume(`sign-in/${address}`, perMinute, 60)
  const { token, caller, expiresAt, device } = yield* accounts.signIn(email, password, door, means)
  return { token, expiresAt, subjectId: caller.subjectId, role: caller.role, dealershipId: caller.dealershipId, device }
})
