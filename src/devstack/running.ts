/** The platform that runs from `.caas/`: its addresses and keys, left there for the other commands. */
import { randomBytes } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { holderOf } from "./lock.ts"
import { lockName } from "./stack.ts"
import { newKey, vehicleKeys } from "./vehicle-keys.ts"

/** Where `./caas up` keeps everything; CAAS_HOME for a second one beside it. */
export const home = process.env.CAAS_HOME || join(import.meta.dir, "..", "..", ".caas")

const file = join(home, "run.json")

/** The environment `./caas up` gave its platform; empty where none runs. */
export const runningStack = (): Record<string, string> => {
  if (holderOf(join(home, lockName)) === undefined || !existsSync(file)) return {}
  return JSON.parse(readFileSync(file, "utf8")) as Record<string, string>
}

/** Readable by this account alone: it holds the database's password. Answers how to take it back. */
export const announce = (env: Record<string, string>): (() => void) => {
  writeFileSync(file, JSON.stringify(env, null, 2), { mode: 0o600 })
  return () => rmSync(file, { force: true })
}

/** Keys of the platform in `.caas/`: made once, as old as the data. A real installation brings its own, by the same names. */
export const localKeys = async (env: Record<string, string | undefined>): Promise<Record<string, string>> => {
  const { CATALOGUE_SIGNING_KEY, ...kept } = keptKeys() // The platform never has this one; what it signed, it has.
  const config = env.CONFIG_SIGNING_KEY || kept.CONFIG_SIGNING_KEY!
  const cars = await vehicleKeys({ config, catalogue: env.CATALOGUE_SIGNING_KEY || CATALOGUE_SIGNING_KEY! })
  return Object.fromEntries(Object.entries({ ...kept, ...cars }).map(([name, value]) => [name, env[name] || value]))
}

/** For ./caas sign-catalogue, where the environment names no other. */
export const localCatalogueKey = (): string => keptKeys().CATALOGUE_SIGNING_KEY!

/** For ./caas verify-invoice, where nobody names another. Undefined where no platform ever ran: to look at a paper makes no key. */
export const localInvoiceKey = (): string | undefined => keysFound().INVOICE_SIGNING_KEY

const keys = join(home, "keys.json")

const keysFound = (): Record<string, string> =>
  existsSync(keys) ? (JSON.parse(readFileSync(keys, "utf8")) as Record<string, string>) : {}

const keptKeys = (): Record<string, string> => {
  const kept = keysFound()
  const secret = () => `whsec_${randomBytes(32).toString("base64")}`
  const made: Record<string, string> = {
    PERSONS_KEY: randomBytes(32).toString("base64"),
    PIN_SECRET: randomBytes(32).toString("base64"),
    CLUSTER_SECRET: randomBytes(32).toString("base64"),
    FACTORY_WEBHOOK_SECRET: secret(),
    PAYMENTS_WEBHOOK_SECRET: secret(),
    TRANSPORT_WEBHOOK_SECRET: secret(),
    VAPID_PRIVATE_KEY: newKey(),
    CONFIG_SIGNING_KEY: newKey(),
    CATALOGUE_SIGNING_KEY: newKey(),
    INVOICE_SIGNING_KEY: newKey(),
    CALLS_SIGNING_KEY: newKey()
  }
  const all = { ...made, ...kept }
  if (Object.keys(kept).length < Object.keys(all).length) {
    mkdirSync(home, { recursive: true })
    writeFileSync(keys, JSON.stringify(all, null, 2), { mode: 0o600 })
  }
  return all
}
