/** `./caas up` as somebody at a terminal meets it: the other commands find it where it really is, and Ctrl-C ends it whoever still talks to it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { until } from "#src/demo/patience.ts"
import { Visitor } from "#src/demo/visitor.ts"
import { demoCustomer } from "#src/demo-fleet.ts"
import { demoEmailOf, demoPassword } from "#src/demo-people.ts"
import { freePort } from "#src/devstack/port.ts"
import { type Database, freshDatabase } from "../database.ts"

const root = join(import.meta.dir, "..", "..")
const patience = 30_000 // Milliseconds for a start on a busy machine.

let database: Database
let home: string
let env: Record<string, string>
let up: ReturnType<typeof caas>
let intranet: string
let customers: string
let cars: string // Where they can be looked at, as it says itself.

const caas = (...args: ReadonlyArray<string>) =>
  Bun.spawn([process.execPath, "--no-orphans", "src/cli.ts", ...args], { cwd: root, env, stdio: ["ignore", "pipe", "inherit"] })

beforeAll(async () => {
  database = await freshDatabase()
  home = mkdtempSync(join(tmpdir(), "caas-up-"))
  const { PUBLIC_URL: _, INTRANET_URL: __, ...outer } = process.env as Record<string, string>
  const given = { DATABASE_URL: database.url, CAAS_EMBEDDED: "", NATS_SPACE: `u${crypto.randomUUID().slice(0, 8)}` }
  env = { ...outer, ...given, CAAS_HOME: home }
  const ports = { PUBLIC_PORT: String(await freePort()), INTRANET_PORT: String(await freePort()) }
  intranet = `http://127.0.0.1:${ports.INTRANET_PORT}`
  customers = `http://127.0.0.1:${ports.PUBLIC_PORT}`
  const asked = env
  env = { ...env, ...ports }
  up = caas("up")
  env = asked // The next commands are not told the ports.
  await untilReady()
}, patience)
afterAll(async () => {
  up.kill("SIGKILL")
  await up.exited
  rmSync(home, { recursive: true, force: true })
  await database.drop()
})

/** As it says itself. */
const untilReady = async () => {
  const lines = up.stdout.pipeThrough(new TextDecoderStream()).getReader()
  let said = ""
  for (let piece = await lines.read(); !piece.done; piece = await lines.read()) {
    said += piece.value
    if (!said.includes("ready in")) continue
    cars = /cars +(http\S+)/.exec(said)![1]!
    return
  }
  throw new Error(`./caas up did not start:\n${said}`)
}

describe("a platform on ports of its own", () => {
  test("is where the administrator's link points to", async () => {
    const admin = caas("admin", "create", "--email", "administrator.9@demo.example")
    expect(await new Response(admin.stdout).text()).toContain(`\n${intranet}/set-password#token=`)
    expect(await admin.exited).toBe(0)
  })

  test("sells cars by itself, through its own doors: Customer 1 has the first, and it can be looked at", async () => {
    const customer = new Visitor({ name: demoCustomer, email: demoEmailOf(demoCustomer), password: demoPassword }, customers)
    const vin = await until(
      "a car for Customer 1",
      async () => {
        const { body } = await customer.ask("GET", "/api/me/orders").catch(() => ({ body: null })) // Not invited yet.
        const orderId = body?.orders?.[0]?.orderId
        return orderId === undefined ? null : (await customer.does("GET", `/api/me/orders/${orderId}`)).vin
      },
      (found) => found !== null
    )
    const flash = (await (await fetch(cars)).json()) as ReadonlyArray<object>
    expect(flash[0]).toMatchObject({ vin, model: "Modelo Uno", link: "nats", parked: true, online: true, features: [] })
  }, 20_000)

  test("ends with Ctrl-C although somebody never finishes a request", async () => {
    const slow = connect(Number(new URL(intranet).port), "127.0.0.1")
    await new Promise<void>((sent) =>
      slow.write(
        "POST /api/auth/sessions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
        () => sent()
      )
    )
    slow.on("error", () => {})
    await fetch(`${intranet}/health/live`) // By now the request before it is being read.
    const begin = performance.now()
    up.kill("SIGINT")
    expect(await up.exited).toBe(130)
    expect(performance.now() - begin).toBeLessThan(10_000) // What docker gives a container before it kills it.
    slow.destroy()
  }, 45_000)
})
