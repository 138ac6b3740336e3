/** Every way through the order's chart, told to the real actor on the real Postgres: same states, and every wait is a row that fires once. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { Order } from "#actors/addresses.ts"
import { registry } from "#actors/registry.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { decide, type State } from "#actors/system/decide.ts"
import { ActorHost } from "#actors/system/host.ts"
import { InProcessActorSystem } from "#actors/system/in-process.ts"
import { PostgresActorStore } from "#actors/system/postgres.ts"
import { type DueRow, timerLetter } from "#actors/system/timers.ts"
import { statePathOf } from "#actors/system/turn.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { orderMachine } from "#machines/order.ts"
import { type Database, freshDatabase } from "../database.ts"
import { orderPaths } from "../machines/paths.ts"
import { MovedTime } from "./house.ts"

const threeDays = 3 * 24 * 60 * 60 * 1000
const [order] = registry

const waits = (node: { readonly after: ReadonlyArray<{ readonly eventType: string }>; readonly states: object }): Array<string> => [
  ...node.after.map(({ eventType }) => eventType),
  ...Object.values(node.states).flatMap(waits)
]

describe("an order on Postgres", () => {
  const time = new MovedTime()
  let database: Database
  let runtime: ManagedRuntime.ManagedRuntime<ActorSystem | ActorHost | SqlClient.SqlClient, never>
  beforeAll(async () => {
    database = await freshDatabase()
    runtime = ManagedRuntime.make(
      InProcessActorSystem.pipe(
        Layer.provideMerge(ActorHost.layer(registry)),
        Layer.provideMerge(PostgresActorStore(registry)),
        Layer.provideMerge(Postgres({ url: Redacted.make(database.url), connections: 6 })),
        Layer.provideMerge(time.layer)
      )
    )
    await runtime.runPromise(Effect.void)
  })
  afterAll(async () => {
    await runtime.dispose()
    await database.drop()
  })
  const run = <A, E>(effect: Effect.Effect<A, E, ActorSystem | ActorHost | SqlClient.SqlClient>) => runtime.runPromise(effect)
  const timersOf = (path: string) =>
    run(
      SqlClient.SqlClient.use(
        (sql) => sql<DueRow>`
          SELECT path, timer_id AS "timerId", set_version AS "setVersion", (extract(epoch FROM due_at) * 1000)::float8 AS due
          FROM timers WHERE path = ${path}`
      )
    )

  test("walks every path of the chart, and stands where the chart alone would stand", async () => {
    const paths = orderPaths()
    expect(paths.length).toBeGreaterThan(100)
    const fired = new Set<string>()
    for (const [index, path] of paths.entries()) {
      const mine = JSON.parse(
        JSON.stringify(path)
          .replaceAll("ord_1", `ord_p${index}`)
          .replaceAll("pay_1-", `pay_p${index}-`)
          .replaceAll("risk_1-", `risk_p${index}-`)
      ) as Array<any>
      const address = Order.at(`ord_p${index}`)
      for (const [step, message] of mine.entries()) {
        if (!message.type.startsWith("xstate.after.")) {
          await run(Effect.flatMap(ActorSystem, (actors) => actors.tell(address, message, { id: `path/${step}` })))
          continue
        }
        const row = (await timersOf(address.path)).find(({ timerId }) => timerId === message.type)
        if (row === undefined) throw new Error(`Path ${index}, step ${step}: no row for ${message.type}`)
        time.offset = Math.max(time.offset, row.due - Date.now() + threeDays) // Told three days late.
        const first = await run(ActorHost.use((host) => host.deliver(timerLetter(row))))
        const again = await run(ActorHost.use((host) => host.deliver(timerLetter(row))))
        expect(first).toMatchObject({ _tag: "Standing", duplicate: false })
        expect(again).toMatchObject({ _tag: "Standing", duplicate: true }) // Fired once, however often it is told.
        fired.add(row.timerId)
      }
    }
    expect([...fired].sort()).toEqual([...new Set(waits(orderMachine.root))].sort()) // Not one `after` of the chart is left out.

    const rows = await run(
      SqlClient.SqlClient.use(
        (sql) => sql<{ path: string; type: string; body: object; at: number; state_path: string; machine_state: State }>`
          SELECT journal.path, journal.type, body, (extract(epoch FROM at) * 1000)::float8 AS at, actors.state_path, actors.state AS machine_state
          FROM journal JOIN actors USING (path) ORDER BY journal.path, journal.version`
      )
    )
    const replayed = new Map<string, State | null>()
    for (const { path, type, body, at } of rows) {
      const decision = decide(
        orderMachine,
        replayed.get(path) ?? null,
        { type, ...body, at: new Date(at).toISOString() } as any,
        order!.requests.has(type)
      )
      if (decision._tag === "Accepted") replayed.set(path, decision.state)
    }
    for (const { path, state_path, machine_state } of rows) {
      expect(statePathOf(replayed.get(path)!.value)).toBe(state_path)
      expect(JSON.parse(JSON.stringify(replayed.get(path)!.context))).toEqual(machine_state.context)
    }
    expect(replayed.size).toBe(paths.length)
  })

  test("leaves no wait behind that its state does not have", async () => {
    const strays = await run(
      SqlClient.SqlClient.use(
        (sql) => sql<{ path: string; timer_id: string; state_path: string }>`
          SELECT path, timer_id, state_path FROM timers JOIN actors USING (path)
          WHERE NOT starts_with('order.' || state_path, substring(timer_id FROM 'order.*$'))`
      )
    )
    expect(strays).toEqual([])
  })
})
