/** Bad input about cars and services: each a typed refusal, and afterwards nothing is stored, nothing charged, and no car has changed. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { Vin } from "#machines/vocabulary.ts"
import { driver, heatedSeats, ownedCar, powerPlus } from "./garage.ts"
import { type Door, type HttpHouse, httpHouse, newKey, person, type Signed } from "./house.ts"

let house: HttpHouse
let owner: Signed
let stranger: Signed
let seller: Signed
let operator: Signed
let vin: Vin
let linked: Vin
let keyless: Vin
let portuguese: Vin
let bare: Vin // Of a model without any of the equipment.
let service: string
let before: Record<string, number>

const paid = { ...heatedSeats, paymentMethod: "tok_ok" }
const usedKey = "the-first-purchase"

beforeAll(async () => {
  house = await httpHouse()
  owner = await house.signedIn("customer", "Customer 1")
  stranger = await house.signedIn("customer", "Customer 2")
  seller = await house.signedIn("seller", "Seller 1", "dea_madrid")
  operator = await house.signedIn("operator", "Operator 1")
  vin = await ownedCar(house, owner)
  linked = await ownedCar(house, owner)
  keyless = await ownedCar(house, owner, { withKey: false })
  portuguese = await ownedCar(house, owner, { country: "PT" })
  bare = await ownedCar(house, owner, { model: "Modelo Cero" })
  await driver(house, owner, linked).pairs()
  const me = driver(house, owner, vin)
  service = (await me.buy(paid, usedKey)).body.activationId
  await me.sees(service, "active", "captured")
  before = await everything()
})
afterAll(() => house.close())

/** Our tables, the partners' books, and what each car has in its flash. */
const everything = async () => ({
  ...(await house.everything()),
  versions: house.world.fleet.flash().reduce((sum, { highestVersion }) => sum + highestVersion, 0),
  switchedOn: house.world.fleet.flash().reduce((sum, { features }) => sum + features.length, 0)
})

interface Case {
  readonly door?: Door
  readonly method?: string
  readonly path: string
  readonly token?: string | undefined
  readonly key?: string | null
  readonly headers?: Record<string, string>
  readonly body?: unknown
  readonly raw?: string
}
const about = (path: string, more: Partial<Case> = {}, car: string = vin): Case => ({
  path: `/api/me/vehicles/${car}${path}`,
  token: owner.token,
  ...more
})
const buying = (more: object, car?: string, call: Partial<Case> = {}) =>
  about("/activations", { body: { ...paid, ...more }, ...call }, car)
const nobodys = "VSSZZZ6K999999999"
const intranet = (path: string, more: Partial<Case> = {}): Case => ({ door: "intranet", path, token: seller.token, ...more })
const transfer = (more: object, car: string = vin) =>
  intranet(`/api/dealer/vehicles/${car}/ownership`, {
    body: {
      sellerEmail: owner.email,
      buyer: person("Buyer 1"),
      consents: [{ text: "ownership-transfer", edition: 1 }],
      ...more
    }
  })
/** What a car said, and what somebody made of it. */
const receiptOf = (car: string) => house.world.fleet.car(car).newest!.text
const flipped = (jws: string) => {
  const [header, payload, signature] = jws.split(".") as [string, string, string]
  const bytes = Buffer.from(payload, "base64url")
  bytes[40]! ^= 1
  return `${header}.${bytes.toString("base64url")}.${signature}`
}
const carried = (receipt: string, car: string = linked) => about("/receipts", { body: { receipt } }, car)

