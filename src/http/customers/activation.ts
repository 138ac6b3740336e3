/** A purchased service as its customer reads it: one live card (CO-21). */
import { Schema } from "effect"
import type { Standing } from "#actors/system/letter.ts"
import { statePathOf } from "#actors/system/turn.ts"
import type { ActivationContext } from "#machines/activation.ts"
import { Day, Month } from "#machines/calendar.ts"
import { Term } from "#machines/option-terms.ts"
import { ActivationId, Instant, Minor, Money, OptionCode, Vin } from "#machines/vocabulary.ts"
import { serviceHappening, serviceInWords, tryInWords } from "#src/views/activation-words.ts"
import type { ActivationRow } from "#src/views/activations.ts"
import type { Language } from "#src/views/order-words.ts"
import { regionIn } from "#src/views/regions.ts"

const summary = {
  activationId: ActivationId,
  vin: Vin,
  option: OptionCode,
  term: Term,
  state: Schema.String, // "pending", "retry", "active", "escalated", "ended", "withdrawn", "cancelled", "declined".
  step: Schema.NullOr(Schema.String), // Where in that state: "paying", "waitingForParking".
  payment: Schema.String, // "authorising", "authorised", "captured", "voided", "refunded", "free" …
  inWords: Schema.String,
  next: Schema.NullOr(Schema.String), // What the customer may do; null where there is nothing to do.
  since: Instant,
  until: Schema.NullOr(Instant),
  closed: Schema.Boolean
}
export const ServiceSummary = Schema.Struct(summary).annotate({ identifier: "ServiceSummary" })

export const Service = Schema.Struct({
  ...summary,
  price: Money,
  vatPercent: Schema.Natural,
  channel: Schema.Literals(["online", "bundle"]),
  purchasedAt: Instant,
  activeSince: Schema.NullOr(Instant),
  closedBecause: Schema.NullOr(Schema.String),
  /** Where the bank wants the customer to confirm; null where it does not. */
  actionUrl: Schema.NullOr(Schema.String),
  attempts: Schema.Struct({ made: Schema.Natural, failed: Schema.Natural, most: Schema.Natural }),
  supportCase: Schema.Literals(["none", "open", "uncharged", "gift", "withdrawn"]),
  /** Kept at the edge when it was submitted. */
  withdrawnAt: Schema.NullOr(Instant),
  money: Schema.Struct({ takenMinor: Minor, returnedMinor: Minor, currency: Schema.String }),
  /** Of a recurring service: the months that were charged, the days consumed in each (mes vencido). */
  months: Schema.Array(
    Schema.Struct({
      month: Month,
      from: Day,
      to: Day,
      days: Schema.Natural,
      amount: Money,
      status: Schema.Literals(["due", "paid", "uncollected", "writtenOff", "returning", "waived"])
    })
  ),
  /** Delivered, and not paid yet; null where nothing is owed. */
  owed: Schema.NullOr(Money),
  /** The right to withdraw ends here. */
  withdrawalEndsAt: Instant,
  timeline: Schema.Array(Schema.Struct({ at: Instant, type: Schema.String, inWords: Schema.String }))
}).annotate({ identifier: "Service" })

/** Where it stands after it heard somebody, as the answer to that caller. */
export const ServiceStanding = Schema.Struct({ activationId: ActivationId, state: Schema.String, payment: Schema.String }).annotate(
  {
    identifier: "ServiceStanding"
  }
)
export const standingAfter = (state: Standing["state"]) => {
  const { service, money } = standingIn(statePathOf(state))
  return { state: service.split(".")[0]!, payment: money }
}

/** "service.pending.paying+money.authorising" → "pending.paying" and "authorising". */
export const standingIn = (statePath: string) => ({
  service: regionIn(statePath, "service"),
  money: regionIn(statePath, "money")
})

export const summaryOf = (
  { statePath, stateSince, closed, context: { activationId, vin, terms, until } }: ActivationRow,
  language: Language
): typeof ServiceSummary.Type => {
  const { service, money } = standingIn(statePath)
  const [state, step] = service.split(".")
  return {
    activationId,
    vin,
    option: terms.option,
    term: terms.term,
    state: state!,
    step: step ?? null,
    payment: money,
    ...serviceInWords(service, money, language),
    since: stateSince.toISOString(),
    until,
    closed
  }
}

export const detailOf = (
  row: ActivationRow,
  heard: ReadonlyArray<{ readonly at: Date; readonly type: string }>,
  paid: { readonly takenMinor: number; readonly returnedMinor: number },
  language: Language
): typeof Service.Type => {
  const { terms, channel, purchasedAt, activeSince, closedBecause, attempt, tries, supportCase } = row.context
  const { withdrawal, bills, withdrawalEndsAt } = row.context
  const waitsForCustomer = ["actionRequired", "confirming"].includes(standingIn(row.statePath).money)
  return {
    ...summaryOf(row, language),
    price: terms.price,
    vatPercent: terms.vatPercent,
    channel,
    purchasedAt,
    activeSince,
    closedBecause,
    actionUrl: waitsForCustomer ? row.context.actionUrl : null,
    attempts: { made: attempt, failed: tries.length, most: terms.retries + 1 },
    supportCase,
    withdrawnAt: withdrawal?.submittedAt ?? null,
    money: { ...paid, currency: terms.price.currency },
    months: bills.map(({ month, from, to, days, amount, status }) => ({ month, from, to, days, amount, status })),
    owed: owedIn(row.context),
    withdrawalEndsAt,
    timeline: timelineIn(heard, tries, language)
  }
}

/** Asked of the bank at this moment, or given up by it. */
const owedIn = ({ debt, bills, terms }: ActivationContext): typeof Money.Type | null => {
  const given = bills.filter(({ status }) => status === "uncollected").reduce((sum, { amount }) => sum + amount.amountMinor, 0)
  const amountMinor = given + (debt?.amountMinor ?? 0)
  return amountMinor === 0 ? null : { ...terms.price, amountMinor }
}

/** What it heard, and the tries that failed, in one line of time. */
const timelineIn = (
  heard: ReadonlyArray<{ readonly at: Date; readonly type: string }>,
  tries: ActivationContext["tries"],
  language: Language
) =>
  [
    ...heard.flatMap(({ at, type }) => {
      const inWords = serviceHappening(type, language)
      return inWords === null ? [] : [{ at: at.toISOString(), type, inWords }]
    }),
    ...tries.map(({ at }) => ({ at, type: "TryFailed", inWords: tryInWords(language) }))
  ].sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0))
