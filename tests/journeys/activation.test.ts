/** Services on a car that obeys: nobody pays before it has confirmed, and whoever withdraws has paid nothing in the end. */
import { describe, expect } from "bun:test"
import { CarOwner, type Wanted } from "#src/demo/car-owner.ts"
import { day, delivered, hour, inTheBooksOf, journey, minute, type Town } from "./town.ts"

const week = { kind: "temporary", count: 7, unit: "day" }
const month = { kind: "temporary", count: 1, unit: "month" }
const permanent = { kind: "permanent" }
const recurring = { kind: "recurring" }
const ok = { paymentMethod: "tok_ok" }

/** A car in its owner's hands, and what the factory built: by the road that is told. */
const inHand = async (town: Town, link: "nats" | "apiIot", more: Parameters<typeof delivered>[1] = {}) => {
  town.world.fleet.buildFor(link)
  const sale = await delivered(town, more)
  return { ...sale, owner: new CarOwner(sale.customer, sale.vin), car: town.world.fleet.car(sale.vin) }
}
const bought = async (owner: CarOwner, wanted: Wanted): Promise<string> => {
  const { status, body } = await owner.buys(wanted)
  expect([status, body.state]).toEqual([201, "pending"])
  return body.activationId
}
/** What the gateway's own books say of one service, in order. */
const booksOf = (town: Town, activationId: string) =>
  town.world.payments
    .ledger()
    .filter(({ reference }) => reference.includes(activationId.replace("act_", "")))
    .map(({ kind }) => kind)
const runs = ({ car }: Awaited<ReturnType<typeof inHand>>) => car.flash.image.features.map(({ option }) => option).sort()

/** Moves the clock until the service stands like this. */
const passUntil = async (town: Town, owner: CarOwner, activationId: string, state: string, step: number) => {
  for (let n = 0; n < 60; n++) {
    await town.settled()
    const { body } = await owner.customer.ask("GET", `/api/me/vehicles/${owner.vin}/activations/${activationId}`)
    if (body.state === state) return body
    await town.pass(step)
  }
  throw new Error(`${activationId} never became ${state}`)
}

