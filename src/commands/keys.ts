/** Prints the keys that the members of a cluster share, for the file that docker-compose.yml takes them from. */
import { auditKeyOf } from "#integrations/audit/chain.ts"
import { signingKeyOf } from "#integrations/vehicle-trust/keys.ts"
import { localKeys } from "#src/devstack/running.ts"
import { carsTrust, publicKeysOf } from "#src/devstack/vehicle-keys.ts"

export const summary = "prints the keys in .caas/ (made once) as NAME=value lines: ./caas keys > cluster.env"

/** What the environment names is printed as it is. */
export const run = async (): Promise<number> => {
  const keys = await localKeys(process.env)
  const { CONFIG_SIGNING_KEY, CATALOGUE_PUBLIC_KEY, INVOICE_SIGNING_KEY, CALLS_SIGNING_KEY } = keys as Record<
    "CONFIG_SIGNING_KEY" | "CATALOGUE_PUBLIC_KEY" | "INVOICE_SIGNING_KEY" | "CALLS_SIGNING_KEY",
    string
  >
  const [CONFIG_PUBLIC_KEY] = carsTrust({ CONFIG_SIGNING_KEY, CATALOGUE_PUBLIC_KEY }).config
  const INVOICE_PUBLIC_KEY = signingKeyOf(INVOICE_SIGNING_KEY)?.publicKey ?? ""
  const CALLS_PUBLIC_KEY = publicKeysOf(CALLS_SIGNING_KEY).join(",")
  const AUDIT_PUBLIC_KEY = auditKeyOf(INVOICE_SIGNING_KEY)?.publicKey ?? ""
  const all = { ...keys, CONFIG_PUBLIC_KEY, INVOICE_PUBLIC_KEY, CALLS_PUBLIC_KEY, AUDIT_PUBLIC_KEY }
  for (const [name, value] of Object.entries(all)) console.log(`${name}=${value}`)
  return 0
}
