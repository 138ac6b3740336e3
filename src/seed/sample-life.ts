/** One car's life in the town, from the dealer's desk to wherever the sample ends. */
import { Effect } from "effect"
import { Activation, Order, Vehicle } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { Accounts } from "#integrations/accounts/accounts.ts"
import { offerOf } from "#integrations/catalogue/catalogue.ts"
import { optionTermsOf } from "#integrations/catalogue/options.ts"
import { Persons } from "#integrations/persons/persons.ts"
import { iso } from "#integrations/postgres/time.ts"
import { RequestWithdrawal } from "#machines/activation.ts"
import type { Term } from "#machines/option-terms.ts"
import { PayFinalAmount, PayReservation, RegisterSale } from "#machines/order.ts"
import { PurchaseOption } from "#machines/vehicle.ts"
import { ActivationId, type Country, type DealershipId, OrderId, type SubjectId, Vin } from "#machines/vocabulary.ts"
import { demoPassword } from "#src/demo-people.ts"
import { keyMark, orderIdOf, vinOf } from "./marks.ts"
import { seededPerson } from "./people.ts"
import type { Town } from "./sample-town.ts"

const [minute, hour, day] = [60_000, 3_600_000, 24 * 3_600_000]
export const building = 20 * hour // From the desk to the built car: within the day after which a silent factory is asked.

export interface Purchase {
  readonly option: string
  readonly term: Term
  readonly daysAfter: number // The handover.
  readonly withdrawn?: true // Two days later.
}

export interface Life {
  readonly country: Country
  readonly dealershipId: DealershipId
  readonly model: string
  readonly plan: string
  readonly end: "ready" | "onItsWay" | "delivered" | "forfeited"
  /** Before today, that the car was built. */
  readonly builtDaysAgo: number
  readonly purchases: ReadonlyArray<Purchase>
}

/** Answers who bought it. */
export const lifeIn = Effect.fnUntraced(function* (town: Town, mark: string, seller: SubjectId, life: Life) {
  const persons = yield* Persons
  const accounts = yield* Accounts
  const actors = yield* ActorSystem
  const { country, dealershipId, model, plan, end, purchases } = life
  const built = town.clock.now + building
  const orderId = OrderId.make(orderIdOf(mark))
  const vin = Vin.make(vinOf(mark))
  const { price, plan: terms } = offerOf(model, plan, country)!
  const toOrder = Order.at(orderId)
  const reference = { reference: orderId, factoryOrderId: `fac-${orderId}`, reason: null }
  const consents = [{ text: "terms-of-sale", edition: 1, at: iso(town.clock.now) }]

  const { subjectId: customerId } = yield* persons.keep(seededPerson(mark, country), seller)
  yield* actors.tell(
    toOrder,
    RegisterSale.make({
      ...{ orderId, customerId, sellerId: seller, dealershipId, country, model, price, plan: terms, consents },
      delivery: { kind: "home" },
      handoverPin: "246810",
      vin: null
    }),
    { id: `${seller}/sell/${orderId}` }
  )
  yield* town.settle
  town.clock.now += 10 * minute
  for (const token of town.tokens()) yield* accounts.setPassword(token, demoPassword)
  town.clock.now += 20 * minute
  yield* actors.tell(toOrder, PayReservation.make({ customerId, paymentMethod: "tok_ok" }), {
    id: `${customerId}/pay/${orderId}/deposit`
  })
  yield* town.until(built)

  const key = { publicKey: keyMark(mark), link: "nats" as const }
  yield* town.webhook("factory", "ready", { ...reference, status: "ready", vin, key, occurredAt: iso(town.clock.now) })
  if (end === "ready" || end === "forfeited") return customerId

  yield* town.until(built + day)
  yield* actors.tell(toOrder, PayFinalAmount.make({ customerId, paymentMethod: "tok_ok" }), {
    id: `${customerId}/pay/${orderId}/final`
  })
  yield* town.until(built + 2 * day)
  const transport = { reference: orderId, transportId: `tra-${orderId}-customer`, proof: null }
  yield* town.webhook("transport", "departed", { ...transport, status: "departed", occurredAt: iso(town.clock.now) })
  if (end === "onItsWay") return customerId
  yield* town.until(built + 3 * day)
  const proof = `pod-${mark}`
  yield* town.webhook("transport", "delivered", { ...transport, status: "delivered", proof, occurredAt: iso(town.clock.now) })

  const handedOver = town.clock.now
  for (const [n, { option, term, daysAfter, withdrawn }] of purchases.entries()) {
    yield* town.until(handedOver + daysAfter * day)
    const activationId = ActivationId.make(`act_${mark}x${n + 1}`)
    const paymentMethod = term.kind === "trial" ? null : "tok_ok"
    yield* actors.tell(
      Vehicle.at(vin),
      PurchaseOption.make({ activationId, customerId, terms: optionTermsOf(option, term, country)!, paymentMethod, consents }),
      { id: `${customerId}/purchase/${vin}/${n + 1}` }
    )
    yield* town.settle
    if (withdrawn === undefined) continue
    yield* town.until(town.clock.now + 2 * day)
    yield* actors.tell(
      Activation.at(`${vin}/${activationId}`),
      RequestWithdrawal.make({ customerId, submittedAt: iso(town.clock.now) }),
      { id: `${customerId}/withdraw/${activationId}` }
    )
    yield* town.until(town.clock.now + hour)
  }
  return customerId
})
