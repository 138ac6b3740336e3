/** What the law would require at least, beside what we give: rule by rule, and for any price and any time. */
import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import type { ContractLaw } from "#machines/contract-law.ts"
import { askedExpressly, type LegalRule, legalMinimum, type Withdrawing } from "#machines/legal-minimum.ts"
import type { Term } from "#machines/option-terms.ts"

const law: ContractLaw = {
  edition: 1,
  timeZone: "Europe/Madrid",
  withdrawalDays: 14,
  endsOnWorkingDay: false,
  holidays: [],
  refund: "full",
  expectedLifeYears: 15
}
const month: Term = { kind: "temporary", count: 1, unit: "month" }
const bought: Withdrawing = {
  price: { amountMinor: 31_00, currency: "EUR" },
  law,
  term: month,
  concludedAt: "2026-10-01T10:00:00.000Z",
  activeSince: "2026-10-01T10:00:00.000Z",
  endsAt: "2026-11-01T10:00:00.000Z",
  withdrawnAt: "2026-10-11T10:00:00.000Z",
  expressRequest: true
}

describe("the legal minimum", () => {
  test.each<[string, Partial<Withdrawing>, number, LegalRule]>([
    ["of a third of a month that was used: the other two", {}, 21_00, "proportionate"],
    ["of what began without the express request: everything", { expressRequest: false }, 31_00, "fullRefund"],
    ["of what was never active: everything", { activeSince: null, endsAt: null }, 31_00, "nothingDelivered"],
    ["of what began only afterwards: everything", { activeSince: "2026-10-11T10:00:00.000Z" }, 31_00, "nothingDelivered"],
    [
      "of what has ended within the period: nothing, though we give it all",
      { endsAt: "2026-10-08T10:00:00.000Z" },
      0,
      "fullyPerformed"
    ],
    [
      "of a permanent one after ten of 5,479 days: the rest",
      { term: { kind: "permanent" }, endsAt: null, price: { amountMinor: 5_479_00, currency: "EUR" } },
      5_469_00,
      "proportionate"
    ],
    ["of bills for consumed days: nothing", { term: { kind: "recurring" }, endsAt: null }, 0, "consumedDays"],
    [
      "of bills for days nobody had asked to begin: everything",
      { term: { kind: "recurring" }, endsAt: null, expressRequest: false },
      31_00,
      "fullRefund"
    ],
    ["of what cost nothing: nothing", { price: { amountMinor: 0, currency: "EUR" } }, 0, "nothingPaid"],
    ["after the period: nothing", { withdrawnAt: "2026-10-15T22:00:00.000Z" }, 0, "periodOver"],
    [
      "in its last millisecond: by time",
      { withdrawnAt: "2026-10-15T21:59:59.999Z", endsAt: "2026-10-30T09:59:59.998Z" },
      15_50,
      "proportionate"
    ]
  ])("%s", (_, more, amountMinor, rule) => expect(legalMinimum({ ...bought, ...more })).toEqual({ amountMinor, rule }))

  test("is never more than was paid, never less than nothing, and in proportion to the cent", () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000_000_000 }),
        fc.integer({ min: 1, max: 500 * 86_400_000 }),
        fc.integer({ min: 1, max: 13 * 86_400_000 }),
        (amountMinor, whole, used) => {
          const after = (millis: number) => new Date(Date.parse(bought.activeSince!) + millis).toISOString()
          const withdrawing = {
            ...bought,
            price: { amountMinor, currency: "EUR" } as const,
            endsAt: after(whole),
            withdrawnAt: after(used)
          }
          const minimum = legalMinimum(withdrawing)
          if (used >= whole) return expect(minimum).toEqual({ amountMinor: 0, rule: "fullyPerformed" })
          const left = BigInt(amountMinor) * BigInt(whole - used)
          const given = BigInt(minimum.amountMinor) * BigInt(whole)
          expect(minimum.rule).toBe("proportionate")
          expect(given >= left && given - left < BigInt(whole)).toBe(true) // Rounded towards the customer, by less than a cent.
          expect(minimum.amountMinor).toBeLessThanOrEqual(amountMinor)
          // The longer it was used, the less.
          expect(legalMinimum({ ...withdrawing, withdrawnAt: after(used - 1) }).amountMinor).toBeGreaterThanOrEqual(
            minimum.amountMinor
          )
        }
      ),
      { numRuns: 2_000 }
    ))

  test("may count what was used only where the customer's own words are there", () => {
    const at = "2026-10-01T10:00:00.000Z"
    expect(askedExpressly([{ text: "service-terms", edition: 1, at }])).toBe(false)
    expect(
      askedExpressly([
        { text: "service-terms", edition: 1, at },
        { text: "start-now", edition: 1, at }
      ])
    ).toBe(true)
  })
})
