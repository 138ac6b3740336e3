/** The public key that papers and exported purchase files are asked by: named, or at hand. */
import { createPublicKey } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { signingKeyOf } from "#integrations/vehicle-trust/keys.ts"
import { localInvoiceKey } from "#src/devstack/running.ts"

export const keyWords = `  PUBLICKEY is what ./caas keys prints as INVOICE_PUBLIC_KEY; a FILE has it in it, or a public key as PEM.
  Without --key: INVOICE_PUBLIC_KEY or INVOICE_SIGNING_KEY of the environment, or the key in .caas/.`

export interface PaperKey {
  readonly publicKey: string
  readonly from: string
}

/** Null where there is none, or what was named is none. */
export const keyToAsk = (named: string | undefined): PaperKey | null => (named === undefined ? keyAtHand() : namedKey(named))

const keyAtHand = (): PaperKey | null => {
  const { INVOICE_PUBLIC_KEY, INVOICE_SIGNING_KEY } = process.env
  if (INVOICE_PUBLIC_KEY) return publicKeyIn(INVOICE_PUBLIC_KEY, "INVOICE_PUBLIC_KEY")
  const from = INVOICE_SIGNING_KEY ? "INVOICE_SIGNING_KEY" : ".caas/keys.json"
  const key = signingKeyOf(INVOICE_SIGNING_KEY || localInvoiceKey() || "")
  return key === null ? null : { publicKey: key.publicKey, from }
}

const namedKey = (named: string): PaperKey | null =>
  publicKeyIn(named, "as given") ?? (existsSync(named) ? publicKeyIn(readFileSync(named, "utf8"), named) : null)

/** 32 bytes in base64url, alone or as `INVOICE_PUBLIC_KEY=…` among other lines; or PEM. */
const publicKeyIn = (text: string, from: string): PaperKey | null => {
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
