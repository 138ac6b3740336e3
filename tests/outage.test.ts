/** Postgres goes, recovers and comes back under load: callers are told to come again, the log stays readable, and the platform goes on by itself. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer, Logger, References } from "effect"
import { Order } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { beginning } from "#src/devstack/beginning.ts"
import { freePort } from "#src/devstack/port.ts"
import { postgres } from "#src/devstack/postgres.ts"
import type { Server } from "#src/devstack/server.ts"
import { dataFolder } from "#src/devstack/stack.ts"
import { type Running, serve } from "#src/main.ts"
import { environment } from "./bench/house.ts"
import { lifeOf, orderOf } from "./bench/order-life.ts"

const awayMillis = 1_500 // Nobody listens; then it recovers for two seconds.
const callers = 8
const tellers = 8

describe("a platform whose Postgres crashes under load and recovers", () => {
  let folder: string
  let server: Server
  let platform: Running
  const lines: Array<{ readonly said: string; readonly isLong: boolean; readonly leftOut: number }> = []
  const answers = new Map<number, number>()
  let told = 0
  let untold = 0
  let toldAfter = 0

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "caas-outage-"))
    chmodSync(folder, 0o711)
    const data = dataFolder(folder)
    server = await postgres(data, { fast: false, say: () => {} })
    const { NATS_URL, REDIS_URL } = process.env
    const env = await environment({ DATABASE_URL: server.url, NATS_URL: NATS_URL!, REDIS_URL: REDIS_URL! })
    const logger = Logger.make(({ message, cause, fiber }) => {
      const { leftOut = 0, type = "" } = fiber.getRef(References.CurrentLogAnnotations)
      if (type === "SendCredentials" || type === "Notify") return // To a customer nobody knows: no news of Postgres.
      lines.push({ said: String([message].flat()[0]), isLong: cause.reasons.length > 0, leftOut: Number(leftOut) })
    })
    const logging = Layer.mergeAll(Logger.layer([logger]), Layer.succeed(References.MinimumLogLevel, "Warn"))
    platform = await serve({ ...env, PUBLIC_PORT: String(await freePort()), INTRANET_PORT: "0" }, { logging })

    let over = false
    let back = false
    const calling = async () => {
      while (!over) {
        await ask(platform, answers)
        await Bun.sleep(20)
      }
    }
    let next = 0
    const telling = async () => {
      while (!over) {
        const n = next++
        const letter = ActorSystem.use((actors) => actors.tell(Order.at(orderOf(n)), lifeOf(n)[0]!, { id: `outage/${n}` }))
        const { _tag } = await platform.runtime.runPromise(Effect.exit(letter))
        if (_tag === "Success") told++
        else untold++
        if (_tag === "Success" && back) toldAfter++
        await Bun.sleep(5)
      }
    }
    const load = [...Array.from({ length: callers }, calling), ...Array.from({ length: tellers }, telling)]
    await Bun.sleep(500)
    process.kill(server.pid, "SIGQUIT")
    while (beginning(server.pid) !== undefined) await Bun.sleep(10)
    await server.kill()
    await Bun.sleep(awayMillis)
    const [pg] = new Bun.Glob("pg-*").scanSync({ cwd: data, absolute: true, onlyFiles: false })
    writeFileSync(join(pg!, "recovery.signal"), "")
    const settings = { restore_command: "sleep 0.5; false", hot_standby: "off" }
    server = await postgres(data, { fast: false, port: Number(new URL(server.url).port), settings, say: () => {} })
    back = true
    const end = performance.now() + 10_000
    while (toldAfter < 50 && performance.now() < end) await Bun.sleep(50)
    over = true
    await Promise.all(load)
    await Bun.sleep(10_500) // What was left out is said then.
  }, 60_000)
  afterAll(async () => {
    await platform?.stop()
    await server?.stop()
    for (const place of new Set([folder, dataFolder(folder)])) rmSync(place, { recursive: true, force: true })
  })

  test("tells callers to come again, and none that it was our mistake", () => {
    expect([...answers.keys()].filter((status) => status !== 401 && status !== 503)).toEqual([])
    expect(answers.get(503)).toBeGreaterThan(callers)
    expect(answers.get(401)).toBeGreaterThan(callers) // A made-up session is nobody's.
  })

  test("goes on by itself when it is back", () => {
    expect(told).toBeGreaterThan(50)
    expect(untold).toBeGreaterThan(tellers)
    expect(toldAfter).toBeGreaterThanOrEqual(50)
  })

  test("is no flood of words: each sentence once in ten seconds, without a stack, and what was left out is counted", () => {
    const kinds = Map.groupBy(lines, ({ said }) => said)
    const often = [...kinds].filter(([, all]) => all.length > 3).map(([said, { length }]) => `${length} × ${said}`)
    expect(often).toEqual([])
    expect(lines.filter(({ isLong }) => isLong)).toEqual([])
    const leftOut = (sentence: string) => kinds.get(sentence)?.reduce((sum, line) => sum + line.leftOut, 0) ?? 0
    expect(leftOut("The database did not answer a caller")).toBeGreaterThan(callers)
    expect(leftOut("A batch was not stored, as far as we know")).toBeGreaterThan(1)
    expect(leftOut("The outbox stumbled, and goes on")).toBeGreaterThan(1)
  })
})

/** Whether anybody knows this session, the database is asked. */
const ask = async ({ settings }: Running, answers: Map<number, number>) => {
  const headers = { authorization: `Bearer ${crypto.randomUUID()}` }
  const { status } = await fetch(`${settings.publicUrl}/api/me/orders`, { headers })
  answers.set(status, (answers.get(status) ?? 0) + 1)
}