const cases: ReadonlyArray<readonly [what: string, status: number, says: string, ask: () => Case]> = [
  // What is bought, and for which car.
  ["an unknown option", 422, "NotOffered", () => buying({ option: "flying" })],
  ["an option named like a property of every object", 422, "NotOffered", () => buying({ option: "constructor" })],
  ["an option that is no code", 422, "option", () => buying({ option: "Heated Seats!" })],
  ["a term it is not sold for", 422, "NotOffered", () => buying({ term: { kind: "temporary", count: 400, unit: "day" } })],
  ["a term of no time", 422, "NotOffered", () => buying({ term: { kind: "temporary", count: 0, unit: "day" } })],
  ["half a month", 422, "term", () => buying({ term: { kind: "temporary", count: 0.5, unit: "month" } })],
  ["a permanent service with an end", 422, "term", () => buying({ term: { kind: "permanent", count: 1, unit: "day" } })],
  ["a wrong VIN", 422, "params vin", () => buying({}, "VSSZZZ6KIOQ000001")],
  ["a VIN with more in it", 422, "params vin", () => buying({}, "VSSZZZ6K0000000%2F")],
  ["a VIN that nobody built", 404, "nothing here", () => buying({}, nobodys)],
  ["somebody else's car", 404, "nothing here", () => buying({}, vin, { token: stranger.token })],
  ["an option not for this model", 409, "NotForThisModel", () => buying({}, bare)],
  ["a car that no road leads to", 409, "NoRoadToVehicle", () => buying({}, keyless)],
  ["what the car has already", 409, "OptionAlreadyOwned", () => buying({})],
  ["no way to pay", 409, "PaymentMethodMissing", () => buying({ ...heatedSeats, paymentMethod: undefined }, portuguese)],
  ["the key of another purchase", 422, "IdempotencyKeyReused", () => buying({ option: "climate-ahead" }, vin, { key: usedKey })],
  [
    "the key of a purchase for another term",
    422,
    "IdempotencyKeyReused",
    () => buying({ term: { kind: "permanent" } }, vin, { key: usedKey })
  ],
  [
    "the key of a purchase paid otherwise",
    422,
    "IdempotencyKeyReused",
    () => buying({ paymentMethod: "tok_other" }, vin, { key: usedKey })
  ],
  [
    "the key of a purchase with other consents",
    422,
    "IdempotencyKeyReused",
    () => buying({ consents: [{ text: "start-now", edition: 1 }] }, vin, { key: usedKey })
  ],
  ["a text that there is not", 422, "UnknownText", () => buying({ consents: [{ text: "service-term", edition: 1 }] })],
  [
    "a text named like a property of every object",
    422,
    "UnknownText",
    () => buying({ consents: [{ text: "toString", edition: 1 }] })
  ],
  [
    "an edition that there is not",
    422,
    "service-terms (edition 1)",
    () => buying({ consents: [{ text: "service-terms", edition: 9 }] })
  ],
  ["no edition", 422, "UnknownText", () => buying({ consents: [{ text: "service-terms", edition: 0 }] })],
  [
    "a transfer under a text that there is not",
    422,
    "UnknownText",
    () => transfer({ consents: [{ text: "transfer", edition: 1 }] })
  ],
  ["no key", 422, "idempotency-key", () => buying({}, vin, { key: null })],
  // What the caller has no say in.
  ["a price of the caller's own", 422, "price", () => buying({ price: { amountMinor: 1, currency: "EUR" } })],
  ["an amount", 422, "amountMinor", () => buying({ amountMinor: 1 })],
  ["an owner", 422, "owner", () => buying({ owner: "sub_1" })],
  ["a customer", 422, "customerId", () => buying({ customerId: "sub_1" })],
  ["a channel", 422, "channel", () => buying({ channel: "bundle" })],
  ["terms", 422, "terms", () => buying({ terms: {} })],
  ["an instant with a consent", 422, "at", () => buying({ consents: [{ text: "a", edition: 1, at: "2026-01-01T00:00:00.000Z" }] })],
  ["a card number for a token", 422, "paymentMethod", () => buying({ paymentMethod: "4111-1111-1111-1111" })],
  [
    "a date of the caller's own with a withdrawal",
    422,
    "submittedAt",
    () => about(`/activations/${service}/withdrawal/confirmation`, { body: { submittedAt: "2020-01-01T00:00:00.000Z" } })
  ],
  // Somebody else's, in every way to ask.
  ...(
    [
      ["GET", ""],
      ["GET", "/status"],
      ["GET", "/options"],
      ["GET", "/activations"],
      ["GET", "/configuration"],
      ["POST", "/theft"],
      ["DELETE", "/link"]
    ] as const
  ).flatMap(([method, path]) => [
    [
      `${method} ${path || "/"} of somebody else's car`,
      404,
      "nothing here",
      () => about(path, { method, token: stranger.token })
    ] as const,
    [`${method} ${path || "/"} of no car`, 404, "nothing here", () => about(path, { method }, nobodys)] as const
  ]),
  [
    "somebody else's service",
    404,
    "nothing here",
    () => about(`/activations/${service}`, { method: "GET", token: stranger.token })
  ],
  ["a service of another car", 404, "nothing here", () => about(`/activations/${service}`, { method: "GET" }, linked)],
  ["a service that never was", 404, "nothing here", () => about("/activations/act_0", { method: "GET" })],
  [
    "a withdrawal from somebody else's service",
    404,
    "nothing here",
    () => about(`/activations/${service}/withdrawal/confirmation`, { token: stranger.token })
  ],
  [
    "a cancellation of somebody else's service",
    404,
    "nothing here",
    () => about(`/activations/${service}/cancellation`, { token: stranger.token })
  ],
  ["a cancellation of what has a term", 409, "NotRecurring", () => about(`/activations/${service}/cancellation`)],
  // The app.
  ["a pairing code with letters", 422, "pairingCode", () => about("/link", { body: { pairingCode: "12345a" } })],
  ["a wrong pairing code", 409, "NoPairingCode", () => about("/link", { body: { pairingCode: "123456" } })],
  ["a command that there is not", 422, "type", () => about("/commands", { body: { type: "stopEngine" } }, linked)],
  ["a command without the app", 409, "AppNotLinked", () => about("/commands", { body: { type: "lockDoors" } })],
  ["a mail address for a reason", 422, "reason", () => about("/theft/end", { body: { reason: "ask me@example.com" } })],
  ["a telephone number for a reason", 422, "reason", () => about("/theft/end", { body: { reason: "call 600 123 456" } })],
  // What a phone brings from the car.
  ["a receipt without the app", 409, "AppNotLinked", () => carried(receiptOf(linked), vin)],
  ["a receipt of another car", 422, "BadSignature", () => carried(receiptOf(vin))],
  ["a receipt with one bit changed", 422, "BadSignature", () => carried(flipped(receiptOf(linked)))],
  ["a receipt that is no receipt", 422, "", () => carried("a.b.c")],
  ["a receipt that is not even text", 422, "receipt", () => carried("no receipt at all")],
  ["a receipt of 17 KiB", 422, "receipt", () => carried(`${"a".repeat(17 * 1024)}.b.c`)],
  ["a receipt of 1 MiB", 413, "64 KiB", () => carried(`${"a".repeat(1024 * 1024)}.b.c`)],
  // The dealer and support.
  ["a transfer of a car that nobody built", 404, "nothing here", () => transfer({}, nobodys)],
  ["a transfer by another than the owner", 404, "nothing here", () => transfer({ sellerEmail: stranger.email })],
  [
    "a transfer without the seller's consent",
    422,
    "ConsentMissing",
    () => transfer({ consents: [{ text: "privacy", edition: 1 }] })
  ],
  ["a transfer to a customer's id", 422, "buyerId", () => transfer({ buyerId: "sub_1" })],
  ["a theft reported by a seller", 403, "not for you", () => intranet(`/api/operator/vehicles/${vin}/theft`)],
  ["a theft of no car", 404, "nothing here", () => intranet(`/api/operator/vehicles/${nobodys}/theft`, { token: operator.token })],
  [
    "a support case that never was",
    404,
    "nothing here",
    () =>
      intranet("/api/operator/support-cases/case_0/resolution", {
        token: operator.token,
        body: { resolution: "gift", reason: "none at all" }
      })
  ],
  [
    "a way out of a support case that there is not",
    422,
    "resolution",
    () =>
      intranet("/api/operator/support-cases/case_0/resolution", {
        token: operator.token,
        body: { resolution: "charged", reason: "none at all" }
      })
  ]
]

