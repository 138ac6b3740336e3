/** The hands of a purchased service among their real neighbours: nothing is taken without the car's word, twice is once, and the gateway's own ledger is the judge. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Effect, Schema } from "effect"
import { activation } from "#actors/activation.ts"
import { Activation, Vehicle } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { optionTermsOf } from "#integrations/catalogue/options.ts"
import * as Say from "#machines/activation.ts"
import type { OptionTerms } from "#machines/option-terms.ts"
import { PurchaseOption } from "#machines/vehicle.ts"
import { ActivationId, PaymentId, ReceiptId, type Vin } from "#machines/vocabulary.ts"
import { ownedCar } from "../http/garage.ts"
import { type HttpHouse, httpHouse, type Signed } from "../http/house.ts"

let house: HttpHouse
let owner: Signed
beforeAll(async () => {
  house = await httpHouse()
  owner = await house.signedIn("customer", "An owner")
})
afterAll(() => house.close())

const seats = optionTermsOf("heated-seats", { kind: "temporary", count: 3, unit: "month" }, "ES")!
const impatient: OptionTerms = { ...seats, retries: 1, acknowledgementSeconds: 0, backoffSeconds: 0 }
const amount = seats.price
let bought = 0

const kinds = (reference: string) =>
  house.world.payments
    .ledger()
    .filter((entry) => entry.reference === reference)
    .map(({ kind }) => kind)
const standing = async (path: string) =>
  (await house.rows(`SELECT state_path AS at, closed, subject_id, vin FROM actors WHERE path = '${path}'`))[0]
const until = async <A>(what: string, look: () => Promise<A> | A, right: (seen: A) => boolean) => {
  for (const end = performance.now() + 15_000; ; await Bun.sleep(20)) {
    const seen = await look()
    if (right(seen)) return seen
    if (performance.now() > end) throw new Error(`${what}: ${JSON.stringify(seen)}`)
  }
}
const stands = (vin: Vin, activationId: ActivationId, at: string) =>
  until(
    `${activationId} is ${at}`,
    () => standing(`activation/${vin}/${activationId}`),
    (row) => row?.at === at
  )

const buys = async (vin: Vin, paymentMethod: string, terms = seats) => {
  const activationId = ActivationId.make(`act_${++bought}`)
  const purchase = PurchaseOption.make({ activationId, customerId: owner.subjectId, terms, paymentMethod, consents: [] })
  await house.runtime.runPromise(
    ActorSystem.use((actors) => actors.tell(Vehicle.at(vin), purchase, { id: `test/${crypto.randomUUID()}` }))
  )
  return activationId
}
const paymentOf = (vin: Vin, activationId: ActivationId, n = 1) => `pay_${vin}-${activationId.slice(4)}-service-${n}`
const tell = (vin: Vin, activationId: ActivationId, message: Say.ActivationMessage) =>
  house.runtime.runPromise(
    ActorSystem.use((actors) =>
      actors.tell(Activation.at(`${vin}/${activationId}`), message, { id: `test/${crypto.randomUUID()}` })
    )
  )
const withdraws = (vin: Vin, activationId: ActivationId) =>
  tell(vin, activationId, Say.RequestWithdrawal.make({ customerId: owner.subjectId, submittedAt: new Date().toISOString() }))
const transfers = (activationId: ActivationId) =>
  house.rows(
    `SELECT kind, debit, credit, amount_minor::int AS minor, order_id, receipt_id IS NOT NULL AS evident
     FROM ledger WHERE activation_id = '${activationId}' ORDER BY version, position`
  )
const entry = (kind: string, debit: string, credit: string, evident = false) => ({
  kind,
  debit,
  credit,
  minor: amount.amountMinor,
  order_id: null,
  evident
})

describe("a purchased service", () => {
  test("is held, confirmed by the car and captured with its word; withdrawn from, it is off and paid back", async () => {
    const vin = await ownedCar(house, owner)
    const activationId = await buys(vin, "tok_ok_seats")
    await stands(vin, activationId, "service.active+money.captured")
    expect(await standing(`activation/${vin}/${activationId}`)).toMatchObject({ closed: false, subject_id: owner.subjectId, vin })
    expect(kinds(paymentOf(vin, activationId))).toEqual(["authorise", "capture"])
    const captured = entry("serviceCaptured", "gateway", "serviceSales", true)
    const held = entry("serviceHeld", "gateway", "serviceSales")
    expect(await transfers(activationId)).toEqual([held, captured])
    await withdraws(vin, activationId)
    await stands(vin, activationId, "service.withdrawn+money.refunded")
    expect(kinds(paymentOf(vin, activationId))).toEqual(["authorise", "capture", "refund"])
    expect(await transfers(activationId)).toEqual([
      held,
      captured,
      entry("serviceReturnOrdered", "serviceSales", "refundsDue"),
      entry("serviceReturned", "refundsDue", "gateway")
    ])
    await until(
      "the car switches it off",
      () => house.world.fleet.flash().find((car) => car.vin === vin)!.features,
      (features) => features.length === 0
    )
    await until(
      "it is written about",
      () => house.world.mail.messages().flatMap(({ subject, text }) => (text.includes(activationId) ? [subject] : [])),
      (subjects) =>
        subjects.toSorted().join() ===
        "We received your withdrawal,We returned your payment,Your purchase is confirmed,Your service is active"
    )
  })

  test("of an account that cannot be held is charged by its mandate, after the car's word", async () => {
    const vin = await ownedCar(house, owner)
    const activationId = await buys(vin, "tok_sepa_seats")
    await stands(vin, activationId, "service.active+money.captured")
    expect([1, 2, 3].map((n) => kinds(paymentOf(vin, activationId, n)))).toEqual([[], ["mandate"], ["charge"]])
    expect(await transfers(activationId)).toEqual([entry("serviceCaptured", "gateway", "serviceSales", true)])
  })

  test("whose account has no money after the car's word is owed, and stays on", async () => {
    const vin = await ownedCar(house, owner)
    const activationId = await buys(vin, "tok_charge_declined_seats")
    await stands(vin, activationId, "service.active+money.owed")
    expect(await transfers(activationId)).toEqual([entry("serviceOwed", "receivables", "serviceSales", true)])
  })

  test("that failed to settle is not paid back by us when it is withdrawn from", async () => {
    const vin = await ownedCar(house, owner)
    const activationId = await buys(vin, "tok_settlement_fails_seats")
    await stands(vin, activationId, "service.active+money.captured")
    const paymentId = PaymentId.make(paymentOf(vin, activationId))
    await tell(vin, activationId, Say.PaymentSettlementFailed.make({ paymentId, amount, reason: "account_closed" }))
    await withdraws(vin, activationId)
    await stands(vin, activationId, "service.withdrawn+money.declined")
    expect(
      await house.rows(`SELECT type FROM outbox WHERE path = 'activation/${vin}/${activationId}' AND type = 'ReturnPayment'`)
    ).toEqual([])
    expect(kinds(paymentId)).not.toContain("refund")
  })

  test("waits for the customer at the bank, and tells the car nothing before", async () => {
    const vin = await ownedCar(house, owner)
    const activationId = await buys(vin, "tok_requires_action_seats")
    await stands(vin, activationId, "service.pending.paying+money.actionRequired")
    const [{ url }] = (await house.rows(
      `SELECT state -> 'context' ->> 'actionUrl' AS url FROM actors WHERE path = 'activation/${vin}/${activationId}'`
    )) as [{ url: string }]
    expect(url).toMatch(/^https:/)
    house.world.payments.confirm(paymentOf(vin, activationId))
    const question = { paymentId: PaymentId.make(paymentOf(vin, activationId)), amount, question: 1 }
    const answer = await perform(activation.perform.AskPayment(Say.AskPayment.make(question)))
    expect(answer).toMatchObject({ type: "PaymentAuthorised", amount })
    await tell(vin, activationId, answer)
    await stands(vin, activationId, "service.active+money.captured")
  })

  test("of a car that never answers opens one case, and nobody pays; given by support, it comes when the car wakes up", async () => {
    const vin = await ownedCar(house, owner)
    house.world.fleet.car(vin).reach(true, false)
    const activationId = await buys(vin, "tok_ok_silent", impatient)
    await stands(vin, activationId, "service.escalated.open+money.voided")
    expect(kinds(paymentOf(vin, activationId))).toEqual(["authorise", "void"])
    const cases = await house.rows(`SELECT case_id, reason, tries FROM support_cases WHERE activation_id = '${activationId}'`)
    const silence = { at: expect.any(String), outcome: "NoAnswer", attribution: "iot" }
    expect(cases).toEqual([{ case_id: `case_${activationId.slice(4)}`, reason: "NoAnswer", tries: [silence, silence] }])
    const support = await house.signedIn("operator", "Somebody of support")
    await tell(vin, activationId, Say.ResolveSupportCase.make({ by: support.subjectId, resolution: "gift", reason: "a garage" }))
    await stands(vin, activationId, "service.escalated.giving+money.voided")
    house.world.fleet.car(vin).reach(true, true)
    await stands(vin, activationId, "service.active+money.voided")
    expect(
      await house.rows(
        `SELECT resolution, by_subject_id AS by FROM support_case_resolutions WHERE case_id = 'case_${activationId.slice(4)}'`
      )
    ).toEqual([{ resolution: "gift", by: support.subjectId }])
    expect(await transfers(activationId)).toEqual([
      entry("serviceHeld", "gateway", "serviceSales"),
      entry("serviceReleased", "gateway", "serviceSales")
    ])
  })
})

const perform = (effect: Effect.Effect<unknown, any, any>) => house.runtime.runPromise(effect as Effect.Effect<any, any, any>)
const order = (id: string) => ({
  id,
  path: id.slice(0, id.indexOf("#")),
  version: 2,
  attempt: 1,
  correlation: "test",
  traceId: null,
  at: "2026-03-02T09:00:00.000Z"
})

describe("a hand of the activation", () => {
  const vin = "VSSZZZ6KZZZ000001" as Vin
  const payer = () => ({ customerId: owner.subjectId, paymentMethod: "tok_ok_hand" })
  const asked = (n: number) => ({ paymentId: PaymentId.make(`pay_${vin}-hand-service-${n}`), amount })
  const unheard = { activationId: ActivationId.make("act_hand"), receiptId: ReceiptId.make(`rep_${"0".repeat(64)}`) }
  const twice = async (act: () => Effect.Effect<unknown, any, any>) => {
    const answer = await perform(act())
    expect(await perform(act())).toEqual(answer)
    expect(Schema.is(Say.ActivationMessage)(answer)).toBe(true)
    return answer
  }

  test("takes nothing where no car has confirmed", async () => {
    const at = order("activation/x/act_hand#2.0")
    await perform(activation.perform.AuthorisePayment(Say.AuthorisePayment.make({ ...asked(1), ...payer() }), at))
    for (const taking of [
      activation.perform.CapturePayment(Say.CapturePayment.make({ ...asked(1), ...unheard }), at),
      activation.perform.ChargePayment(Say.ChargePayment.make({ ...asked(2), ...payer(), ...unheard }), at)
    ])
      expect(await perform(Effect.flip(taking))).toMatchObject({ _tag: "EvidenceMissing", activationId: "act_hand" })
    expect([1, 2].map((n) => kinds(asked(n).paymentId))).toEqual([["authorise"], []])
  })

  test("may do everything twice: the gateway holds, takes, lets go and gives back once", async () => {
    const vinOfReal = await ownedCar(house, owner)
    const real = await buys(vinOfReal, "tok_ok_real")
    await stands(vinOfReal, real, "service.active+money.captured")
    const [{ receipt_id }] = (await house.rows(`SELECT receipt_id FROM evidence WHERE activation_id = '${real}'`)) as [
      { receipt_id: string }
    ]
    const evident = { activationId: real, receiptId: ReceiptId.make(receipt_id) }
    const { perform: hands } = activation
    const at = (n: number) => order(`activation/x/act_hand#${n}.0`)

    const held = Say.AuthorisePayment.make({ ...asked(3), ...payer() })
    expect(await twice(() => hands.AuthorisePayment(held, at(3)))).toMatchObject({ type: "PaymentAuthorised", amount })
    const capture = Say.CapturePayment.make({ ...asked(3), ...evident })
    expect(await twice(() => hands.CapturePayment(capture, at(4)))).toMatchObject({ type: "PaymentCaptured", amount })
    // Taken already: whoever lets go of it hears of the money instead.
    const voiding = Say.VoidPayment.make({ paymentId: asked(3).paymentId })
    expect(await twice(() => hands.VoidPayment(voiding, at(5)))).toMatchObject({ type: "PaymentCaptured", amount })
    expect(await twice(() => hands.ReturnPayment(Say.ReturnPayment.make(asked(3)), at(6)))).toMatchObject({
      type: "PaymentReturned"
    })
    expect(kinds(asked(3).paymentId)).toEqual(["authorise", "capture", "refund"])

    const other = Say.AuthorisePayment.make({ ...asked(4), ...payer() })
    await twice(() => hands.AuthorisePayment(other, at(7)))
    const letGo = Say.VoidPayment.make({ paymentId: asked(4).paymentId })
    expect(await twice(() => hands.VoidPayment(letGo, at(8)))).toMatchObject({ type: "PaymentVoided" })
    const late = Say.CapturePayment.make({ ...asked(4), ...evident })
    expect(await twice(() => hands.CapturePayment(late, at(9)))).toMatchObject({ type: "CaptureFailed" })
    expect(await twice(() => hands.AskPayment(Say.AskPayment.make({ ...asked(4), question: 1 })))).toMatchObject({
      type: "PaymentVoided"
    })
    expect(kinds(asked(4).paymentId)).toEqual(["authorise", "void"])

    const account = { customerId: owner.subjectId, paymentMethod: "tok_sepa_hand" }
    const noHold = Say.AuthorisePayment.make({ ...asked(5), ...account })
    expect(await twice(() => hands.AuthorisePayment(noHold, at(10)))).toMatchObject({ type: "PaymentCannotBeHeld" })
    const mandate = Say.SetUpMandate.make({ paymentId: asked(6).paymentId, ...account })
    expect(await twice(() => hands.SetUpMandate(mandate, at(11)))).toMatchObject({ type: "MandateGranted" })
    const charge = Say.ChargePayment.make({ ...asked(7), ...account, ...evident })
    expect(await twice(() => hands.ChargePayment(charge, at(12)))).toMatchObject({ type: "PaymentCaptured", amount })
    expect([5, 6, 7].map((n) => kinds(asked(n).paymentId))).toEqual([[], ["mandate"], ["charge"]])

    const poor = { customerId: owner.subjectId, paymentMethod: "tok_declined_hand" }
    const refused = Say.AuthorisePayment.make({ ...asked(8), ...poor })
    expect(await twice(() => hands.AuthorisePayment(refused, at(13)))).toMatchObject({
      type: "PaymentDeclined",
      reason: "insufficient_funds"
    })
    expect(await perform(hands.AskPayment(Say.AskPayment.make({ ...asked(9), question: 1 })))).toBeUndefined()
  })
})
