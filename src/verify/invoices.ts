/** Invoices, read from the first to the last of each series by the accountant's own hand: numbers, hashes, sums, and what was credited (I52). */
import { createHash } from "node:crypto"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Findings } from "./findings.ts"

const page = 1_000 // Invoices in memory at once.

interface Row {
  readonly series: string
  readonly number: number
  readonly kind: "invoice" | "creditNote"
  readonly at: string
  readonly day: string
  readonly seller: string
  readonly customer: string
  readonly order: string | null
  readonly activation: string | null
  readonly vin: string | null
  readonly payment: string
  readonly currency: string
  readonly lines: ReadonlyArray<{ [field: string]: unknown; grossMinor: number; vatPercent: number }>
  readonly net: string
  readonly vat: string
  readonly gross: string
  readonly corrects: string | null
  readonly previous: string
  readonly hash: string
}

export const invoices = Effect.fn("verify.invoices")(function* (findings: Findings) {
  const sql = yield* SqlClient.SqlClient
  const series = yield* sql<{ series: string; number: number; hash: string }>`
    SELECT series, last_number AS number, last_hash AS hash FROM invoice_series ORDER BY series`
  for (const { series: name, number: last, hash: lastHash } of series) {
    let [number, hash] = [0, ""]
    for (;;) {
      const rows = yield* sql<Row>`
        SELECT i.series, i.number, i.kind, to_char(i.issued_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at,
               to_char(i.issued_on, 'DD-MM-YYYY') AS day, i.seller, i.subject_id AS customer, i.order_id AS "order",
               i.activation_id AS activation, i.vin, i.payment_id AS payment, i.currency, i.lines, i.net_minor::text AS net,
               i.vat_minor::text AS vat, i.gross_minor::text AS gross, i.previous_hash AS previous, i.hash,
               i.corrects_series || '-' || lpad(i.corrects_number::text, greatest(6, length(i.corrects_number::text)), '0') AS corrects
        FROM invoices i
        WHERE i.series = ${name} AND i.number > ${number}
        ORDER BY i.number
        LIMIT ${page}`
      findings.checked("I52", rows.length)
      for (const row of rows) {
        for (const flaw of flawsOf(row, number, hash)) findings.violated("I52", `${nameOf(row)}: ${flaw}`)
        number = row.number
        hash = row.hash
      }
      if (rows.length < page) break
    }
    if (number !== last || hash !== lastHash)
      findings.violated("I52", `${name} ends with ${number}, and its series says ${last}, or another hash`)
  }
  yield* credits(findings)
})

function* flawsOf(row: Row, before: number, hash: string) {
  if (row.number !== before + 1) yield `it follows ${before}`
  if (row.previous !== hash) yield "it is not sealed to the one before"
  if (row.hash !== hashOf(row)) yield "its hash is not that of what it says"
  const rates = Map.groupBy(row.lines, ({ vatPercent }) => vatPercent)
  let [net, gross] = [0n, 0n]
  for (const [percent, lines] of rates) {
    const sum = lines.reduce((total, { grossMinor }) => total + BigInt(grossMinor), 0n)
    const of = BigInt(100 + percent)
    net += (sum * 100n) / of + ((2n * ((sum * 100n) % of) >= of && 1n) || 0n) // Half a cent is rounded up.
    gross += sum
  }
  if (`${net} ${gross - net} ${gross}` !== `${row.net} ${row.vat} ${row.gross}`) yield "its sums are not those of its lines"
}

const nameOf = ({ series, number }: Row) => `${series}-${String(number).padStart(6, "0")}`

/** The record as RD 1007/2023 spells it, and what else was sealed with it. */
const hashOf = (row: Row): string => {
  const [type, sign] = row.kind === "creditNote" ? ["R1", "-"] : ["F1", ""]
  const money = (minor: string) => `${minor === "0" ? "" : sign}${minor.padStart(3, "0").replace(/(?=..$)/, ".")}`
  const lines = row.lines.map(({ item, term, from, to, grossMinor, vatPercent }) => [item, term, from, to, grossMinor, vatPercent])
  const { seller, customer, order, activation, vin, payment, currency, corrects } = row
  const details = sha256(JSON.stringify([customer, order, activation, vin, payment, currency, corrects, lines]))
  return sha256(
    `IDEmisorFactura=${seller}&NumSerieFactura=${nameOf(row)}&FechaExpedicionFactura=${row.day}&TipoFactura=${type}` +
      `&CuotaTotal=${money(row.vat)}&ImporteTotal=${money(row.gross)}&Huella=${row.previous}` +
      `&FechaHoraHusoGenRegistro=${row.at}&Detalle=${details}`
  )
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex")

const credits = Effect.fnUntraced(function* (findings: Findings) {
  const sql = yield* SqlClient.SqlClient
  const wrong = yield* sql<{ payment: string; credited: number; invoiced: number }>`
    SELECT c.payment_id AS payment, sum(c.gross_minor)::float8 AS credited, coalesce(min(i.gross_minor), 0)::float8 AS invoiced
    FROM invoices c
    LEFT JOIN invoices i ON i.series = c.corrects_series AND i.number = c.corrects_number AND i.kind = 'invoice'
      AND i.payment_id = c.payment_id AND i.subject_id = c.subject_id AND i.currency = c.currency
    WHERE c.kind = 'creditNote'
    GROUP BY c.payment_id
    HAVING sum(c.gross_minor) > coalesce(min(i.gross_minor), 0) OR count(*) <> count(i.number)`
  for (const { payment, credited, invoiced } of wrong)
    findings.violated("I52", `Of ${payment} ${credited} were credited, and ${invoiced} invoiced to the same customer`)
})
