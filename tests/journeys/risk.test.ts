/** Money that was taken and does not stay: settlements that fail, disputes, refunds that do not arrive, and what a customer may have before it is settled (S12.3). */
import { describe, expect } from "bun:test"
import { CarOwner } from "#src/demo/car-owner.ts"
import { day, delivered, inTheBooksOf, journey, minute, type Town } from "./town.ts"

const permanent = { kind: "permanent" }

const inHand = async (town: Town) => {
  town.world.fleet.buildFor("nats")
  const sale = await delivered(town)
  const car = town.world.fleet.car(sale.vin)
  car.park()
  const buys = async (option: string, paymentMethod: string, term: object = permanent) => {
    const { status, body } = await owner.buys({ option, term: term as never, paymentMethod })
    expect([status, body.reason ?? body.state]).toEqual([201, "pending"])
    await owner.sees(body.activationId, "active captured")
    const { reference } = town.world.payments.ledger().find((line) => line.reference.includes(body.activationId.slice(4)))!
    return { activationId: body.activationId as string, reference }
  }
  const owner = new CarOwner(sale.customer, sale.vin)
  const operator = await town.operator("Operator 1")
  return { ...sale, owner, buys, operator }
}
const bookedOf = async (town: Town, reference: string) =>
  (
    await town.sql`
      SELECT kind, debit, credit, amount_minor::int AS minor FROM ledger WHERE payment_id = ${reference} AND phase = 'posted' ORDER BY at, version`
  ).map(({ kind, debit, credit, minor }: Record<string, unknown>) => [kind, debit, credit, minor])
const kindsOf = (town: Town, reference: string) =>
  town.world.payments
    .ledger()
    .filter((line) => line.reference === reference)
    .map(({ kind }) => kind)
const cases = (operator: Awaited<ReturnType<typeof inHand>>["operator"], state: "open" | "resolved") =>
  operator.does("GET", `/api/operator/risk-cases?state=${state}`).then((body) => body.cases)

describe("a payment that the customer's bank takes back months later", () => {
  journey(
    "is answered with the car's own report, booked once however often it is told, and lost or won in the end",
    async (town) => {
      const { buys, operator, owner } = await inHand(town)
      const lost = await buys("concert-audio", "tok_ok")
      const won = await buys("heated-seats", "tok_ok")
      for (const { reference } of [lost, won]) town.world.payments.settle(reference)
      await town.settled()
      await town.pass(60 * day)
      town.world.payments.misbehave({ fault: "duplicate", copies: 20 }, { fault: "duplicate", copies: 20 })
      for (const { reference } of [lost, won]) town.world.payments.dispute(reference)
      await town.settled()
      expect(kindsOf(town, lost.reference)).toEqual(["authorise", "capture", "settle", "dispute", "evidence"])
      const evidence = town.world.payments
        .ledger()
        .find(({ kind, reference }) => kind === "evidence" && reference === lost.reference)
      const [report] = await town.sql`
      SELECT r.receipt_id, r.bytes FROM evidence e JOIN vehicle_reports r USING (receipt_id) WHERE e.activation_id = ${lost.activationId} LIMIT 1`
      expect(evidence?.evidence?.documents).toMatchObject([
        { kind: "vehicleReport", name: report.receipt_id, content: report.bytes }
      ])
      expect((await cases(operator, "open")).map(({ kind }: { kind: string }) => kind)).toEqual(["chargeback", "chargeback"])
      const { total } = await operator.does("GET", "/api/operator/exposure")
      expect(total).toMatchObject({ disputedMinor: 290_00 + 350_00 })

      town.world.payments.decideDispute(lost.reference, "lost")
      town.world.payments.decideDispute(won.reference, "won")
      await town.settled()
      expect((await bookedOf(town, lost.reference)).map(([kind]: [string]) => kind)).toEqual([
        "serviceCaptured",
        "paymentSettled",
        "chargedBack",
        "disputeLost"
      ])
      expect((await bookedOf(town, won.reference)).at(-1)).toEqual(["disputeWon", "bank", "disputes", 350_00])
      const ended = await cases(operator, "resolved")
      expect(ended.map(({ resolved }: { resolved: { resolution: string } }) => resolved.resolution).sort()).toEqual(["lost", "won"])
      await owner.sees(lost.activationId, "active captured") // The car keeps what it has.
      expect(await cases(operator, "open")).toEqual([])
    }
  )
})

