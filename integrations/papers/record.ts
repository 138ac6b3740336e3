/** What is sealed of an invoice: the record of RD 1007/2023 (Veri*factu) in the authority's spelling, chained to the record before by its hash. */
import { createHash } from "node:crypto"
import { Schema } from "effect"
import { Currency, Instant } from "#machines/vocabulary.ts"

const Hash = Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/))

export const InvoiceRecord = Schema.Struct({
  /** Our tax number. */
  seller: Schema.String,
  number: Schema.String.check(Schema.isPattern(/^[A-Z]{2}(-R)?-\d{4}-\d{6,}$/)),
  issuedOn: Schema.String.check(Schema.isPattern(/^\d{4}-\d\d-\d\d$/)),
  /** An invoice, or one that corrects another because what was sold went back (LIVA, art. 80). */
  type: Schema.Literals(["F1", "R1"]),
  /** Minor units; of a credit note below zero. */
  vatMinor: Schema.Int,
  grossMinor: Schema.Int,
  currency: Currency,
  /** Of the record before in its series; empty for the first. */
  previousHash: Schema.Union([Schema.Literal(""), Hash]),
  recordedAt: Instant,
  /** SHA-256 of what else was recorded with it: whom it is for, what was sold, which payment, what it corrects. */
  details: Hash,
  hash: Hash
})
export type InvoiceRecord = typeof InvoiceRecord.Type

/** SHA-256, in hex, of the record and the hash before it. Postgres computes the same while it holds the series (integrations/invoices/postgres.ts). */
export const recordHash = (record: Omit<InvoiceRecord, "hash">): string => {
  const fields = {
    IDEmisorFactura: record.seller,
    NumSerieFactura: record.number,
    FechaExpedicionFactura: record.issuedOn.split("-").reverse().join("-"),
    TipoFactura: record.type,
    CuotaTotal: decimal(record.vatMinor),
    ImporteTotal: decimal(record.grossMinor),
    Huella: record.previousHash,
    FechaHoraHusoGenRegistro: record.recordedAt,
    Detalle: record.details // Ours: the authority's own hash ends before it.
  }
  const text = Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join("&")
  return createHash("sha256").update(text).digest("hex")
}

/** "-12.05": as authorities write money. */
export const decimal = (minor: number): string => {
  const cents = String(Math.abs(minor)).padStart(3, "0")
  return `${minor < 0 ? "-" : ""}${cents.slice(0, -2)}.${cents.slice(-2)}`
}
