/** A subscription over two month ends, a withdrawal with its refund, and a payment that never settles: what becomes of the money, and what the car is never told. */
import type { CarOwner } from "./car-owner.ts"
import { buys } from "./services.ts"
import { insist, type Stage, StoryBroken, told } from "./stage.ts"

const day = 24 * 60 * 60_000
const monthly = { kind: "recurring" }
const permanent = { kind: "permanent" }

export const months = async (stage: Stage, owner: CarOwner) => {
  await subscription(stage, owner)
  await withdrawal(stage, owner)
  await failedSettlement(stage, owner)
}

const subscription = async (stage: Stage, owner: CarOwner) => {
  const { town, teller } = stage
  const { customer } = owner
  await teller.chapter("Customer 1 subscribes, and pays at the end of each month for the days that were there")
  const option = "climate-ahead"
  const service = await buys(stage, owner, { option, term: monthly, paymentMethod: "tok_ok" })
  await owner.sees(service, "active running")
  await town.settled()
  const preview = await customer.does("GET", "/api/me/bills/preview")
  await teller.says(customer.name, `asks what the month will cost: ${euros(preview.total.expectedMinor)} if nothing changes`)

  for (let billed = 1; billed <= 2; billed++) {
    const { month, days, amount } = await passUntilCharged(stage, service, billed)
    await teller.says("Clock", `${month} is over`)
    await teller.says("Service", `bills ${days} days of ${month}: ${euros(amount.amountMinor)}, and the bank takes it`)
  }
  const { documents } = (await customer.does("GET", "/api/me/purchase-file")).documents
  const invoices = documents.filter(({ kind }: { kind: string }) => kind === "invoice")
  insist("an invoice for each month", invoices.length >= 2)
  await teller.says(customer.name, `finds "${invoices.at(-1).title}" in the purchase file`)

  const cancelled = await customer.ask("POST", `/api/me/vehicles/${owner.vin}/activations/${service}/cancellation`, { body: {} })
  insist(`the subscription could not be cancelled: ${told(cancelled)}`, cancelled.status === 200)
  await teller.says(customer.name, "cancels, with one click", told(cancelled))
  const last = await passUntilCharged(stage, service, 3)
  await town.pass(40 * day)
  await town.settled()
  const end = await owner.sees(service, "ended billed")
  insist("a month after the last is billed", end.months.length === 3)
  await teller.says("Service", `bills the last ${last.days} days, and nothing later`)
}

/** A fortnight at a time: no month is longer than two of them, so none is passed over. Answers the month that was charged. */
const passUntilCharged = async ({ town }: Stage, service: string, count: number): Promise<any> => {
  for (let fortnights = 0; fortnights < 4; fortnights++) {
    // Read from the side: each look of the customer's own, after days, would be another sign-in.
    const [row] =
      await town.sql`SELECT state -> 'context' -> 'bills' AS bills FROM actors WHERE path LIKE ${`activation/%/${service}`}`
    if (row.bills.length >= count && row.bills.at(-1).status === "paid") return row.bills.at(-1)
    await town.pass(14 * day)
    await town.settled()
  }
  throw new StoryBroken(`month ${count} was not charged`)
}

const withdrawal = async (stage: Stage, owner: CarOwner) => {
  const { town, teller } = stage
  const { customer } = owner
  await teller.chapter("Customer 1 withdraws from a service that is active and paid")
  const service = await buys(stage, owner, { option: "heated-seats", term: permanent, paymentMethod: "tok_ok" })
  await owner.sees(service, "active captured")
  await town.settled()
  await town.pass(5 * day)
  const path = `/api/me/vehicles/${owner.vin}/activations/${service}/withdrawal`
  await teller.says(customer.name, 'presses "withdraw from contract here"', told(await customer.ask("POST", path, { body: {} })))
  await teller.says(customer.name, 'presses "confirm withdrawal"', told(await owner.withdraws(service)))
  await owner.sees(service, "withdrawn refunded")
  await town.settled()
  await customer.mailbox.reads(customer.email, "We received your withdrawal")
  await teller.says(customer.name, "has the acknowledgement, with date and time, as a sealed paper; and the money back")
}

const failedSettlement = async (stage: Stage, owner: CarOwner) => {
  const { town, teller } = stage
  const { customer, vin } = owner
  await teller.chapter("A payment is taken, and never settles")
  const service = await buys(stage, owner, { option: "concert-audio", term: permanent, paymentMethod: "tok_settlement_fails" })
  await owner.sees(service, "active captured")
  await town.settled()
  const [payment] = town.world.payments.ledger().filter(({ reference }) => reference.includes(service.slice("act_".length)))
  town.world.payments.settle(payment!.reference)
  await owner.sees(service, "active owed")
  await town.settled()
  insist(
    "the car has lost what it has",
    town.world.fleet.car(vin).flash.image.features.some(({ activationId }) => activationId === service)
  )
  await teller.says("Gateway", "says that the money never came: it is owed now, and finance has a case")
  await teller.says(`Car of ${customer.name}`, "plays on: nobody ever tells a car about money")
  const body = { paymentMethod: "tok_ok" }
  const paid = await customer.ask("POST", `/api/me/vehicles/${vin}/activations/${service}/payment`, {
    body,
    key: `${service}-debt`
  })
  insist(`the debt could not be paid: ${told(paid)}`, paid.status === 200)
  await teller.says(customer.name, "pays what is owed by another card", told(paid))
  await owner.sees(service, "active captured")
  await town.settled()
}

const euros = (minor: number) => `${(minor / 100).toFixed(2)} €`
