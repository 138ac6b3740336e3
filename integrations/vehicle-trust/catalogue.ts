/**
 * The catalogue of what features a car may be told to switch, signed by a key that the platform never has: whoever steals the
 * platform's own key can only pick from it (Uptane's two roles). `./caas sign-catalogue` makes it.
 */

import { signJws, unverified } from "./jws.ts"
import type { SigningKey } from "./keys.ts"

const typ = "caas-catalogue+jws"

export const signCatalogue = (key: SigningKey, catalogue: unknown): Promise<string> => signJws(key, typ, catalogue)

/** Whether the signed text says this catalogue and nothing else. Cars judge the signature. */
export const saysCatalogue = (jws: string, catalogue: unknown): boolean => {
  const said = unverified(jws)
  return said !== null && said.typ === typ && said.alg === "EdDSA" && isSame(said.text, catalogue)
}

const isSame = (text: string, catalogue: unknown): boolean => {
  try {
    return Bun.deepEquals(JSON.parse(text), JSON.parse(JSON.stringify(catalogue)), true)
  } catch {
    return false
  }
}
