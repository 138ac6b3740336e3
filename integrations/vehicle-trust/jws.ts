/** JWS compact with one algorithm, EdDSA over Ed25519. What a token says of itself (`alg`, `typ`, `kid`) is checked, never obeyed. */
import type { KeyObject } from "node:crypto"
import { CompactSign, compactVerify, decodeProtectedHeader } from "jose"
import type { SigningKey } from "./keys.ts"

const lengthLimit = 16 * 1024 // Characters, before anything is looked at.
const form = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}$/ // A signature of Ed25519 is 64 bytes.

export const isTooLong = (jws: string): boolean => jws.length > lengthLimit

/** Whether it is a JWS by its form: worth a look at whose key would have to have signed it. */
export const hasForm = (jws: string): boolean => form.test(jws)

export const signJws = ({ key, kid }: SigningKey, typ: string, body: unknown): Promise<string> =>
  new CompactSign(new TextEncoder().encode(JSON.stringify(body))).setProtectedHeader({ alg: "EdDSA", typ, kid }).sign(key)

/** The signed text; null where this very key has not signed it as this `typ`. */
export const verifyJws = async (key: KeyObject, kid: string, typ: string, jws: string): Promise<string | null> => {
  if (isTooLong(jws) || !hasForm(jws) || !isCanonical(jws)) return null
  try {
    const { payload, protectedHeader } = await compactVerify(jws, key, { algorithms: ["EdDSA"] })
    if (protectedHeader.typ !== typ || protectedHeader.kid !== kid || protectedHeader.crit !== undefined) return null
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(payload) // Every byte that was signed, and no other.
  } catch {
    return null // Whatever it was: nobody we know has said it.
  }
}

/** The last letter of a signature has four bits that mean nothing; others than zeros would make another text, and another receipt, out of the same one. */
const isCanonical = (jws: string): boolean => {
  const signature = jws.slice(jws.lastIndexOf(".") + 1)
  return Buffer.from(signature, "base64url").toString("base64url") === signature
}

/** What a token of ours says, without a look at its signature; null where it is none. */
export const unverified = (jws: string): { readonly typ: unknown; readonly alg: unknown; readonly text: string } | null => {
  if (!hasForm(jws)) return null
  try {
    const { typ, alg } = decodeProtectedHeader(jws)
    return { typ, alg, text: Buffer.from(jws.split(".")[1]!, "base64url").toString("utf8") }
  } catch {
    return null
  }
}
