/** What a process does not start with, though it could. */
import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { newKey } from "#src/devstack/vehicle-keys.ts"
import { startGateway } from "#src/gateway.ts"
import { serve } from "#src/main.ts"
import { startRunner } from "#src/runner.ts"
import { expectSafe, SettingsUnsafe } from "#src/safety.ts"
import { composeWith } from "./devstack/containers.ts"

const whsec = () => `whsec_${newKey()}`
const safe = {
  PUBLIC_URL: "https://my.example.com",
  INTRANET_URL: "https://intranet.example.com",
  HOST: "0.0.0.0",
  BEHIND_TLS: "yes",
  TRUSTED_PROXIES: "10.1.0.0/16",
  DATABASE_URL: `postgres://caas:${crypto.randomUUID()}@db.example.com/caas?sslmode=verify-full`,
  NATS_URL: "tls://nats.example.com",
  REDIS_URL: "redis://redis:6379",
  PERSONS_KEY: newKey(),
  PIN_SECRET: newKey(),
  CLUSTER_SECRET: newKey(),
  CONFIG_SIGNING_KEY: newKey(),
  INVOICE_SIGNING_KEY: newKey(),
  CALLS_SIGNING_KEY: `${newKey()},${newKey()}`,
  VAPID_PRIVATE_KEY: newKey(),
  FACTORY_WEBHOOK_SECRET: whsec(),
  PAYMENTS_WEBHOOK_SECRET: `${whsec()}, ${whsec()}`,
  TRANSPORT_WEBHOOK_SECRET: whsec(),
  FACTORY_URL: "https://factory.example.com",
  PAYMENTS_URL: "http://10.1.2.3:80",
  AUDIT_WITNESS_URL: "https://witness.example.com",
  SMTP_URL: "smtps://mail.example.com",
  SMS_URL: "http://sms.internal"
}
const flawsOf = (env: Readonly<Record<string, string | undefined>>): ReadonlyArray<string> => {
  try {
    expectSafe(env)
    return []
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsUnsafe)
    return (error as SettingsUnsafe).flaws
  }
}

