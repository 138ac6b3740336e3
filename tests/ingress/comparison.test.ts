/** What is made of a payment as the gateway tells it and as we remember it, case by case. */
import { describe, expect, test } from "bun:test"
import type { ListedPayment } from "#integrations/payments/payments.ts"
import type { OurPayment } from "#integrations/reconciliation/reconciliation.ts"
import { compare } from "#src/reconciliation/comparison.ts"

const reference = "pay_VSSZZZ5FZJR000001-7f00aa-service-1"
const at = "2026-03-02T09:00:00.000Z"
const theirs: ListedPayment = {
  id: "gw_1",
  reference,
  status: "captured",
  amountMinor: 4_900,
  capturedMinor: 4_900,
  refundedMinor: 0,
  currency: "EUR",
  reason: null,
  captureBefore: null,
  actionUrl: null,
  settlement: null,
  settlementReason: null,
  refunds: [],
  disputes: [],
  changedAt: at
}
const ours: OurPayment = {
  paymentId: reference,
  currency: "EUR",
  taken: 4_900,
  returned: 0,
  settled: 0,
  settlementFailed: 0,
  chargedBack: 0,
  disputesEnded: 0,
  underWay: false,
  returnsOrdered: new Set(),
  heard: new Set(["PaymentAuthorised", "PaymentCaptured"]),
  twins: 0
}
const nothing: OurPayment = { ...ours, currency: null, taken: 0, heard: new Set() }
const refund = {
  id: "re_1",
  reference: "order#9.0",
  amountMinor: 4_900,
  currency: "EUR",
  status: "succeeded",
  reason: null
} as const
const dispute = { id: "dp_1", amountMinor: 4_900, currency: "EUR", reason: null, evidenceReference: null } as const
const ordered = { returnsOrdered: new Set(["order#9.0"]) }

const said = (their: Partial<ListedPayment>, our: Partial<OurPayment>) =>
  compare({ ...theirs, ...their }, { ...ours, ...our }).missed.map(({ id, said: { status, amountMinor } }) => [
    id,
    status,
    amountMinor
  ])
const cases = (their: Partial<ListedPayment>, our: Partial<OurPayment>) =>
  compare({ ...theirs, ...their }, { ...ours, ...our }).breaks.map(({ kind, ours, theirs }) => [kind, ours, theirs])

describe("a payment that both sides tell alike", () => {
  test("leaves nothing to say, whatever became of it", () => {
    for (const [their, our] of [
      [{}, {}],
      [{ status: "requires_action", capturedMinor: 0 }, nothing],
      [
        { status: "declined", capturedMinor: 0 },
        { ...nothing, heard: new Set(["PaymentDeclined"]) }
      ],
      [
        { status: "expired", capturedMinor: 0 },
        { ...nothing, heard: new Set(["PaymentVoided"]) }
      ],
      [
        { refundedMinor: 4_900, refunds: [refund] },
        { ...ordered, returned: 4_900, heard: new Set(["PaymentCaptured", "PaymentReturned re_1"]) }
      ],
      [{ settlement: "settled" }, { settled: 4_900, heard: new Set(["PaymentCaptured", "PaymentSettled"]) }],
      [{ settlement: "failed" }, { settlementFailed: 4_900, heard: new Set(["PaymentCaptured", "PaymentSettlementFailed"]) }],
      [
        { disputes: [{ ...dispute, status: "lost" }] },
        {
          chargedBack: 4_900,
          disputesEnded: 4_900,
          heard: new Set(["PaymentCaptured", "PaymentDisputed dp_1", "DisputeClosed dp_1"])
        }
      ]
    ] as ReadonlyArray<readonly [Partial<ListedPayment>, Partial<OurPayment>]>)
      expect(compare({ ...theirs, ...their }, { ...ours, ...our })).toEqual({ missed: [], breaks: [] })
  })
})

