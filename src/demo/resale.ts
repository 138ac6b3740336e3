/** Customer 2 never pays the final amount: the señal is lost, the car is stock sin asignar, and one of two sellers sells it again (S18). */
import { arrival, comesIn, isBuilt, paysDeposit, paysFinalAmount } from "./arrival.ts"
import { CarOwner } from "./car-owner.ts"
import { insist, type Stage, told } from "./stage.ts"

const day = 86_400_000

export const resale = async (stage: Stage) => {
  const { town, teller, seller1, seller2 } = stage
  await teller.chapter("Customer 2 never pays the final amount")
  const customer2 = town.customer("Customer 2")
  const lost = await arrival(stage, seller1, customer2, "base")
  await paysDeposit(stage, customer2, lost, "manufacturing.building")
  const vin = await isBuilt(stage, customer2, lost)
  await town.settled() // A clock that jumps should not jump over work that is being done.
  await town.pass(8 * day)
  await teller.says("Clock", "eight days pass")
  await customer2.mailbox.reads(customer2.email, "Reminder: final payment")
  await teller.says("Customer 2", 'reads in the mail: "Reminder: final payment"')
  await town.settled()
  await town.pass(7 * day)
  await teller.says("Clock", "seven more days pass, the window of fifteen is over")
  await customer2.mailbox.reads(customer2.email, "The period for the final payment has ended")
  const { ageDays, custody } = await seller1.seesInStock(vin)
  await teller.says("Seller 1", `finds ${vin} in the stock: sin asignar, ${custody}, ${ageDays} days old`)

  await teller.chapter("Customer 3 buys that car")
  const customer3 = town.customer("Customer 3")
  const deal = { customer: customer3.person, plan: "base", delivery: "home" } as const
  await seller2.stock() // Signed in again before the race, after all those days.
  const [one, two] = await Promise.all([seller1.sellFromStock(vin, deal), seller2.sellFromStock(vin, deal)])
  const won = one.status === 201 ? one : two
  const beaten = won === one ? two : one
  teller.call(`order/${won.body.orderId}`, "order of Customer 3")
  teller.call(`vehicle/${vin}`, "car of Customer 3")
  await teller.says("Seller 1", "sells it to Customer 3", told(one))
  await teller.says("Seller 2", "sells it to Customer 3, at the same moment", told(two))
  insist(
    `one of two sellers gets the car; they were told ${told(one)} and ${told(two)}`,
    won.status === 201 && beaten.status === 409 && beaten.body.reason === "AlreadyAssigned"
  )
  const orderId: string = won.body.orderId
  await comesIn(stage, customer3)
  await paysDeposit(stage, customer3, orderId, "manufacturing.awaitingFinalPayment")
  await teller.says("Factory", "hears nothing: the car stands there already")
  await seller1.supplies(orderId, "identityDocument", "roadTaxReceipt", "registrationTaxForm")
  await teller.says("Seller 1", "hands in the papers")
  await paysFinalAmount(stage, customer3, orderId)
  const { plate } = await customer3.sees(orderId, "registered.inTransit")
  await teller.says("Authority", `registers the car: ${plate}`)
  await town.settled() // The carrier is booked.
  town.world.transport.depart(orderId)
  await teller.says("Carrier", "departs")
  await customer3.mailbox.reads(customer3.email, "Your car is on its way")
  town.world.transport.arrive(orderId)
  await teller.says("Carrier", "hands the car over at the door, and brings a signature")
  await customer3.sees(orderId, "delivered")
  return new CarOwner(customer3, vin)
}
