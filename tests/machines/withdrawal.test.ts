/** What somebody is told before withdrawing: until when, by the law of the contract, and what it brings. */
import { describe, expect, test } from "bun:test"
import { activationMachine, OptionPurchased } from "#machines/activation.ts"
import type { ContractLaw } from "#machines/contract-law.ts"
import { withdrawalProspect } from "#machines/withdrawal.ts"
import * as a from "./activation-words.ts"
import { given } from "./scenario.ts"

const law: ContractLaw = {
  edition: 1,
  timeZone: "Atlantic/Canary",
  withdrawalDays: 14,
  endsOnWorkingDay: true,
  holidays: ["2026-03-16"],
  refund: "full",
  expectedLifeYears: 15
}
const bought = OptionPurchased.make({ ...a.purchased(), law, consents: [{ text: "start-now", edition: 1, at: a.purchasedAt }] })
const [, ...toActive] = a.toActive()
const service = given(activationMachine, bought, ...toActive)

describe("what a withdrawal would bring", () => {
  test("is until the end that the contract's law gives it, by the customer's own clock", () => {
    const end = "2026-03-18T00:00:00.000Z" // Day 14 was a holiday: the day after counts, to its last millisecond in Las Palmas.
    const lastMoment = "2026-03-17T23:59:59.999Z"
    expect(withdrawalProspect("active", service.context as any, lastMoment)).toMatchObject({ before: end, comesBack: a.price })
    expect(withdrawalProspect("active", service.context as any, end)).toBe("WithdrawalPeriodExpired")
    service.when(a.withdrawn(end)).thenRefused("WithdrawalPeriodExpired")
    service.when(a.withdrawn(lastMoment)).thenKnows({ withdrawal: { submittedAt: lastMoment }, closedBecause: "Withdrawn" })
  })

  test("has beside it what the law would require at least: less, where the customer asked to start now", () => {
    const prospect = withdrawalProspect("active", service.context as any, "2026-03-05T21:10:00.000Z")
    expect(prospect).toMatchObject({ comesBack: a.price, legalMinimum: { rule: "proportionate" } })
    if (typeof prospect === "string") throw new Error(prospect)
    expect(prospect.legalMinimum.amountMinor).toBeWithin(1, a.price.amountMinor)
  })

  test("is nothing where there is nothing any more to withdraw from", () => {
    for (const closed of ["withdrawn", "cancelled", "declined", "escalated.closed"])
      expect(withdrawalProspect(closed, service.context as any, a.purchasedAt)).toBe("AlreadyClosed")
  })
})
