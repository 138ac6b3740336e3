/** The doorway between Elysia and Effect. Typed errors leave through it as RFC 9457 problems; nothing else leaks. */
import { Cause, Effect, Exit, type ManagedRuntime, Match } from "effect"
import { SqlError } from "effect/sql"
import type { NotHeard } from "#actors/system/letter.ts"
import type { NoSuchCommand, NotParked, NotQuarantined } from "#actors/system/operations.ts"
import type {
  AccountUnknown,
  LastAdministrator,
  LinkInvalid,
  OwnAccount,
  PasswordTooWeak,
  SecondFactorRequired,
  SignInFailed,
  StepUpFailed,
  TooManyTries
} from "#integrations/accounts/accounts.ts"
import { CurrentRequest } from "#integrations/audit/audit.ts"
import type { NotInCatalogue } from "#integrations/catalogue/catalogue.ts"
import type { DocumentRefused } from "#integrations/documents/documents.ts"
import type { ErasureBlocked, NobodyToErase, PreviewOutdated } from "#integrations/erasure/erasure.ts"
import { stumbling } from "#integrations/log/log.ts"
import type { MailRefused, MailUnreachable } from "#integrations/mail/mail.ts"
import type { RefreshRefused } from "#integrations/mobile-tokens/mobile-tokens.ts"
import type { PreferenceRefused } from "#integrations/notifications/preferences.ts"
import type { PasskeyRefused } from "#integrations/passkeys/passkeys.ts"
import type { PersonUnknown } from "#integrations/persons/persons.ts"
import { isPassing, PostgresSilent } from "#integrations/postgres/absence.ts"
import type { EndpointNotAllowed, TooManyDevices } from "#integrations/push/subscriptions.ts"
import type { ReconciliationUnreachable } from "#integrations/reconciliation/reconciliation.ts"
import type { TooManyRequests } from "#integrations/redis/limits.ts"
import type { FactorPresent, FactorRefused, NoFactor } from "#integrations/second-factors/second-factors.ts"
import type { KeysUnreachable, ReportNotBelieved } from "#integrations/vehicle-trust/vehicle-trust.ts"
import { askedNow } from "./asked.ts"
import {
  erasureBlocked,
  erasureOutdated,
  malformed,
  notFound,
  ourFault,
  Problem,
  refreshRefused,
  refused,
  secondFactorRequired,
  signInFailed,
  stepUpFailed,
  tooMany,
  tryAgain
} from "./problem.ts"

/** A stranger learns nothing, not even that it exists. */
const strangers = new Set(["NotYourOrder", "OtherDealership", "NotYourVehicle", "NotYourService", "NotTheOwner"])
const retryAfterSeconds = 1

type Expected =
  | NotHeard
  | NoSuchCommand
  | NotParked
  | NotQuarantined
  | LinkInvalid
  | PasswordTooWeak
  | SignInFailed
  | SecondFactorRequired
  | StepUpFailed
  | AccountUnknown
  | OwnAccount
  | LastAdministrator
  | FactorPresent
  | FactorRefused
  | NoFactor
  | PasskeyRefused
  | RefreshRefused
  | TooManyTries
  | NotInCatalogue
  | DocumentRefused
  | MailRefused
  | MailUnreachable
  | PersonUnknown
  | PreferenceRefused
  | EndpointNotAllowed
  | TooManyDevices
  | TooManyRequests
  | ReportNotBelieved
  | KeysUnreachable
  | ReconciliationUnreachable
  | NobodyToErase
  | PreviewOutdated
  | ErasureBlocked

