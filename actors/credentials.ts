/** An account and a one-time link for somebody who got a car: who ordered one, and who bought one second-hand (S13). */
import { Effect } from "effect"
import { Accounts } from "#integrations/accounts/accounts.ts"
import { Doors, passwordLink } from "#integrations/accounts/doors.ts"
import { Mail } from "#integrations/mail/mail.ts"
import { Persons } from "#integrations/persons/persons.ts"
import type { SubjectId } from "#machines/vocabulary.ts"
import { credentialsMail } from "./notices.ts"

/** Of two sales at once, both mails work until one is used. On a later repeat the first link is void and a second mail goes out. */
export const giveAccess = Effect.fn("giveAccess")(function* (subjectId: SubjectId, id: string) {
  const accounts = yield* Accounts
  const person = yield* Persons.use((persons) => persons.read(subjectId)).pipe(
    Effect.catchTag("PersonUnknown", () => Effect.succeed(null))
  )
  if (person === null)
    // Erased meanwhile: there is nobody to write to, and trying again would not bring them back.
    return yield* Effect.logDebug("There is nobody to be given access").pipe(Effect.annotateLogs({ subject: subjectId }))
  yield* accounts.provision({ subjectId, role: "customer", dealershipId: null, createdBy: id })
  const token = yield* accounts.issueLink(subjectId, { evenIfSet: false, besideFresh: true })
  if (token === null) return // Known already, and has a password.
  const { publicUrl } = yield* Doors
  yield* Mail.use((mail) => mail.send({ to: person.email, ...credentialsMail(passwordLink(publicUrl, token), person) }, id))
})
