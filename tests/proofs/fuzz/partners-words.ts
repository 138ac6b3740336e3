/** What partners say of orders that are under way: every word they have, about orders that are there and some that are not. */
import type { WebhookSource } from "#integrations/webhooks/webhooks.ts"
import type { Dice } from "../dice.ts"

const deposit = { amountMinor: 100_000, currency: "EUR" } as const
const occurredAt = "2026-03-02T09:00:00.000Z"

/** Of order `n`; in no order, and whether or not it makes sense just now. */
export const theWords = (source: WebhookSource, n: number, dice: Dice): object => {
  const more = dice.throw() < 0.1 ? { note: "a field of theirs", nested: { plant: ["MTL"] } } : {}
  const reference = `ord_${n}`
  switch (source) {
    case "factory": {
      const status = dice.oneOf(["in_progress", "ready", "shipped", "cancelled"])
      const vin = status === "ready" ? `VSSZZZ5FZJR${String(n).padStart(6, "0")}` : null
      const reason = status === "cancelled" ? "line_stopped" : null
      return { reference, factoryOrderId: `fo_${n}`, status, vin, reason, occurredAt, ...more }
    }
    case "payments": {
      const kind = dice.oneOf(["reservation", "final"])
      const status = dice.oneOf([
        "settled",
        "failed",
        "captured",
        "declined",
        "refund_failed",
        "disputed",
        "dispute_won",
        "dispute_lost"
      ])
      const about = { reference: `pay_${n}-${kind}-${dice.between(1, 2)}`, paymentId: `gw_${n}`, status }
      const named = status.startsWith("refund")
        ? { refundId: `ref_${n}` }
        : status.startsWith("dispute")
          ? { disputeId: `dis_${n}` }
          : {}
      const reason = status === "settled" || status === "captured" ? null : "insufficient_funds"
      return { ...about, ...deposit, reason, occurredAt, ...named, ...more }
    }
    case "transport": {
      const status = dice.oneOf(["departed", "delivered", "customer_absent", "arrived_at_dealership"])
      return {
        reference,
        transportId: `tr_${n}`,
        status,
        proof: status === "delivered" ? "signature-1" : null,
        occurredAt,
        ...more
      }
    }
  }
}
