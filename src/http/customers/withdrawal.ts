/** The function "withdraw from contract here", in two steps (Directive 2011/83/EU, art. 11a): what happens, and then that it has happened, with date and time. */
import { Effect, Option, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import { Activation } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import type { MessageRefused } from "#actors/system/letter.ts"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import type { Persons } from "#integrations/persons/persons.ts"
import { customerSees } from "#integrations/postgres/seen-by.ts"
import { iso, PlatformTime } from "#integrations/postgres/time.ts"
import { RateLimits } from "#integrations/redis/limits.ts"
import { RefusedWithdrawals } from "#integrations/refused-withdrawals/refused-withdrawals.ts"
import { type ActivationContext, RequestWithdrawal } from "#machines/activation.ts"
import { lawOf } from "#machines/activation-context.ts"
import { Day, dayOf, TimeZone } from "#machines/calendar.ts"
import { ActivationId, Instant, Minor, Money, OptionCode, type SubjectId } from "#machines/vocabulary.ts"
import { withdrawalProspect } from "#machines/withdrawal.ts"
import { heardAs } from "#src/views/heard.ts"
import { withdrawalInWords } from "#src/views/withdrawal-words.ts"
import { changingProblems } from "../answers.ts"
import { languageOf } from "../language.ts"
import { Empty } from "../nothing.ts"
import type { HttpOptions } from "../options.ts"
import { Problem, refused } from "../problem.ts"
import type { Run } from "../run.ts"
import { callerOf, tokenOf } from "../session.ts"
import { answering, strictly, takes } from "../strict.ts"
import { standingAfter, standingIn } from "./activation.ts"
import { NamedService, ownService } from "./activations.ts"
import {
  header,
  type Seal,
  type Submission,
  type Submitting,
  sessionOf,
  submittedSince,
  takesReceipt,
  withdrawalSeal,
  withReceipt
} from "./withdrawal-receipt.ts"

type Needs = Accounts | ActorSystem | Persons | PlatformTime | RateLimits | RefusedWithdrawals | SqlClient.SqlClient
type Named = typeof NamedService.Type
const perMinute = 60 // Of one car; a late one is kept each time, and nobody fills a table with it.

const Prospect = Schema.Struct({
  activationId: ActivationId,
  option: OptionCode,
  purchasedAt: Instant,
  /** The right ends here: whatever is confirmed before counts, however long we take. */
  before: Instant,
  /** The last day on which one may withdraw, on the customer's own calendar. */
  lastDay: Day,
  timeZone: TimeZone,
  comesBack: Money, // To the method it came from.
  released: Money, // Held, never taken.
  /** What the law would require at least, and the rule it follows from: ours is never less. */
  legalMinimum: Schema.Struct({ amountMinor: Minor, currency: Schema.String, rule: Schema.String }),
  inWords: Schema.String
}).annotate({ identifier: "WithdrawalProspect" })

const Withdrawn = Schema.Struct({
  activationId: ActivationId,
  option: OptionCode,
  submittedAt: Instant,
  timeZone: TimeZone,
  state: Schema.String,
  payment: Schema.String,
  inWords: Schema.String
}).annotate({ identifier: "Withdrawn" })

export const withdrawal = (run: Run<Needs>, options: HttpOptions) => {
  const seal = withdrawalSeal(options.pinSecret)
  const find = callerOf(run, options, "public")
  return (
    new Elysia({ prefix: "/api/me/vehicles/:vin/activations/:activationId/withdrawal", tags: ["Services"] })
      // The moment is kept before anything else, and whatever of ours fails afterwards hands it back sealed: nothing of ours makes a customer late.
      .derive(async ({ request, route, params }) => {
        const now = await run(PlatformTime.useSync((time) => iso(time.now())))
        const submitting: Submitting = {
          step: new URL(request.url).pathname.endsWith("/confirmation") ? "confirmation" : "look",
          now,
          receipt: request.headers.get(header) ?? undefined
        }
        const kept = keeping(seal, submissionOf(params, tokenOf(request, options), submitting), submitting)
        return { submitting, kept, caller: await kept(find({ request, route, params })) }
      })
      .post("", ({ caller, params, submitting, kept }) => kept(run(look(seal, caller.subjectId, params, submitting))), {
        params: strictly(NamedService),
        ...takes(Empty),
        ...takesReceipt,
        response: { 200: answering(Prospect), ...changingProblems },
        detail: { summary: "Withdraw from contract here, step one: what happens, until when, and how much comes back" }
      })
      .post(
        "/confirmation",
        ({ caller, params, submitting, kept }) => kept(run(withdraw(seal, caller.subjectId, params, submitting))),
        {
          params: strictly(NamedService),
          ...takes(Empty),
          ...takesReceipt,
          response: { 200: answering(Withdrawn), ...changingProblems },
          detail: { summary: "Step two: confirm the withdrawal; it counts from the date and time answered" }
        }
      )
  )
}

const named = Schema.decodeUnknownOption(NamedService)

/** Null where there is no telling from what, or by whom. */
const submissionOf = (params: unknown, token: string | null, { step, now }: Submitting): Submission | null =>
  token === null
    ? null
    : Option.getOrNull(Option.map(named(params), (service) => ({ ...service, step, session: sessionOf(token), submittedAt: now })))

/** A receipt that failed again is handed back as it is: it says the earlier moment. */
const keeping =
  (seal: Seal, submission: Submission | null, { receipt }: Submitting) =>
  <A>(answer: Promise<A>): Promise<A> =>
    answer.catch((error) => {
      const earlier = receipt === undefined ? null : seal.open(receipt)
      if (receipt !== undefined && earlier !== null) throw withReceipt(error, receipt, earlier.submittedAt)
      throw submission === null ? error : withReceipt(error, seal.seal(submission), submission.submittedAt)
    })

const look = Effect.fn("customers.withdrawalProspect")(function* (
  seal: Seal,
  subjectId: SubjectId,
  named: Named,
  submitting: Submitting
) {
  const { statePath, context } = yield* ownService(subjectId, named)
  yield* notTooOften(named)
  const submittedAt = yield* submittedSince(seal, subjectId, named, submitting)
  const prospect = withdrawalProspect(standingIn(statePath).service, context, submittedAt)
  if (prospect === "WithdrawalPeriodExpired") return yield* late(context, { step: submitting.step, submittedAt })
  if (typeof prospect === "string") return yield* Effect.fail(refused(prospect))
  const { activationId, purchasedAt, terms } = context
  const { timeZone } = lawOf(context)
  return {
    activationId,
    option: terms.option,
    purchasedAt,
    ...prospect,
    lastDay: dayOf(iso(Date.parse(prospect.before) - 1), timeZone),
    timeZone,
    legalMinimum: { ...prospect.legalMinimum, currency: terms.price.currency },
    inWords: withdrawalInWords.prospect(prospect.before, timeZone, yield* languageOf(subjectId))
  }
})

const withdraw = Effect.fn("customers.withdraw")(function* (
  seal: Seal,
  customerId: SubjectId,
  named: Named,
  submitting: Submitting
) {
  const actors = yield* ActorSystem
  const { context } = yield* ownService(customerId, named)
  yield* notTooOften(named)
  const submittedAt = yield* submittedSince(seal, customerId, named, submitting)
  const { vin, activationId } = named
  const to = Activation.at(`${vin}/${activationId}`)
  const id = `${customerId}/withdraw/${activationId}`
  const { state, duplicate } = yield* actors
    .tell(to, RequestWithdrawal.make({ customerId, submittedAt }), { id })
    .pipe(
      Effect.catchTag(
        "MessageRefused",
        (refusal): Effect.Effect<never, MessageRefused | Problem, RefusedWithdrawals> =>
          refusal.reason === "WithdrawalPeriodExpired" ? late(context, { step: "confirmation", submittedAt }) : Effect.fail(refusal)
      )
    )
  // Confirmed twice, it counts from the first time.
  const first = duplicate ? yield* customerSees(customerId)(heardAs(to.path, id)) : null
  const since = (first?.body.submittedAt as Instant | undefined) ?? submittedAt
  const { timeZone } = lawOf(context)
  return {
    activationId,
    option: context.terms.option,
    submittedAt: since,
    timeZone,
    ...standingAfter(state),
    inWords: withdrawalInWords.done(since, timeZone, yield* languageOf(customerId))
  }
})

const notTooOften = ({ vin }: Named) => RateLimits.use((limits) => limits.consume(`withdrawal/${vin}`, perMinute, 60))

/** Refused, with the last day on which it would not have been; kept, because a refusal leaves no other trace (I26). */
const late = Effect.fn("customers.lateWithdrawal")(function* (
  context: ActivationContext,
  submission: Pick<Submission, "step" | "submittedAt">
) {
  const { activationId, vin, customerId } = context
  yield* RefusedWithdrawals.use((withdrawals) => withdrawals.keep({ activationId, vin, customerId, ...submission }))
  const { details } = refused("WithdrawalPeriodExpired")
  const ended = withdrawalInWords.late(context.withdrawalEndsAt, lawOf(context).timeZone)
  return yield* Effect.fail(new Problem({ ...details, detail: `${details.detail} ${ended}` }))
})
