/** NATS in operator mode: an operator, one account, a key that signs for cars alone, and the lines that make a server know them. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { Algorithms, encodeAccount, encodeOperator } from "@nats-io/jwt"
import { createAccount, createOperator, fromSeed, type KeyPair } from "@nats-io/nkeys"
import { tellAccount } from "#integrations/nats/accounts.ts"
import {
  type Credentials,
  userCredentials,
  vehiclePermissions,
  vehicleUser,
  withCredentials
} from "#integrations/nats/credentials.ts"

export interface NatsAuthority {
  /** For the server's file. */
  readonly configuration: string
  readonly platform: Credentials
  /** `<account>:<seed>`: see `vehicleCredentials`. */
  readonly vehicleIssuer: string
}

/** Keys are made once and kept in `file`: whoever was let in yesterday is let in by a server that comes back. */
export const natsAuthority = async (file: string): Promise<NatsAuthority> => {
  const keys = keysIn(file)
  const { operator, account, system } = keys
  const owner = account.getPublicKey()
  const claims = await Promise.all([
    encodeOperator("caas", operator, { system_account: system.getPublicKey() }, { algorithm: Algorithms.v2 }),
    accountOf(keys, revokedIn(file)),
    encodeAccount("system", system, { limits: unlimited }, { signer: operator, algorithm: Algorithms.v2 })
  ])
  return {
    configuration: configurationOf(claims, { owner, watcher: system.getPublicKey(), folder: join(dirname(file), "accounts") }),
    platform: await userCredentials("platform", { account: owner, signer: account, scoped: false }),
    vehicleIssuer: issuerOf(keys)
  }
}

/**
 * From now on no credentials of this car and series are let in, and whoever came with them is sent away, without a restart. `server` is the
 * broker's address, null where none runs: the next start knows. Answers the key that is not believed any more. Throws where the broker does not take it.
 */
export const revokeVehicle = async (
  file: string,
  { vin, series, server }: { readonly vin: string; readonly series: number; readonly server: string | null }
): Promise<string> => {
  if (!existsSync(file)) throw new Error(`No keys of a broker in ${file}`)
  const keys = keysIn(file)
  const key = vehicleUser(vin, issuerOf(keys), series).getPublicKey()
  const system = { account: keys.system.getPublicKey(), signer: keys.system, scoped: false }
  for (let told = ""; ; ) {
    const revoked = alsoRevoked(file, key) // First: a restart must not forget it.
    const text = JSON.stringify(revoked)
    // Somebody else may take another car away at this moment, and the broker may have heard theirs before ours, which knew nothing of it.
    if (server === null || text === told) return key
    await tellAccount(withCredentials(server, await userCredentials("authority", system)), await accountOf(keys, revoked))
    told = text
  }
}

/** Key → the second up to which whatever was issued for it is refused. */
type Revoked = Readonly<Record<string, number>>
const everything = 2 ** 40 // A series that was revoked never comes back.

const revocations = (file: string) => join(dirname(file), "nats-revoked.json")
const revokedIn = (file: string): Revoked =>
  existsSync(revocations(file)) ? JSON.parse(readFileSync(revocations(file), "utf8")) : {}

/** Appears whole or not at all. */
const alsoRevoked = (file: string, key: string): Revoked => {
  const before = revokedIn(file)
  if (before[key] !== undefined) return before
  const revoked = { ...before, [key]: everything }
  const aside = `${revocations(file)}.${process.pid}`
  writeFileSync(aside, JSON.stringify(revoked, null, 2), { mode: 0o600 })
  renameSync(aside, revocations(file))
  return revoked
}

const issuerOf = ({ account, vehicles }: Keys) => `${account.getPublicKey()}:${seedOf(vehicles)}`

const accountOf = ({ operator, account, vehicles }: Keys, revoked: Revoked) => {
  const signing = { kind: "user_scope" as const, key: vehicles.getPublicKey(), role: "vehicle", template: vehiclePermissions }
  const claims = { limits: { ...unlimited, ...storage }, signing_keys: [signing], revocations: revoked }
  return encodeAccount("caas", account, claims, { signer: operator, algorithm: Algorithms.v2 })
}

const unlimited = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 }
const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 } // The server's file says how much there is.

/** `full`: the server keeps accounts in a folder, and takes a newer one from the system account while it runs. */
const configurationOf = (
  [operator, account, system]: ReadonlyArray<string>,
  { owner, watcher, folder }: { readonly owner: string; readonly watcher: string; readonly folder: string }
) => `
operator: ${operator}
system_account: ${watcher}
resolver: { type: full, dir: ${JSON.stringify(folder)}, allow_delete: false }
resolver_preload: {
  ${owner}: ${account}
  ${watcher}: ${system}
}
`

const makers = { operator: createOperator, account: createAccount, system: createAccount, vehicles: createAccount }
type Keys = Readonly<Record<keyof typeof makers, KeyPair>>

const keysIn = (file: string): Keys => {
  const names = Object.keys(makers) as Array<keyof typeof makers>
  const kept: Record<string, string> | null = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null
  const pairs = names.map((name) => {
    const seed = kept?.[name]
    return [name, seed === undefined ? makers[name]() : fromSeed(new TextEncoder().encode(seed))] as const
  })
  if (kept === null) {
    const seeds = Object.fromEntries(pairs.map(([name, pair]) => [name, seedOf(pair)]))
    writeFileSync(file, JSON.stringify(seeds, null, 2), { mode: 0o600 })
  }
  return Object.fromEntries(pairs) as unknown as Keys
}

const seedOf = (pair: KeyPair) => new TextDecoder().decode(pair.getSeed())
