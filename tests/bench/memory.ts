/** Row `memory`: what a hundred thousand orders leave behind in the process that heard them. */
import { Effect } from "effect"
import { Order } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { ActorHost } from "#actors/system/host.ts"
import { newDatabase } from "./database.ts"
import { type Engine, startEngine } from "./engine.ts"
import { lifeOf, orderOf } from "./order-life.ts"
import type { Row } from "./row.ts"

const warm = 20_000 // The cache is full, the code is hot.
const orders = 100_000
const callers = 256
const steps = 2 // Registered, and the deposit asked for: an order that waits.
const first = 10_000_000 // Far from everybody else's numbers.

const settle = async (engine: Engine, from: number, to: number) => {
  let next = from
  const caller = Effect.gen(function* () {
    const actors = yield* ActorSystem
    while (next < to) {
      const n = first + next++
      const life = lifeOf(n)
      for (let step = 0; step < steps; step++) yield* actors.tell(Order.at(orderOf(n)), life[step]!, { id: `bench/${step}` })
    }
  })
  await engine.runPromise(
    Effect.all(
      Array.from({ length: callers }, () => caller),
      { concurrency: "unbounded", discard: true }
    )
  )
}

const rss = async () => {
  for (let round = 0; round < 5; round++) {
    Bun.gc(true)
    await Bun.sleep(100)
  }
  return process.memoryUsage().rss
}

export const memory = async (server: string, say: (line: string) => void): Promise<ReadonlyArray<Row>> => {
  const engine = await startEngine(await newDatabase(server))
  await settle(engine, 0, warm)
  const before = await rss()
  const marks: Array<number> = []
  for (let to = warm + 20_000; to <= orders; to += 20_000) {
    await settle(engine, to - 20_000, to)
    marks.push(await rss())
    say(`memory: ${to} orders, RSS ${Math.round(marks.at(-1)! / 1e6)} MB`)
  }
  const { residents, residentBytes } = await engine.runPromise(ActorHost.useSync((host) => host.status()))
  await engine.dispose()
  const perIdle = Math.max(0, marks.at(-1)! - before) / (orders - warm)
  return [
    {
      name: "memory",
      what: `RSS growth per idle actor, from ${warm.toLocaleString("en")} to ${orders.toLocaleString("en")} orders`,
      unit: "bytes/actor",
      ours: perIdle,
      limit: null,
      ratio: null,
      runs: marks.map((mark, i) => Math.max(0, mark - (marks[i - 1] ?? before)) / 20_000),
      goal: "≤ 1,024 bytes beyond the cache",
      notes: [`${residents} snapshots in memory, about ${Math.round(residentBytes / 1e6)} MB`]
    },
    {
      name: "memory-rss",
      what: `RSS after ${orders.toLocaleString("en")} orders, collected`,
      unit: "MB",
      ours: marks.at(-1)! / 1e6,
      limit: null,
      ratio: null,
      runs: marks.map((mark) => mark / 1e6),
      goal: "≤ 400 MB, flat",
      notes: []
    }
  ]
}
