/** Who may say what to the broker: credentials of a user, and those of a car, which let it speak for itself alone. */
import { Algorithms, encodeUser } from "@nats-io/jwt"
import { createUser, fromSeed, type KeyPair } from "@nats-io/nkeys"

/** A user's JWT, and the seed of the key it is for. */
export interface Credentials {
  readonly jwt: string
  readonly seed: string
}

export const withCredentials = (url: string, { jwt, seed }: Credentials): string => {
  const address = new URL(url)
  address.username = jwt
  address.password = seed
  return address.href
}

/** What a car may do in the name `{{name()}}`, its VIN; with one word before it in worlds that share a server. `_INBOX.<vin>` is its inbox. */
export const vehiclePermissions = {
  pub: { allow: both("vehicles.{{name()}}.report", "vehicles.{{name()}}.telemetry") },
  sub: {
    allow: [
      ...both(
        "vehicles.{{name()}}.config",
        "vehicles.{{name()}}.command",
        "vehicles.{{name()}}.display",
        "vehicles.{{name()}}.acknowledged"
      ),
      "_INBOX.{{name()}}.>"
    ]
  },
  subs: 20,
  payload: 64 * 1024, // Bytes of one message.
  data: -1 // What it may send in all is not counted.
}

function both(...subjects: ReadonlyArray<string>): Array<string> {
  return subjects.flatMap((subject) => [subject, `*.${subject}`])
}

/** `issuer`: NATS_VEHICLE_ISSUER, the account and the seed that may sign for its cars. No server has to be told of a new car. */
export const vehicleCredentials = async (vin: string, issuer: string): Promise<Credentials> => {
  if (!/^[A-HJ-NPR-Z0-9]{17}$/.test(vin)) throw new Error(`Not a VIN: ${vin}`) // It becomes part of subjects.
  const [account = "", seed = ""] = issuer.split(":")
  return userCredentials(vin, { account, signer: fromSeed(new TextEncoder().encode(seed)), scoped: true })
}

/** `scoped`: the signer's own template says what the user may do. */
export const userCredentials = async (
  name: string,
  { account, signer, scoped }: { readonly account: string; readonly signer: KeyPair; readonly scoped: boolean }
): Promise<Credentials> => {
  const user = createUser()
  const options = { signer, scopedUser: scoped, algorithm: Algorithms.v2 }
  return {
    jwt: await encodeUser(name, user, account, {}, options),
    seed: new TextDecoder().decode(user.getSeed())
  }
}
