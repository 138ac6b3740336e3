/** One's own sessions: where one is signed in, signing out here and elsewhere, and showing once more who one is. */
import { Effect, Schema } from "effect"
import { Elysia } from "elysia"
import { Accounts, type Caller, type Door } from "#integrations/accounts/accounts.ts"
import { Passkeys } from "#integrations/passkeys/passkeys.ts"
import { Instant } from "#machines/vocabulary.ts"
import { changingProblems, readingProblems } from "./answers.ts"
import { noSessionCookie, sessionCookie } from "./cookie.ts"
import { Nothing } from "./nothing.ts"
import type { HttpOptions } from "./options.ts"
import { PasskeyAssertion } from "./passkey-responses.ts"
import { notFound } from "./problem.ts"
import type { Run } from "./run.ts"
import { anybody } from "./session.ts"
import { answering, strictly, takes } from "./strict.ts"

const Named = Schema.Struct({ sessionId: Schema.String.check(Schema.isPattern(/^ses_[A-Za-z0-9-]{1,64}$/)) })
const Sessions = Schema.Struct({
  sessions: Schema.Array(
    Schema.Struct({
      sessionId: Schema.String,
      door: Schema.Literals(["public", "intranet"]),
      deviceName: Schema.NullOr(Schema.String), // Of an app; null for a browser.
      since: Instant,
      lastSeenAt: Instant, // To the minute.
      expiresAt: Instant,
      current: Schema.Boolean
    })
  )
}).annotate({ identifier: "Sessions" })

const StepUp = Schema.Union([
  Schema.Struct({ totp: Schema.String.check(Schema.isPattern(/^\d{6}$/)) }),
  Schema.Struct({ recoveryCode: Schema.String.check(Schema.isMaxLength(64)) }),
  Schema.Struct({ password: Schema.String.check(Schema.isMaxLength(1024)) }),
  Schema.Struct({ passkey: PasskeyAssertion })
]).annotate({ identifier: "StepUp" })
const SteppedUp = Schema.Struct({ token: Schema.NullOr(Schema.String) }).annotate({
  identifier: "SteppedUp",
  description: "The session's new token; null for an app, which keeps its own."
})

export const sessions = (run: Run<Accounts | Passkeys>, options: HttpOptions, door: Door) =>
  new Elysia({ prefix: "/sessions" })
    .use(anybody(run, options, door))
    .get("", ({ caller }) => run(list(caller)), {
      response: { 200: answering(Sessions), ...readingProblems },
      detail: { summary: "Where I am signed in" }
    })
    .delete(
      "",
      async ({ caller, set }) => {
        await run(Accounts.use((accounts) => accounts.endOtherSessions(caller)))
        set.status = 204
      },
      { response: { 204: answering(Nothing), ...changingProblems }, detail: { summary: "Sign out everywhere else" } }
    )
    .delete(
      "/current",
      async ({ caller, set }) => {
        await run(Accounts.use((accounts) => accounts.signOut(caller.sessionId)))
        set.headers["set-cookie"] = noSessionCookie(options.secureCookies)
        set.status = 204
      },
      { response: { 204: answering(Nothing), ...changingProblems }, detail: { summary: "Sign out" } }
    )
    .delete(
      "/:sessionId",
      async ({ caller, params, set }) => {
        await run(end(caller, params.sessionId))
        set.status = 204
      },
      {
        params: strictly(Named),
        response: { 204: answering(Nothing), ...changingProblems },
        detail: { summary: "End one of my sessions" }
      }
    )
    .post(
      "/current/step-up",
      async ({ caller, body, set }) => {
        const token = await run(stepUp(caller, door, body))
        if (token !== null) set.headers["set-cookie"] = sessionCookie(token, options.secureCookies)
        return { token }
      },
      {
        ...takes(StepUp),
        response: { 200: answering(SteppedUp), ...changingProblems },
        detail: { summary: "Show once more who I am: for what is dangerous, good for 5 minutes" }
      }
    )

const list = Effect.fn("sessions")(function* ({ subjectId, sessionId }: Caller) {
  const open = yield* Accounts.use((accounts) => accounts.sessionsOf(subjectId))
  return { sessions: open.map((one) => ({ ...one, current: one.sessionId === sessionId })) }
})

const end = Effect.fn("endSession")(function* ({ subjectId }: Caller, sessionId: string) {
  const accounts = yield* Accounts
  if (!(yield* accounts.endSession(subjectId, sessionId))) return yield* Effect.fail(notFound())
})

const stepUp = Effect.fn("stepUp")(function* (caller: Caller, door: Door, means: typeof StepUp.Type) {
  const accounts = yield* Accounts
  const passkeys = yield* Passkeys
  return "passkey" in means
    ? yield* passkeys.stepUp(caller, door, { ...means.passkey, clientExtensionResults: {} })
    : yield* accounts.stepUp(caller, means)
})
