/** NATS is killed and wiped between a car's report and the vehicle that was to hear it: the car repeats itself, so nothing is lost. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { ActorsUnavailable } from "#actors/system/letter.ts"
import { nats } from "#src/devstack/nats.ts"
import type { Server } from "#src/devstack/server.ts"
import { Car, receiptOf } from "./car.ts"
import { type Road, road, until } from "./road.ts"
import { handled } from "./world.ts"

const repeatMs = 200 // A car in a hurry.

let folder = ""
let server: Server
let world: Road
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "caas-reports-"))
  chmodSync(folder, 0o755) // The server may run under another account.
  server = await nats(join(folder, "nats"), { say: () => {} })
  world = await road({ natsUrl: server.url })
})
afterAll(async () => {
  await world.close()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const forget = async (meanwhile: () => void) => {
  await server.kill()
  meanwhile()
  rmSync(join(folder, "nats", "store"), { recursive: true, force: true })
  server = await nats(join(folder, "nats"), { port: Number(new URL(server.url).port), say: () => {} })
}

test("a report that NATS forgot is heard all the same, once, and acknowledged", async () => {
  const car = new Car(1)
  await world.knows(car)
  let reachable = false
  world.vehicles.answer = (told) => (reachable ? handled(told) : Effect.fail(new ActorsUnavailable({ reason: "PartitionLost" })))

  const jws = car.says({ kind: "receipt", cfgVersion: 1 })
  world.publish(car.vin, "report", jws)
  await until(
    "a first try",
    () => world.toldOf(car).length,
    (tries) => tries > 0
  )
  expect(await world.left()).toBe(1)
  await forget(() => (reachable = true))

  const repeating = setInterval(() => {
    if (!world.broker.isClosed() && world.acknowledgedTo(car).length === 0) world.publish(car.vin, "report", jws)
  }, repeatMs)
  try {
    await until(
      "an acknowledgement",
      () => world.acknowledgedTo(car).length,
      (count) => count > 0
    )
  } finally {
    clearInterval(repeating)
  }
  await until("an empty stream", world.left, (left) => left === 0)
  expect(new Set(world.toldOf(car).map(({ id }) => id))).toEqual(new Set([`car/${receiptOf(jws)}`]))
  const heard = world.toldOf(car).length
  world.publish(car.vin, "report", jws)
  await world.broker.flush()
  await world.quiet()
  expect(world.toldOf(car)).toHaveLength(heard)
}, 60_000)
