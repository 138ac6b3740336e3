/** Signing in and out, and the one-time link. There is no route to register oneself: accounts are provisioned (S13). */
import { Effect, Schema } from "effect"
import { Elysia } from "elysia"
import { Accounts, Role } from "#integrations/accounts/accounts.ts"
import { RateLimits } from "#integrations/redis/limits.ts"
import { DealershipId, Instant, SubjectId } from "#machines/vocabulary.ts"
import { addressOf } from "./address.ts"
import { changingProblems } from "./answers.ts"
import { noSessionCookie, sessionCookie } from "./cookie.ts"
import { Nothing } from "./nothing.ts"
import type { HttpOptions } from "./options.ts"
import type { Door } from "./policy.ts"
import type { Run } from "./run.ts"
import { session } from "./session.ts"
import { answering, takes } from "./strict.ts"

const NewCredentials = Schema.Struct({
  token: Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{20,128}$/)),
  password: Schema.String.check(Schema.isMaxLength(1024)) // 12 to 128 is the account's rule, which has a name of its own.
}).annotate({ identifier: "NewCredentials" })

const NewSession = Schema.Struct({
  email: Schema.String.check(Schema.isMaxLength(320)),
  password: Schema.String.check(Schema.isMaxLength(1024))
}).annotate({ identifier: "NewSession" })

const SignedIn = Schema.Struct({
  token: Schema.String,
  expiresAt: Instant,
  subjectId: SubjectId,
  role: Role,
  dealershipId: Schema.NullOr(DealershipId)
}).annotate({ identifier: "SignedIn" })

export const auth = (run: Run<Accounts | RateLimits>, options: HttpOptions, door: Door) =>
  new Elysia({ prefix: "/api/auth", tags: ["Sign-in"] })
    .post(
      "/credentials",
      async ({ body, request, server, set }) => {
        await run(setPassword(addressOf(server, request, options), options.signInsPerMinute, body))
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
        const signedIn = await run(signIn(addressOf(server, request, options), options.signInsPerMinute, door, body))
        set.headers["set-cookie"] = sessionCookie(signedIn.token, options.secureCookies)
        return status(201, signedIn)
      },
      {
        ...takes(NewSession),
        response: { 201: answering(SignedIn), ...changingProblems },
        detail: { summary: "Sign in: a cookie, and the same token for Authorization: Bearer", security: [] }
      }
    )
    .use(session(run, options, door))
    .delete(
      "/sessions/current",
      async ({ caller, set }) => {
        await run(Accounts.use((accounts) => accounts.signOut(caller.sessionId)))
        set.headers["set-cookie"] = noSessionCookie(options.secureCookies)
        set.status = 204
      },
      { response: { 204: answering(Nothing), ...changingProblems }, detail: { summary: "Sign out" } }
    )

const setPassword = Effect.fn("setPassword")(function* (
  address: string,
  perMinute: number,
  { token, password }: typeof NewCredentials.Type
) {
  const limits = yield* RateLimits
  const accounts = yield* Accounts
  yield* limits.consume(`sign-in/${address}`, perMinute, 60)
  yield* accounts.setPassword(token, password)
})

const signIn = Effect.fn("signIn")(function* (
  address: string,
  perMinute: number,
  door: Door,
  { email, password }: typeof NewSession.Type
) {
  const limits = yield* RateLimits
  const accounts = yield* Accounts
  yield* limits.consume(`sign-in/${address}`, perMinute, 60)
  const { token, caller, expiresAt } = yield* accounts.signIn(email, password, door)
  return { token, expiresAt, subjectId: caller.subjectId, role: caller.role, dealershipId: caller.dealershipId }
})
