/** Selling: the price and the terms come from the catalogue, the person goes to `persons`, and an actor hears about it. */
import { Effect } from "effect"
import { Order, Vehicle } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { NotInCatalogue, offerOf } from "#integrations/catalogue/catalogue.ts"
import { Persons } from "#integrations/persons/persons.ts"
import { seenBy } from "#integrations/postgres/seen-by.ts"
import { iso, PlatformTime } from "#integrations/postgres/time.ts"
import { RegisterSale } from "#machines/order.ts"
import { AssignVehicle } from "#machines/vehicle.ts"
import type { Country, SubjectId, Vin } from "#machines/vocabulary.ts"
import { countryOf } from "#src/views/dealerships.ts"
import { type Heard, heardAs } from "#src/views/heard.ts"
import { twinOf } from "#src/views/orders.ts"
import { vehicleOf } from "#src/views/stock.ts"
import { sameAsFirst } from "../idempotency.ts"
import type { HttpOptions } from "../options.ts"
import { duplicateSale, notFound, refused } from "../problem.ts"
import { agreedAt, asSeen, existing } from "../seen-texts.ts"
import type { Seller } from "../session.ts"
import { type NewSale, type NewStockSale, orderIdOf, pinOf } from "./new-sale.ts"

const twinWindow = 10 * 60_000 // Milliseconds in which an equal sale is taken for a slip of the hand.

const offered = Effect.fnUntraced(function* (model: string, plan: string, country: Country) {
  return offerOf(model, plan, country) ?? (yield* new NotInCatalogue({ model, plan, country }))
})

/** What the seller asked, out of what was heard: our own additions (price, PIN, instants) may have changed since. */
const asAsked = ({ type, body }: Heard): Heard => ({
  type,
  body: {
    ...body,
    plan: (body.plan as { readonly code: string }).code,
    consents: asSeen(body.consents)
  }
})
const asked = ({ plan, delivery, consents }: NewStockSale, customerId: SubjectId | null) => ({
  plan,
  delivery,
  consents,
  customerId
})

/** Everything that RegisterSale and AssignVehicle have in common, except whose it is. */
const termsOf = Effect.fnUntraced(function* (seller: Seller, key: string, sale: NewStockSale, options: HttpOptions) {
  const time = yield* PlatformTime
  const at = iso(time.now())
  const orderId = orderIdOf(seller.subjectId, key)
  return {
    orderId,
    sellerId: seller.subjectId,
    dealershipId: seller.dealershipId,
    delivery: sale.delivery,
    consents: agreedAt(sale.consents, at, sale.customer.language),
    handoverPin: pinOf(orderId, options.pinSecret)
  }
})

export const registerSale = Effect.fn("dealers.registerSale")(function* (
  seller: Seller,
  key: string,
  sale: NewSale,
  options: HttpOptions
) {
  const persons = yield* Persons
  const actors = yield* ActorSystem
  const time = yield* PlatformTime
  const terms = yield* termsOf(seller, key, sale, options)
  const to = Order.at(terms.orderId)
  const id = `${seller.subjectId}/sell/${terms.orderId}`
  const { model, plan } = sale

  const first = yield* seenBy(seller)(heardAs(to.path, id)) // Before the person is looked for: who is in the journal was kept before.
  const known = yield* persons.findByEmail(sale.customer.email)
  if (first !== null) {
    sameAsFirst(asAsked(first), "RegisterSale", { ...asked(sale, known), model })
    return { orderId: terms.orderId, customerId: known! }
  }
  yield* existing(sale.consents)
  const country = yield* theCountryOf(seller)
  const offer = yield* offered(model, plan, country)
  if (known !== null && sale.confirmDuplicate !== true) {
    const since = new Date(time.now() - twinWindow)
    const twin = yield* seenBy(seller)(
      twinOf({ orderId: terms.orderId, sellerId: seller.subjectId, customerId: known, model, plan, since })
    )
    if (twin !== null) return yield* Effect.fail(duplicateSale(twin))
  }

  const { subjectId: customerId } = yield* persons.keep(sale.customer, seller.subjectId)
  const { price, vatPercent, plan: planTerms } = offer
  const message = RegisterSale.make({ ...terms, customerId, country, model, price, vatPercent, plan: planTerms, vin: null })
  const standing = yield* actors.tell(to, message, { id })
  if (standing.duplicate) {
    const raced = yield* seenBy(seller)(heardAs(to.path, id)) // Two at once with one key: the second is compared like a later one.
    sameAsFirst(raced === null ? null : asAsked(raced), "RegisterSale", { ...asked(sale, customerId), model })
  }
  return { orderId: terms.orderId, customerId }
})

export const sellFromStock = Effect.fn("dealers.sellFromStock")(function* (
  seller: Seller,
  vin: Vin,
  key: string,
  sale: NewStockSale,
  options: HttpOptions
) {
  const persons = yield* Persons
  const actors = yield* ActorSystem
  const vehicle = yield* seenBy(seller)(vehicleOf(vin, seller.dealershipId))
  if (vehicle === null) return yield* Effect.fail(notFound())
  const terms = yield* termsOf(seller, key, sale, options)
  const to = Vehicle.at(vin)
  const id = `${seller.subjectId}/assign/${terms.orderId}`

  const first = yield* seenBy(seller)(heardAs(to.path, id)) // Before the person is looked for: who is in the journal was kept before.
  const known = yield* persons.findByEmail(sale.customer.email)
  if (first !== null) {
    sameAsFirst(asAsked(first), "AssignVehicle", asked(sale, known))
    return { orderId: terms.orderId, customerId: known! }
  }
  yield* existing(sale.consents)
  const country = yield* theCountryOf(seller)
  const { price, vatPercent, plan } = yield* offered(vehicle.context.model, sale.plan, country)
  // A look before the person is kept; the vehicle itself decides between two who look at once.
  if (vehicle.context.orderId !== null) return yield* Effect.fail(refused("AlreadyAssigned"))

  const { subjectId: customerId } = yield* persons.keep(sale.customer, seller.subjectId)
  const standing = yield* actors.tell(to, AssignVehicle.make({ ...terms, customerId, country, price, vatPercent, plan }), { id })
  if (standing.duplicate) {
    const raced = yield* seenBy(seller)(heardAs(to.path, id))
    sameAsFirst(raced === null ? null : asAsked(raced), "AssignVehicle", asked(sale, customerId))
  }
  return { orderId: terms.orderId, customerId }
})

/** An account names a dealership that is not in the table only by a mistake of ours. */
const theCountryOf = Effect.fnUntraced(function* (seller: Seller) {
  const country = yield* seenBy(seller)(countryOf(seller.dealershipId))
  return country ?? (yield* Effect.die(new Error(`No dealership ${seller.dealershipId}`)))
})
