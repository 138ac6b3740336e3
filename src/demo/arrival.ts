/** How a sale begins in every story: registered by a seller, and the customer let in by mail. */
import type { Customer } from "./customer.ts"
import type { Seller } from "./seller.ts"
import { insist, type Stage, told } from "./stage.ts"

/** Answers the order's id. */
export const arrival = async ({ teller }: Stage, seller: Seller, customer: Customer, plan: "base" | "plus"): Promise<string> => {
  const orderId = await seller.sells({ customer: customer.person, plan, delivery: "home" })
  teller.call(`order/${orderId}`, `order of ${customer.name}`)
  await teller.says(seller.name, `registers a sale for ${customer.name}: Modelo Uno, plan ${plan}, to the door`)
  await comesIn({ teller }, customer)
  return orderId
}

export const comesIn = async ({ teller }: Pick<Stage, "teller">, customer: Customer) => {
  await customer.comesIn()
  await teller.says(customer.name, "gets the mail, sets a password by its one-time link, and signs in")
}

/** The señal, with a card the bank likes, until `state`. */
export const paysDeposit = async ({ teller }: Stage, customer: Customer, orderId: string, state: string) => {
  const answer = await customer.pay(orderId, "reservation", "tok_ok")
  insist(`${customer.name} could not pay the deposit: ${told(answer)}`, answer.status === 202)
  await teller.says(customer.name, "pays the señal", told(answer))
  await customer.sees(orderId, state)
}

export const paysFinalAmount = async ({ teller }: Stage, customer: Customer, orderId: string) => {
  const answer = await customer.pay(orderId, "final", "tok_ok")
  insist(`${customer.name} could not pay the final amount: ${told(answer)}`, answer.status === 202)
  await teller.says(customer.name, "pays the final amount", told(answer))
  await customer.sees(orderId, "paid", "registered")
}

/** The factory begins, and finishes. Answers the VIN. */
export const isBuilt = async ({ town, teller }: Stage, customer: Customer, orderId: string): Promise<string> => {
  town.world.factory.start(orderId)
  await teller.says("Factory", "reports: in progress")
  town.world.factory.finish(orderId)
  await teller.says("Factory", "reports: ready")
  const { vin } = await customer.sees(orderId, "manufacturing.awaitingFinalPayment")
  teller.call(`vehicle/${vin}`, `car of ${customer.name}`)
  await customer.mailbox.reads(customer.email, "Your car is ready")
  await teller.says(customer.name, `reads in the mail: "Your car is ready" (${vin})`)
  return vin
}
