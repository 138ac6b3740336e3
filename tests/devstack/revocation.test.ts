/** A car whose credentials are taken away: sent off while the broker runs, and not let in again, by this broker or the next. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { connect, type NatsConnection } from "nats"
import { vehicleCredentials, withCredentials } from "#integrations/nats/credentials.ts"
import { connectOptionsOf } from "#integrations/nats/nats.ts"
import { nats } from "#src/devstack/nats.ts"
import { revokeVehicle } from "#src/devstack/nats-authority.ts"
import { dataFolder } from "#src/devstack/stack.ts"
import { throwAwayStack } from "#src/devstack/throw-away.ts"

const stolen = "VSSZZZ5FZJR000001"
const other = "VSSZZZ5FZJR000002"

let servers: Awaited<ReturnType<typeof throwAwayStack>>
let issuer = ""
let host = ""
const open: Array<NatsConnection> = []
beforeAll(async () => {
  servers = await throwAwayStack({ fast: true, say: () => {} })
  issuer = servers.env.NATS_VEHICLE_ISSUER!
  host = new URL(servers.env.NATS_URL!).host
})
afterAll(async () => {
  await Promise.all(open.map((connection) => connection.close()))
  await servers?.stop()
})

const enter = async (vin: string, series?: number) => {
  const address = withCredentials(`nats://${host}`, await vehicleCredentials(vin, issuer, series))
  const car = await connect({ ...connectOptionsOf(address), inboxPrefix: `_INBOX.${vin}`, reconnect: false })
  open.push(car)
  return car
}
const refusalOf = (asked: Promise<unknown>) => asked.then(() => "let in", String)
const command = async (...args: ReadonlyArray<string>) => {
  const child = Bun.spawn([process.execPath, "src/cli.ts", "revoke-vehicle", ...args], {
    cwd: join(import.meta.dir, "..", ".."),
    env: { ...process.env, CAAS_HOME: servers.folder },
    stdio: ["ignore", "pipe", "pipe"]
  })
  const [said, errors, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited
  ])
  return { said, errors, code }
}

test("./caas revoke-vehicle sends a car away at once, and nobody else; its next series is let in; a restart forgets nothing", async () => {
  writeFileSync(join(servers.folder, "run.json"), JSON.stringify({ NATS_URL: servers.env.NATS_URL })) // As `./caas up` leaves it.
  const [car, bystander] = [await enter(stolen), await enter(other)]
  const platform = await connect(connectOptionsOf(servers.env.NATS_URL!))
  open.push(platform)
  const gone = car.closed()
  const { code, said, errors } = await command(stolen)
  expect([code, errors]).toEqual([0, ""])
  expect(said).toMatch(new RegExp(`^${stolen}, series 1: U[A-Z2-7]{55} is refused\nIts next credentials are of series 2\\.\n$`))
  expect(String(await gone)).toContain("Revoked")
  expect(await refusalOf(enter(stolen))).toContain("Authorization Violation")
  await bystander.flush()
  expect([bystander.isClosed(), platform.isClosed()]).toEqual([false, false])
  expect(await platform.request("$JS.API.INFO")).toBeDefined()
  await (await enter(stolen, 2)).flush()

  const port = Number(host.split(":")[1])
  await servers.servers.nats!.stop()
  const again = await nats(join(dataFolder(servers.folder), "nats"), { port, say: () => {} })
  try {
    expect(await refusalOf(enter(stolen))).toContain("Authorization Violation")
    await (await enter(other)).flush()
    await (await enter(stolen, 2)).flush()
  } finally {
    await again.stop()
  }
  expect(await command(other)).toMatchObject({ code: 1, said: "" }) // Nobody was told: whoever asked has to know.
})

test("./caas revoke-vehicle forgets none of those that are taken away at once", async () => {
  const again = await nats(join(dataFolder(servers.folder), "nats"), { port: Number(host.split(":")[1]), say: () => {} })
  try {
    const many = Array.from({ length: 30 }, (_, n) => `VSSZZZ5FZJR0001${String(n).padStart(2, "0")}`)
    const file = join(dataFolder(servers.folder), "nats", "nats-keys.json")
    await Promise.all(many.map((vin) => revokeVehicle(file, { vin, series: 1, server: `nats://${host}` })))
    for (const vin of many)
      expect([vin, await refusalOf(enter(vin))]).toEqual([vin, expect.stringContaining("Authorization Violation")])
  } finally {
    await again.stop()
  }
})

test("./caas revoke-vehicle says what it wants to be told", async () => {
  for (const args of [[], [stolen.toLowerCase()], ["*"], [stolen, "0"], [stolen, "1", "2"]])
    expect(await command(...args)).toMatchObject({ code: 2, errors: expect.stringContaining("Usage: ./caas revoke-vehicle VIN") })
})
