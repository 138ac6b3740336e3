/** The acknowledgement of a withdrawal: what was declared, when, from which contract, and what comes back by when (Directive 2011/83/EU, art. 11a and 13). */
import { createHash } from "node:crypto"
import { Schema } from "effect"
import { ActivationId, Currency, Instant, Vin } from "#machines/vocabulary.ts"
import type { PersonalData } from "../persons/persons.ts"
import { amount, dayText, type Language, momentText } from "./figures.ts"
import { nameOf } from "./names.ts"
import type { Acknowledgement } from "./papers.ts"
import { sellers } from "./sellers.ts"
import { margin, right, Sheet } from "./sheet.ts"

/** What is sealed of it. */
export const AcknowledgementRecord = Schema.Struct({
  seller: Schema.String,
  activationId: ActivationId,
  vin: Vin,
  option: Schema.String,
  concludedAt: Instant,
  submittedAt: Instant,
  timeZone: Schema.String,
  comesBackMinor: Schema.Natural,
  releasedMinor: Schema.Natural,
  currency: Currency,
  backBy: Schema.String,
  hash: Schema.String
})
export type AcknowledgementRecord = typeof AcknowledgementRecord.Type

export const acknowledgementHash = (of: Omit<AcknowledgementRecord, "hash">): string => {
  const { seller, activationId, vin, option, concludedAt, submittedAt, timeZone, comesBackMinor, releasedMinor, currency, backBy } =
    of
  const contract = [seller, activationId, vin, option, concludedAt, submittedAt, timeZone]
  return createHash("sha256")
    .update(JSON.stringify([...contract, comesBackMinor, releasedMinor, currency, backBy]))
    .digest("hex")
}

export const recordOf = (paper: Acknowledgement): AcknowledgementRecord => {
  const { country, activationId, vin, option, concludedAt, submittedAt, timeZone, comesBack, released, backBy } = paper
  const record = {
    ...{ seller: sellers[country].taxNumber, activationId, vin, option, concludedAt, submittedAt, timeZone },
    ...{ comesBackMinor: comesBack.amountMinor, releasedMinor: released.amountMinor, currency: comesBack.currency, backBy }
  }
  return { ...record, hash: acknowledgementHash(record) }
}

const words = {
  es: {
    title: "Acuse de recibo",
    subject: "Su desistimiento del contrato",
    opening:
      "Hemos recibido su declaración de desistimiento. Este documento es el acuse de recibo en un soporte duradero que le corresponde por ley (Directiva 2011/83/UE, art. 11 bis). Guárdelo.",
    declared: "Contenido de su declaración",
    declaration: (name: string, service: string, day: string) =>
      `«Yo, ${name}, comunico que desisto de mi contrato de prestación del servicio ${service}, celebrado el ${day}.»`,
    submitted: "Presentada el",
    local: "En su hora",
    utc: "En hora universal (UTC)",
    contract: "Contrato del que desiste",
    service: "Servicio",
    reference: "Referencia",
    car: "Vehículo (VIN)",
    concluded: "Celebrado el",
    company: "Con",
    back: "Qué le devolvemos",
    returned: (sum: string, day: string) =>
      `${sum}, el importe íntegro que pagó por este servicio, por el mismo medio de pago y sin coste para usted, a más tardar el ${day}.`,
    released: (sum: string) => `La retención de ${sum} queda anulada: no se le cobra.`,
    nothing: "No se le ha cobrado nada por este servicio, y nada se le cobrará.",
    effect:
      "El contrato queda sin efecto. Su vehículo desactiva el servicio en cuanto recibe nuestra orden; no tiene que hacer nada más.",
    sealed: "Este fichero está sellado: cambiar un solo byte rompe el sello. Huella del registro:"
  },
  en: {
    title: "Acknowledgement",
    subject: "Your withdrawal from the contract",
    opening:
      "We have received your declaration of withdrawal. This document is the acknowledgement of receipt on a durable medium that you are owed by law (Directive 2011/83/EU, art. 11a). Keep it.",
    declared: "Content of your declaration",
    declaration: (name: string, service: string, day: string) =>
      `“I, ${name}, give notice that I withdraw from my contract for the provision of the service ${service}, concluded on ${day}.”`,
    submitted: "Submitted on",
    local: "By your clock",
    utc: "In universal time (UTC)",
    contract: "Contract you withdraw from",
    service: "Service",
    reference: "Reference",
    car: "Car (VIN)",
    concluded: "Concluded on",
    company: "With",
    back: "What comes back to you",
    returned: (sum: string, day: string) =>
      `${sum}, all that was paid for this service, by the same means of payment and at no cost to you, by ${day} at the latest.`,
    released: (sum: string) => `The hold of ${sum} is let go: you are not charged.`,
    nothing: "You have been charged nothing for this service, and will not be.",
    effect:
      "The contract is void. Your car switches the service off as soon as it has our order; there is nothing more for you to do.",
    sealed: "This file is sealed: one changed byte breaks the seal. Hash of the record:"
  }
} as const

