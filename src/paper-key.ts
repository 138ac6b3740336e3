/** How papers and exported purchase files are asked: the file, and the public key that is named or at hand. */
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

/** `FILE [--key FILE|PUBLICKEY]`. Null where it cannot be asked like that: then it has been said why. */
export const askedOf = (args: ReadonlyArray<string>, usage: string): { readonly file: string; readonly key: PaperKey } | null => {
  const refuse = (said: string) => {
    console.error(said)
    return null
  }
  const [file, flag, named, ...more] = args
  const asked = flag === undefined || (flag === "--key" && named !== undefined && more.length === 0)
  if (file === undefined || file.startsWith("--") || !asked) return refuse(usage)
  const key = keyToAsk(named)
  if (key === null)
    return refuse(named === undefined ? `There is no key to ask.\n${usage}` : `${named} is no public key.\n${usage}`)
  return existsSync(file) ? { file, key } : refuse(`There is no file ${file}.`)
}

/** Null where there is none, or what was named is none. */
const keyToAsk = (named: string | undefined): PaperKey | null => (named === undefined ? keyAtHand() : namedKey(named))

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