describe("a fact that nobody here heard", () => {
  test.each([
    ["captured", {}, nothing, [["reconcile/gw_1/captured", "captured", 4_900]]],
    [
      "held",
      { status: "authorised", capturedMinor: 0, captureBefore: at },
      nothing,
      [["reconcile/gw_1/authorised", "authorised", 4_900]]
    ],
    ["declined", { status: "declined", capturedMinor: 0 }, nothing, [["reconcile/gw_1/declined", "declined", 4_900]]],
    ["expired", { status: "expired", capturedMinor: 0 }, nothing, [["reconcile/gw_1/voided", "voided", 4_900]]],
    [
      "captured and settled",
      { settlement: "settled" },
      nothing,
      [
        ["reconcile/gw_1/captured", "captured", 4_900],
        ["reconcile/gw_1/settled", "settled", 4_900]
      ]
    ],
    ["settled in vain", { settlement: "failed" }, {}, [["reconcile/gw_1/failed", "failed", 4_900]]],
    ["given back", { refundedMinor: 4_900, refunds: [refund] }, ordered, [["reconcile/gw_1/returned-re_1", "returned", 4_900]]]
  ] as ReadonlyArray<
    readonly [string, Partial<ListedPayment>, Partial<OurPayment>, ReadonlyArray<readonly [string, string, number]>]
  >)("is told: %s", (_, their, our, expected) => {
    expect(said(their, our)).toEqual(expected as never)
    expect(cases(their, our)).toEqual([]) // Whoever is told is judged by the next run.
  })

  test("of a refund that failed is told where it was believed, and nowhere else", () => {
    const failed = { refunds: [{ ...refund, status: "failed" }] } as const
    expect(said(failed, ordered)).toEqual([])
    const believed = { ...ordered, heard: new Set(["PaymentCaptured", "PaymentReturned re_1"]) }
    expect(said(failed, believed)).toEqual([["reconcile/gw_1/refund_failed-re_1", "refund_failed", 4_900]])
  })

  test("of a dispute is told by its name, and its end as well", () => {
    expect(said({ disputes: [{ ...dispute, status: "lost" }] }, {})).toEqual([
      ["reconcile/gw_1/disputed-dp_1", "disputed", 4_900],
      ["reconcile/gw_1/dispute_lost-dp_1", "dispute_lost", 4_900]
    ])
  })

  test("has a name of its own whatever the gateway calls it, and never a text of its", () => {
    const [missed] = said({ id: "a name: Canary Surname" }, nothing)
    expect(missed![0]).toMatch(/^reconcile\/[0-9a-f]{64}\/captured$/)
  })
})

describe("a contradiction", () => {
  test.each([
    ["of an amount", { amountMinor: 4_000, capturedMinor: 4_000 }, {}, [["amountDiffers", 4_900, 4_000]]],
    [
      "of what we say was taken",
      { status: "voided", capturedMinor: 0 },
      { heard: new Set(["PaymentVoided"]) },
      [["notCaptured", 4_900, 0]]
    ],
    ["of what we heard and did not write down", {}, { taken: 0 }, [["notRecorded", 0, 4_900]]],
    ["of a currency", { currency: "USD" }, {}, [["currencyDiffers", 4_900, 4_900]]],
    ["of our currency", {}, { currency: "USD" }, [["currencyDiffers", 4_900, 4_900]]],
    ["of a reference that is nobody's", { reference: "RE-1" }, nothing, [["unknownReference", null, 4_900]]],
    ["of money back that nobody ordered", { refundedMinor: 4_900, refunds: [refund] }, {}, [["refundedWithoutOrder", 0, 4_900]]],
    ["of what came back", { refundedMinor: 0 }, { returned: 100 }, [["refundDiffers", 100, 0]]],
    [
      "of what settled",
      { settlement: "settled" },
      { heard: new Set(["PaymentCaptured", "PaymentSettled"]) },
      [["settlementDiffers", 0, 4_900]]
    ],
    [
      "of what did not settle",
      { settlement: "failed" },
      { settled: 4_900, heard: new Set(["PaymentCaptured", "PaymentSettlementFailed"]) },
      [["settlementDiffers", 4_900, 0]]
    ],
    [
      "of what was disputed",
      { disputes: [{ ...dispute, status: "open" }] },
      { heard: new Set(["PaymentCaptured", "PaymentDisputed dp_1"]) },
      [["disputeDiffers", 0, 4_900]]
    ],
    ["of one reference that was taken twice", {}, { twins: 1 }, [["chargedTwice", 4_900, 9_800]]]
  ] as ReadonlyArray<readonly [string, Partial<ListedPayment>, Partial<OurPayment>, ReadonlyArray<unknown>]>)(
    "%s is a case",
    (_, their, our, expected) => {
      expect(cases(their, our)).toEqual(expected as never)
    }
  )

  test("is none while our own side is not finished with it", () =>
    expect(cases({ amountMinor: 4_000, capturedMinor: 4_000 }, { underWay: true })).toEqual([]))
})