const explain = Match.typeTags<Expected>()({
  MessageRefused: ({ reason }) => (strangers.has(reason) ? notFound() : refused(reason)),
  ActorNotFound: () => notFound(),
  ActorQuarantined: () => tryAgain(60), // An operator has to look first.
  Overloaded: ({ retryAfterSeconds }) => tryAgain(retryAfterSeconds),
  ActorsUnavailable: () => tryAgain(retryAfterSeconds),
  NoSuchCommand: () => notFound(),
  NotParked: () => refused("NotParked"),
  NotQuarantined: () => refused("NotQuarantined"),
  LinkInvalid: () => malformed("This link is unknown, used or older than 24 hours. Ask for a new one.", "LinkInvalid"),
  PasswordTooWeak: ({ reason }) => malformed(`Choose another password (12 to 128 characters): ${reason}`, "PasswordTooWeak"),
  SignInFailed: () => signInFailed(),
  SecondFactorRequired: () => secondFactorRequired(),
  StepUpFailed: () => stepUpFailed(),
  AccountUnknown: () => notFound(),
  OwnAccount: () => refused("OwnAccount"),
  LastAdministrator: () => refused("LastAdministrator"),
  FactorPresent: () => refused("FactorPresent"),
  FactorRefused: () =>
    malformed("code: not one of the new secret. Ask for a secret, then send what the app shows now.", "FactorRefused"),
  NoFactor: () => refused("NoFactor"),
  PasskeyRefused: () =>
    malformed(
      "This does not answer a challenge of ours at this door. Ask for new options; each is good once, for 5 minutes.",
      "PasskeyRefused"
    ),
  RefreshRefused: () => refreshRefused(),
  TooManyTries: ({ retryAfterSeconds }) => tooMany(retryAfterSeconds),
  NotInCatalogue: ({ model, plan, country }) =>
    malformed(`We do not sell model "${model}" with plan "${plan}" in ${country}. Choose another.`, "NotInCatalogue"),
  DocumentRefused: ({ reason }) => malformed(`This is not a paper we keep: ${reason}`, "DocumentRefused"),
  MailRefused: () => malformed("The mail server refuses this address. Correct it.", "MailRefused"),
  MailUnreachable: () => tryAgain(30),
  PersonUnknown: () => notFound(),
  PreferenceRefused: ({ class: noticeClass, reason }) => malformed(`${noticeClass}: ${channelsWanted[reason]}`, reason),
  EndpointNotAllowed: () =>
    malformed(
      "endpoint: at none of the push services we write to. Send what the browser's own subscription says.",
      "EndpointNotAllowed"
    ),
  TooManyDevices: ({ most }) => malformed(`${most} devices get push messages already. Remove one of them first.`, "TooManyDevices"),
  TooManyRequests: ({ retryAfterSeconds }) => tooMany(retryAfterSeconds),
  ReportNotBelieved: ({ reason }) => malformed("This is no report that this very car has signed.", reason),
  KeysUnreachable: () => tryAgain(retryAfterSeconds),
  ReconciliationUnreachable: () => tryAgain(retryAfterSeconds),
  NobodyToErase: () => notFound(),
  PreviewOutdated: () => erasureOutdated(),
  ErasureBlocked: ({ reasons }) => erasureBlocked(reasons)
})

const channelsWanted: Readonly<Record<PreferenceRefused["reason"], string>> = {
  LegalIsByMail: "what the law wants in writing goes by mail. Leave mail in the list; add others as you like.",
  OneChannelAtLeast: "what is about money and the contract needs a channel. Choose mail, push or sms.",
  NotOnDisplay: "not on the car's display, where others read along. Choose mail, push or sms.",
  OneLiveCard: "progress is one card that changes. Choose push, display or none."
}

/** Runs an Effect for a route. It may also fail with a Problem of its own, or with the database's silence. */
export type Run<R> = <A, E extends Expected | Problem | SqlError.SqlError>(effect: Effect.Effect<A, E, R>) => Promise<A>

export const makeRun = <R>(runtime: ManagedRuntime.ManagedRuntime<R, never>): Run<R> => {
  const unanswered = stumbling("The database did not answer a caller")
  return async (effect) => {
    const asked = askedNow()
    const exit = await runtime.runPromiseExit(
      asked === undefined ? effect : Effect.provideService(effect, CurrentRequest, asked.id)
    )
    if (Exit.isSuccess(exit)) return exit.value
    const error = Cause.squash(exit.cause)
    if (error instanceof Problem) throw error
    if (isOfPostgres(error) && isPassing(error)) {
      await runtime.runPromise(unanswered(exit.cause))
      throw tryAgain(retryAfterSeconds)
    }
    if (Cause.hasInterruptsOnly(exit.cause)) throw tryAgain(retryAfterSeconds) // We are stopping.
    if (Cause.hasFails(exit.cause) && !SqlError.isSqlError(error)) throw explain(error as Expected)
    await runtime.runPromise(Effect.logError("A defect met a caller", exit.cause)) // The log keeps the cause, the caller nothing.
    throw ourFault()
  }
}

const isOfPostgres = (error: unknown) => SqlError.isSqlError(error) || error instanceof PostgresSilent
