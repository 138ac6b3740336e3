/** The environment, decoded once. Every error names the variable and says what it should be. */
import { BlockList, isIP } from "node:net"
import { Redacted, Result, Schema } from "effect"
import type { RunnerDoor } from "#actors/system/cluster.ts"
import { auditKeyOf } from "#integrations/audit/chain.ts"
import { featureCatalogue } from "#integrations/catalogue/features.ts"
import { personsKey } from "#integrations/persons/key.ts"
import { type VapidKey, vapidKeyOf } from "#integrations/push/vapid.ts"
import { saysCatalogue } from "#integrations/vehicle-trust/catalogue.ts"
import { type SecretKey, signingKeyOf } from "#integrations/vehicle-trust/keys.ts"

/** What a process needs in which actors live. */
export interface RunnerSettings {
  readonly databaseUrl: Redacted.Redacted
  readonly databaseConnections: number
  readonly natsUrl: string
  /** Keeps this world's subjects apart from others on the same server. */
  readonly natsSpace: string
  /** Where the links in mails lead. */
  readonly publicUrl: string
  readonly intranetUrl: string
  readonly personsKey: Redacted.Redacted<Uint8Array>
  /** What we sign for cars with. */
  readonly configSigningKey: SecretKey
  /** What we seal papers with: invoices, acknowledgements. */
  readonly invoiceSigningKey: SecretKey
  /** What our calls to partners are signed with. */
  readonly callsSigningKey: SecretKey
  /** What partners may know our calls by: while one key replaces the other, both. */
  readonly callsPublicKeys: ReadonlyArray<string>
  /** What features a car may be told to switch, signed by a key that is not here. */
  readonly signedCatalogue: string
  readonly partners: Partners
  readonly push: PushSettings
  /** Tries before a command is parked. */
  readonly commandAttempts: number
  /** Whole days that telemetry is kept. */
  readonly telemetryDays: number
  /** Days after which the history of a closed actor moves aside; 0: never. */
  readonly archiveAfterDays: number
}

/** What a process with doors needs besides. */
export interface Settings extends RunnerSettings {
  readonly redisUrl: string
  readonly publicPort: number
  readonly intranetPort: number
  readonly pinSecret: Redacted.Redacted
  /** What we sign heads of the audit with: a child of `invoiceSigningKey`. */
  readonly auditSigningKey: SecretKey
  /** From one address of the network: a dealership's or an office's own may be that of many people. */
  readonly signInsPerMinute: number
  /** Whether X-Forwarded-For is believed from there. */
  readonly isProxy: (address: string) => boolean
  /** Whether staff without a second factor may do more than enrol one. */
  readonly staffSecondFactor: "required" | "optional"
  /** Minutes of platform time from one comparison with the gateway's books to the next. */
  readonly reconciliationMinutes: number
  readonly webhookSecrets: {
    readonly factory: ReadonlyArray<Redacted.Redacted>
    readonly payments: ReadonlyArray<Redacted.Redacted>
    readonly transport: ReadonlyArray<Redacted.Redacted>
  }
}

/** What the members of one cluster share. */
export interface ClusterSettings {
  readonly secret: Redacted.Redacted
}

/** What the simulated outside world needs where it is a process of its own. No key of the platform is among it. */
export interface WorldSettings {
  readonly listen: { readonly host: string; readonly port: number }
  /** Where it tells what happened. */
  readonly platform: string
  readonly natsUrl: string
  readonly natsSpace: string
  /** Whom its cars believe. */
  readonly trust: { readonly config: ReadonlyArray<string>; readonly catalogue: ReadonlyArray<string> }
  /** Whose calls its partners answer. */
  readonly callers: ReadonlyArray<string>
  readonly secrets: { readonly factory: string; readonly payments: string; readonly transport: string }
}

/** Devices choose their push service themselves: of all addresses they name, these are called. */
export interface PushSettings {
  readonly key: Redacted.Redacted<VapidKey>
  readonly services: ReadonlyArray<string>
}

