/** The environment is read once, and what is wrong with it is said by name. */
import { expect, test } from "bun:test"
import { signCatalogue } from "#integrations/vehicle-trust/catalogue.ts"
import { signingKeyOf } from "#integrations/vehicle-trust/keys.ts"
import { settingsOf } from "#src/config.ts"
import { vehicleKeys } from "#src/devstack/vehicle-keys.ts"

const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`
const cars = await vehicleKeys()
const whole = {
  DATABASE_URL: "postgres://caas@127.0.0.1:5432/caas",
  NATS_URL: "nats://127.0.0.1:4222",
  REDIS_URL: "redis://127.0.0.1:6379",
  PERSONS_KEY: Buffer.alloc(32, 1).toString("base64"),
  PIN_SECRET: "x".repeat(32),
  FACTORY_WEBHOOK_SECRET: secret,
  PAYMENTS_WEBHOOK_SECRET: `${secret},${secret}`,
  TRANSPORT_WEBHOOK_SECRET: secret,
  CONFIG_SIGNING_KEY: cars.CONFIG_SIGNING_KEY,
  SIGNED_CATALOGUE: cars.SIGNED_CATALOGUE,
  FACTORY_URL: "http://127.0.0.1:1",
  PAYMENTS_URL: "http://127.0.0.1:2",
  REGISTRATION_URL: "http://127.0.0.1:3",
  TRANSPORT_URL: "http://127.0.0.1:4",
  SMTP_URL: "smtp://127.0.0.1:5",
  WORKSHOPS_URL: "http://127.0.0.1:6",
  API_IOT_URL: "http://127.0.0.1:7"
}

test("a whole environment is read, with what it leaves out filled in", () => {
  const settings = settingsOf(whole)
  expect(settings).toMatchObject({ publicPort: 8080, intranetPort: 8081, publicUrl: "http://127.0.0.1:8080", natsSpace: "" })
  expect(settings.webhookSecrets.payments).toHaveLength(2) // During a rotation.
})

const wrong: ReadonlyArray<readonly [string, string | undefined]> = [
  ...Object.keys(whole).map((variable) => [variable, undefined] as const),
  ["DATABASE_URL", "mysql://127.0.0.1"],
  ["PUBLIC_PORT", "abc"],
  ["PUBLIC_PORT", "65536"],
  ["PIN_SECRET", "short"],
  ["PERSONS_KEY", "c2hvcnQ="],
  ["FACTORY_WEBHOOK_SECRET", "whsec_c2hvcnQ="],
  ["PAYMENTS_WEBHOOK_SECRET", `${secret},plain`],
  ["CONFIG_SIGNING_KEY", "c2hvcnQ="],
  ["SIGNED_CATALOGUE", "not a catalogue"],
  ["SIGNED_CATALOGUE", await signCatalogue(signingKeyOf(cars.CONFIG_SIGNING_KEY)!, { v: 1, edition: 0, features: {} })], // Yesterday's.
  ["NATS_SPACE", "a.b"],
  ["DATABASE_CONNECTIONS", "1"],
  ["SMTP_URL", "http://127.0.0.1"]
]
for (const [variable, value] of wrong)
  test(`${variable}=${value ?? ""} is refused by name`, () => {
    expect(() => settingsOf({ ...whole, [variable]: value })).toThrow(new RegExp(`^${variable} must be`))
  })
