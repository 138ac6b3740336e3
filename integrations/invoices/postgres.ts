/** Invoices in Postgres: one short transaction gives the number, afterwards the paper is drawn, sealed and kept. A crash between the two is mended by asking again. */
import { createHash } from "node:crypto"
import { Effect, Layer, Schedule, Semaphore } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { dayOf, zoneOf } from "#machines/calendar.ts"
import type { PaymentId } from "#machines/vocabulary.ts"
import type { InvoicePaper } from "../papers/papers.ts"
import { Papers } from "../papers/papers.ts"
import { decimal } from "../papers/record.ts"
import { sellers } from "../papers/sellers.ts"
import { iso, PlatformTime } from "../postgres/time.ts"
import { PurchaseFile } from "../purchase-file/purchase-file.ts"
import { CreditTooLarge, InvoicedAlready, InvoiceMissing, type InvoiceRequest, Invoices } from "./invoices.ts"
import { vatOf } from "./vat.ts"

/** At once, of each process: one holds the series, the next one waits. More would only take connections from everybody else. */
const atOnce = 2
const meetings = 5 // Tries of one that met another: two under one id, or two credits of one invoice.

export const InvoicesPostgres = Layer.effect(
  Invoices,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const time = yield* PlatformTime
    const papers = yield* Papers
    const file = yield* PurchaseFile
    const turns = yield* Semaphore.make(atOnce)
    const opened = new Set<string>()

    const find = Effect.fnUntraced(function* (id: string) {
      const [row] = yield* sql<InvoiceRow>`
        SELECT i.series, i.number, i.kind, i.country, i.issued_at AS "issuedAt", i.issued_on::text AS "issuedOn", i.seller,
               i.subject_id AS "customerId", i.order_id AS "orderId", i.activation_id AS "activationId", i.vin,
               i.payment_id AS "paymentId", i.currency, i.lines, i.vat_minor::float8 AS "vatMinor", i.gross_minor::float8 AS "grossMinor",
               i.previous_hash AS "previousHash", i.hash, c.series AS "correctsSeries", c.number AS "correctsNumber",
               c.issued_on::text AS "correctsOn"
        FROM invoices i
        LEFT JOIN invoices c ON c.series = i.corrects_series AND c.number = i.corrects_number
        WHERE i.command_id = ${id}`
      return row ?? null
    })

    const correctedBy = Effect.fnUntraced(function* (paymentId: PaymentId) {
      const [invoice] = yield* sql<Corrected>`
        SELECT series, number, gross_minor::float8 AS gross
        FROM invoices
        WHERE payment_id = ${paymentId} AND kind = 'invoice'`
      return invoice ?? (yield* new InvoiceMissing({ paymentId }))
    })

    const open = Effect.fnUntraced(function* (series: string) {
      if (opened.has(series)) return
      yield* sql`INSERT INTO invoice_series (series) VALUES (${series}) ON CONFLICT DO NOTHING`
      opened.add(series)
    })

    /** The next number and its row, in one statement: the series is held from its first look at it to the commit, and no network lies between. */
    const number = Effect.fnUntraced(function* (request: InvoiceRequest, id: string) {
      const { kind, country, customerId, orderId, activationId, vin, paymentId, lines, currency } = request
      const corrects = kind === "creditNote" ? yield* correctedBy(paymentId) : null
      const { netMinor, vatMinor, grossMinor } = vatOf(lines)
      const zone = zoneOf(country)
      const now = time.now()
      const series = seriesOf(request, dayOf(iso(now), zone).slice(0, 4))
      const sign = kind === "creditNote" ? -1 : 1
      const { taxNumber: seller } = sellers[country]
      const details = detailsOf({ ...request, corrects: corrects === null ? null : numberOf(corrects) })
      yield* open(series)
      yield* sql`
        WITH head AS MATERIALIZED (
          SELECT last_number + 1 AS number, last_hash AS previous, greatest(last_at, ${new Date(now)}) AS at
          FROM invoice_series
          WHERE series = ${series}
          FOR UPDATE
        ), record AS MATERIALIZED (
          SELECT number, previous, at, (at AT TIME ZONE ${zone})::date AS day,
                 encode(sha256(convert_to(
                   'IDEmisorFactura=' || ${seller}::text
                   || '&NumSerieFactura=' || ${series}::text || '-' || lpad(number::text, greatest(6, length(number::text)), '0')
                   || '&FechaExpedicionFactura=' || to_char(at AT TIME ZONE ${zone}, 'DD-MM-YYYY')
                   || '&TipoFactura=' || ${typeOf(kind)}::text
                   || '&CuotaTotal=' || ${decimal(sign * vatMinor)}::text
                   || '&ImporteTotal=' || ${decimal(sign * grossMinor)}::text
                   || '&Huella=' || previous
                   || '&FechaHoraHusoGenRegistro=' || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
                   || '&Detalle=' || ${details}::text, 'UTF8')), 'hex') AS hash
          FROM head
        ), moved AS (
          UPDATE invoice_series SET last_number = record.number, last_hash = record.hash, last_at = record.at
          FROM record
          WHERE series = ${series}
        )
        INSERT INTO invoices
          (series, number, command_id, kind, country, issued_at, issued_on, seller, subject_id, order_id, activation_id, vin, payment_id,
           currency, lines, net_minor, vat_minor, gross_minor, corrects_series, corrects_number, corrects_gross,
           credited_before, credited_after, previous_hash, hash)
        SELECT ${series}, number, ${id}, ${kind}, ${country}, at, day, ${seller}, ${customerId}, ${orderId}, ${activationId}, ${vin},
               ${paymentId}, ${currency}, ${JSON.stringify(lines)}::jsonb, ${netMinor}, ${vatMinor}, ${grossMinor},
               ${corrects?.series ?? null}, ${corrects?.number ?? null}, ${corrects?.gross ?? null},
               credited.before, credited.before + ${grossMinor}::bigint, previous, hash
        FROM record
        LEFT JOIN LATERAL (
          SELECT coalesce(max(credited_after), 0) AS before
          FROM invoices
          WHERE corrects_series = ${corrects?.series ?? null} AND corrects_number = ${corrects?.number ?? null}
        ) credited ON ${corrects !== null}`
      return yield* find(id)
    })

    const issued = Effect.fnUntraced(
      function* (request: InvoiceRequest, id: string) {
        return (yield* find(id)) ?? (yield* turns.withPermits(1)(number(request, id)))
      },
      Effect.retry({ while: hasMet, schedule: Schedule.recurs(meetings) }),
      Effect.catchTag("SqlError", (error) => Effect.die(slipOf(error) ?? error))
    )

    return Invoices.of({
      issue: Effect.fn("Invoices.issue")(function* (request: InvoiceRequest, id: string) {
        const paper = paperOf((yield* issued(request, id))!)
        const { kind, customerId: subjectId, country, orderId, activationId, vin } = paper
        const { title, bytes } = yield* papers.invoice(paper)
        const about = { subjectId, country, kind, title, mediaType: "application/pdf", orderId, activationId, vin } as const
        const { sha256 } = yield* file.keep({ ...about, bytes }, id)
        return { number: paper.record.number, issuedAt: paper.record.recordedAt, sha256 }
      })
    })
  })
)

