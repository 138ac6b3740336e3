/** Another mail address: asked for by whoever shows once more who he is, and confirmed by a link that only the new address gets. */
import { createHash } from "node:crypto"
import { Effect, Schema } from "effect"
import { Elysia } from "elysia"
import type { Accounts, Caller } from "#integrations/accounts/accounts.ts"
import { EmailChanges } from "#integrations/email-changes/email-changes.ts"
import { Mail } from "#integrations/mail/mail.ts"
import { PersonalData, Persons } from "#integrations/persons/persons.ts"
import type { PlatformTime } from "#integrations/postgres/time.ts"
import { RateLimits } from "#integrations/redis/limits.ts"
import type { SecondFactors } from "#integrations/second-factors/second-factors.ts"
import type { Language } from "#src/views/order-words.ts"
import { addressOf } from "../address.ts"
import { changingProblems } from "../answers.ts"
import { Empty, Nothing } from "../nothing.ts"
import type { HttpOptions } from "../options.ts"
import type { Run } from "../run.ts"
import { customer } from "../session.ts"
import { freshlyShown } from "../step-up.ts"
import { answering, takes } from "../strict.ts"

const asksPerHour = 5 // Of one person.

const NewEmail = Schema.Struct({ email: PersonalData.fields.email }).annotate({ identifier: "NewEmail" })
const Confirmation = Schema.Struct({ token: Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{20,128}$/)) }).annotate({
  identifier: "EmailConfirmation"
})

const words: Readonly<Record<Language, Readonly<Record<"ask" | "changed", { readonly subject: string; readonly text: string }>>>> =
  {
    en: {
      ask: {
        subject: "Confirm your new address",
        text: "Confirm with this link that your account is to have this address. It works once, for 24 hours:\n\n{link}\n\nYou did not ask for it? Ignore it.\n"
      },
      changed: {
        subject: "Your address was changed",
        text: "From now on your account has another mail address, and nothing more comes here.\n\nIt was not you? Tell your dealership at once.\n"
      }
    },
    es: {
      ask: {
        subject: "Confirme su nueva dirección",
        text: "Confirme con este enlace que su cuenta debe tener esta dirección. Sirve una sola vez, durante 24 horas:\n\n{link}\n\n¿No lo ha pedido? Ignórelo.\n"
      },
      changed: {
        subject: "Su dirección ha cambiado",
        text: "Desde ahora su cuenta tiene otra dirección de correo, y aquí no llegará nada más.\n\n¿No ha sido usted? Avise enseguida a su concesionario.\n"
      }
    }
  }

type Needs = Accounts | EmailChanges | Mail | Persons | PlatformTime | RateLimits | SecondFactors

export const email = (run: Run<Needs>, options: HttpOptions) =>
  new Elysia()
    .post(
      "/api/auth/email-confirmations",
      async ({ body, request, server, set }) => {
        await run(confirm(addressOf(server, request, options), options.signInsPerMinute, body.token))
        set.status = 204
      },
      {
        ...takes(Confirmation),
        response: { 204: answering(Nothing), ...changingProblems },
        detail: { summary: "Confirm a new mail address with the link that went there", security: [], tags: ["Sign-in"] }
      }
    )
    .use(customer(run, options))
    .put("/api/me/email", async ({ caller, body, status }) => status(202, await run(ask(caller, body.email, options.publicUrl))), {
      ...takes(NewEmail),
      response: { 202: answering(Empty), ...changingProblems },
      detail: { summary: "Ask for another mail address: a link goes there, and until it is used nothing changes", tags: ["Me"] }
    })

const mailIdOf = (occasion: "email" | "email-changed", token: string) =>
  `${occasion}/${createHash("sha256").update(token).digest("hex").slice(0, 20)}`

const ask = Effect.fn("customers.askEmail")(function* ({ subjectId, ...caller }: Caller, to: string, publicUrl: string) {
  yield* freshlyShown({ subjectId, ...caller }, "at both doors") // One signs in with it at either.
  const limits = yield* RateLimits
  yield* limits.consume(`email-change/${subjectId}`, asksPerHour, 3600)
  const { language } = yield* Persons.use((persons) => persons.read(subjectId))
  const token = yield* EmailChanges.use((changes) => changes.ask(subjectId, to))
  const { subject, text } = words[language].ask
  const link = `${publicUrl}/confirm-email#token=${token}`
  yield* Mail.use((mail) => mail.send({ to, subject, text: text.replace("{link}", link) }, mailIdOf("email", token)))
  return {}
})

const confirm = Effect.fn("customers.confirmEmail")(function* (address: string, perMinute: number, token: string) {
  const limits = yield* RateLimits
  yield* limits.consume(`sign-in/${address}`, perMinute, 60)
  const { subjectId, from } = yield* EmailChanges.use((changes) => changes.confirm(token))
  const { language } = yield* Persons.use((persons) => persons.read(subjectId))
  const mail = yield* Mail
  // The old address is a word's worth, and no reason to undo what was confirmed.
  yield* Effect.ignore(mail.send({ to: from, ...words[language].changed }, mailIdOf("email-changed", token)))
})