describe("a settlement that fails after delivery", () => {
  journey("is owed once, with one case; it closes new purchases, and nothing the car has, until it is paid", async (town) => {
    const { buys, operator, owner, customer, vin } = await inHand(town)
    const { activationId, reference } = await buys("concert-audio", "tok_settlement_fails")
    town.world.payments.settle(reference)
    await town.settled()
    expect(await bookedOf(town, reference)).toContainEqual(["paymentSettlementFailed", "receivables", "gateway", 290_00])
    const [open] = await cases(operator, "open")
    expect(open).toMatchObject({ kind: "settlementFailed", activationId, vin, amountMinor: 290_00, resolved: null })
    const board = await operator.does("GET", "/api/operator/exposure")
    const { subjectId } = await customer.does("GET", "/api/me")
    expect(board.customers).toContainEqual(expect.objectContaining({ subjectId, overdueMinor: 290_00, servicesMinor: 290_00 }))

    const offered = (await owner.options()).find(({ option }) => option === "lane-keeping")
    expect(offered.reasons.map(({ reason }: { reason: string }) => reason)).toContain("PaymentOverdue")
    const refusedPurchase = await owner.buys({ option: "lane-keeping", term: permanent, paymentMethod: "tok_ok" })
    expect(refusedPurchase).toMatchObject({ status: 409, body: { reason: "PaymentOverdue" } })
    const free = await owner.buys({ option: "heated-seats", term: { kind: "trial", count: 7, unit: "day" } })
    expect(free.status).toBe(201) // What costs nothing is nobody's risk.

    const payment = { body: { paymentMethod: "tok_ok" }, key: "pays-what-is-owed" }
    await customer.does("POST", `/api/me/vehicles/${vin}/activations/${activationId}/payment`, payment)
    await town.settled()
    expect((await cases(operator, "resolved")).map(({ resolved }: any) => resolved.resolution)).toEqual(["paid"])
    expect(await owner.buys({ option: "lane-keeping", term: permanent, paymentMethod: "tok_ok" })).toMatchObject({ status: 201 })
    await town.settled()
  })
})

describe("a refund that does not arrive", () => {
  journey("is owed again, and paid out by finance with a reason", async (town) => {
    const { buys, operator, owner } = await inHand(town)
    const { activationId, reference } = await buys("concert-audio", "tok_refund_fails")
    await owner.withdraws(activationId)
    await owner.sees(activationId, "withdrawn refunded")
    town.world.payments.failRefund(reference)
    await town.settled()
    const [open] = await cases(operator, "open")
    expect(open).toMatchObject({ kind: "refundFailed", activationId, amountMinor: 290_00 })
    const resolve = (body: object) => operator.ask("POST", `/api/operator/risk-cases/${open.caseId}/resolution`, { body })
    expect((await resolve({ resolution: "paid", reason: "not of a service" })).status).toBe(409)
    const paidOut = { resolution: "paidOut", reason: "bank transfer to the account in the letter" }
    expect(await resolve(paidOut)).toMatchObject({ status: 200, body: { resolved: { resolution: "paidOut" } } })
    expect((await resolve(paidOut)).status).toBe(200) // The same click again.
    expect((await bookedOf(town, reference)).slice(-2)).toEqual([
      ["refundFailed", "gateway", "refundsDue", 290_00],
      ["refundPaidOut", "refundsDue", "bank", 290_00]
    ])
    expect(kindsOf(town, reference)).toEqual(["authorise", "capture", "refund", "refund_failed"]) // Nothing was sent twice.
    await town.settled()
  })
})