export interface Partners {
  readonly factory: string
  readonly payments: string
  readonly registration: string
  readonly transport: string
  readonly smtp: string
  readonly sms: string
  readonly workshops: string
  readonly apiIot: string
  readonly auditWitness: string
}

/** A variable is missing, or is not what it should be. */
export class SettingInvalid extends Schema.TaggedError<SettingInvalid>()("SettingInvalid", {
  variable: Schema.String,
  expected: Schema.String
}) {
  override get message() {
    return `${this.variable} must be ${this.expected}`
  }
}

/** Two at most: the new one and the old one. A third is one that somebody forgot to take away. */
const webhookSecrets = /^\s*whsec_[A-Za-z0-9+/]{32,}={0,2}\s*(,\s*whsec_[A-Za-z0-9+/]{32,}={0,2}\s*)?$/

/** Of the browsers there are: Chrome and its kin, Firefox, Windows, Safari. */
const pushServices = [
  "https://fcm.googleapis.com",
  "https://updates.push.services.mozilla.com",
  "https://*.notify.windows.com",
  "https://*.push.apple.com"
]
/** A name below a domain, or a whole one; plain HTTP on the loopback or in a network of one's own, where somebody says so. */
const pushService = /^(https:\/\/(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+|https?:\/\/[a-z0-9.-]+:\d{1,5})$/

export type Env = Readonly<Record<string, string | undefined>>

/** Reads one variable after the other, and throws SettingInvalid at the first that is not what it should be. */
const reading = (env: Env) => {
  const text = (variable: string, expected: string, pattern: RegExp, fallback?: string) => {
    const value = env[variable] || fallback
    if (value === undefined || !pattern.test(value)) throw new SettingInvalid({ variable, expected })
    return value
  }
  const number = (variable: string, fallback: number, least: number, most: number) => {
    const value = Number(env[variable] || fallback)
    if (!Number.isInteger(value) || value < least || value > most)
      throw new SettingInvalid({ variable, expected: `a whole number from ${least} to ${most}` })
    return value
  }
  const url = (variable: string, schemes: string, fallback?: string) => {
    const expected = `a URL that begins with ${schemes.replaceAll("|", " or ")}://`
    const value = text(variable, expected, new RegExp(`^(${schemes})://.`), fallback)
    if (!URL.canParse(value)) throw new SettingInvalid({ variable, expected })
    return value
  }
  return { text, number, url }
}

/** Throws SettingInvalid. */
export const runnerSettingsOf = (env: Env): RunnerSettings => {
  const { text, number, url } = reading(env)
  const signingKey = (variable: string) => {
    const key = signingKeyOf(env[variable] ?? "")
    if (key === null) throw new SettingInvalid({ variable, expected: "32 bytes in base64, as printed by: openssl rand -base64 32" })
    return Redacted.make(key, { label: variable })
  }
  /** The first signs; a second one is only published. */
  const callsKeys = () => {
    const variable = "CALLS_SIGNING_KEY"
    const expected = "32 bytes in base64, as printed by: openssl rand -base64 32; while one replaces the other, two with a comma"
    const texts = (env[variable] ?? "").split(",")
    const keys = texts.map((text) => signingKeyOf(text.trim())).filter((key) => key !== null)
    if (keys.length < texts.length || keys.length > 2) throw new SettingInvalid({ variable, expected })
    return {
      callsSigningKey: Redacted.make(keys[0]!, { label: variable }),
      callsPublicKeys: keys.map(({ publicKey }) => publicKey)
    }
  }
  const vapidKey = () => {
    const variable = "VAPID_PRIVATE_KEY"
    const key = vapidKeyOf(env[variable] ?? "")
    if (key === null) throw new SettingInvalid({ variable, expected: "32 bytes in base64, as printed by: openssl rand -base64 32" })
    return Redacted.make(key, { label: variable })
  }
  const pushServicesOf = () => {
    const variable = "PUSH_SERVICES"
    const services = (env[variable] || pushServices.join(",")).split(",").map((service) => service.trim())
    if (!services.every((service) => pushService.test(service)))
      throw new SettingInvalid({ variable, expected: "origins of push services, separated by commas: https://*.push.apple.com" })
    return services
  }
  const signedCatalogue = () => {
    const variable = "SIGNED_CATALOGUE"
    const text = env[variable] ?? ""
    if (!saysCatalogue(text, featureCatalogue()))
      throw new SettingInvalid({ variable, expected: "this version's catalogue of features, as printed by ./caas sign-catalogue" })
    return text
  }
  return {
    databaseUrl: Redacted.make(url("DATABASE_URL", "postgres|postgresql")),
    databaseConnections: number("DATABASE_CONNECTIONS", 12, 4, 200),
    natsUrl: url("NATS_URL", "nats|tls"),
    natsSpace: text("NATS_SPACE", "letters and digits", /^[A-Za-z0-9]{0,32}$/, ""),
    publicUrl: url("PUBLIC_URL", "http|https", `http://127.0.0.1:${number("PUBLIC_PORT", 8080, 0, 65_535)}`),
    intranetUrl: url("INTRANET_URL", "http|https", `http://127.0.0.1:${number("INTRANET_PORT", 8081, 0, 65_535)}`),
    personsKey: Result.getOrThrowWith(personsKey(env.PERSONS_KEY ?? ""), (error) => error),
    configSigningKey: signingKey("CONFIG_SIGNING_KEY"),
    invoiceSigningKey: signingKey("INVOICE_SIGNING_KEY"),
    ...callsKeys(),
    signedCatalogue: signedCatalogue(),
    partners: {
      factory: url("FACTORY_URL", "http|https"),
      payments: url("PAYMENTS_URL", "http|https"),
      registration: url("REGISTRATION_URL", "http|https"),
      transport: url("TRANSPORT_URL", "http|https"),
      smtp: url("SMTP_URL", "smtp|smtps"),
      sms: url("SMS_URL", "http|https"),
      workshops: url("WORKSHOPS_URL", "http|https"),
      apiIot: url("API_IOT_URL", "http|https"),
      auditWitness: url("AUDIT_WITNESS_URL", "http|https")
    },
    push: { key: vapidKey(), services: pushServicesOf() },
    commandAttempts: number("COMMAND_ATTEMPTS", 8, 1, 50),
    telemetryDays: number("TELEMETRY_DAYS", 30, 1, 3_650),
    archiveAfterDays: number("ARCHIVE_AFTER_DAYS", 90, 0, 3_650)
  }
}

/** Throws SettingInvalid. */
export const settingsOf = (env: Env): Settings => {
  const { text, number, url } = reading(env)
  const secrets = (variable: string) =>
    text(
      variable,
      "one whsec_… secret of at least 24 bytes in base64; two, separated by a comma, while one replaces the other",
      webhookSecrets
    )
      .split(",")
      .map((secret) => Redacted.make(secret.trim()))
  const runner = runnerSettingsOf(env)
  const secondFactor = text(
    "STAFF_SECOND_FACTOR",
    "required or optional",
    /^(required|optional)$/,
    runner.intranetUrl.startsWith("https://") ? "required" : "optional" // Plain HTTP is a machine of one's own.
  )
  return {
    ...runner,
    staffSecondFactor: secondFactor as Settings["staffSecondFactor"],
    redisUrl: url("REDIS_URL", "redis|rediss"),
    publicPort: number("PUBLIC_PORT", 8080, 0, 65_535),
    intranetPort: number("INTRANET_PORT", 8081, 0, 65_535),
    signInsPerMinute: number("SIGN_INS_PER_MINUTE", 20, 5, 1_000),
    auditSigningKey: Redacted.make(auditKeyOf(env.INVOICE_SIGNING_KEY ?? "")!, { label: "the audit's key" }), // It was one above.
    pinSecret: Redacted.make(text("PIN_SECRET", "at least 32 characters of secret", /^.{32,}$/)),
    isProxy: proxiesOf(env.TRUSTED_PROXIES ?? ""),
    reconciliationMinutes: number("RECONCILIATION_MINUTES", 15, 1, 1_440),
    webhookSecrets: {
      factory: secrets("FACTORY_WEBHOOK_SECRET"),
      payments: secrets("PAYMENTS_WEBHOOK_SECRET"),
      transport: secrets("TRANSPORT_WEBHOOK_SECRET")
    }
  }
}

/** Addresses and subnets, separated by commas: `10.0.0.0/8, fd00::/8, 203.0.113.7`. */
const proxiesOf = (text: string) => {
  const list = new BlockList()
  for (const one of text.split(",").map((part) => part.trim())) {
    if (one === "") continue
    const [address = "", prefix, ...more] = one.split("/")
    const bits = isIP(address) === 6 ? 128 : 32
    const length = prefix === undefined ? bits : Number(prefix)
    // A prefix of 0 would believe everybody, and nobody means that.
    if (isIP(address) === 0 || more.length > 0 || !/^\d*$/.test(prefix ?? "") || length < 1 || length > bits)
      throw new SettingInvalid({
        variable: "TRUSTED_PROXIES",
        expected: "addresses or subnets of our own proxies, separated by commas: 10.1.0.0/16"
      })
    list.addSubnet(address, length, bits === 128 ? "ipv6" : "ipv4")
  }
  return (address: string) => isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4")
}

/** Throws SettingInvalid. */
export const clusterSettingsOf = (env: Env): ClusterSettings => ({
  secret: Redacted.make(
    reading(env).text("CLUSTER_SECRET", "at least 32 characters of secret, the same for every gateway and runner", /^.{32,}$/)
  )
})

/** Where this runner is reached by the others. Throws SettingInvalid. */
export const runnerDoorOf = (env: Env): RunnerDoor => {
  const { text, number } = reading(env)
  const address = /^[A-Za-z0-9.:_-]{1,253}$/
  const host = text("RUNNER_HOST", "a name or an address by which the others reach this runner", address, "127.0.0.1")
  return {
    host,
    port: number("RUNNER_PORT", 7400, 1, 65_535),
    listen: text("RUNNER_LISTEN", "an address of this machine", address, host)
  }
}

/** Throws SettingInvalid. */
export const worldSettingsOf = (env: Env): WorldSettings => {
  const { text, number, url } = reading(env)
  const publicKey = (variable: string) => [text(variable, "a public key, as printed by ./caas keys", /^[A-Za-z0-9_-]{43}$/)]
  const callers = text(
    "CALLS_PUBLIC_KEY",
    "one or two public keys, as printed by ./caas keys",
    /^[A-Za-z0-9_-]{43}(,[A-Za-z0-9_-]{43})?$/
  )
  const secret = (variable: string) =>
    text(variable, "the whsec_… secret that the platform knows", webhookSecrets).split(",")[0]!.trim()
  return {
    listen: {
      host: text("HOST", "an address of this machine", /^[A-Za-z0-9.:_-]{1,253}$/, "127.0.0.1"),
      port: number("PARTNERS_PORT", 7500, 1, 65_000)
    },
    platform: url("PLATFORM_URL", "http|https"),
    natsUrl: url("NATS_URL", "nats|tls"),
    natsSpace: text("NATS_SPACE", "letters and digits", /^[A-Za-z0-9]{0,32}$/, ""),
    trust: { config: publicKey("CONFIG_PUBLIC_KEY"), catalogue: publicKey("CATALOGUE_PUBLIC_KEY") },
    callers: callers.split(","),
    secrets: {
      factory: secret("FACTORY_WEBHOOK_SECRET"),
      payments: secret("PAYMENTS_WEBHOOK_SECRET"),
      transport: secret("TRANSPORT_WEBHOOK_SECRET")
    }
  }
}

const mostWorkers = 64 // As there are partitions.

/** Module workers that host actors: one per core that is left, 0 for none. Throws SettingInvalid. */
export const workersOf = (env: Env, cores: number): number =>
  reading(env).number("WORKERS", Math.min(mostWorkers, Math.max(1, cores - 1)), 0, mostWorkers)
