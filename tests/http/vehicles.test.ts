/** A customer with a car: what it says, what can be bought for it, and how that is got rid of again. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { PlatformTime } from "#integrations/postgres/time.ts"
import { driver, heatedSeats, ownedCar, powerPlus } from "./garage.ts"
import { type HttpHouse, httpHouse, newKey, person, points, type Signed } from "./house.ts"

let house: HttpHouse
let owner: Signed
let operator: Signed
let seller: Signed
beforeAll(async () => {
  house = await httpHouse()
  owner = await house.signedIn("customer", "Customer 1")
  operator = await house.signedIn("operator", "Operator 1")
  seller = await house.signedIn("seller", "Seller 1", "dea_madrid")
})
afterAll(() => house.close())

const paid = { ...heatedSeats, paymentMethod: "tok_ok" }
const reasonsOf = (body: any, option: string) =>
  body.options.find((one: any) => one.option === option).reasons.map(({ reason }: any) => reason)

describe("a car", () => {
  test("is in its owner's list with its plate, its app, its warranty and what was bought for it", async () => {
    const vin = await ownedCar(house, owner)
    const me = driver(house, owner, vin)
    const { body } = await house.call("public", "GET", "/api/me/vehicles", { token: owner.token })
    expect(body.vehicles).toContainEqual({
      vin,
      model: "Modelo Uno",
      country: "ES",
      plate: null,
      linked: false,
      stolen: false,
      warranty: "valid"
    })
    expect((await me.ask("GET")).body).toMatchObject({ vin, reachable: true, services: [], theft: null })
    const { body: bought } = await me.buy(paid)
    await me.sees(bought.activationId, "active")
    expect((await me.ask("GET")).body.services).toMatchObject([
      { option: "heated-seats", activationId: bought.activationId, confirmed: true }
    ])
  })

  test("shows what it last said, with its age and its source", async () => {
    const vin = await ownedCar(house, owner)
    const me = driver(house, owner, vin)
    expect((await me.ask("GET", "/status")).body).toEqual({
      vin,
      wanted: { cfgVersion: 0, confirmed: false },
      reported: null,
      lastSeen: null,
      measured: null,
      asked: null
    })
    const { body } = await me.buy(paid)
    await me.sees(body.activationId, "active")
    const status = (await me.ask("GET", "/status")).body
    expect(status).toMatchObject({
      wanted: { cfgVersion: 1, confirmed: true },
      reported: { source: "signedReceipt", cfgVersion: 1, features: [{ option: "heated-seats", activationId: body.activationId }] },
      asked: null
    })
    expect(status.reported.ageSeconds).toBeWithin(0, 30)
    expect(status.lastSeen.ageSeconds).toBeWithin(0, 30)
  })

  test("behind the API IoT is asked, and shown as it was known where the API is silent", async () => {
    const vin = await ownedCar(house, owner, { link: "apiIot" })
    const me = driver(house, owner, vin)
    expect((await me.ask("GET", "/status")).body).toMatchObject({ asked: { online: true, cfgVersion: null }, reported: null })
    house.world.apiIot.misbehave({ fault: "down", on: "GET" })
    expect(await me.ask("GET", "/status")).toMatchObject({ status: 200, body: { asked: null } })
  })

  test("is linked with the code on its screen, obeys its app, and is unlinked", async () => {
    const vin = await ownedCar(house, owner)
    const me = driver(house, owner, vin)
    const flash = () => me.ask("POST", "/commands", { body: { type: "flashLights" } })
    expect((await flash()).body).toMatchObject({ status: 409, type: "/problems/app-not-linked", reason: "AppNotLinked" })
    expect((await me.pairs()).body).toEqual({ vin, linked: true })
    expect((await me.ask("GET")).body.linked).toBe(true)
    const { status, body } = await flash()
    expect([status, body.type]).toEqual([202, "flashLights"])
    await house.quiet()
    const done = async () => (await me.ask("GET")).body.commands.find((one: any) => one.commandId === body.commandId)?.done
    for (const end = performance.now() + 10_000; !(await done()); await Bun.sleep(20)) expect(performance.now()).toBeLessThan(end)
    expect((await me.ask("DELETE", "/link")).status).toBe(204)
    expect((await me.ask("DELETE", "/link")).status).toBe(204)
    expect((await flash()).body.reason).toBe("AppNotLinked")
  })

  test("behind the API IoT is linked, too: what its screen shows is fetched, with the car's own signature", async () => {
    const vin = await ownedCar(house, owner, { link: "apiIot" })
    const me = driver(house, owner, vin)
    const pairingCode = house.world.fleet.car(vin).showPairingCode()
    expect((await me.ask("POST", "/link", { body: { pairingCode } })).body).toEqual({ vin, linked: true })
    expect((await me.ask("POST", "/commands", { body: { type: "flashLights" } })).body.reason).toBe("NoRoadForCommands")
  })

  test("lets nobody try out codes", async () => {
    const vin = await ownedCar(house, owner)
    const me = driver(house, owner, vin)
    const tries = []
    for (let code = 0; code <= points(5); code++)
      tries.push(await me.ask("POST", "/link", { body: { pairingCode: String(code).padStart(6, "0") } }))
    expect(tries.map(({ status }) => status)).toEqual([...Array(points(5)).fill(409), 429])
    expect(tries[0]!.body.reason).toBe("NoPairingCode")
  })

  test("is asked for at most thirty things a minute", async () => {
    const me = driver(house, owner, await ownedCar(house, owner))
    const asked = await Promise.all(Array.from({ length: 32 }, () => me.ask("POST", "/commands", { body: { type: "soundHorn" } })))
    expect(asked.filter(({ status }) => status === 429)).toHaveLength(32 - points(30))
  })

  test("is reached by its owner's phone where there is no network, and the second arrival changes nothing", async () => {
    const vin = await ownedCar(house, owner)
    const me = driver(house, owner, vin)
    expect((await me.ask("GET", "/configuration")).body.reason).toBe("AppNotLinked")
    await me.pairs()
    expect((await me.ask("GET", "/configuration")).status).toBe(404)
    const car = house.world.fleet.car(vin)
    car.reach(true, false) // In a garage without a signal.
    const { body } = await me.buy(paid)
    await me.sees(body.activationId, "pending", "authorised")
    await house.quiet()
    const envelope = await me.ask("GET", "/configuration")
    expect(Object.keys(envelope.body).sort()).toEqual(["catalogue", "document"])
    const receipt = car.carry(JSON.stringify(envelope.body))
    const carried = () => me.ask("POST", "/receipts", { body: { receipt } })
    expect((await carried()).body).toMatchObject({ as: "told" })
    await me.sees(body.activationId, "active", "captured")
    expect((await carried()).body).toMatchObject({ as: "known" })
    car.reach(true, true)
    await house.quiet()
    expect(
      house.world.payments.ledger().filter(({ kind, reference }) => kind === "capture" && reference.includes(vin))
    ).toHaveLength(1)
  })

  test("that is stolen buys nothing until the report is taken back with a reason, by the owner or by support", async () => {
    const vin = await ownedCar(house, owner)
    const me = driver(house, owner, vin)
    const theft = "/theft"
    expect((await me.ask("POST", theft, { body: { policeReference: "2026/4711" } })).body).toEqual({ vin, stolen: true })
    expect((await me.ask("POST", theft, { body: {} })).body).toEqual({ vin, stolen: true })
    expect((await me.ask("GET")).body.theft.policeReference).toBe("2026/4711")
    expect(await me.buy(paid)).toMatchObject({ status: 409, body: { type: "/problems/vehicle-stolen" } })
    expect(reasonsOf((await me.ask("GET", "/options")).body, "heated-seats")).toEqual(["VehicleStolen"])
    expect((await me.ask("POST", `${theft}/end`, { body: {} })).status).toBe(422)
    const support = (path: string, body: object) =>
      house.call("intranet", "POST", `/api/operator/vehicles/${vin}/theft${path}`, { token: operator.token, body })
    expect((await support("/end", { reason: "the police found it" })).body).toEqual({ vin, stolen: false })
    expect((await support("", {})).body).toEqual({ vin, stolen: true })
    expect((await me.ask("POST", `${theft}/end`, { body: { reason: "it was never away" } })).body).toEqual({ vin, stolen: false })
    expect((await me.buy(paid)).status).toBe(201)
  })

  test("is stolen and found at most ten times a minute", async () => {
    const me = driver(house, owner, await ownedCar(house, owner))
    const answers = []
    for (let n = 0; n < 6; n++)
      answers.push(
        await me.ask("POST", "/theft", { body: {} }),
        await me.ask("POST", "/theft/end", { body: { reason: "it is back" } })
      )
    expect(answers.map(({ status }) => status)).toEqual([...Array(points(10)).fill(200), ...Array(12 - points(10)).fill(429)])
  })

  test("is sold second-hand with the seller's consent: the buyer is mailed a link, and the seller sees only what was bought", async () => {
    const vin = await ownedCar(house, owner)
    const me = driver(house, owner, vin)
    await me.pairs()
    expect((await me.ask("POST", "/commands", { body: { type: "unlockDoors" } })).status).toBe(202)
    const { body } = await me.buy(paid)
    await me.sees(body.activationId, "active")
    const buyer = person("Buyer 1")
    const key = newKey()
    const sell = (more: object, headers = { key }) =>
      house.call("intranet", "POST", `/api/dealer/vehicles/${vin}/ownership`, {
        token: seller.token,
        ...headers,
        body: { sellerEmail: owner.email, buyer, consents: [{ text: "ownership-transfer", edition: 1 }], ...more }
      })
    expect((await sell({ sellerEmail: "somebody.else@example.com" })).status).toBe(404)
    expect((await sell({ consents: [] })).body.reason).toBe("ConsentMissing")
    const sold = await sell({})
    expect([sold.status, sold.body.vin]).toEqual([201, vin])
    expect(await sell({})).toMatchObject({ status: 201, body: sold.body })
    expect((await sell({ buyer: person("Buyer 2") })).body.reason).toBe("IdempotencyKeyReused")
    expect((await me.ask("GET")).status).toBe(404)
    expect((await me.service(body.activationId)).body.state).toBe("active") // Bought for good or for a term: it stays with the car.
    const firstPage = await me.ask("GET", "/activations?limit=1")
    expect(firstPage.body.activations).toHaveLength(1)
    const lastPage = await me.ask("GET", `/activations?limit=1&cursor=${firstPage.body.cursor}`)
    expect(lastPage.body).toEqual({ activations: [], cursor: null })
    expect(await house.linkFor(buyer.email)).toHaveLength(43)
    const next = driver(house, await house.signedIn("customer", "Buyer 1"), vin)
    expect((await next.ask("GET")).body).toMatchObject({ linked: false, services: [{ option: "heated-seats", confirmed: true }] })
    expect((await next.service(body.activationId)).status).toBe(404)
    expect((await next.ask("GET")).body.commands).toEqual([]) // When the seller came and went is nobody's business.
  })
})

describe("the options of a car", () => {
  test("have prices with VAT, terms, and every reason why not in the owner's language", async () => {
    const spaniard = await house.signedIn("customer", "Customer 2")
    const vin = await ownedCar(house, owner)
    const { body } = await driver(house, owner, vin).ask("GET", "/options")
    expect(body.maintenance.status).toBe("current")
    expect(body.options.length).toBeGreaterThan(11)
    expect(new Set(body.options.map(({ category }: any) => category)).size).toBe(6)
    expect(body.options.find(({ option }: any) => option === "heated-seats")).toMatchObject({
      name: "Heated seats",
      eligible: true,
      reasons: [],
      activationId: null
    })
    expect(reasonsOf(body, "highway-pilot")).toEqual([
      "NotForThisModel",
      "NotHomologated",
      "Requires:adaptive-cruise",
      "Requires:lane-keeping"
    ])
    for (const { reasons } of body.options) for (const { inWords } of reasons) expect(inWords).toMatch(/^[A-Z].+\.$/)
    const other = await driver(house, spaniard, await ownedCar(house, spaniard, { country: "DE" })).ask("GET", "/options")
    const price = (from: any) => from.options.find((one: any) => one.option === "power-plus").offers[0]
    expect([price(body).vatPercent, price(other.body).vatPercent]).toEqual([21, 19])
    expect(price(body).price).not.toEqual(price(other.body).price)
  })

  test("that hang on maintenance are closed while it is overdue or nobody can say; the others stay open, and the decision is kept", async () => {
    const late = await ownedCar(house, owner)
    house.world.workshops.overdue(late, ["brake_fluid"])
    const me = driver(house, owner, late)
    const { body } = await me.ask("GET", "/options")
    expect(body.maintenance).toMatchObject({ status: "overdue", due: ["brake_fluid"] })
    expect(reasonsOf(body, "power-plus")).toEqual(["MaintenanceOverdue"])
    expect(reasonsOf(body, "heated-seats")).toEqual([])
    const words = body.options.find(({ option }: any) => option === "power-plus").reasons[0].inWords
    expect(words).toContain("brake_fluid")
    expect(words).toContain("you may go on using the car")
    const gated = { ...powerPlus, paymentMethod: "tok_ok" }
    expect(await me.buy(gated)).toMatchObject({ status: 409, body: { type: "/problems/maintenance-overdue" } })
    expect((await me.ask("GET")).body).toMatchObject({ warranty: "lost", warrantyLost: { due: ["brake_fluid"] } })

    const unknown = await ownedCar(house, owner)
    house.world.workshops.misbehave({ fault: "down", times: 2, on: "GET" })
    const you = driver(house, owner, unknown)
    expect(reasonsOf((await you.ask("GET", "/options")).body, "power-plus")).toEqual(["MaintenanceUnknown"])
    expect(await you.buy(gated)).toMatchObject({ status: 409, body: { reason: "MaintenanceUnknown" } })
    expect((await you.buy(paid)).status).toBe(201)
    expect((await you.buy(gated)).status).toBe(201)
    const decisions = await house.rows(
      `SELECT vin, decision FROM gate_decisions WHERE option = 'power-plus' ORDER BY asked_at, vin`
    )
    expect(decisions.filter(({ vin }) => vin === late)).toMatchObject([{ decision: "overdue" }])
    expect(decisions.filter(({ vin }) => vin === unknown)).toMatchObject([{ decision: "tryLater" }, { decision: "open" }])
  })

  test("ask the workshops once in five minutes", async () => {
    const vin = await ownedCar(house, owner)
    const me = driver(house, owner, vin)
    for (let n = 0; n < 3; n++) await me.ask("GET", "/options")
    const questions = () => house.world.workshops.ledger().filter((one) => one.kind === "question" && one.vin === vin)
    expect(questions()).toHaveLength(1)
  })
})

describe("a service", () => {
  test("is one card: bought, held, confirmed, paid, and told in order", async () => {
    const vin = await ownedCar(house, owner)
    const me = driver(house, owner, vin)
    const key = newKey()
    const first = await me.buy(paid, key)
    expect(first).toMatchObject({ status: 201, body: { state: "pending", payment: "authorising" } })
    expect((await me.buy(paid, key)).body).toEqual(first.body)
    const card = await me.sees(first.body.activationId, "active", "captured")
    expect(card).toMatchObject({
      option: "heated-seats",
      inWords: "Active in your car",
      attempts: { made: 1, failed: 0 },
      money: { takenMinor: card.price.amountMinor, returnedMinor: 0, currency: "EUR" },
      supportCase: "none",
      actionUrl: null,
      withdrawnAt: null
    })
    expect(Date.parse(card.until)).toBeGreaterThan(Date.parse(card.activeSince) + 89 * 86_400_000)
    expect(card.timeline.map(({ inWords }: any) => inWords)).toEqual([
      "Bought",
      "The amount is held, not taken",
      "Confirmed by your car",
      "Paid"
    ])
    expect((await me.ask("GET", "/activations")).body.activations).toMatchObject([{ activationId: first.body.activationId }])
    expect(await me.buy(paid)).toMatchObject({ status: 409, body: { reason: "OptionAlreadyOwned" } })
  })

  test("whose bank wants to hear from the customer shows where", async () => {
    const vin = await ownedCar(house, owner)
    const me = driver(house, owner, vin)
    const { body } = await me.buy({ ...paid, paymentMethod: "tok_requires_action" })
    const card = await me.sees(body.activationId, "pending", "actionRequired")
    expect(card.inWords).toBe("Your bank wants you to confirm the payment")
    expect(card.actionUrl).toMatch(/^http/)
  })

  test("that the bank declines was never told to the car", async () => {
    const vin = await ownedCar(house, owner)
    const me = driver(house, owner, vin)
    const { body } = await me.buy({ ...paid, paymentMethod: "tok_declined" })
    expect(await me.sees(body.activationId, "declined")).toMatchObject({ closed: true, closedBecause: "PaymentDeclined" })
    expect(house.world.fleet.car(vin).element.state.highestVersion).toBe(0)
    expect((await me.buy(paid)).status).toBe(201) // The option is free again.
  })

  test("is withdrawn from in two steps: what comes back, and since when it counts", async () => {
    const vin = await ownedCar(house, owner)
    const me = driver(house, owner, vin)
    const { body } = await me.buy(paid)
    const { price, purchasedAt } = await me.sees(body.activationId, "active", "captured")
    const path = `/activations/${body.activationId}/withdrawal`
    const look = await me.ask("POST", path)
    expect(look).toMatchObject({ status: 200, body: { comesBack: price, released: { amountMinor: 0 } } })
    const days = (Date.parse(look.body.before) - Date.parse(purchasedAt)) / 86_400_000
    expect(days).toBeGreaterThan(13.9) // To the end of day 14 in Madrid, or of the next working day.
    expect(new Date(`${look.body.lastDay}T12:00:00Z`).getUTCDay() % 6).toBeGreaterThan(0)
    expect((await me.service(body.activationId)).body.state).toBe("active") // A look changes nothing.

    const earliest = house.runtime.runSync(PlatformTime.useSync((time) => time.now()))
    const done = await me.ask("POST", `${path}/confirmation`)
    expect(done).toMatchObject({ status: 200, body: { state: "withdrawn", payment: "refunding" } })
    expect(Date.parse(done.body.submittedAt)).toBeWithin(earliest - 1000, earliest + 5000)
    const again = await me.ask("POST", `${path}/confirmation`)
    expect(again.body.submittedAt).toBe(done.body.submittedAt)
    const card = await me.sees(body.activationId, "withdrawn", "refunded")
    expect(card).toMatchObject({ withdrawnAt: done.body.submittedAt, money: { returnedMinor: price.amountMinor } })
    expect((await me.ask("POST", path)).body.type).toBe("/problems/already-closed")
    for (const end = performance.now() + 10_000; house.world.fleet.car(vin).flash.image.features.length > 0; await Bun.sleep(20))
      expect(performance.now()).toBeLessThan(end) // The car has switched it off.
  })

  test("that never ends cannot be cancelled, one that recurs can", async () => {
    const vin = await ownedCar(house, owner)
    const me = driver(house, owner, vin)
    const { body: seats } = await me.buy(paid)
    await me.sees(seats.activationId, "active")
    const cancel = (id: string) => me.ask("POST", `/activations/${id}/cancellation`)
    expect((await cancel(seats.activationId)).body.type).toBe("/problems/not-recurring")
    const recurring = { option: "power-start", term: { kind: "recurring" }, paymentMethod: "tok_ok", consents: [] }
    const { body } = await me.buy(recurring)
    expect(body.payment).toBe("mandating")
    await me.sees(body.activationId, "active", "running")
    expect((await cancel(body.activationId)).body).toMatchObject({ state: "ended" })
    expect(await me.sees(body.activationId, "ended")).toMatchObject({ closedBecause: "CancelledByCustomer" })
  })
})
