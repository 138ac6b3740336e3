/** The two keys that cars believe, and the catalogue signed by the second: what a platform and a simulated fleet need to trust each other. */
import { randomBytes } from "node:crypto"
import { featureCatalogue } from "#integrations/catalogue/features.ts"
import { signCatalogue } from "#integrations/vehicle-trust/catalogue.ts"
import { type SigningKey, signingKeyOf } from "#integrations/vehicle-trust/keys.ts"

/** What a car is born with: whose documents and whose catalogues it believes. Raw Ed25519 public keys, base64url. */
export interface CarsTrust {
  readonly config: ReadonlyArray<string>
  readonly catalogue: ReadonlyArray<string>
}

/** 32 bytes in base64, as both private keys are written. */
export const newKey = (): string => randomBytes(32).toString("base64")

/**
 * For a platform's environment, and for its fleet: `CONFIG_SIGNING_KEY` and `SIGNED_CATALOGUE` are the platform's,
 * `CATALOGUE_PUBLIC_KEY` is for whoever builds cars. Keys that are not given are made.
 */
export const vehicleKeys = async (given: { readonly config?: string; readonly catalogue?: string } = {}) => {
  const CONFIG_SIGNING_KEY = given.config ?? newKey()
  const catalogue = keyOf(given.catalogue ?? newKey())
  return {
    CONFIG_SIGNING_KEY,
    SIGNED_CATALOGUE: await signCatalogue(catalogue, featureCatalogue()),
    CATALOGUE_PUBLIC_KEY: catalogue.publicKey
  }
}

/** Of the environment that `vehicleKeys` made, or of one like it. */
export const carsTrust = (env: { readonly CONFIG_SIGNING_KEY: string; readonly CATALOGUE_PUBLIC_KEY: string }): CarsTrust => ({
  config: [keyOf(env.CONFIG_SIGNING_KEY).publicKey],
  catalogue: [env.CATALOGUE_PUBLIC_KEY]
})

/** Of one key or several, separated by commas: what partners know our calls by. */
export const publicKeysOf = (keys: string): ReadonlyArray<string> => keys.split(",").map((key) => keyOf(key.trim()).publicKey)

const keyOf = (base64: string): SigningKey => {
  const key = signingKeyOf(base64)
  if (key === null) throw new Error("not 32 bytes in base64")
  return key
}
