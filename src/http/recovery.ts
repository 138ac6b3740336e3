/** A new password for whoever lost it, by mail to the address that is known: nobody is let in who was not before (S13). */
import { Effect, Schema } from "effect"
import { Elysia } from "elysia"
import { Accounts, type Door } from "#integrations/accounts/accounts.ts"
import type { Mail } from "#integrations/mail/mail.ts"
import { Persons } from "#integrations/persons/persons.ts"
import { RateLimits } from "#integrations/redis/limits.ts"
import { addressOf } from "./address.ts"
import { changingProblems } from "./answers.ts"
import { mailLink } from "./invitation.ts"
import { Empty } from "./nothing.ts"
import type { HttpOptions } from "./options.ts"
import type { Run } from "./run.ts"
import { answering, takes } from "./strict.ts"

const mailsPerHour = 3 // To one address, known or not.

const Recovery = Schema.Struct({ email: Schema.String.check(Schema.isMaxLength(320)) }).annotate({ identifier: "Recovery" })

export const recovery = (run: Run<Accounts | Mail | Persons | RateLimits>, options: HttpOptions, door: Door) =>
  new Elysia().post(
    "/recovery",
    async ({ body, request, server, status }) => {
      const baseUrl = door === "public" ? options.publicUrl : options.intranetUrl
      await run(recover(addressOf(server, request, options), options.signInsPerMinute, body.email, door, baseUrl))
      return status(202, {})
    },
    {
      ...takes(Recovery),
      response: { 202: answering(Empty), ...changingProblems },
      detail: {
        summary: "A one-time link by mail, where there is an account; the answer is the same where there is none",
        security: []
      }
    }
  )

/** Answered before anything is looked up: how long it takes tells nobody who has an account. */
const recover = Effect.fn("recover")(function* (address: string, perMinute: number, email: string, door: Door, baseUrl: string) {
  const limits = yield* RateLimits
  yield* limits.consume(`recovery/${address}`, perMinute, 60)
  yield* send(email, door, baseUrl).pipe(
    Effect.catchTag("TooManyRequests", () => Effect.void), // Those mails are on their way.
    Effect.catchCause((cause) => Effect.logWarning("A recovery mail was not sent; whoever asked may ask again", cause)),
    Effect.forkDetach
  )
})

const send = Effect.fnUntraced(function* (email: string, door: Door, baseUrl: string) {
  const limits = yield* RateLimits
  const persons = yield* Persons
  const accounts = yield* Accounts
  yield* limits.consume(`recovery-mail/${Buffer.from(persons.indexOf(email)).toString("base64url")}`, mailsPerHour, 3600)
  const link = yield* accounts.recover(email, door)
  if (link !== null) yield* mailLink("recovery", yield* persons.read(link.subjectId), link.token, baseUrl)
})
