/** What is owed for a service that was delivered: paid by the customer, with this or another method. The car keeps the service either way. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import { Activation } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import { customerSees } from "#integrations/postgres/seen-by.ts"
import { PayDebt } from "#machines/activation.ts"
import type { SubjectId } from "#machines/vocabulary.ts"
import { heardAs } from "#src/views/heard.ts"
import { changingProblems } from "../answers.ts"
import { keyOf, sameAsFirst, takesKey } from "../idempotency.ts"
import type { HttpOptions } from "../options.ts"
import type { Run } from "../run.ts"
import { customer } from "../session.ts"
import { answering, strictly, takes } from "../strict.ts"
import { ServiceStanding, standingAfter } from "./activation.ts"
import { NamedService, ownService } from "./activations.ts"
import { NoCardNumber } from "./payment-method.ts"

const DebtPayment = Schema.Struct({ paymentMethod: NoCardNumber }).annotate({ identifier: "DebtPayment" })

export const debt = (run: Run<Accounts | ActorSystem | SqlClient.SqlClient>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/me/vehicles/:vin/activations/:activationId/payment", tags: ["Services"] })
    .use(customer(run, options))
    .post("", ({ caller, params, headers, body }) => run(pay(caller.subjectId, params, keyOf(headers), body)), {
      params: strictly(NamedService),
      ...takesKey,
      ...takes(DebtPayment),
      response: { 200: answering(ServiceStanding), ...changingProblems },
      detail: { summary: "Pay what is owed for this service; later months are charged to the same method" }
    })

const pay = Effect.fn("customers.payDebt")(function* (
  customerId: SubjectId,
  named: typeof NamedService.Type,
  key: string,
  { paymentMethod }: typeof DebtPayment.Type
) {
  const actors = yield* ActorSystem
  yield* ownService(customerId, named)
  const to = Activation.at(`${named.vin}/${named.activationId}`)
  const id = `${customerId}/pay/${named.activationId}/${key}`
  const message = PayDebt.make({ customerId, paymentMethod })
  const { state, duplicate } = yield* actors.tell(to, message, { id })
  if (duplicate) sameAsFirst(yield* customerSees(customerId)(heardAs(to.path, id)), "PayDebt", { paymentMethod })
  return { activationId: named.activationId, ...standingAfter(state) }
})
