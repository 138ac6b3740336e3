/** Whose what is: as the town began, and as answers have told since. */
import type { Answer } from "./answers.ts"
import type { Ask } from "./asks.ts"
import type { Person, Town } from "./town.ts"
import type { Asked } from "./verdict.ts"
import { Known } from "./vocabulary.ts"

const vinLength = 17

/** What somebody would have on the screen. */
export const knownTo = ({ subjectId, dealership }: Person, { owners, customers }: Town): Known => {
  const known = new Known()
  for (const [name, owner] of owners)
    if (name.length === vinLength && (owner === subjectId || owner === dealership)) known.add("vin", name)
  for (const customer of customers) if (customer.dealership === dealership) known.add("customerId", customer.subjectId)
  return known
}

/** Whether a car changed hands, or may have, while this was asked and answered: then nobody can say whose it was. */
export const during = async ({ transfers }: Town, { operation, method }: Ask, asking: () => Promise<Answer>) => {
  const isTransfer = method === "POST" && operation?.path.endsWith("/ownership") === true
  if (isTransfer) transfers.underWay++
  const before = { ...transfers }
  const answer = await asking()
  const changedHands = before.underWay > 0 || transfers.underWay > 0 || transfers.done !== before.done
  if (isTransfer) {
    transfers.underWay--
    transfers.done++
  }
  return { answer, changedHands }
}

const remembered = 5_000 // Whose it is, of so many cars, orders and services.

/** Whose it is, of what an answer names. */
export const remember = ({ owners }: Town, { ask: { caller, operation }, answer: { body } }: Asked) => {
  if (operation === null || caller === null || body === null || operation.method !== "POST") return
  if (caller.role === "customer" && operation.path.endsWith("/activations")) owners.set(body.activationId, caller.subjectId)
  if (operation.path.endsWith("/ownership")) owners.set(body.vin, body.ownerId)
  if (owners.size > remembered) owners.delete([...owners.keys()].find((name) => name.length !== vinLength)!)
}
