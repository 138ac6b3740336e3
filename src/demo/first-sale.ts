/** Customer 1: everything that can delay a sale does, and the car is handed over. */
import { arrival, isBuilt, paysDeposit, paysFinalAmount } from "./arrival.ts"
import { CarOwner } from "./car-owner.ts"
import { insist, type Stage, told } from "./stage.ts"

export const firstSale = async (stage: Stage) => {
  const { town, teller, seller1 } = stage
  const { factory, transport } = town.world
  await teller.chapter("Customer 1 buys a car")
  const customer = town.customer("Customer 1")
  const orderId = await arrival(stage, seller1, customer, "base")

  await teller.says("Customer 1", "pays the señal", told(await customer.pay(orderId, "reservation", "tok_declined")))
  await customer.mailbox.reads(customer.email, "Your bank declined the deposit")
  await teller.says("Customer 1", 'reads in the mail: "Your bank declined the deposit"')
  await paysDeposit(stage, customer, orderId, "manufacturing.building")
  await teller.says("Factory", "has the order, placed without anybody's help")
  const vin = await isBuilt(stage, customer, orderId)

  await seller1.supplies(orderId, "identityDocument", "roadTaxReceipt")
  await teller.says("Seller 1", "hands in two of the three papers that Spain asks for")
  const tooEarly = await seller1.handOver(orderId, (await customer.order(orderId)).handoverPin)
  insist("a car was handed over before it was registered", tooEarly.status === 409)
  await teller.says("Seller 1", "tries to hand the car over before it is registered", told(tooEarly))
  await paysFinalAmount(stage, customer, orderId)
  await customer.sees(orderId, "paid.papersMissing")
  await teller.says("Authority", "asks for the missing paper")
  await seller1.supplies(orderId, "registrationTaxForm")
  await teller.says("Seller 1", "hands it in")
  const { plate } = await customer.sees(orderId, "registered.inTransit")
  await teller.says("Authority", `registers the car: ${plate}`)

  factory.ship(orderId)
  await teller.says("Factory", "reports: shipped")
  transport.customerAbsent(orderId)
  await town.settled() // The carrier is booked.
  transport.depart(orderId)
  await teller.says("Carrier", "departs")
  await customer.mailbox.reads(customer.email, "Your car is on its way")
  transport.arrive(orderId)
  await teller.says("Carrier", "rings, and nobody opens: the car is not left in the street")
  await customer.sees(orderId, "registered.returned")
  transport.arrive(orderId)
  await teller.says("Carrier", "brings it back to the dealership")
  await customer.sees(orderId, "registered.awaitingPickup")
  await customer.mailbox.reads(customer.email, "You can pick up your car")
  const pin = await customer.mailbox.pin(customer.email)
  await teller.says("Customer 1", "reads the PIN in the mail, and comes to the dealership")
  const wrong = await seller1.handOver(orderId, pin === "000000" ? "000001" : "000000")
  insist("a wrong PIN opened the car", wrong.status === 409)
  await teller.says("Seller 1", "types a PIN with a slip of the hand", told(wrong))
  await teller.says("Seller 1", "types it again", told(await seller1.handOver(orderId, pin)))
  await customer.sees(orderId, "delivered")
  return new CarOwner(customer, vin)
}
