/** NATS in operator mode: an operator, one account, a key that signs for cars alone, and the lines that make a server know them. */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { Algorithms, encodeAccount, encodeOperator } from "@nats-io/jwt"
import { createAccount, createOperator, fromSeed, type KeyPair } from "@nats-io/nkeys"
import { type Credentials, userCredentials, vehiclePermissions } from "#integrations/nats/credentials.ts"

export interface NatsAuthority {
  /** For the server's file. */
  readonly configuration: string
  readonly platform: Credentials
  /** `<account>:<seed>`: see `vehicleCredentials`. */
  readonly vehicleIssuer: string
}

/** Keys are made once and kept in `file`: whoever was let in yesterday is let in by a server that comes back. */
export const natsAuthority = async (file: string): Promise<NatsAuthority> => {
  const { operator, account, system, vehicles } = keysIn(file)
  const owner = account.getPublicKey()
  const signing = { kind: "user_scope" as const, key: vehicles.getPublicKey(), role: "vehicle", template: vehiclePermissions }
  const signer = { signer: operator, algorithm: Algorithms.v2 }
  const claims = await Promise.all([
    encodeOperator("caas", operator, { system_account: system.getPublicKey() }, { algorithm: Algorithms.v2 }),
    encodeAccount("caas", account, { limits: { ...unlimited, ...storage }, signing_keys: [signing] }, signer),
    encodeAccount("system", system, { limits: unlimited }, signer)
  ])
  return {
    configuration: configurationOf(claims, owner, system.getPublicKey()),
    platform: await userCredentials("platform", { account: owner, signer: account, scoped: false }),
    vehicleIssuer: `${owner}:${seedOf(vehicles)}`
  }
}

const unlimited = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 }
const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 } // The server's file says how much there is.

const configurationOf = ([operator, account, system]: ReadonlyArray<string>, owner: string, watcher: string) => `
operator: ${operator}
system_account: ${watcher}
resolver: MEMORY
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