describe("nothing is stored, nothing charged and no car changed for", () => {
  for (const [what, status, says, ask] of cases)
    test(what, async () => {
      const { door = "public", method = "POST", path, key = newKey(), ...rest } = ask()
      const reply = await house.call(door, method, path, { ...rest, ...(key === null ? {} : { key }) })
      expect([reply.status, reply.headers.get("content-type")]).toEqual([status, "application/problem+json"])
      expect(Object.keys(reply.body).sort().join()).toMatch(/^detail,(reason,)?status,title,type$/)
      expect(JSON.stringify(reply.body)).toContain(says)
      expect(await everything()).toEqual(before as any)
    })
})

describe("a purchase", () => {
  test("in ten tabs at once is one purchase; the others are told why", async () => {
    const car = await ownedCar(house, owner)
    const me = driver(house, owner, car)
    const replies = await Promise.all(Array.from({ length: 10 }, () => me.buy(paid)))
    const [won, ...lost] = replies.sort((one, other) => one.status - other.status)
    expect(won!.status).toBe(201)
    for (const { status, body } of lost)
      expect([status, ["PurchaseUnderWay", "OptionAlreadyOwned"].includes(body.reason)]).toEqual([409, true])
    await me.sees(won!.body.activationId, "active", "captured")
    expect((await me.ask("GET", "/activations")).body.activations).toHaveLength(1)
    expect(gatewayEntries(car)).toEqual(["authorise", "capture"])
  })

  test("under one key, ten times at once, is one purchase and one answer", async () => {
    const car = await ownedCar(house, owner)
    const me = driver(house, owner, car)
    const key = newKey()
    const replies = await Promise.all(Array.from({ length: 10 }, () => me.buy(paid, key)))
    expect(new Set(replies.map(({ status, body }) => JSON.stringify([status, body]))).size).toBe(1)
    await me.sees(replies[0]!.body.activationId, "active", "captured")
    expect(gatewayEntries(car)).toEqual(["authorise", "capture"])
  })

  test("under one key for two cars is two purchases", async () => {
    const [one, other] = [await ownedCar(house, owner), await ownedCar(house, owner)]
    const key = newKey()
    const bought = [await driver(house, owner, one).buy(paid, key), await driver(house, owner, other).buy(paid, key)]
    expect(bought.map(({ status }) => status)).toEqual([201, 201])
    expect(bought[0]!.body.activationId).not.toBe(bought[1]!.body.activationId)
  })

  test("of a driving option where its country has not approved it is refused, and the workshops' word is kept all the same", async () => {
    const car = await ownedCar(house, owner, { country: "PT" })
    const me = driver(house, owner, car)
    expect(await me.buy({ ...powerPlus, paymentMethod: "tok_ok" })).toMatchObject({
      status: 409,
      body: { type: "/problems/not-homologated" }
    })
    expect(await house.rows(`SELECT decision FROM gate_decisions WHERE vin = '${car}'`)).toEqual([{ decision: "open" }])
    expect(gatewayEntries(car)).toEqual([])
  })
})