interface Corrected {
  readonly series: string
  readonly number: number
  readonly gross: number
}

export interface InvoiceRow extends Omit<InvoicePaper, "record" | "corrects"> {
  readonly series: string
  readonly number: number
  readonly issuedAt: Date
  readonly issuedOn: string
  readonly seller: string
  readonly vatMinor: number
  readonly grossMinor: number
  readonly previousHash: string
  readonly hash: string
  readonly correctsSeries: string | null
  readonly correctsNumber: number | null
  readonly correctsOn: string | null
}

/** The paper of a row: nothing but the customer's data and the names in the catalogue is asked besides. */
export const paperOf = (row: InvoiceRow): InvoicePaper => {
  const { kind, country, customerId, orderId, activationId, vin, paymentId, currency, lines } = row
  const { correctsSeries, correctsNumber, correctsOn } = row
  const corrects =
    correctsSeries === null
      ? null
      : { number: numberOf({ series: correctsSeries, number: correctsNumber! }), issuedOn: correctsOn! }
  const sign = kind === "creditNote" ? -1 : 1
  return {
    record: {
      seller: row.seller,
      number: numberOf(row),
      issuedOn: row.issuedOn,
      type: typeOf(kind),
      vatMinor: sign * row.vatMinor,
      grossMinor: sign * row.grossMinor,
      currency,
      previousHash: row.previousHash,
      recordedAt: row.issuedAt.toISOString(),
      details: detailsOf({ ...row, corrects: corrects?.number ?? null }),
      hash: row.hash
    },
    ...{ kind, country, customerId, orderId, activationId, vin, paymentId, currency, lines, corrects }
  }
}

const seriesOf = ({ kind, country }: InvoiceRequest, year: string) => `${country}-${kind === "creditNote" ? "R-" : ""}${year}`
const typeOf = (kind: InvoiceRequest["kind"]) => (kind === "creditNote" ? "R1" : "F1")
const numberOf = ({ series, number }: { readonly series: string; readonly number: number }) =>
  `${series}-${String(number).padStart(6, "0")}`

/** What the record's own fields do not say, in one spelling. */
const detailsOf = (of: Omit<InvoiceRequest, "kind" | "country"> & { readonly corrects: string | null }): string => {
  const lines = of.lines.map(({ item, term, from, to, grossMinor, vatPercent }) => [item, term, from, to, grossMinor, vatPercent])
  const all = [of.customerId, of.orderId, of.activationId, of.vin, of.paymentId, of.currency, of.corrects, lines]
  return createHash("sha256").update(JSON.stringify(all)).digest("hex")
}

/** What the table says no to, by the name of its constraint. */
const refusedBy = ({ reason }: SqlError.SqlError): string | undefined =>
  reason._tag === "UniqueViolation" || reason._tag === "ConstraintError"
    ? (reason.cause as { readonly constraint?: string }).constraint
    : undefined

/** Somebody else was quicker: looked at again, it is there already, or there is a next one. Anything else stays an error. */
const hasMet = (error: SqlError.SqlError | InvoiceMissing): boolean =>
  error._tag === "SqlError" && /^invoices_(command_id|corrects_\w+)_key$/.test(refusedBy(error) ?? "")

/** Slips of ours that the table has caught, in words for whoever is woken. */
const slipOf = (error: SqlError.SqlError) => {
  const constraint = refusedBy(error)
  if (constraint === "invoices_credit_at_most_all") return new CreditTooLarge({ constraint })
  return constraint === "invoices_one_per_payment" ? new InvoicedAlready({ constraint }) : null
}