describe("what a customer may have before it is settled", () => {
  journey("has a limit, which settlements make room under; revenue is told net, by stream and item", async (town) => {
    const { buys, operator, owner } = await inHand(town)
    const first = await buys("power-plus", "tok_ok")
    const second = await buys("parking-pilot", "tok_ok")
    const third = await buys("sport-mode", "tok_ok")
    await buys("lane-keeping", "tok_ok") // 4,860 euros now.
    const refusedPurchase = await owner.buys({ option: "heated-seats", term: permanent, paymentMethod: "tok_ok" })
    expect(refusedPurchase).toMatchObject({ status: 409, body: { reason: "ExposureLimitReached" } })
    town.world.payments.settle(first.reference)
    await town.settled()
    expect((await owner.buys({ option: "heated-seats", term: permanent, paymentMethod: "tok_ok" })).status).toBe(201)
    await owner.withdraws(second.activationId)
    await owner.sees(second.activationId, "withdrawn refunded")
    town.world.payments.settle(third.reference)
    await town.settled()

    const { revenue } = await operator.does("GET", "/api/operator/revenue")
    const of = (item: string) => revenue.find((row: { item: string }) => row.item === item)
    expect(of("power-plus")).toMatchObject({ stream: "permanent", country: "ES", currency: "EUR" })
    expect(of("power-plus").netMinor + of("power-plus").vatMinor).toBe(2_990_00)
    expect(of("parking-pilot")).toMatchObject({ netMinor: 0, vatMinor: 0 }) // It went back.
    expect(revenue.some(({ stream, netMinor }: { stream: string; netMinor: number }) => stream === "vehicle" && netMinor > 0)).toBe(
      true
    )
    for (const query of ["from=2026-01-01&to=2025-01-01", "from=2024-01-01&to=2026-01-01", "from=yesterday"])
      expect((await operator.ask("GET", `/api/operator/revenue?${query}`)).status).toBe(422)
  })
})

describe("whoever buys quicker than a car confirms", () => {
  journey("meets the same limit: what is not taken yet counts like what was, and no more once it was let go", async (town) => {
    const { owner, vin } = await inHand(town)
    const car = town.world.fleet.car(vin)
    car.reach(true, false)
    const bought: Array<string> = []
    for (const option of ["power-plus", "parking-pilot", "sport-mode", "lane-keeping"]) {
      const { status, body } = await owner.buys({ option, term: permanent, paymentMethod: "tok_ok" })
      expect([option, status]).toEqual([option, 201])
      bought.push(body.activationId)
    }
    for (const activationId of bought) await owner.sees(activationId, "pending authorised")
    const next = { option: "heated-seats", term: permanent, paymentMethod: "tok_ok" }
    expect(await owner.buys(next)).toMatchObject({ status: 409, body: { reason: "ExposureLimitReached" } })
    await owner.withdraws(bought[0]!)
    await owner.sees(bought[0]!, "withdrawn voided")
    expect((await owner.buys(next)).status).toBe(201)
    car.reach(true, true)
    for (const activationId of bought.slice(1)) await owner.sees(activationId, "active captured")
    await town.settled()
  })
})

describe("a settlement that is told wrongly", () => {
  journey("of a smaller amount is recorded with its reason, and the right one still counts", async (town) => {
    const { buys } = await inHand(town)
    const { activationId, reference } = await buys("concert-audio", "tok_ok")
    town.world.payments.misannounce(reference, { amountMinor: 1 })
    await town.settled()
    const [row] = await town.sql`
      SELECT outcome FROM journal WHERE path LIKE ${`%${activationId}`} AND type = 'PaymentSettled'`
    expect(row.outcome).toBe("recorded: AmountMismatch")
    town.world.payments.settle(reference)
    await town.settled()
    expect((await bookedOf(town, reference)).at(-1)).toEqual(["paymentSettled", "bank", "gateway", 290_00])
    await town.pass(16 * minute)
    expect(inTheBooksOf(town.world.payments, "charge", "nobody")).toEqual([])
  })
})