describe("a phone", () => {
  /** A car in a garage, with its owner's phone beside it and a purchase under way. */
  const inGarage = async () => {
    const vin = await ownedCar(house, owner)
    const me = driver(house, owner, vin)
    await me.pairs()
    const car = house.world.fleet.car(vin)
    car.reach(true, false)
    const { activationId } = (await me.buy(paid)).body
    await me.sees(activationId, "pending", "authorised")
    await house.quiet()
    const { body: envelope } = await me.ask("GET", "/configuration")
    const hand = (receipt: string) => me.ask("POST", "/receipts", { body: { receipt } })
    return { vin, me, car, activationId, envelope, hand }
  }

  test("brings a document that is too old to a car that was started since: it is refused there, and nobody pays", async () => {
    const { vin, me, car, activationId, envelope, hand } = await inGarage()
    car.reboot() // The document names another boot.
    car.setClock(60 * 60_000)
    const receipt = car.carry(JSON.stringify(envelope))
    if (receipt !== null) await hand(receipt)
    expect(car.flash.image.features).toEqual([])
    expect((await me.service(activationId)).body).toMatchObject({ state: "pending", money: { takenMinor: 0 } })
    car.setClock(0)
    const fresh = (await me.ask("GET", "/configuration")).body
    expect((await hand(car.carry(JSON.stringify(fresh))!)).status).toBe(200)
    await me.sees(activationId, "active", "captured")
    expect(gatewayEntries(vin)).toEqual(["authorise", "capture"])
  })

  test("brings yesterday's receipt: it is known for old, and the newer word stands", async () => {
    const { me, car, activationId, envelope, hand } = await inGarage()
    const receipt = car.carry(JSON.stringify(envelope))!
    await hand(receipt)
    await me.sees(activationId, "active", "captured")
    await me.ask("POST", `/activations/${activationId}/withdrawal/confirmation`)
    await me.sees(activationId, "withdrawn")
    await house.quiet()
    const { body: off } = await me.ask("GET", "/configuration")
    expect((await hand(car.carry(JSON.stringify(off))!)).body.as).toBe("told")
    expect(car.flash.image.features).toEqual([])
    expect((await hand(receipt)).body).toMatchObject({ as: "old" })
    await me.sees(activationId, "withdrawn", "refunded")
  })
})

const gatewayEntries = (vin: string) =>
  house.world.payments
    .ledger()
    .filter(({ reference }) => reference.includes(vin))
    .map(({ kind }) => kind)