describe("a start", () => {
  test("goes on with safe settings, with none at all, and on one's own machine with whatever is short and plain", () => {
    expect(flawsOf(safe)).toEqual([])
    expect(flawsOf({})).toEqual([])
    const own = { ...safe, PUBLIC_URL: "http://127.0.0.1:8080", INTRANET_URL: "http://localhost:8081", HOST: "127.0.0.1" }
    expect(
      flawsOf({ ...own, BEHIND_TLS: undefined, PIN_SECRET: "x".repeat(32), DATABASE_URL: "postgres://caas:caas@postgres/caas" })
    ).toEqual([])
  })

  test.each([
    ["PUBLIC_URL", "http://my.example.com", "https://"],
    ["INTRANET_URL", "http://10.0.0.1:8081", "https://"],
    ["PUBLIC_URL", "http://127.0.0.1.example.com", "https://"],
    ["BEHIND_TLS", "no", "HOST=0.0.0.0"],
    ["BEHIND_TLS", undefined, "BEHIND_TLS=yes"],
    ["FACTORY_URL", "http://factory.example.com", "https://"],
    ["API_IOT_URL", "http://8.8.8.8", "https://"],
    ["WORKSHOPS_URL", "http://[2001:db8::1]:80", "https://"],
    ["SMTP_URL", "smtp://mail.example.com", "smtps://"],
    ["REDIS_URL", "redis://cache.example.com", "rediss://"],
    ["AUDIT_WITNESS_URL", "http://witness.example.com", "https://"],
    ["NATS_URL", "nats://jwt:seed@nats.example.com:4222", "tls://"],
    ["DATABASE_URL", `postgres://caas:${crypto.randomUUID()}@db.example.com/caas`, "sslmode=require"],
    ["DATABASE_URL", `postgres://caas:${crypto.randomUUID()}@db.example.com/caas?sslmode=prefer`, "sslmode=require"],
    ["TRUSTED_PROXIES", undefined, "proxy"],
    ["TRUSTED_PROXIES", " ", "proxy"],
    ["PIN_SECRET", safe.CLUSTER_SECRET, "the same as PIN_SECRET"],
    ["INVOICE_SIGNING_KEY", safe.CONFIG_SIGNING_KEY, "the same as CONFIG_SIGNING_KEY"],
    ["TRANSPORT_WEBHOOK_SECRET", safe.PAYMENTS_WEBHOOK_SECRET.split(", ")[1], "the same as PAYMENTS_WEBHOOK_SECRET"],
    ["FACTORY_WEBHOOK_SECRET", `${safe.FACTORY_WEBHOOK_SECRET},${safe.FACTORY_WEBHOOK_SECRET}`, "another of its own"],
    ["PIN_SECRET", "x".repeat(32), "by chance"],
    ["PIN_SECRET", "a secret of thirty-two characters", "by chance"], // The tests' own.
    ["PERSONS_KEY", Buffer.alloc(32, 7).toString("base64"), "by chance"],
    ["FACTORY_WEBHOOK_SECRET", `whsec_${Buffer.from("factory, the new one".padEnd(32, "-")).toString("base64")}`, "by chance"],
    ["DATABASE_URL", "postgres://caas:caas@db.example.com/caas?sslmode=require", "password"],
    ["DATABASE_URL", `postgres://owner:${"Postgres"}@db.example.com/caas?sslmode=require`, "password"],
    ["DATABASE_URL", "postgres://owner@db.example.com/caas?sslmode=require", "password"]
  ])("is refused with %s=%s, by a line that names it and says what to do", (variable, value, words) => {
    const flaws = flawsOf({ ...safe, [variable]: value })
    expect(flaws).toHaveLength(1)
    expect(flaws[0]).toMatch(/^[A-Z_]+(=\S+)? (must|listens)/)
    expect(flaws[0]).toContain(words)
    if (value !== undefined && /SECRET|KEY/.test(variable)) expect(flaws[0]).not.toContain(value)
  })

  test("of a runner, which has no doors, asks for no proxy of theirs", () =>
    expect(flawsOf({ ...safe, PIN_SECRET: undefined, TRUSTED_PROXIES: undefined })).toEqual([]))

  test("names everything at once", () =>
    expect(
      flawsOf({ ...safe, PUBLIC_URL: "http://my.example.com", SMTP_URL: "smtp://mail.example.com", PIN_SECRET: safe.PERSONS_KEY })
    ).toHaveLength(3))

  test.each([
    ["everything in one process", serve],
    ["a gateway", startGateway],
    ["a runner", startRunner]
  ] as const)("of %s asks before it touches a server", async (_, start) => {
    const no = await start({ ...safe, PUBLIC_URL: "http://my.example.com" }).then(
      () => null,
      (error: unknown) => error
    )
    expect(no).toBeInstanceOf(SettingsUnsafe)
  })

  test("of the containers in docker-compose.yml is safe, with keys as ./caas keys prints them", () => {
    const { services } = composeWith(Object.fromEntries(Object.entries(safe).filter(([name]) => /SECRET|KEY/.test(name))))
    const ours = Object.entries(services)
      .filter(([, { image }]) => image.startsWith("caas:"))
      .filter(([name]) => name !== "partners") // A world in a box.
    expect(ours).toHaveLength(5)
    for (const [name, { environment = {} }] of ours) expect([name, flawsOf(environment)]).toEqual([name, []])
  })

  test("asks about every variable of the platform that holds a secret", () => {
    const config = readFileSync(join(import.meta.dir, "..", "src", "config.ts"), "utf8")
    const safety = readFileSync(join(import.meta.dir, "..", "src", "safety.ts"), "utf8")
    const named = new Set(
      [...config.matchAll(/"([A-Z_]*(?:SECRET|PRIVATE_KEY|SIGNING_KEY|PERSONS_KEY))"/g)].map(([, name]) => name!)
    )
    expect(named.size).toBeGreaterThan(8)
    for (const name of named) expect(safety).toContain(`"${name}"`)
  })
})
