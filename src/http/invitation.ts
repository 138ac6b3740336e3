/** The one-time link, by mail and to nobody else: staff never see it. */
import { createHash } from "node:crypto"
import { Effect } from "effect"
import { Accounts } from "#integrations/accounts/accounts.ts"
import { passwordLink } from "#integrations/accounts/doors.ts"
import { Mail } from "#integrations/mail/mail.ts"
import { type PersonalData, Persons } from "#integrations/persons/persons.ts"
import { RateLimits } from "#integrations/redis/limits.ts"
import type { SubjectId } from "#machines/vocabulary.ts"
import type { Language } from "#src/views/order-words.ts"

const mailsPerHour = 5 // To one person.

type Occasion = "invitation" | "recovery"

const words: Readonly<
  Record<Occasion, Readonly<Record<Language, { readonly subject: string; readonly text: (link: string) => string }>>>
> = {
  invitation: {
    en: {
      subject: "Your access",
      text: (link) =>
        `Set your password with this link. It works once, for 24 hours:\n\n${link}\n\nYou did not expect this? Ignore it.\n`
    },
    es: {
      subject: "Su acceso",
      text: (link) =>
        `Fije su contraseña con este enlace. Sirve una sola vez, durante 24 horas:\n\n${link}\n\n¿No lo esperaba? Ignórelo.\n`
    }
  },
  recovery: {
    en: {
      subject: "A new password",
      text: (link) =>
        `Somebody asked for a new password for your account. Set it with this link. It works once, for 24 hours:\n\n${link}\n\nIt was not you? Ignore it: your password stays as it is.\n`
    },
    es: {
      subject: "Una contraseña nueva",
      text: (link) =>
        `Alguien ha pedido una contraseña nueva para su cuenta. Fíjela con este enlace. Sirve una sola vez, durante 24 horas:\n\n${link}\n\n¿No ha sido usted? Ignórelo: su contraseña no cambia.\n`
    }
  }
}

/** Each link is a mail of its own, named by the link. */
export const mailLink = Effect.fn("mailLink")(function* (
  occasion: Occasion,
  { email, language }: Pick<PersonalData, "email" | "language">,
  token: string,
  baseUrl: string
) {
  const mail = yield* Mail
  const { subject, text } = words[occasion][language]
  const id = `invitation/${createHash("sha256").update(token).digest("hex").slice(0, 20)}`
  yield* mail.send({ to: email, subject, text: text(passwordLink(baseUrl, token)) }, id)
})

/** Mails a new link; earlier ones are void. False where the account has its password and `evenIfSet` is false. */
export const invite = Effect.fn("invite")(function* (
  subjectId: SubjectId,
  baseUrl: string,
  options: { readonly evenIfSet: boolean }
) {
  const limits = yield* RateLimits
  const persons = yield* Persons
  const accounts = yield* Accounts
  yield* limits.consume(`invitation/${subjectId}`, mailsPerHour, 3600)
  const person = yield* persons.read(subjectId)
  const token = yield* accounts.issueLink(subjectId, options)
  if (token === null) return false
  yield* mailLink("invitation", person, token, baseUrl)
  return true
})
