/** The words of the business for fields and parameters that have a name, so that inputs get further than the first check. */
import { createECDH } from "node:crypto"
import { options } from "#integrations/catalogue/options-data.ts"
import { person } from "#tests/http/house.ts"
import type { Dice } from "../dice.ts"
import { weighted, word } from "./chance.ts"
import type { Json } from "./spoil.ts"
import { canaryOf, dealerships, type Person, type Town } from "./town.ts"

const curve = createECDH("prime256v1")
curve.generateKeys()
const p256dh = curve.getPublicKey().toString("base64url")

const texts = ["terms-of-sale", "privacy", "service-terms", "start-now", "withdrawal-information", "ownership-transfer"]
const consents = (dice: Dice): Json => texts.filter(() => dice.throw() < 0.6).map((text) => ({ text, edition: 1 }))
const offers = Object.entries(options).flatMap(([option, { offers }]) => offers.map(({ term }) => ({ option, term })))
const methods = [
  "ok",
  "ok",
  "ok",
  "declined",
  "slow",
  "settlement_fails",
  "requires_action",
  "sepa",
  "mandate_declined",
  "disputed"
]

/** What answers told, by the name that the parameter of a path has for it. */
export class Known {
  readonly #ids = new Map<string, Array<string>>()

  add(name: string, id: string) {
    const kept = this.#ids.get(name) ?? []
    this.#ids.set(name, kept)
    if (kept.includes(id)) return
    kept.push(id)
    if (kept.length > 24) kept.shift()
  }
  any(name: string, dice: Dice): string | undefined {
    const kept = this.#ids.get(name)
    return kept === undefined ? undefined : dice.oneOf(kept)
  }
  /** Whatever an answer names. */
  hear(body: unknown, depth = 0) {
    if (typeof body !== "object" || body === null || depth > 5) return
    for (const [name, value] of Object.entries(body)) {
      if (typeof value === "object") this.hear(value, depth + 1)
      else if (heard.has(name) && (typeof value === "string" || typeof value === "number"))
        this.add(heard.get(name)!, String(value))
    }
  }
}
const heard = new Map([
  ...[
    "orderId",
    "vin",
    "activationId",
    "documentId",
    "customerId",
    "commandId",
    "caseId",
    "breakId",
    "subscriptionId",
    "path",
    "cursor"
  ].map((name) => [name, name] as const),
  ["handoverPin", "pin"] as const,
  ["receipt", "withdrawal-receipt"] as const,
  ["ownerId", "customerId"] as const
])

/** A customer of the dealership's own, somebody new, or one of the staff: they buy cars, too. */
const somebody = (dice: Dice, { customers, people }: Town, dealership: string): Json => {
  const theirs = customers.filter((customer) => customer.dealership === dealership)
  const who = weighted<() => string>(dice, [
    [67, () => dice.oneOf(theirs).who],
    [30, () => `Buyer ${dice.between(1, 400)} ${canaryOf(dealership)}`],
    [3, () => dice.oneOf(people.filter(({ role }) => role !== "customer")).who]
  ])()
  return { ...person(who) } as unknown as Json
}

/** The value of a field of a body. */
export const wordFor = (name: string, dice: Dice, town: Town, caller: Person, known: Known): Json | undefined => {
  if (dice.throw() < 0.1) return undefined
  switch (name) {
    case "customer":
    case "buyer":
      return somebody(dice, town, caller.dealership)
    case "person":
      return { ...person(`Employee ${dice.between(1, 400)}`) } as unknown as Json
    case "email":
    case "sellerEmail":
      return dice.oneOf(town.customers.filter(({ dealership }) => dealership === caller.dealership)).email
    case "password":
      return dice.oneOf(["a car that learns by itself", "short", "a sentence that nobody else knows"])
    case "token":
      return word(dice, 43)
    case "model":
      return dice.oneOf(["Modelo Uno", "Modelo Dos"])
    case "plan":
      return dice.oneOf(["base", "plus"])
    case "consents":
      return consents(dice)
    case "option":
      return dice.oneOf(offers).option
    case "term":
      return dice.oneOf(offers).term as unknown as Json
    case "paymentMethod":
      return `tok_${dice.oneOf(methods)}`
    case "pin":
      return known.any("pin", dice) ?? word(dice, 6, "0123456789")
    case "pairingCode":
      return word(dice, 8, "ABCDEFGHJKLMNPQRSTUVWXYZ23456789")
    case "endpoint":
      return `${town.house.world.push.url}/push/${word(dice, 22)}`
    case "keys":
      return { p256dh, auth: word(dice, 21) + dice.oneOf(["A", "Q", "g", "w"]) }
    case "expirationTime":
      return null
    case "dealershipId":
      return dice.oneOf([...dealerships, "dea_nowhere"])
    case "reason":
    case "policeReference":
      return `as the papers say ${word(dice, 6)}`
    default:
      return undefined
  }
}

/** The value of a parameter. */
export const parameterFor = (name: string, dice: Dice, known: Known): string => {
  const told = known.any(name, dice)
  if (told !== undefined && dice.throw() < 0.85) return told
  switch (name) {
    case "limit":
      return String(dice.between(1, 100))
    case "language":
      return dice.oneOf(["en", "es"])
    case "edition":
      return "1"
    case "text":
      return dice.oneOf(texts)
    case "type":
      return dice.oneOf(["order", "vehicle", "activation"])
    case "id":
      return known.any(dice.oneOf(["orderId", "vin"]), dice) ?? "ord_0"
    case "state":
      return dice.oneOf(["open", "resolved", "waiting", "parked", "done", "discarded", "delivered"])
    case "closed":
      return dice.oneOf(["true", "false"])
    case "kind":
      return dice.oneOf(["identityDocument", "roadTaxReceipt", "registrationTaxForm", "certificateOfConformity"])
    case "from":
    case "to":
      return `2026-${String(dice.between(1, 12)).padStart(2, "0")}`
    case "version":
      return String(dice.between(1, 9))
    case "vin":
      return `VSSZZZ6K${String(dice.between(1, 60)).padStart(9, "0")}`
    case "q":
      return dice.oneOf(["dea_madrid", "VSSZZZ6K", "ord_"])
    case "breakId":
      return String(dice.between(1, 99))
    case "idempotency-key":
      return word(dice, 20)
    default:
      return `${name.slice(0, 3)}_${word(dice, 20, "0123456789abcdef")}`
  }
}
