/** Says whether a paper is as we sealed it. Needs the file and a public key: no database, no network, no platform. */
import { readFileSync } from "node:fs"
import { decimal } from "#integrations/papers/record.ts"
import { type PaperFlaw, readPaper, type SealedRecord } from "#integrations/papers/sealed-paper.ts"
import { kidOf } from "#integrations/vehicle-trust/keys.ts"
import { askedOf, keyWords } from "#src/paper-key.ts"

export const summary =
  "FILE [--key FILE|PUBLICKEY]: whether an invoice, a credit note or an acknowledgement is as it was sealed; offline"

const usage = `Usage: ./caas verify-invoice FILE [--key FILE|PUBLICKEY]
${keyWords}`

/** Answers 1 where anything is off, 2 where it could not be asked. */
export const run = async (args: string[]): Promise<number> => {
  const asked = askedOf(args, usage)
  if (asked === null) return 2
  const { file, key } = asked
  const read = await readPaper(readFileSync(file), key.publicKey)
  if (typeof read === "string") {
    console.error(`${file}: ${why[read]} (${read})\nkey       ${kidOf(key.publicKey)}, ${key.from}`)
    return 1
  }
  for (const [what, said] of told(read)) console.log(`${what.padEnd(10)}${said}`)
  console.log("seal      holds: every byte is as it was sealed")
  console.log("record    agrees with the seal, and its hash is its own")
  console.log(`key       ${kidOf(key.publicKey)}, ${key.from}`)
  return 0
}

const why: Readonly<Record<PaperFlaw, string>> = {
  NotAPdf: "this is not a PDF",
  NoSeal: "it does not end with a seal: it is not ours, cut off, or something was added",
  OtherKey: "it was sealed by another key",
  SealForged: "the seal itself was changed, or is not by this key",
  BytesChanged: "bytes were changed after it was sealed",
  NoRecord: "there is not one record in it",
  RecordDiffers: "the record in it is not the one that was sealed"
}

const told = (record: SealedRecord): ReadonlyArray<readonly [what: string, said: string]> => {
  if (record.paper === "withdrawalAcknowledgement")
    return [
      ["paper", "acknowledgement of a withdrawal"],
      ["contract", `${record.activationId}: ${record.option} on ${record.vin}, concluded ${record.concludedAt}`],
      ["submitted", `${record.submittedAt} (${record.timeZone})`],
      [
        "back",
        `${decimal(record.comesBackMinor)} ${record.currency} by ${record.backBy}; held and let go: ${decimal(record.releasedMinor)}`
      ],
      ["seller", `${record.sellerName}, ${record.seller}`],
      ["hash", record.hash]
    ]
  const { grossMinor, vatMinor, currency } = record
  return [
    ["paper", record.paper === "invoice" ? "invoice" : "credit note"],
    ["number", record.number],
    ["date", `${record.issuedOn} (recorded ${record.recordedAt})`],
    ["total", `${decimal(grossMinor)} ${currency}: net ${decimal(grossMinor - vatMinor)}, VAT ${decimal(vatMinor)}`],
    ["seller", `${record.sellerName}, ${record.seller}`],
    ["hash", record.hash],
    ["after", record.previousHash === "" ? "nothing: the first of its series" : record.previousHash]
  ]
}
