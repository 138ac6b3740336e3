/** Every notice of every machine is an occasion with words, and brings what they name. */
import { describe, expect, test } from "bun:test"
import { Result } from "effect"
import { ofOrder, ofOwner, ofService } from "#actors/notices.ts"
import type { Notice } from "#integrations/notifications/notifications.ts"
import { wordingOf } from "#integrations/notifications/wording.ts"
import { NotifyCustomer } from "#machines/activation.ts"
import { Notify } from "#machines/order.ts"
import { NotifyOwner } from "#machines/vehicle.ts"
import { ActivationId, OptionCode, OrderId, SubjectId, Vin } from "#machines/vocabulary.ts"

const subjectId = SubjectId.make("sub_1")
const orderId = OrderId.make("ord_1")
const vin = Vin.make("WVWZZZ1JZ3W386752")
const activationId = ActivationId.make("act_1")
const option = OptionCode.make("snow-mode")
const amount = { amountMinor: 1_250, currency: "EUR" as const }
const at = "2026-03-01T10:00:00.000Z"

const notices: ReadonlyArray<Notice> = [
  ...Notify.fields.notice.literals.map((notice) => ofOrder(Notify.make({ subjectId, orderId, notice }))),
  ...NotifyCustomer.fields.notice.literals.map((notice) =>
    ofService(NotifyCustomer.make({ subjectId, vin, activationId, option, notice, month: "2026-02", amount }), at)
  ),
  ...NotifyOwner.fields.notice.literals.map((notice) => ofOwner(NotifyOwner.make({ subjectId, vin, notice })))
]

describe("a notice", () => {
  test.each(notices.map((notice) => [notice.occasion, notice] as const))("%s brings what its words name", (_, notice) => {
    for (const language of ["es", "en"] as const)
      expect(Result.isSuccess(wordingOf(notice.occasion, notice.facts, language))).toBe(true)
  })

  test("lies on the card of what it is about, so that all tries of one activation are one", () => {
    expect(notices.length).toBeGreaterThan(30)
    for (const { card, orderId, activationId, vin } of notices) expect(card).toBe((activationId ?? orderId ?? vin)!)
  })
})
