/** An invoice or a credit note on paper: who, whom, what, with its VAT (RD 1619/2012, art. 6 and 15), and a code to check it by. */

import { vatOf } from "../invoices/vat.ts"
import type { PersonalData } from "../persons/persons.ts"
import { amount, dayText, type Language } from "./figures.ts"
import { nameOf } from "./names.ts"
import type { InvoicePaper } from "./papers.ts"
import { qrPicture } from "./qr.ts"
import { decimal } from "./record.ts"
import { sellers } from "./sellers.ts"
import { margin, right, Sheet } from "./sheet.ts"

const words = {
  es: {
    invoice: "Factura",
    creditNote: "Factura rectificativa",
    from: "Emisor",
    to: "Cliente",
    taxNumber: "NIF",
    number: "Número",
    date: "Fecha de expedición",
    order: "Pedido",
    service: "Servicio",
    car: "Bastidor (VIN)",
    payment: "Pago",
    corrects: (number: string, day: string) => `Rectifica la factura ${number}, de ${day}: se devuelve lo que se relaciona.`,
    item: "Concepto",
    period: "Periodo",
    rate: "IVA",
    net: "Base",
    gross: "Importe",
    vat: "Cuota",
    sum: "Total, IVA incluido",
    credited: "Total a su favor, IVA incluido",
    terms: { vehicle: "Vehículo", temporary: "Servicio temporal", permanent: "Servicio permanente", recurring: "Servicio mensual" },
    check: "Comprobación",
    checked: [
      "El código contiene número, fecha, importe y el comienzo de la huella de este registro.",
      "El fichero está sellado: cambiar un solo byte rompe el sello. Huella del registro, encadenada con el anterior de su serie:"
    ]
  },
  en: {
    invoice: "Invoice",
    creditNote: "Credit note",
    from: "From",
    to: "Customer",
    taxNumber: "Tax no.",
    number: "Number",
    date: "Date of issue",
    order: "Order",
    service: "Service",
    car: "Car (VIN)",
    payment: "Payment",
    corrects: (number: string, day: string) => `Corrects invoice ${number} of ${day}: what is listed goes back.`,
    item: "Description",
    period: "Period",
    rate: "VAT",
    net: "Net",
    gross: "Amount",
    vat: "VAT amount",
    sum: "Total, VAT included",
    credited: "Total in your favour, VAT included",
    terms: { vehicle: "Car", temporary: "Temporary service", permanent: "Permanent service", recurring: "Monthly service" },
    check: "Verification",
    checked: [
      "The code holds number, date, amount and the beginning of this record's hash.",
      "The file is sealed: one changed byte breaks the seal. Hash of the record, chained to the one before in its series:"
    ]
  }
} as const

export const invoiceTitle = ({ kind, record }: InvoicePaper, language: Language): string =>
  `${words[language][kind]} ${record.number}`

/** What the code says. Anybody's telephone shows it; `./caas verify-invoice` says whether the file agrees. */
export const codeText = ({ record: { number, issuedOn, grossMinor, currency, hash } }: InvoicePaper): string =>
  `CAAS ${number} ${issuedOn} ${decimal(grossMinor)} ${currency} ${hash.slice(0, 16).toUpperCase()}`

/** `person`: null where the data was erased; the paper is issued all the same, to a subject's id. */
export const drawInvoice = async (paper: InvoicePaper, person: PersonalData | null): Promise<Sheet> => {
  const language = person?.language ?? "es"
  const { kind, record, country } = paper
  const seller = sellers[country]
  const sheet = await Sheet.open({
    title: words[language][kind],
    reference: record.number,
    language,
    seller,
    at: record.recordedAt
  })
  parties(sheet, paper, person)
  references(sheet, paper, language)
  lines(sheet, paper, language)
  totals(sheet, paper, language)
  code(sheet, paper, language)
  sheet.describe({ paper: kind, ...record, sellerName: seller.name })
  return sheet
}

const columnWidth = (right - margin - 30) / 2

const parties = (sheet: Sheet, { customerId, country }: InvoicePaper, person: PersonalData | null) => {
  const { from, to, taxNumber } = words[person?.language ?? "es"]
  const { name, taxNumber: ours, street, town } = sellers[country]
  const address = person?.address ?? null
  const theirs = [
    ...(address === null ? [] : [address.street, `${address.postalCode} ${address.city}, ${address.country}`]),
    ...(person?.nationalId ? [`${taxNumber}: ${person.nationalId}`] : [])
  ]
  const top = sheet.y
  const ends = [
    { x: margin, head: from, name, rest: [street, town, `${taxNumber}: ${ours}`] },
    { x: margin + columnWidth + 30, head: to, name: person?.name ?? customerId, rest: theirs }
  ].map(({ x, head, name, rest }) => {
    sheet.y = top
    sheet.text(head.toUpperCase(), x, { size: 7, bold: true, colour: "accent" })
    sheet.y += 14
    sheet.paragraph(name, x, columnWidth, { size: 10.5, bold: true })
    for (const line of rest) sheet.paragraph(line, x, columnWidth)
    return sheet.y
  })
  sheet.y = Math.max(...ends) + 14
}

