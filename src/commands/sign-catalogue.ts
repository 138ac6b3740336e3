/** Signs the catalogue of features where the key for it lies, which is not where the platform runs. */
import { featureCatalogue } from "#integrations/catalogue/features.ts"
import { signCatalogue } from "#integrations/vehicle-trust/catalogue.ts"
import { signingKeyOf } from "#integrations/vehicle-trust/keys.ts"
import { localCatalogueKey } from "#src/devstack/running.ts"

export const summary = "prints SIGNED_CATALOGUE: what cars may be told to switch, signed with CATALOGUE_SIGNING_KEY or .caas/'s own"

/** Answers 2 where the key is none. What the key belongs to goes to the error output: cars have to know it. */
export const run = async (args: string[]): Promise<number> => {
  if (args.length > 0) return refuse("Usage: ./caas sign-catalogue")
  const key = signingKeyOf(process.env.CATALOGUE_SIGNING_KEY || localCatalogueKey())
  if (key === null) return refuse("CATALOGUE_SIGNING_KEY must be 32 bytes in base64, as printed by: openssl rand -base64 32")
  console.log(await signCatalogue(key, featureCatalogue()))
  console.error(`CATALOGUE_PUBLIC_KEY=${key.publicKey}`)
  return 0
}

const refuse = (why: string): number => {
  console.error(why)
  return 2
}
