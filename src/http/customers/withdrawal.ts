/** The function "withdraw from contract here", in two steps (Directive 2011/83/EU, art. 11a): what happens, and then that it has happened, with date and time. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import { Activation } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import type { Persons } from "#integrations/persons/persons.ts"
import { iso, PlatformTime } from "#integrations/postgres/time.ts"
import { RequestWithdrawal } from "#machines/activation.ts"
import { ActivationId, Instant, Money, OptionCode, type SubjectId } from "#machines/vocabulary.ts"
import { withdrawalProspect } from "#machines/withdrawal.ts"
import { withdrawalInWords } from "#src/views/activation-words.ts"
import { heardAs } from "#src/views/heard.ts"
import { changingProblems } from "../answers.ts"
import { languageOf } from "../language.ts"
import { Empty } from "../nothing.ts"
import type { HttpOptions } from "../options.ts"
import { refused } from "../problem.ts"
import type { Run } from "../run.ts"
import { customer } from "../session.ts"
import { answering, strictly, takes } from "../strict.ts"
import { standingAfter, standingIn } from "./activation.ts"
import { NamedService, ownService } from "./activations.ts"

type Needs = Accounts | ActorSystem | Persons | PlatformTime | SqlClient.SqlClient
type Named = typeof NamedService.Type

const Prospect = Schema.Struct({
  activationId: ActivationId,
  option: OptionCode,
  purchasedAt: Instant,
  /** The right ends here: whatever is confirmed before counts, however long we take. */
  before: Instant,
  comesBack: Money, // To the method it came from.
  released: Money, // Held, never taken.
  inWords: Schema.String
}).annotate({ identifier: "WithdrawalProspect" })

const Withdrawn = Schema.Struct({
  activationId: ActivationId,
  option: OptionCode,
  submittedAt: Instant,
  state: Schema.String,
  payment: Schema.String,
  inWords: Schema.String
}).annotate({ identifier: "Withdrawn" })

export const withdrawal = (run: Run<Needs>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/me/vehicles/:vin/activations/:activationId/withdrawal", tags: ["Services"] })
    // Before anything else, so that nothing of ours can make a customer late.
    .derive(async () => ({ submittedAt: await run(PlatformTime.useSync((time) => iso(time.now()))) }))
    .use(customer(run, options))
    .post("", ({ caller, params, submittedAt }) => run(look(caller.subjectId, params, submittedAt)), {
      params: strictly(NamedService),
      ...takes(Empty),
      response: { 200: answering(Prospect), ...changingProblems },
      detail: { summary: "Withdraw from contract here, step one: what happens, and how much comes back" }
    })
    .post("/confirmation", ({ caller, params, submittedAt }) => run(withdraw(caller.subjectId, params, submittedAt)), {
      params: strictly(NamedService),
      ...takes(Empty),
      response: { 200: answering(Withdrawn), ...changingProblems },
      detail: { summary: "Step two: confirm the withdrawal; it counts from the date and time answered" }
    })

const look = Effect.fn("customers.withdrawalProspect")(function* (subjectId: SubjectId, named: Named, now: Instant) {
  const { statePath, context } = yield* ownService(subjectId, named)
  const prospect = withdrawalProspect(standingIn(statePath), context, now)
  if (typeof prospect === "string") return yield* Effect.fail(refused(prospect))
  const { activationId, purchasedAt, terms } = context
  const inWords = withdrawalInWords.prospect(yield* languageOf(subjectId))
  return { activationId, option: terms.option, purchasedAt, ...prospect, inWords }
})

const withdraw = Effect.fn("customers.withdraw")(function* (customerId: SubjectId, named: Named, submittedAt: Instant) {
  const actors = yield* ActorSystem
  const { context } = yield* ownService(customerId, named)
  const { vin, activationId } = named
  const to = Activation.at(`${vin}/${activationId}`)
  const id = `${customerId}/withdraw/${activationId}`
  const { state, duplicate } = yield* actors.tell(to, RequestWithdrawal.make({ customerId, submittedAt }), { id })
  // Confirmed twice, it counts from the first time.
  const first = duplicate ? yield* heardAs(to.path, id) : null
  return {
    activationId,
    option: context.terms.option,
    submittedAt: (first?.body.submittedAt as Instant | undefined) ?? submittedAt,
    ...standingAfter(state),
    inWords: withdrawalInWords.done(yield* languageOf(customerId))
  }
})
