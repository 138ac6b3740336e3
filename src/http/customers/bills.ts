/** "What will I pay this month", and what I paid in others: the preview is the very sum that the month's end will be charged by (mes vencido, S14). */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import { customerSees } from "#integrations/postgres/seen-by.ts"
import { iso, PlatformTime } from "#integrations/postgres/time.ts"
import { lawOf } from "#machines/activation-context.ts"
import { Day, Month, TimeZone } from "#machines/calendar.ts"
import { previewOf } from "#machines/monthly-bill.ts"
import { ActivationId, Currency, Instant, Minor, Money, OptionCode, type SubjectId, Vin, vatWithin } from "#machines/vocabulary.ts"
import { type BillRow, billsOf, type RecurringRow, recurringOf } from "#src/views/bills.ts"
import { readingProblems } from "../answers.ts"
import type { HttpOptions } from "../options.ts"
import { afterOf, Cursor, cursorAfter, limitOf, PageQuery } from "../page.ts"
import type { Run } from "../run.ts"
import { customer } from "../session.ts"
import { answering, strictly } from "../strict.ts"
import { standingIn } from "./activation.ts"

const mostServices = 500 // That recur, of one customer.

const ofAService = { activationId: ActivationId, vin: Vin, option: OptionCode, month: Month }
const days = { from: Day, to: Day, days: Schema.Natural, daysInMonth: Schema.Natural }

const PreviewLine = Schema.Struct({
  ...ofAService,
  timeZone: TimeZone, // By whose calendar the month begins and ends.
  soFar: Schema.Struct({ ...days, amount: Money }),
  /** If nothing changes to the month's end. */
  expected: Schema.Struct({ ...days, amount: Money, vatMinor: Minor })
})
const Preview = Schema.Struct({
  at: Instant,
  lines: Schema.Array(PreviewLine),
  total: Schema.Struct({ soFarMinor: Minor, expectedMinor: Minor, vatMinor: Minor, currency: Currency })
}).annotate({ identifier: "BillsPreview" })

const Bill = Schema.Struct({
  ...ofAService,
  ...days,
  amount: Money,
  vatPercent: Schema.Natural,
  vatMinor: Minor,
  status: Schema.String // "due", "paid", "uncollected", "writtenOff", "returning", "waived".
}).annotate({ identifier: "MonthBill" })
const Bills = Schema.Struct({ bills: Schema.Array(Bill), cursor: Cursor }).annotate({ identifier: "MonthBills" })

export const bills = (run: Run<Accounts | PlatformTime | SqlClient.SqlClient>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/me/bills", tags: ["Services"] })
    .use(customer(run, options))
    .get("/preview", ({ caller }) => run(preview(caller.subjectId)), {
      response: { 200: answering(Preview), ...readingProblems },
      detail: { summary: "What I will pay this month: up to now, and if nothing changes" }
    })
    .get("", ({ caller, query }) => run(list(caller.subjectId, query)), {
      query: strictly(PageQuery),
      response: { 200: answering(Bills), ...readingProblems },
      detail: { summary: "My months that were billed, the newest first" }
    })

const preview = Effect.fn("customers.billsPreview")(function* (subjectId: SubjectId) {
  const time = yield* PlatformTime
  const at = iso(time.now())
  const rows = yield* customerSees(subjectId)(recurringOf(subjectId, mostServices))
  const lines = rows.flatMap((row) => lineOf(row, at))
  const sum = (amountOf: (line: typeof PreviewLine.Type) => number) => lines.reduce((minor, line) => minor + amountOf(line), 0)
  return {
    at,
    lines,
    total: {
      soFarMinor: sum(({ soFar }) => soFar.amount.amountMinor),
      expectedMinor: sum(({ expected }) => expected.amount.amountMinor),
      vatMinor: sum(({ expected }) => expected.vatMinor),
      currency: "EUR" as const // The only one there is.
    }
  }
})

/** None of what is given as a gift, was withdrawn from, or has this month billed already. */
const lineOf = ({ statePath, context }: RecurringRow, at: Instant): ReadonlyArray<typeof PreviewLine.Type> => {
  const { activationId, vin, terms, withdrawal, activeSince, endedAt, bills } = context
  const { service } = standingIn(statePath)
  if (activeSince === null || withdrawal !== null || service.startsWith("escalated")) return []
  const { timeZone } = lawOf(context)
  const both = previewOf({ activeSince, endedAt, timeZone, price: terms.price }, at)
  if (both === null || bills.some(({ month }) => month === both.expected.month)) return []
  const { soFar, expected } = both
  const vatMinor = vatWithin(expected.amount.amountMinor, terms.vatPercent)
  return [{ activationId, vin, option: terms.option, month: expected.month, timeZone, soFar, expected: { ...expected, vatMinor } }]
}

const list = Effect.fn("customers.bills")(function* (subjectId: SubjectId, query: typeof PageQuery.Type) {
  const limit = limitOf(query)
  const rows = yield* customerSees(subjectId)(billsOf(subjectId, afterOf(query, ["9999-12", ""]), limit))
  return { bills: rows.map(billOf), cursor: cursorAfter(rows, limit, ({ month, path }) => [month, path]) }
})

const billOf = (row: BillRow): typeof Bill.Type => ({ ...row, vatMinor: vatWithin(row.amount.amountMinor, row.vatPercent) })
