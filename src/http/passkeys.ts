/** Signing in with a passkey: no address, no password, and no page but ours can ask for it. */

import { Effect, Schema } from "effect"
import { Elysia } from "elysia"
import type { Door } from "#integrations/accounts/accounts.ts"
import { Passkeys } from "#integrations/passkeys/passkeys.ts"
import { RateLimits } from "#integrations/redis/limits.ts"
import { addressOf } from "./address.ts"
import { changingProblems } from "./answers.ts"
import { sessionCookie } from "./cookie.ts"
import { Empty } from "./nothing.ts"
import type { HttpOptions } from "./options.ts"
import { PasskeyAssertion, PasskeyOptions } from "./passkey-responses.ts"
import type { Run } from "./run.ts"
import { SignedIn } from "./signed-in.ts"
import { answering, takes } from "./strict.ts"

const Shown = Schema.Struct({ passkey: PasskeyAssertion }).annotate({ identifier: "NewPasskeySession" })

export const passkeys = (run: Run<Passkeys | RateLimits>, options: HttpOptions, door: Door) =>
  new Elysia({ prefix: "/passkeys" })
    .post(
      "/challenges",
      async ({ request, server, status }) =>
        status(201, await run(challenge(addressOf(server, request, options), options.signInsPerMinute, door))),
      {
        ...takes(Empty),
        response: { 201: answering(PasskeyOptions), ...changingProblems },
        detail: { summary: "What a browser has to sign, to sign in or to step up: good once, for 5 minutes", security: [] }
      }
    )
    .post(
      "/sessions",
      async ({ body, request, server, set, status }) => {
        const signedIn = await run(signIn(addressOf(server, request, options), options.signInsPerMinute, door, body.passkey))
        set.headers["set-cookie"] = sessionCookie(signedIn.token, options.secureCookies)
        return status(201, signedIn)
      },
      {
        ...takes(Shown),
        response: { 201: answering(SignedIn), ...changingProblems },
        detail: { summary: "Sign in with a passkey", security: [] }
      }
    )

const challenge = Effect.fn("passkeyChallenge")(function* (address: string, perMinute: number, door: Door) {
  const limits = yield* RateLimits
  const passkeys = yield* Passkeys
  yield* limits.consume(`passkey/${address}`, perMinute, 60)
  return yield* passkeys.challenge(door)
})

const signIn = Effect.fn("signInWithPasskey")(function* (
  address: string,
  perMinute: number,
  door: Door,
  passkey: typeof PasskeyAssertion.Type
) {
  const limits = yield* RateLimits
  const passkeys = yield* Passkeys
  yield* limits.consume(`sign-in/${address}`, perMinute, 60)
  const { token, caller, expiresAt } = yield* passkeys.signIn(door, { ...passkey, clientExtensionResults: {} })
  return { token, expiresAt, subjectId: caller.subjectId, role: caller.role, dealershipId: caller.dealershipId }
})
