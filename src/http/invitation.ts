/** The one-time link, by mail and to nobody else: staff never see it. */
import { createHash } from "node:crypto"
import { Effect } from "effect"
import { Accounts } from "#integrations/accounts/accounts.ts"
import { passwordLink } from "#integrations/accounts/doors.ts"
import { Mail } from "#integrations/mail/mail.ts"
import { Persons } from "#integrations/persons/persons.ts"
import { RateLimits } from "#integrations/redis/limits.ts"
import type { SubjectId } from "#machines/vocabulary.ts"
import type { Language } from "#src/views/order-words.ts"

const mailsPerHour = 5 // To one person.

const words: Readonly<Record<Language, { readonly subject: string; readonly text: (link: string) => string }>> = {
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
}

/** Mails a new link; earlier ones are void. False where the account has its password and `evenIfSet` is false. */
export const invite = Effect.fn("invite")(function* (
  subjectId: SubjectId,
  baseUrl: string,
  options: { readonly evenIfSet: boolean }
) {
  const limits = yield* RateLimits
  const persons = yield* Persons
  const accounts = yield* Accounts
  const mail = yield* Mail
  yield* limits.consume(`invitation/${subjectId}`, mailsPerHour, 3600)
  const { email, language } = yield* persons.read(subjectId)
  const token = yield* accounts.issueLink(subjectId, options)
  if (token === null) return false
  const { subject, text } = words[language]
  const id = `invitation/${createHash("sha256").update(token).digest("hex").slice(0, 20)}` // Each link is a mail of its own.
  yield* mail.send({ to: email, subject, text: text(passwordLink(baseUrl, token)) }, id)
  return true
})
