/** What a process refuses to start with, though it could: settings that would let strangers read along, guess, or pass for somebody else. */
import { BlockList, isIP } from "node:net"
import { Schema } from "effect"
import type { Env } from "./config.ts"

/** Settings that work and are not safe; each line of the message names the variable and says what to do. */
export class SettingsUnsafe extends Schema.TaggedError<SettingsUnsafe>()("SettingsUnsafe", {
  flaws: Schema.Array(Schema.String)
}) {
  override get message() {
    return this.flaws.join("\n")
  }
}

/** Throws SettingsUnsafe with all that it finds. A variable that is not given is not looked at: `config.ts` asks for what is needed. */
export const expectSafe = (env: Env): void => {
  const flaws = [
    ...openDoors(env),
    ...openWires(env),
    ...unknownProxies(env),
    ...sharedSecrets(env),
    ...(isPublic(env) ? guessable(env) : [])
  ]
  if (flaws.length > 0) throw new SettingsUnsafe({ flaws })
}

const doors = ["PUBLIC_URL", "INTRANET_URL"]
const secrets = [
  ...["PERSONS_KEY", "CONFIG_SIGNING_KEY", "INVOICE_SIGNING_KEY", "CALLS_SIGNING_KEY", "VAPID_PRIVATE_KEY", "PIN_SECRET"],
  ...["CLUSTER_SECRET", "FACTORY_WEBHOOK_SECRET", "PAYMENTS_WEBHOOK_SECRET", "TRANSPORT_WEBHOOK_SECRET"]
]
/** By its scheme on the open wire, and by the one under TLS. */
const partners: ReadonlyArray<readonly [string, string, string]> = [
  ...["FACTORY_URL", "PAYMENTS_URL", "REGISTRATION_URL", "TRANSPORT_URL", "WORKSHOPS_URL", "SMS_URL", "API_IOT_URL"].map(
    (variable) => [variable, "http:", "https"] as const
  ),
  ["AUDIT_WITNESS_URL", "http:", "https"], // Whoever answers in the witness's place is told what it should remember.
  ["NATS_URL", "nats:", "tls"],
  ["SMTP_URL", "smtp:", "smtps"], // STARTTLS is what somebody in between can leave out.
  ["REDIS_URL", "redis:", "rediss"]
]

const given = (env: Env, variables: ReadonlyArray<string>) =>
  variables.flatMap((variable) => (env[variable] ? [[variable, env[variable]] as const] : []))
const hostOf = (url: string) => (URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, "") : "")

/** Somebody beyond this machine is to use it. */
const isPublic = (env: Env) => given(env, doors).some(([, url]) => !isLoopback(hostOf(url)))

const openDoors = (env: Env): ReadonlyArray<string> => [
  ...given(env, doors)
    .filter(([, url]) => url.startsWith("http:") && !isLoopback(hostOf(url)))
    .map(
      ([variable]) =>
        `${variable} must begin with https:// where it is not this machine: sessions and links would be read on the way`
    ),
  ...(env.HOST && !isLoopback(env.HOST) && env.BEHIND_TLS !== "yes"
    ? [
        `HOST=${env.HOST} listens to others without TLS: put a proxy that speaks TLS before it and set BEHIND_TLS=yes, or leave HOST out`
      ]
    : [])
]

const openWires = (env: Env): ReadonlyArray<string> => [
  ...partners
    .filter(([variable, open]) => env[variable]?.startsWith(`${open}//`) && !isOwnNetwork(hostOf(env[variable])))
    .map(([variable, , safe]) => `${variable} must begin with ${safe}:// where it leaves this network: people's data goes there`),
  ...given(env, ["DATABASE_URL"])
    .filter(([, url]) => URL.canParse(url) && hostOf(url) !== "" && !isOwnNetwork(hostOf(url)) && !isUnderTls(new URL(url)))
    .map(([variable]) => `${variable} must end with ?sslmode=require where it leaves this network: all of people's data goes there`)
]

