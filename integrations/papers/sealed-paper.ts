/** Reads a sealed paper again: whether its seal is ours, and whether the record inside says what was sealed. Needs the file and a public key, nothing else. */
import { Option, Schema } from "effect"
import { AcknowledgementRecord, acknowledgementHash } from "./acknowledgement-paper.ts"
import { InvoiceRecord, recordHash } from "./record.ts"
import { type Claims, openSeal, type SealFlaw } from "./seal.ts"

const Invoice = Schema.Struct({
  paper: Schema.Literals(["invoice", "creditNote"]),
  sellerName: Schema.String,
  ...InvoiceRecord.fields
})
const Acknowledgement = Schema.Struct({
  paper: Schema.Literal("withdrawalAcknowledgement"),
  sellerName: Schema.String,
  ...AcknowledgementRecord.fields
})
const SealedRecord = Schema.Union([Invoice, Acknowledgement])
export type SealedRecord = typeof SealedRecord.Type

const read = Schema.decodeUnknownOption(Schema.fromJsonString(SealedRecord), { onExcessProperty: "error" })

/** `NoRecord`: none inside, or more than one. `RecordDiffers`: its hash is not its own, or not the one that was sealed. */
export type PaperFlaw = SealFlaw | "NoRecord" | "RecordDiffers"

export const readPaper = async (file: Uint8Array, publicKey: string): Promise<SealedRecord | PaperFlaw> => {
  const claims = await openSeal(file, publicKey)
  if (typeof claims === "string") return claims
  const record = recordIn(file)
  if (record === null) return "NoRecord"
  return agrees(record, claims) ? record : "RecordDiffers"
}

const agrees = (record: SealedRecord, { paper, reference, hash }: Claims): boolean => {
  const [own, name] =
    record.paper === "withdrawalAcknowledgement"
      ? [acknowledgementHash(record), record.activationId]
      : [recordHash(record), record.number]
  return record.paper === paper && name === reference && record.hash === hash && own === hash
}

const recordIn = (file: Uint8Array): SealedRecord | null => {
  const [found, ...more] = Buffer.from(file)
    .toString("latin1")
    .matchAll(/\/CaasRecord \(([A-Za-z0-9_-]+)\)/g)
  if (found === undefined || more.length > 0) return null
  return Option.getOrNull(read(Buffer.from(found[1]!, "base64url").toString("utf8")))
}
