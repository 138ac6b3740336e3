/** The environment is read once, and what is wrong with it is said by name. */
import { expect, test } from "bun:test"
import { signCatalogue } from "#integrations/vehicle-trust/catalogue.ts"
import { signingKeyOf } from "#integrations/vehicle-trust/keys.ts"
import { clusterSettingsOf, runnerDoorOf, runnerSettingsOf, settingsOf, workersOf } from "#src/config.ts"
import { connectionsFor } from "#src/devstack/postgres.ts"
import { newKey, vehicleKeys } from "#src/devstack/vehicle-keys.ts"

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
  VAPID_PRIVATE_KEY: Buffer.alloc(32, 3).toString("base64"),
  CONFIG_SIGNING_KEY: cars.CONFIG_SIGNING_KEY,
  SIGNED_CATALOGUE: cars.SIGNED_CATALOGUE,
  INVOICE_SIGNING_KEY: newKey(),
  CALLS_SIGNING_KEY: newKey(),
  FACTORY_URL: "http://127.0.0.1:1",
  PAYMENTS_URL: "http://127.0.0.1:2",
  REGISTRATION_URL: "http://127.0.0.1:3",
  TRANSPORT_URL: "http://127.0.0.1:4",
  SMTP_URL: "smtp://127.0.0.1:5",
  SMS_URL: "http://127.0.0.1:8",
  AUDIT_WITNESS_URL: "http://127.0.0.1:8",
  WORKSHOPS_URL: "http://127.0.0.1:6",
  API_IOT_URL: "http://127.0.0.1:7"
}

test("a whole environment is read, with what it leaves out filled in", () => {
  const settings = settingsOf(whole)
  expect(settings).toMatchObject({ publicPort: 8080, intranetPort: 8081, publicUrl: "http://127.0.0.1:8080", natsSpace: "" })
  expect(settings.webhookSecrets.payments).toHaveLength(2) // During a rotation.
  expect(settings.push.services).toContain("https://*.push.apple.com")
  expect(settingsOf({ ...whole, PUSH_SERVICES: "http://127.0.0.1:9, https://a.example" }).push.services).toEqual([
    "http://127.0.0.1:9",
    "https://a.example"
  ])
})

test("staff need a second factor where the intranet is reached by https, unless somebody says otherwise", () => {
  const of = (more: object) => settingsOf({ ...whole, ...more }).staffSecondFactor
  expect([of({}), of({ INTRANET_URL: "https://intranet.example" })]).toEqual(["optional", "required"])
  expect(of({ INTRANET_URL: "https://intranet.example", STAFF_SECOND_FACTOR: "optional" })).toBe("optional")
  expect(of({ STAFF_SECOND_FACTOR: "required" })).toBe("required")
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
  ["PAYMENTS_WEBHOOK_SECRET", [secret, secret, secret].join()], // Two live at a time.
  ["CONFIG_SIGNING_KEY", "c2hvcnQ="],
  ["VAPID_PRIVATE_KEY", "c2hvcnQ="],
  ["VAPID_PRIVATE_KEY", Buffer.alloc(32, 255).toString("base64")], // No number of that curve.
  ["PUSH_SERVICES", "http://push.example.com"],
  ["PUSH_SERVICES", "https://*"],
  ["PUSH_SERVICES", "https://*.com,https://fcm.googleapis.com/path"],
  ["INVOICE_SIGNING_KEY", "c2hvcnQ="],
  ["CALLS_SIGNING_KEY", "c2hvcnQ="],
  ["CALLS_SIGNING_KEY", `${newKey()},`],
  ["CALLS_SIGNING_KEY", [newKey(), newKey(), newKey()].join()], // Two at most: the old and the new one.
  ["SIGNED_CATALOGUE", "not a catalogue"],
  ["SIGNED_CATALOGUE", await signCatalogue(signingKeyOf(cars.CONFIG_SIGNING_KEY)!, { v: 1, edition: 0, features: {} })], // Yesterday's.
  ["TRUSTED_PROXIES", "everybody"],
  ["TRUSTED_PROXIES", "0.0.0.0/0"],
  ["TRUSTED_PROXIES", "10.0.0.0/33"],
  ["TRUSTED_PROXIES", "10.0.0.0/8/8"],
  ["TRUSTED_PROXIES", "10.0.0.0/8,proxy.example"],
  ["NATS_SPACE", "a.b"],
  ["STAFF_SECOND_FACTOR", "perhaps"],
  ["DATABASE_CONNECTIONS", "1"],
  ["SMTP_URL", "http://127.0.0.1"],
  ["PUBLIC_URL", "https://"],
  ["FACTORY_URL", "http://127.0.0.1:port"]
]
for (const [variable, value] of wrong)
  test(`${variable}=${value ?? ""} is refused by name`, () => {
    expect(() => settingsOf({ ...whole, [variable]: value })).toThrow(new RegExp(`^${variable} must be`))
  })

test("a runner is not asked for what only doors need", () => {
  const { PIN_SECRET, FACTORY_WEBHOOK_SECRET, PAYMENTS_WEBHOOK_SECRET, TRANSPORT_WEBHOOK_SECRET, REDIS_URL, ...enough } = whole
  expect(() => settingsOf(enough)).toThrow()
  expect(runnerSettingsOf(enough)).toMatchObject({ commandAttempts: 8, archiveAfterDays: 90, telemetryDays: 30 })
})

test("a member of a cluster is found where it says, and has a secret", () => {
  expect(runnerDoorOf({})).toEqual({ host: "127.0.0.1", port: 7400, listen: "127.0.0.1" })
  expect(runnerDoorOf({ RUNNER_HOST: "runner-1", RUNNER_PORT: "7500", RUNNER_LISTEN: "0.0.0.0" })).toEqual({
    host: "runner-1",
    port: 7500,
    listen: "0.0.0.0"
  })
  expect(() => runnerDoorOf({ RUNNER_PORT: "0" })).toThrow(/^RUNNER_PORT must be/)
  expect(() => runnerDoorOf({ RUNNER_HOST: "a b" })).toThrow(/^RUNNER_HOST must be/)
  expect(() => clusterSettingsOf({})).toThrow(/^CLUSTER_SECRET must be/)
  expect(() => clusterSettingsOf({ CLUSTER_SECRET: "short" })).toThrow(/^CLUSTER_SECRET must be/)
})

test("workers are one per spare core, at least one, and none where somebody says so", () => {
  expect([workersOf({}, 1), workersOf({}, 2), workersOf({}, 8), workersOf({ WORKERS: "0" }, 8)]).toEqual([1, 1, 7, 0])
  expect(workersOf({}, 256)).toBe(64)
  expect(() => workersOf({ WORKERS: "many" }, 8)).toThrow(/^WORKERS must be/)
})

test("the Postgres that ./caas up brings bears the connections of all its workers, on any machine", () => {
  const { databaseConnections } = runnerSettingsOf(whole)
  const ofMembership = 3
  for (const cores of [1, 2, 16, 64, 256])
    expect(connectionsFor(cores)).toBeGreaterThan((workersOf({}, cores) + 1) * (databaseConnections + ofMembership))
})
