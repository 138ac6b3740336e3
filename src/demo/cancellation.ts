/** Customer 4 has a plan with penitential señal, and the factory cancels: the señal comes back, and as much again (Código Civil 1454, D-9). */
import { arrival, paysDeposit } from "./arrival.ts"
import { insist, type Stage } from "./stage.ts"

export const cancellation = async (stage: Stage) => {
  const { town, teller, seller2 } = stage
  await teller.chapter("The factory cannot build the car of Customer 4")
  const customer = town.customer("Customer 4")
  const orderId = await arrival(stage, seller2, customer, "plus")
  await paysDeposit(stage, customer, orderId, "manufacturing.building")
  town.world.factory.start(orderId)
  await teller.says("Factory", "reports: in progress")
  town.world.factory.cancel(orderId, "line_stopped")
  await teller.says("Factory", "reports: cancelled")
  const { money, deposit } = await customer.sees(orderId, "cancelled")
  await customer.mailbox.reads(customer.email, "We returned your deposit")
  await teller.says("Customer 4", 'reads in the mail: "We returned your deposit"')
  const [payout] = await town.sql`SELECT amount_minor::float8 AS minor, reason FROM payouts WHERE order_id = ${orderId}`
  insist(
    "the second half of a penitential señal goes out as a payout",
    payout?.minor === deposit.amountMinor && money.receivedMinor === deposit.amountMinor
  )
  await teller.says("Finance", `owes Customer 4 as much again by bank transfer: ${payout.minor / 100} EUR (${payout.reason})`)
}