/** Anything less lets somebody in between say that the server knows no TLS. */
const isUnderTls = ({ searchParams }: URL) => ["require", "verify-ca", "verify-full"].includes(searchParams.get("sslmode") ?? "")

/** Our doors speak no TLS themselves, so where they have an https address a proxy stands before them. `PIN_SECRET`: only gateways have it. */
const unknownProxies = (env: Env): ReadonlyArray<string> =>
  isPublic(env) && env.PIN_SECRET && !env.TRUSTED_PROXIES?.trim()
    ? [
        "TRUSTED_PROXIES must name the proxy before the doors: without it all callers are one, and anybody uses up everybody's sign-ins"
      ]
    : []

/** Whoever knows one would know the other. Of two that count during a rotation, each is compared. */
const sharedSecrets = (env: Env): ReadonlyArray<string> => {
  const owners = new Map<string, string>()
  return given(env, secrets).flatMap(([variable, text]) =>
    text.split(",").flatMap((one) => {
      const secret = one.trim()
      const owner = owners.get(secret)
      owners.set(secret, variable)
      if (owner === undefined) return []
      return [
        `${variable} must be a secret of its own: it is the same as ${owner === variable ? "another of its own" : owner}. openssl rand -base64 32 makes one`
      ]
    })
  )
}

const fewestBytes = 12 // Different ones; 32 bytes of chance have fewer once in many billions.
const commonPasswords = new Set(["", "caas", "postgres", "password", "changeme", "secret", "admin", "root", "test"])

/** Filled in by hand, or copied from a test or a manual. On a machine of one's own nobody minds. */
const guessable = (env: Env): ReadonlyArray<string> => [
  ...given(env, secrets)
    .filter(([, text]) => text.split(",").some((secret) => isPlaceholder(secret.trim())))
    .map(([variable]) => `${variable} must be made by chance, and this was not: openssl rand -base64 32 makes one`),
  ...given(env, ["DATABASE_URL"])
    .filter(([, url]) => URL.canParse(url) && hasCommonPassword(new URL(url)))
    .map(([variable]) => `${variable} must have a password that nobody guesses: ALTER ROLE … PASSWORD, then name it here`)
]

const isPlaceholder = (secret: string) => {
  const text = secret.replace(/^whsec_/, "")
  const bytes = Buffer.from(text, "base64")
  // Words in base64 are words: chance has bytes beyond ASCII, which no test's sentence has.
  return new Set(bytes).size < fewestBytes || /\s/.test(text) || bytes.every((byte) => byte < 128)
}

/** A socket, and a server that asks for none on this machine, have no password to guess. */
const hasCommonPassword = ({ hostname, username, password }: URL) =>
  hostname !== "" && !isLoopback(hostname) && (commonPasswords.has(password.toLowerCase()) || password === username)

const ranges = (...subnets: ReadonlyArray<readonly [string, number]>) => {
  const list = new BlockList()
  for (const [address, prefix] of subnets) list.addSubnet(address, prefix, isIP(address) === 6 ? "ipv6" : "ipv4")
  return (host: string) => isIP(host) !== 0 && list.check(host, isIP(host) === 6 ? "ipv6" : "ipv4")
}
const loopback = ranges(["127.0.0.0", 8], ["::1", 128])
/** RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291. */
const privateRange = ranges(
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["100.64.0.0", 10],
  ["169.254.0.0", 16],
  ["fc00::", 7],
  ["fe80::", 10]
)

const isLoopback = (host: string) => host === "localhost" || host.endsWith(".localhost") || loopback(host)
/** A name without a dot is resolved by this network alone, as those under the reserved endings are. */
const isOwnNetwork = (host: string) =>
  isLoopback(host) ||
  privateRange(host) ||
  (isIP(host) === 0 && (!host.includes(".") || /\.(internal|local|home\.arpa)$/.test(host)))
