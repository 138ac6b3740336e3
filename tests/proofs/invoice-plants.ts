/** What may go wrong with invoices, planted behind the back of the table that would refuse it. `billed` made the good ones: three, and a credit note. */
import { Effect } from "effect"
import { type InvoiceRequest, Invoices } from "#integrations/invoices/invoices.ts"
import { ActivationId, PaymentId, SubjectId } from "#machines/vocabulary.ts"
import type { Town } from "#src/demo/town.ts"
import type { GoodTown, Plant } from "./plants.ts"

/** Three invoices, the second of which is credited in part. */
export const billed = (town: Town) =>
  town.platform.runtime.runPromise(
    Effect.gen(function* () {
      const { issue } = yield* Invoices
      const line = { item: "snow-mode", term: "temporary", from: null, to: null, grossMinor: 14_00, vatPercent: 21 } as const
      const request = (n: number): InvoiceRequest => ({
        ...{
          kind: "invoice",
          country: "ES",
          currency: "EUR",
          orderId: null,
          vin: null,
          lines: [line, { ...line, vatPercent: 10 }]
        },
        customerId: SubjectId.make("sub_billed"),
        activationId: ActivationId.make(`act_billed${n}`),
        paymentId: PaymentId.make(`pay_billed-${n}`)
      })
      for (const n of [1, 2, 3]) yield* issue(request(n), `billed#${n}.0`)
      yield* issue({ ...request(2), kind: "creditNote", lines: [line] }, "billed#4.0")
    })
  )

const behind = (sql: string) => `ALTER TABLE invoices DISABLE TRIGGER ALL; ${sql}; ALTER TABLE invoices ENABLE TRIGGER ALL`
const invoice = (payment: number) => `payment_id = 'pay_billed-${payment}' AND kind = 'invoice'`

export const invoicePlants: ReadonlyArray<Plant<GoodTown>> = [
  {
    what: "an invoice that was taken out of the middle",
    reportedBy: ["I52"],
    sql: () => behind(`DELETE FROM invoices WHERE ${invoice(1)}`)
  },
  {
    what: "the last invoice taken away, as if it had never been",
    reportedBy: ["I52"],
    sql: () => behind(`DELETE FROM invoices WHERE ${invoice(3)}`)
  },
  {
    what: "an invoice that was made cheaper afterwards, sums and all",
    reportedBy: ["I52"],
    sql: () => behind(`UPDATE invoices SET net_minor = net_minor - 100, gross_minor = gross_minor - 100 WHERE ${invoice(1)}`)
  },
  {
    what: "an invoice that is somebody else's now",
    reportedBy: ["I52"],
    sql: () => behind(`UPDATE invoices SET subject_id = 'sub_other' WHERE ${invoice(3)}`)
  },
  {
    what: "an invoice for something else, at the same price",
    reportedBy: ["I52"],
    sql: () => behind(`UPDATE invoices SET lines = jsonb_set(lines, '{0,item}', '"streaming"') WHERE ${invoice(1)}`)
  },
  {
    what: "an invoice that was sealed anew, and with it no other",
    reportedBy: ["I52"],
    sql: () => behind(`UPDATE invoices SET hash = repeat('0', 64) WHERE ${invoice(2)}`)
  },
  {
    what: "a credit of more than there was to credit",
    reportedBy: ["I52"],
    sql: () => `
      ALTER TABLE invoices DROP CONSTRAINT invoices_credit_at_most_all;
      ${behind("UPDATE invoices SET gross_minor = 99999, vat_minor = 99999 - net_minor, credited_after = 99999 WHERE kind = 'creditNote'")}`
  }
]
