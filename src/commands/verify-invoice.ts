/** Says whether a paper is as we sealed it. Needs the file and a public key: no database, no network, no platform. */
import { createPublicKey } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { decimal } from "#integrations/papers/record.ts"
import { type PaperFlaw, readPaper, type SealedRecord } from "#integrations/papers/sealed-paper.ts"
import { kidOf, signingKeyOf } from "#integrations/vehicle-trust/keys.ts"
import { localInvoiceKey } from "#src/devstack/running.ts"

export const summary =
  "FILE [--key FILE|PUBLICKEY]: whether an invoice, a credit note or an acknowledgement is as it was sealed; offline"

const usage = `Usage: ./caas verify-invoice FILE [--key FILE|PUBLICKEY]
  PUBLICKEY is what ./caas keys prints as INVOICE_PUBLIC_KEY; a FILE has it in it, or a public key as PEM.
  Without --key: INVOICE_PUBLIC_KEY or INVOICE_SIGNING_KEY of the environment, or the key in .caas/.`

/** Answers 1 where anything is off, 2 where it could not be asked. */
export const run = async (args: string[]): Promise<number> => {
  const [file, flag, named, ...more] = args
  const asked = flag === undefined || (flag === "--key" && named !== undefined && more.length === 0)
  if (file === undefined || file.startsWith("--") || !asked) return refuse(usage)
  const key = named === undefined ? keyAtHand() : namedKey(named)
  if (key === null)
    return refuse(named === undefined ? `There is no key to ask.\n${usage}` : `${named} is no public key.\n${usage}`)
  if (!existsSync(file)) return refuse(`There is no file ${file}.`)
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

interface Key {
  readonly publicKey: string
  readonly from: string
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

const keyAtHand = (): Key | null => {
  const { INVOICE_PUBLIC_KEY, INVOICE_SIGNING_KEY } = process.env
  if (INVOICE_PUBLIC_KEY) return publicKeyIn(INVOICE_PUBLIC_KEY, "INVOICE_PUBLIC_KEY")
  const from = INVOICE_SIGNING_KEY ? "INVOICE_SIGNING_KEY" : ".caas/keys.json"
  const key = signingKeyOf(INVOICE_SIGNING_KEY || localInvoiceKey() || "")
  return key === null ? null : { publicKey: key.publicKey, from }
}

const namedKey = (named: string): Key | null =>
  publicKeyIn(named, "as given") ?? (existsSync(named) ? publicKeyIn(readFileSync(named, "utf8"), named) : null)

/** 32 bytes in base64url, alone or as `INVOICE_PUBLIC_KEY=…` among other lines; or PEM. */
const publicKeyIn = (text: string, from: string): Key | null => {
  const [, raw] = /^(?:INVOICE_PUBLIC_KEY=)?([A-Za-z0-9_-]{43})$/m.exec(text.trim()) ?? []
  if (raw !== undefined) return { publicKey: raw, from }
  if (!text.includes("-----BEGIN PUBLIC KEY-----")) return null
  try {
    const { crv, x } = createPublicKey(text).export({ format: "jwk" })
    return crv === "Ed25519" && x !== undefined ? { publicKey: x, from } : null
  } catch {
    return null
  }
}

const refuse = (said: string): number => {
  console.error(said)
  return 2
}