const references = (sheet: Sheet, paper: InvoicePaper, language: Language) => {
  const { date, order, service, car, payment, corrects } = words[language]
  const facts = [
    [date, dayText(paper.record.issuedOn, language)],
    ...(paper.orderId === null ? [] : [[order, paper.orderId]]),
    ...(paper.activationId === null ? [] : [[service, paper.activationId]]),
    ...(paper.vin === null ? [] : [[car, paper.vin]]),
    [payment, paper.paymentId]
  ] as ReadonlyArray<readonly [string, string]>
  const value = { size: 8.5, bold: true }
  const isLong = (said: string) => sheet.linesOf(said, columnWidth - 6, value).length > 1
  const [short, long] = [facts.filter(([, said]) => !isLong(said)), facts.filter(([, said]) => isLong(said))]
  const rows = [...short.flatMap((_, n) => (n % 2 === 0 ? [short.slice(n, n + 2)] : [])), ...long.map((fact) => [fact])]
  sheet.shade(margin, right - margin, rows.length * 30 + 8)
  sheet.y += 8
  for (const row of rows) {
    for (const [n, [what, said]] of row.entries()) {
      const x = margin + 12 + n * (columnWidth + 18)
      sheet.text(what, x, { size: 7, colour: "quiet" })
      sheet.text(said, x, value, sheet.y + 10)
    }
    sheet.y += 30
  }
  sheet.y += 16
  if (paper.corrects === null) return
  sheet.paragraph(corrects(paper.corrects.number, dayText(paper.corrects.issuedOn, language)), margin, right - margin, {
    bold: true
  })
  sheet.y += 8
}

const at = { item: margin + 8, period: margin + 212, rate: margin + 352, net: margin + 420, gross: right - 8 }

const head = (sheet: Sheet, columns: ReadonlyArray<readonly [words: string, x: number, toTheRight?: boolean]>, from = margin) => {
  sheet.shade(from, right - from, 20, "accent")
  for (const [said, x, toTheRight = false] of columns)
    sheet.text(said, x, { size: 8, bold: true, colour: "paper", toTheRight }, sheet.y + 6)
  sheet.y += 26
}

const lines = (sheet: Sheet, paper: InvoicePaper, language: Language) => {
  const { item, period, rate, net, gross, terms } = words[language]
  const sign = paper.kind === "creditNote" ? -1 : 1
  const top = () =>
    head(sheet, [
      [item, at.item],
      [period, at.period],
      [rate, at.rate, true],
      [net, at.net, true],
      [gross, at.gross, true]
    ])
  top()
  const { netOf } = vatOf(paper.lines)
  for (const [n, line] of paper.lines.entries()) {
    const said = sheet.linesOf(nameOf(line.item, language), at.period - at.item - 10, { bold: true })
    const height = 12 * said.length + 19
    if (sheet.room(height)) top()
    const beside = sheet.y
    for (const part of said) {
      sheet.text(part, at.item, { bold: true })
      sheet.y += 12
    }
    sheet.text(terms[line.term], at.item, { size: 7.5, colour: "quiet" })
    if (line.from !== null && line.to !== null)
      sheet.text(`${shortDay(line.from, language)} – ${shortDay(line.to, language)}`, at.period, { size: 8.5 }, beside)
    sheet.text(`${line.vatPercent} %`, at.rate, { toTheRight: true }, beside)
    sheet.text(amount(sign * netOf[n]!, language), at.net, { toTheRight: true }, beside)
    sheet.text(amount(sign * line.grossMinor, language), at.gross, { toTheRight: true }, beside)
    sheet.y = beside + height - 6
    sheet.rule()
    sheet.y += 6
  }
}

/** "01/03/2026" or "1 Mar 2026": two of them share a column. */
const shortDay = (day: string, language: Language) => dayText(day, language).replace(/([A-Z][a-z]{2})[a-z]+/, "$1")

const totals = (sheet: Sheet, { kind, lines, record }: InvoicePaper, language: Language) => {
  const { rate, net, vat, gross, sum, credited } = words[language]
  const sign = kind === "creditNote" ? -1 : 1
  const { rates } = vatOf(lines)
  const from = margin + 212
  sheet.room(26 + 18 * rates.length + 46)
  sheet.y += 10
  head(
    sheet,
    [
      [rate, from + 10],
      [net, from + 120, true],
      [vat, from + 200, true],
      [gross, at.gross, true]
    ],
    from
  )
  for (const { percent, netMinor, vatMinor, grossMinor } of rates) {
    sheet.text(`${percent} %`, from + 10)
    sheet.text(amount(sign * netMinor, language), from + 120, { toTheRight: true })
    sheet.text(amount(sign * vatMinor, language), from + 200, { toTheRight: true })
    sheet.text(amount(sign * grossMinor, language), at.gross, { toTheRight: true })
    sheet.y += 18
  }
  sheet.shade(from, right - from, 30)
  sheet.text(kind === "creditNote" ? credited : sum, from + 10, { size: 10, bold: true }, sheet.y + 9)
  sheet.text(amount(record.grossMinor, language), at.gross, { size: 12, bold: true, toTheRight: true }, sheet.y + 8)
  sheet.y += 46
}

const code = (sheet: Sheet, paper: InvoicePaper, language: Language) => {
  const { check, checked } = words[language]
  const side = 88
  sheet.room(side)
  sheet.y = Math.max(sheet.y, 842 - 92 - side) // At the foot of its page.
  const top = sheet.y
  sheet.picture(qrPicture(codeText(paper)), margin - 8, side)
  const x = margin + side + 6
  sheet.y = top + 12
  sheet.text(check.toUpperCase(), x, { size: 7, bold: true, colour: "accent" })
  sheet.y += 13
  for (const line of checked) sheet.paragraph(line, x, right - x, { size: 7.5, colour: "quiet" })
  sheet.paragraph(paper.record.hash, x, right - x, { size: 7.5 })
}