export const acknowledgementTitle = ({ activationId }: Acknowledgement, language: Language): string =>
  language === "es" ? `Acuse de recibo del desistimiento ${activationId}` : `Acknowledgement of withdrawal ${activationId}`

/** `person`: null where the data was erased; the paper is made all the same, for a subject's id. */
export const drawAcknowledgement = async (paper: Acknowledgement, person: PersonalData | null): Promise<Sheet> => {
  const language = person?.language ?? "es"
  const said = words[language]
  const { activationId, vin, option, concludedAt, submittedAt, timeZone, comesBack, released, backBy, country } = paper
  const seller = sellers[country]
  const name = person?.name ?? paper.customerId
  const service = nameOf(option, language)
  const record = recordOf(paper)
  const sheet = await Sheet.open({ title: said.title, reference: activationId, language, seller, at: submittedAt })

  sheet.paragraph(said.subject, margin, right - margin, { size: 15, bold: true })
  sheet.y += 8
  for (const line of addressOf(name, person)) sheet.paragraph(line, margin, right - margin)
  sheet.y += 10
  sheet.paragraph(said.opening, margin, right - margin, { size: 10 })

  section(sheet, said.declared)
  const day = momentText(concludedAt, timeZone, language).split(",")[0]!
  sheet.paragraph(said.declaration(name, service, day), margin + 10, right - margin - 20, { size: 10.5, bold: true })
  section(sheet, said.submitted)
  facts(sheet, [
    [said.local, momentText(submittedAt, timeZone, language)],
    [said.utc, submittedAt]
  ])
  section(sheet, said.contract)
  facts(sheet, [
    [said.service, service],
    [said.reference, activationId],
    [said.car, vin],
    [said.concluded, momentText(concludedAt, timeZone, language)],
    [said.company, `${seller.name}, ${seller.taxNumber}, ${seller.street}, ${seller.town}`]
  ])
  section(sheet, said.back)
  const money = [
    ...(comesBack.amountMinor > 0 ? [said.returned(amount(comesBack.amountMinor, language), dayText(backBy, language))] : []),
    ...(released.amountMinor > 0 ? [said.released(amount(released.amountMinor, language))] : [])
  ]
  for (const line of money.length > 0 ? money : [said.nothing])
    sheet.paragraph(line, margin + 10, right - margin - 20, { size: 10 })
  sheet.y += 6
  sheet.paragraph(said.effect, margin + 10, right - margin - 20, { size: 10 })
  sheet.y += 24
  sheet.paragraph(`${said.sealed} ${record.hash}`, margin, right - margin, { size: 7.5, colour: "quiet" })
  sheet.describe({ paper: "withdrawalAcknowledgement", ...record, sellerName: seller.name })
  return sheet
}

const addressOf = (name: string, person: PersonalData | null): ReadonlyArray<string> => {
  const address = person?.address ?? null
  return [name, ...(address === null ? [] : [address.street, `${address.postalCode} ${address.city}, ${address.country}`])]
}

const section = (sheet: Sheet, title: string) => {
  sheet.y += 16
  sheet.room(60) // A heading is not left alone at the foot of a page.
  sheet.text(title.toUpperCase(), margin, { size: 8, bold: true, colour: "accent" })
  sheet.y += 14
  sheet.rule()
  sheet.y += 8
}

const facts = (sheet: Sheet, all: ReadonlyArray<readonly [what: string, value: string]>) => {
  for (const [what, value] of all) {
    sheet.text(what, margin + 10, { size: 9, colour: "quiet" })
    sheet.paragraph(value, margin + 150, right - margin - 150, { size: 9.5 })
    sheet.y += 2
  }
}