describe("a service", () => {
  journey("is paid when the car has confirmed it, whichever way the money goes", async (town) => {
    const scene = await inHand(town, "nats")
    const { owner, car, customer } = scene
    const { vehicles } = await customer.does("GET", "/api/me/vehicles")
    expect(vehicles).toMatchObject([{ vin: owner.vin, plate: expect.stringMatching(/\d/), linked: false, warranty: "valid" }])

    const held = await bought(owner, { option: "snow-mode", term: week, ...ok })
    const card = await owner.sees(held, "active captured")
    expect(Date.parse(card.until) - Date.parse(card.activeSince)).toBeGreaterThanOrEqual(7 * day)
    expect(booksOf(town, held)).toEqual(["authorise", "capture"])

    // The bank wants to hear from the customer first: the car is not told before.
    const confirmed = await bought(owner, { option: "concert-audio", term: week, paymentMethod: "tok_requires_action" })
    expect((await owner.sees(confirmed, "pending actionRequired")).actionUrl).toContain("https://bank.example/confirm/")
    await town.settled()
    expect(runs(scene)).toEqual(["snow-mode"])
    const [payment] = town.world.payments.ledger().filter(({ reference }) => reference.includes(confirmed.replace("act_", "")))
    town.world.payments.confirm(payment!.reference)
    await owner.sees(confirmed, "active captured")

    // An account cannot hold: a mandate first, and the charge after the car's word.
    car.drive()
    const mandated = await bought(owner, { option: "streaming", term: month, paymentMethod: "tok_sepa" })
    await owner.sees(mandated, "pending mandated")
    await town.settled()
    expect(await owner.sees(mandated, "pending mandated")).toMatchObject({
      step: "waitingForParking",
      attempts: { made: 1, failed: 0 }
    })
    expect(booksOf(town, mandated)).not.toContain("charge")
    car.park()
    await owner.sees(mandated, "active captured")
    expect(booksOf(town, mandated).at(-1)).toBe("charge")

    const free = await bought(owner, { option: "heated-seats", term: { kind: "trial", count: 7, unit: "day" } })
    await owner.sees(free, "active free")
    expect(runs(scene)).toEqual(["concert-audio", "heated-seats", "snow-mode", "streaming"])
    await customer.mailbox.reads(customer.email, "Your service is active")

    // The car ends what has ended by itself, without a network; and then it is ended here, too.
    car.reach(true, false)
    await town.settled()
    await town.pass(9 * day)
    expect(runs(scene)).toEqual(["streaming"])
    for (const ended of [held, confirmed, free]) expect((await passUntil(town, owner, ended, "ended", hour)).state).toBe("ended")
    car.reach(true, true)
  })

  journey(
    "on a car behind the API IoT is believed by the car's own signature; a silent one is support's, and nobody pays",
    async (town) => {
      const scene = await inHand(town, "apiIot")
      const { owner, car } = scene
      const seats = await bought(owner, { option: "heated-seats", term: permanent, ...ok })
      await passUntil(town, owner, seats, "active", 3000)
      await owner.sees(seats, "active captured")
      const [report] = await town.sql`SELECT evidence FROM vehicle_reports WHERE vin = ${owner.vin} ORDER BY version DESC LIMIT 1`
      expect(report.evidence).toBe("statusPoll")

      car.reach(true, false)
      const audio = await bought(owner, { option: "concert-audio", term: permanent, ...ok })
      await owner.sees(audio, "pending authorised")
      const card = await passUntil(town, owner, audio, "escalated", 20 * minute)
      expect(card).toMatchObject({ supportCase: "open", money: { takenMinor: 0 } })
      expect(card.attempts.failed).toBe(card.attempts.most)
      await owner.sees(audio, "escalated voided")

      const operator = await town.operator("Operator 1")
      const cases = "/api/operator/support-cases"
      const [open] = (await operator.does("GET", `${cases}?state=open`)).cases
      expect(open).toMatchObject({ activationId: audio, vin: owner.vin, option: "concert-audio", resolved: null })
      expect(open.tries.map(({ attribution }: { attribution: string }) => attribution)).toEqual(
        Array.from({ length: card.attempts.most }, () => "iot")
      )
      const close = (body: object) => operator.ask("POST", `${cases}/${open.caseId}/resolution`, { body })
      const gift = { resolution: "gift", reason: "three days in a garage" }
      expect((await close({ ...gift, reason: "call 600 123 456" })).status).toBe(422)
      expect((await close(gift)).body.resolved).toMatchObject({ resolution: "gift" })
      expect((await close(gift)).status).toBe(200) // The same click again.
      expect(await close({ ...gift, resolution: "uncharged" })).toMatchObject({
        status: 409,
        body: { reason: "SupportCaseClosed" }
      })
      expect((await operator.does("GET", `${cases}?state=resolved`)).cases).toHaveLength(1)

      car.reach(true, true)
      await passUntil(town, owner, audio, "active", minute)
      expect(await owner.sees(audio, "active voided")).toMatchObject({ supportCase: "gift", money: { takenMinor: 0 } })
      expect(booksOf(town, audio)).toEqual(["authorise", "void"])
      expect(runs(scene)).toEqual(["concert-audio", "heated-seats"])
    }
  )

  journey("that came with the car starts at the handover; theft ends what is pending, resale what recurs", async (town) => {
    const scene = await inHand(town, "nats", { plan: "plus" })
    const { owner, car, customer, seller } = scene
    const { activations } = await customer.does("GET", `/api/me/vehicles/${owner.vin}/activations`)
    expect(activations.map(({ option }: { option: string }) => option).sort()).toEqual(["heated-seats", "streaming"])
    for (const { activationId } of activations) expect((await owner.sees(activationId, "active free")).channel).toBe("bundle")
    const monthly = await bought(owner, { option: "climate-ahead", term: recurring, ...ok })
    await owner.sees(monthly, "active running")

    car.drive()
    const pending = await bought(owner, { option: "concert-audio", term: week, ...ok })
    await owner.sees(pending, "pending authorised")
    await town.settled()
    const theft = `/api/me/vehicles/${owner.vin}/theft`
    await customer.does("POST", theft, { body: {} })
    expect(await owner.sees(pending, "cancelled voided")).toMatchObject({ closedBecause: "VehicleStolen" })
    expect((await owner.buys({ option: "snow-mode", term: week, ...ok })).body.reason).toBe("VehicleStolen")
    await customer.does("POST", `${theft}/end`, { body: { reason: "it was only towed away" } })
    car.park()
    await town.settled()
    expect(runs(scene)).toEqual(["climate-ahead", "heated-seats", "streaming"]) // Nothing the car had was taken from it.

    const buyer = town.customer("Customer 2")
    await seller.does("POST", `/api/dealer/vehicles/${owner.vin}/ownership`, {
      key: "second-hand-1",
      body: { sellerEmail: customer.email, buyer: buyer.person, consents: [{ text: "ownership-transfer", edition: 1 }] }
    })
    await buyer.comesIn()
    expect(await owner.sees(monthly, "ended running")).toMatchObject({ closedBecause: "VehicleSold" })
    await town.settled()
    expect(runs(scene)).toEqual(["heated-seats", "streaming"])
    expect((await customer.does("GET", "/api/me/vehicles")).vehicles).toEqual([])
    expect((await buyer.does("GET", "/api/me/vehicles")).vehicles).toMatchObject([{ vin: owner.vin, linked: false }])
    expect((await buyer.ask("GET", `/api/me/vehicles/${owner.vin}/activations/${monthly}`)).status).toBe(404)
    const next = new CarOwner(buyer, owner.vin)
    await next.sees(await bought(next, { option: "climate-ahead", term: month, ...ok }), "active captured")
  })

  journey("that is withdrawn from at any moment is off in the car, and has cost nothing", async (town) => {
    const scene = await inHand(town, "nats")
    const { owner, car } = scene
    const audio = { option: "concert-audio", term: week, ...ok }
    const moments: Readonly<Record<string, (activationId: string) => Promise<unknown>>> = {
      "at once": async () => {},
      "while the car drives with the document": async (id) => {
        await owner.sees(id, "pending authorised")
        await town.settled()
      },
      "while the car confirms": async (id) => {
        await owner.sees(id, "pending authorised")
        car.park()
      },
      "after it was paid": (id) => {
        car.park()
        return owner.sees(id, "active captured")
      }
    }
    for (const [moment, comes] of Object.entries(moments)) {
      if (moment !== "at once") car.drive()
      const activationId = await bought(owner, audio)
      await comes(activationId)
      const answer = await owner.withdraws(activationId)
      expect([moment, answer.status, answer.body.state]).toEqual([moment, 200, "withdrawn"])
      expect((await owner.withdraws(activationId)).body.submittedAt).toBe(answer.body.submittedAt)
      await town.settled()
      car.park()
      await town.settled()
      expect([moment, runs(scene)]).toEqual([moment, []])
      const net = town.world.payments
        .ledger()
        .filter(({ reference }) => reference.includes(activationId.replace("act_", "")))
        .reduce((sum, { kind, amountMinor }) => sum + (kind === "capture" ? amountMinor : kind === "refund" ? -amountMinor : 0), 0)
      expect([moment, net]).toEqual([moment, 0])
      expect(await customerSees(owner, activationId)).toMatchObject({ state: "withdrawn", withdrawnAt: answer.body.submittedAt })
    }
    // What was taken went back, each once: once for certain, and once more where the car was faster than the customer.
    const taken = inTheBooksOf(town.world.payments, "capture", owner.vin).length
    expect(taken).toBeWithin(1, 4)
    expect(inTheBooksOf(town.world.payments, "refund", owner.vin)).toHaveLength(taken)

    const late = await bought(owner, audio)
    await owner.sees(late, "active captured")
    await town.pass(22 * day) // Day 14, and whatever weekend and holidays it may have fallen on.
    const refused = await owner.withdraws(late)
    expect(refused).toMatchObject({ status: 409, body: { type: "/problems/withdrawal-period-expired" } })
    await owner.sees(late, "ended captured")
  })
})

const customerSees = (owner: CarOwner, activationId: string) =>
  owner.customer.does("GET", `/api/me/vehicles/${owner.vin}/activations/${activationId}`)
