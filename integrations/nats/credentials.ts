/** Who may say what to the broker: credentials of a user, and those of a car, which let it speak for itself alone. */
import { createHmac } from "node:crypto"
import { Algorithms, encodeUser } from "@nats-io/jwt"
import { createUser, fromSeed, type KeyPair, Prefix } from "@nats-io/nkeys"
import { Codec } from "@nats-io/nkeys/lib/codec" // The package's main file makes keys by dice alone.

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

/**
 * `issuer`: NATS_VEHICLE_ISSUER, the account and the seed that may sign for its cars. No server has to be told of a new car.
 * `series`: one more where an earlier one of this car was revoked.
 */
export const vehicleCredentials = async (vin: string, issuer: string, series = 1): Promise<Credentials> => {
  const [account = "", seed = ""] = issuer.split(":")
  const signer = fromSeed(new TextEncoder().encode(seed))
  return userCredentials(vin, { account, signer, scoped: true, user: vehicleUser(vin, issuer, series) })
}

/**
 * The key that a car's credentials are for follows from the issuer's seed, so that whoever issues can revoke what nobody kept. It tells an
 * owner of that seed nothing: he could make credentials for this VIN anyway.
 */
export const vehicleUser = (vin: string, issuer: string, series: number): KeyPair => {
  if (!/^[A-HJ-NPR-Z0-9]{17}$/.test(vin)) throw new Error(`Not a VIN: ${vin}`) // It becomes part of subjects.
  const secret = issuer.split(":")[1] ?? ""
  const seed = createHmac("sha256", secret).update(`caas-vehicle/${vin}/${series}`).digest()
  return fromSeed(Codec.encodeSeed(Prefix.User, seed))
}

/** `scoped`: the signer's own template says what the user may do. `expires`: seconds since 1970; never where it is not given. */
export const userCredentials = async (
  name: string,
  {
    account,
    signer,
    scoped,
    user = createUser(),
    expires
  }: {
    readonly account: string
    readonly signer: KeyPair
    readonly scoped: boolean
    readonly user?: KeyPair
    readonly expires?: number
  }
): Promise<Credentials> => {
  const options = { signer, scopedUser: scoped, algorithm: Algorithms.v2, ...(expires === undefined ? {} : { exp: expires }) }
  return {
    jwt: await encodeUser(name, user, account, {}, options),
    seed: new TextDecoder().decode(user.getSeed())
  }
}
