/** The cars of Customers 1 and 3 are told what was bought for them; money is taken when they have answered, and not before. */
import type { CarOwner, Wanted } from "./car-owner.ts"
import { insist, type Stage, told } from "./stage.ts"

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const week = { kind: "temporary", count: 7, unit: "day" }
const month = { kind: "temporary", count: 1, unit: "month" }
const tries = 5 // Of streaming, by the catalogue.

export const services = async (stage: Stage, one: CarOwner, three: CarOwner) => {
  const { teller } = stage
  await teller.chapter("Customer 1 links a phone, and buys a service for a week")
  await linksPhone(stage, one)
  const snow = await buys(stage, one, { option: "snow-mode", term: week, paymentMethod: "tok_ok" })
  const { until } = await one.sees(snow, "active captured")
  await teller.says("Car of Customer 1", `confirms snow mode until ${until}, and only now the money is taken`)

  await overdue(stage, one)
  await withdrawal(stage, one)
  await silence(stage, three)
  await ending(stage, one, snow)
}

/** Answers the purchase's name. */
export const buys = async ({ teller }: Stage, owner: CarOwner, wanted: Wanted): Promise<string> => {
  const answer = await owner.buys(wanted)
  insist(`${owner.customer.name} could not buy ${wanted.option}: ${told(answer)}`, answer.status === 201)
  await teller.says(owner.customer.name, `buys ${wanted.option}`, told(answer))
  return answer.body.activationId
}

const linksPhone = async ({ town, teller }: Stage, owner: CarOwner) => {
  const { customer, vin } = owner
  const code = town.world.fleet.car(vin).showPairingCode()
  await town.settled()
  await teller.says(`Car of ${customer.name}`, "shows a code on its own screen")
  const answer = await owner.linksPhone(code)
  insist(`the phone could not be linked: ${told(answer)}`, answer.status === 200)
  await teller.says(customer.name, "types it into the app", told(answer))
}

/** Safety: a gated service is closed until the workshop has seen the car. Nothing else changes (S16). */
const overdue = async ({ town, teller }: Stage, owner: CarOwner) => {
  await teller.chapter("The car of Customer 1 has missed its maintenance")
  town.world.workshops.overdue(owner.vin, ["brake_fluid"])
  await teller.says("Workshop", "writes down: brake fluid overdue")
  await town.pass(10 * minute) // Longer than an answer of theirs is remembered.
  const answer = await owner.buys({ option: "power-plus", term: week, paymentMethod: "tok_ok" })
  insist(`a gated service was sold: ${told(answer)}`, answer.status === 409 && answer.body.reason === "MaintenanceOverdue")
  await teller.says(owner.customer.name, "wants more power", told(answer))
  insist("the car has lost what it had", town.world.fleet.car(owner.vin).flash.image.features.length === 1)
  await teller.says(`Car of ${owner.customer.name}`, "drives on, and keeps its snow mode")
}

const withdrawal = async ({ town, teller, ...stage }: Stage, owner: CarOwner) => {
  const { customer, vin } = owner
  await teller.chapter("Customer 1 withdraws while the car is under way")
  const car = town.world.fleet.car(vin)
  car.drive()
  await teller.says(`Car of ${customer.name}`, "is being driven: it takes the document, and obeys when it is parked")
  const concert = await buys({ town, teller, ...stage }, owner, {
    option: "concert-audio",
    term: week,
    paymentMethod: "tok_ok"
  })
  await owner.sees(concert, "pending authorised")
  await town.settled()
  await teller.says(customer.name, "withdraws from the contract", told(await owner.withdraws(concert)))
  await owner.sees(concert, "withdrawn voided")
  await customer.mailbox.reads(customer.email, "We received your withdrawal")
  await town.settled()
  car.park()
  await town.settled()
  insist(
    "the car plays what was withdrawn",
    car.flash.image.features.every(({ activationId }) => activationId !== concert)
  )
  await teller.says(`Car of ${customer.name}`, "parks: nothing was taken, and nothing plays")
}

const silence = async (stage: Stage, owner: CarOwner) => {
  const { town, teller } = stage
  const { customer, vin } = owner
  await teller.chapter("The car of Customer 3 never answers")
  town.world.fleet.car(vin).reach(true, false)
  await teller.says(`Car of ${customer.name}`, "stands in a deep garage")
  const streaming = await buys(stage, owner, { option: "streaming", term: month, paymentMethod: "tok_ok" })
  await owner.sees(streaming, "pending authorised")
  for (let n = 1; n <= tries; n++) {
    await town.settled()
    await town.pass(2 * minute) // Longer than a try waits for the car.
    await town.settled()
    if (n < tries) await town.pass(2 * hour) // Longer than the wait before any retry.
  }
  await teller.says("Clock", `nine hours pass, and ${tries} tries`)
  const said = town.world.payments.ledger().filter(({ reference }) => reference.includes(streaming.slice("act_".length)))
  insist("the hold was not let go", said.map(({ kind }) => kind).join(" ") === "authorise void")
  await teller.says("Gateway", "held the money, and lets it go untouched")
  await customer.mailbox.reads(customer.email, "We could not activate your service")
  await teller.says(customer.name, 'reads in the mail: "We could not activate your service": nobody pays')
  const operator = await town.operator("Operator 1")
  const { cases } = await operator.does("GET", "/api/operator/support-cases?state=open")
  insist("one case for one failed service", cases.length === 1 && cases[0].activationId === streaming)
  await operator.does("POST", `/api/operator/support-cases/${cases[0].caseId}/resolution`, {
    body: { resolution: "uncharged", reason: "no network in the garage" }
  })
  await teller.says("Support", "closes the only case: uncharged")
  await town.settled()
  town.world.fleet.car(vin).reach(true, true)
  await town.settled()
  insist("a service that nobody pays for", town.world.fleet.car(vin).flash.image.features.length === 0)
  await teller.says(`Car of ${customer.name}`, "is back, and is told that there is nothing to switch on")
}

/** The end travels with the document: the car keeps it, whether anybody can reach it or not. */
const ending = async ({ town, teller }: Stage, owner: CarOwner, snow: string) => {
  const { customer, vin } = owner
  await teller.chapter("The week of snow mode ends")
  const car = town.world.fleet.car(vin)
  car.reach(true, false)
  await teller.says(`Car of ${customer.name}`, "is somewhere without a network")
  await town.settled()
  await town.pass(8 * day)
  await teller.says("Clock", "eight days pass")
  insist("the car runs what has ended", car.flash.image.features.length === 0)
  await teller.says(`Car of ${customer.name}`, "has switched it off by itself")
  await owner.sees(snow, "ended captured")
  await town.settled()
  car.reach(true, true)
  await teller.says(`Car of ${customer.name}`, "comes back, and reports what it did")
  await town.settled()
}
