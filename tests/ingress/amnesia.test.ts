/** NATS may forget everything at noon. A server of our own, in a folder of its own, is killed, wiped and rolled back under the ingress. */
import { afterEach, describe, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Metric } from "effect"
import { nats } from "#src/devstack/nats.ts"
import type { Server } from "#src/devstack/server.ts"
import { amnesias } from "#src/ingress/amnesia.ts"
import { inProgress, type WebhookWorld, webhookWorld } from "./world.ts"

const detectedWithinMs = 10_000
const patienceMs = 25_000

let folder = ""
let server: Server | null = null
let world: WebhookWorld | null = null
const start = async () => {
  if (folder === "") {
    folder = mkdtempSync(join(tmpdir(), "caas-amnesia-"))
    chmodSync(folder, 0o755) // The server may run under another account.
  }
  const port = server === null ? undefined : Number(new URL(server.url).port)
  server = await nats(join(folder, "nats"), { ...(port === undefined ? {} : { port }), say: () => {} })
  return server
}
afterEach(async () => {
  await world?.close()
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
  world = server = null
  folder = ""
})

/** Every webhook sent is applied, and its order heard it once. */
const allHeardOnce = async (here: WebhookWorld, count: number) => {
  const rows = await here.untilClosed(count, patienceMs)
  expect(rows.every(({ state }) => state === "applied")).toBe(true)
  expect(here.told.map(({ id }) => id).sort()).toEqual(rows.map(({ source, webhook_id }) => `${source}/${webhook_id}`).sort())
}
const sender = (here: WebhookWorld) => {
  let sent = 0
  return async (many: number) => {
    const answers = await Promise.all(
      Array.from({ length: many }, () => here.send({ source: "factory", id: `msg_${++sent}`, body: inProgress(sent) }))
    )
    expect(answers.every(({ status }) => status === 202)).toBe(true)
    return sent
  }
}
const detections = (here: WebhookWorld) => here.runtime.runPromise(Metric.value(amnesias)).then(({ count }) => Number(count))
const untilDetected = async (here: WebhookWorld, before: number) => {
  const begin = performance.now()
  while ((await detections(here)) === before) {
    if (performance.now() - begin > detectedWithinMs) throw new Error("amnesia was not noticed within 10 s")
    await Bun.sleep(25)
  }
}
/** The stream's message blocks; the consumer's memory lies beside them. */
const blocksUnder = (path: string): string => {
  for (const name of readdirSync(path)) {
    const here = join(path, name)
    if (name === "msgs") return here
    if (existsSync(here) && !name.includes(".") && name !== "obs") {
      const found = blocksUnder(here)
      if (found !== "") return found
    }
  }
  return ""
}

/** With owners and rights, as a backup would. */
const copy = (from: string, to: string) => expect(spawnSync("cp", ["-a", from, to]).status).toBe(0)

describe("the webhooks", () => {
  test("are taken while NATS is down, and applied once it is back", async () => {
    const { url } = await start()
    world = await webhookWorld({ natsUrl: url })
    const send = sender(world)
    await allHeardOnce(world, await send(5))
    await server!.kill()
    const sent = await send(20)
    await Bun.sleep(200)
    expect(world.told).toHaveLength(5)
    await start()
    await allHeardOnce(world, sent)
  }, 60_000)

  test("are taken by a platform that started before NATS did", async () => {
    const { url } = await start()
    await server!.stop()
    world = await webhookWorld({ natsUrl: url })
    const sent = await sender(world)(10)
    await start()
    await allHeardOnce(world, sent)
  }, 60_000)

  test("are no false alarm when NATS merely restarts", async () => {
    const { url } = await start()
    world = await webhookWorld({ natsUrl: url })
    const send = sender(world)
    await allHeardOnce(world, await send(10))
    const before = await detections(world)
    await server!.stop()
    await start()
    await allHeardOnce(world, await send(10))
    expect(await detections(world)).toBe(before)
  }, 60_000)

  test("are all applied once, though NATS lost its whole store", async () => {
    const { url } = await start()
    world = await webhookWorld({ natsUrl: url })
    const send = sender(world)
    await allHeardOnce(world, await send(20))
    const before = await detections(world)
    await server!.kill()
    await send(20) // Kept while nobody could carry them.
    rmSync(join(folder, "nats", "store"), { recursive: true, force: true })
    await start()
    await untilDetected(world, before)
    await allHeardOnce(world, await send(5))
  }, 60_000)

  test("are all applied once, though NATS was rolled back and its consumer believes to be further on", async () => {
    const { url } = await start()
    world = await webhookWorld({ natsUrl: url })
    const send = sender(world)
    await allHeardOnce(world, await send(10))
    await server!.kill()
    const blocks = blocksUnder(join(folder, "nats", "store"))
    expect(blocks).not.toBe("")
    copy(blocks, join(folder, "old-blocks"))
    await start()
    await allHeardOnce(world, await send(40))
    const before = await detections(world)
    await server!.kill()
    const sent = await send(15)
    rmSync(blocks, { recursive: true, force: true }) // What a power cut may leave: blocks of yesterday, a consumer of today.
    copy(join(folder, "old-blocks"), blocks)
    await start()
    await untilDetected(world, before)
    await allHeardOnce(world, sent)
    await allHeardOnce(world, await send(5))
  }, 90_000)
})
