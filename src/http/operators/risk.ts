/** What we are owed, by whom and since when; the cases of finance; and what was earned: for whoever carries the risk (S12.3, SO-22). */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import { Activation, Order } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import type { Accounts, Caller } from "#integrations/accounts/accounts.ts"
import { seenBy } from "#integrations/postgres/seen-by.ts"
import { iso, PlatformTime } from "#integrations/postgres/time.ts"
import type { PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import { riskPolicy } from "#integrations/risk-policy/risk-policy.ts"
import type { SecondFactors } from "#integrations/second-factors/second-factors.ts"
import * as Service from "#machines/activation.ts"
import * as Sale from "#machines/order.ts"
import { ActivationId, Instant, OrderId, SubjectId, Vin } from "#machines/vocabulary.ts"
import { exposures, wholeExposure } from "#src/views/exposure.ts"
import { revenue } from "#src/views/revenue.ts"
import { type RiskCaseRow, riskCaseOf, riskCases } from "#src/views/risk-cases.ts"
import { changingProblems, readingProblems } from "../answers.ts"
import { KeptReason } from "../kept-reason.ts"
import { noteLooks } from "../looks.ts"
import type { HttpOptions } from "../options.ts"
import { afterOf, Cursor, cursorAfter, limitOf, PageQuery, pageQuery } from "../page.ts"
import { malformed, notFound, refused } from "../problem.ts"
import type { Run } from "../run.ts"
import { staff } from "../session.ts"
import { freshlyShown } from "../step-up.ts"
import { answering, strictly, takes } from "../strict.ts"
import { withInstants } from "./inspected.ts"

const longestDays = 400 // Of revenue, at once.
const dayMillis = 24 * 3600 * 1000

const Minor = Schema.Int
const sums = {
  servicesMinor: Minor,
  vehiclesMinor: Minor,
  owedMinor: Minor,
  overdueMinor: Minor,
  disputedMinor: Minor,
  lastWeekMinor: Minor, // By age, of all of it.
  lastMonthMinor: Minor,
  olderMinor: Minor
}
const Exposure = Schema.Struct({
  policy: Schema.Struct({ edition: Schema.Natural, billGraceDays: Schema.Natural }),
  total: Schema.Struct({ customers: Schema.Natural, ...sums }),
  customers: Schema.Array(Schema.Struct({ subjectId: SubjectId, ...sums, oldestSince: Instant })),
  cursor: Cursor
}).annotate({ identifier: "Exposure" })

const CaseQuery = Schema.Struct({ ...pageQuery, state: Schema.optionalKey(Schema.Literals(["open", "resolved"])) })
const Named = Schema.Struct({ caseId: Schema.String.check(Schema.isPattern(/^risk_[A-Za-z0-9-]{1,72}$/)) })
const Resolution = Schema.Struct({ resolution: Sale.ResolveRiskCase.fields.resolution, reason: KeptReason }).annotate({
  identifier: "RiskCaseResolution"
})
const OneCase = Schema.Struct({
  caseId: Schema.String,
  kind: Schema.Literals(["settlementFailed", "unpaid", "chargeback", "refundFailed"]),
  orderId: Schema.NullOr(OrderId),
  activationId: Schema.NullOr(ActivationId),
  vin: Schema.NullOr(Vin),
  customerId: SubjectId,
  paymentId: Schema.String,
  amountMinor: Minor,
  currency: Schema.String,
  reason: Schema.String,
  receiptId: Schema.NullOr(Schema.String), // The car's own report that it was delivered.
  openedAt: Instant,
  resolved: Schema.NullOr(
    Schema.Struct({
      resolution: Schema.Literals(["paid", "writtenOff", "paidOut", "dismissed", "won", "lost", "withdrawn"]),
      reason: Schema.String,
      by: Schema.NullOr(SubjectId), // Null where it closed by itself: the money came, or the bank decided.
      at: Instant
    })
  )
}).annotate({ identifier: "RiskCase" })
const Cases = Schema.Struct({ cases: Schema.Array(OneCase), cursor: Cursor }).annotate({ identifier: "RiskCases" })

const day = Schema.String.check(Schema.isPattern(/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/))
const RevenueQuery = Schema.Struct({ from: Schema.optionalKey(day), to: Schema.optionalKey(day) }) // UTC days; `to` is not counted.
const Revenue = Schema.Struct({
  from: Instant,
  to: Instant,
  revenue: Schema.Array(
    Schema.Struct({
      stream: Schema.NullOr(Schema.Literals(["vehicle", "bundle", "temporary", "permanent", "recurring"])),
      item: Schema.NullOr(Schema.String),
      country: Schema.NullOr(Schema.String),
      currency: Schema.String,
      netMinor: Minor, // What went back is taken off.
      vatMinor: Minor,
      entries: Schema.Natural
    })
  )
}).annotate({ identifier: "Revenue" })

type Needs = Accounts | ActorSystem | PlatformTime | PurchaseFile | SecondFactors | SqlClient.SqlClient

export const risk = (run: Run<Needs>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/operator", tags: ["Money"] })
    .use(staff(run, options))
    .get("/exposure", ({ caller, query }) => run(readExposure(caller, query)), {
      query: strictly(PageQuery),
      response: { 200: answering(Exposure), ...readingProblems },
      detail: { summary: "What was delivered or taken and is not settled, by customer and age" }
    })
    .get("/risk-cases", ({ caller, query }) => run(listCases(caller, query)), {
      query: strictly(CaseQuery),
      response: { 200: answering(Cases), ...readingProblems },
      detail: { summary: "Settlements that failed, debts, chargebacks, refunds that did not arrive" }
    })
    .post("/risk-cases/:caseId/resolution", ({ caller, params, body }) => run(resolve(params.caseId, caller, body)), {
      params: strictly(Named),
      ...takes(Resolution),
      response: { 200: answering(OneCase), ...changingProblems },
      detail: { summary: "Close a risk case: paid, written off, paid out, or dismissed" }
    })
    .get("/revenue", ({ caller, query }) => run(readRevenue(caller, query)), {
      query: strictly(RevenueQuery),
      response: { 200: answering(Revenue), ...readingProblems },
      detail: { summary: "What was earned, by stream, item and country" }
    })

const ofSubject = ({ subjectId }: { readonly subjectId: SubjectId }) => ({ customerId: subjectId })

const readExposure = Effect.fn("operators.exposure")(function* (caller: Caller, query: typeof PageQuery.Type) {
  const time = yield* PlatformTime
  const limit = limitOf(query)
  const [after] = afterOf(query, [""])
  const now = time.now()
  const { total, rows } = yield* seenBy(caller)(Effect.all({ total: wholeExposure(now), rows: exposures(now, after, limit) }))
  yield* noteLooks(caller, "debt", rows.map(ofSubject))
  const { edition, billGraceDays } = riskPolicy
  return {
    policy: { edition, billGraceDays },
    total,
    customers: rows.map(withInstants),
    cursor: cursorAfter(rows, limit, ({ subjectId }) => [subjectId])
  }
})

const asCase = ({ subjectId, resolution, resolutionReason, resolvedBy, resolvedAt, openedAt, ...row }: RiskCaseRow) =>
  ({
    ...row,
    customerId: subjectId,
    openedAt: openedAt.toISOString(),
    resolved: resolution === null ? null : { resolution, reason: resolutionReason!, by: resolvedBy, at: resolvedAt!.toISOString() }
  }) as typeof OneCase.Type

const listCases = Effect.fn("operators.riskCases")(function* (caller: Caller, query: typeof CaseQuery.Type) {
  const limit = limitOf(query)
  const [after] = afterOf(query, [""])
  const rows = yield* seenBy(caller)(riskCases(query.state, after, limit))
  yield* noteLooks(caller, "debt", rows.map(ofSubject))
  return { cases: rows.map(asCase), cursor: cursorAfter(rows, limit, ({ caseId }) => [caseId]) }
})

const resolve = Effect.fn("operators.resolveRisk")(function* (
  caseId: string,
  caller: Caller,
  { resolution, reason }: typeof Resolution.Type
) {
  yield* freshlyShown(caller) // Money is given back or given up.
  const by = caller.subjectId
  const actors = yield* ActorSystem
  const found = (yield* seenBy(caller)(riskCaseOf(caseId))) ?? (yield* Effect.fail(notFound()))
  yield* noteLooks(caller, "debt", [ofSubject(found)])
  const id = `${by}/resolve/${caseId}/${resolution}` // A case is resolved once: the other word is refused.
  if (found.orderId !== null)
    yield* actors.tell(Order.at(found.orderId), Sale.ResolveRiskCase.make({ caseId, by, resolution, reason }), { id })
  else if (resolution === "paid")
    return yield* Effect.fail(refused("NotThisKindOfCase")) // The customer pays what a service costs by its own page.
  else
    yield* actors.tell(
      Activation.at(`${found.vin}/${found.activationId}`),
      Service.ResolveRiskCase.make({ caseId, by, resolution, reason }),
      { id }
    )
  return asCase((yield* seenBy(caller)(riskCaseOf(caseId)))!)
})

const readRevenue = Effect.fn("operators.revenue")(function* (caller: Caller, { from, to }: typeof RevenueQuery.Type) {
  const time = yield* PlatformTime
  const today = Math.floor(time.now() / dayMillis) * dayMillis
  const until = to === undefined ? today + dayMillis : Date.parse(to)
  const since = from === undefined ? until - 30 * dayMillis : Date.parse(from)
  if (!(since < until && until - since <= longestDays * dayMillis))
    return yield* Effect.fail(malformed(`query from, to: at most ${longestDays} days, and from is the earlier one.`))
  const rows = yield* seenBy(caller)(revenue(iso(since), iso(until)))
  return { from: iso(since), to: iso(until), revenue: rows }
})
