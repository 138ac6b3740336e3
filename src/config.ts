/** The environment, decoded once. Every error names the variable and says what it should be. */
import { Redacted, Result, Schema } from "effect"
import { featureCatalogue } from "#integrations/catalogue/features.ts"
import { personsKey } from "#integrations/persons/key.ts"
import { saysCatalogue } from "#integrations/vehicle-trust/catalogue.ts"
import { type SecretKey, signingKeyOf } from "#integrations/vehicle-trust/keys.ts"

export interface Settings {
  readonly databaseUrl: Redacted.Redacted
  readonly databaseConnections: number
  readonly natsUrl: string
  /** Keeps this world's subjects apart from others on the same server. */
  readonly natsSpace: string
  readonly redisUrl: string
  readonly publicPort: number
  readonly intranetPort: number
  readonly publicUrl: string
  readonly intranetUrl: string
  readonly personsKey: Redacted.Redacted<Uint8Array>
  readonly pinSecret: Redacted.Redacted
  readonly webhookSecrets: {
    readonly factory: ReadonlyArray<Redacted.Redacted>
    readonly payments: ReadonlyArray<Redacted.Redacted>
    readonly transport: ReadonlyArray<Redacted.Redacted>
  }
  /** What we sign for cars with. */
  readonly configSigningKey: SecretKey
  /** What features a car may be told to switch, signed by a key that is not here. */
  readonly signedCatalogue: string
  readonly partners: Partners
  /** Tries before a command is parked. */
  readonly commandAttempts: number
}

export interface Partners {
  readonly factory: string
  readonly payments: string
  readonly registration: string
  readonly transport: string
  readonly smtp: string
  readonly workshops: string
  readonly apiIot: string
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

const webhookSecrets = /^\s*whsec_[A-Za-z0-9+/]{32,}={0,2}\s*(,\s*whsec_[A-Za-z0-9+/]{32,}={0,2}\s*)*$/

type Env = Readonly<Record<string, string | undefined>>

/** Throws SettingInvalid. */
export const settingsOf = (env: Env): Settings => {
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
  const url = (variable: string, schemes: string, fallback?: string) =>
    text(variable, `a URL that begins with ${schemes.replaceAll("|", " or ")}://`, new RegExp(`^(${schemes})://`), fallback)
  /** Several, separated by commas, while one is being replaced. */
  const secrets = (variable: string) =>
    text(variable, "one or more whsec_… secrets of at least 24 bytes in base64, separated by commas", webhookSecrets)
      .split(",")
      .map((secret) => Redacted.make(secret.trim()))

  const configSigningKey = () => {
    const variable = "CONFIG_SIGNING_KEY"
    const key = signingKeyOf(env[variable] ?? "")
    if (key === null) throw new SettingInvalid({ variable, expected: "32 bytes in base64, as printed by: openssl rand -base64 32" })
    return Redacted.make(key, { label: variable })
  }
  const signedCatalogue = () => {
    const variable = "SIGNED_CATALOGUE"
    const text = env[variable] ?? ""
    if (!saysCatalogue(text, featureCatalogue()))
      throw new SettingInvalid({ variable, expected: "this version's catalogue of features, as printed by ./caas sign-catalogue" })
    return text
  }

  const publicPort = number("PUBLIC_PORT", 8080, 0, 65_535)
  const intranetPort = number("INTRANET_PORT", 8081, 0, 65_535)
  return {
    databaseUrl: Redacted.make(url("DATABASE_URL", "postgres|postgresql")),
    databaseConnections: number("DATABASE_CONNECTIONS", 12, 4, 200),
    natsUrl: url("NATS_URL", "nats|tls"),
    natsSpace: text("NATS_SPACE", "letters and digits", /^[A-Za-z0-9]{0,32}$/, ""),
    redisUrl: url("REDIS_URL", "redis|rediss"),
    publicPort,
    intranetPort,
    publicUrl: url("PUBLIC_URL", "http|https", `http://127.0.0.1:${publicPort}`),
    intranetUrl: url("INTRANET_URL", "http|https", `http://127.0.0.1:${intranetPort}`),
    personsKey: Result.getOrThrowWith(personsKey(env.PERSONS_KEY ?? ""), (error) => error),
    pinSecret: Redacted.make(text("PIN_SECRET", "at least 32 characters of secret", /^.{32,}$/)),
    webhookSecrets: {
      factory: secrets("FACTORY_WEBHOOK_SECRET"),
      payments: secrets("PAYMENTS_WEBHOOK_SECRET"),
      transport: secrets("TRANSPORT_WEBHOOK_SECRET")
    },
    configSigningKey: configSigningKey(),
    signedCatalogue: signedCatalogue(),
    partners: {
      factory: url("FACTORY_URL", "http|https"),
      payments: url("PAYMENTS_URL", "http|https"),
      registration: url("REGISTRATION_URL", "http|https"),
      transport: url("TRANSPORT_URL", "http|https"),
      smtp: url("SMTP_URL", "smtp|smtps"),
      workshops: url("WORKSHOPS_URL", "http|https"),
      apiIot: url("API_IOT_URL", "http|https")
    },
    commandAttempts: number("COMMAND_ATTEMPTS", 8, 1, 50)
  }
}
