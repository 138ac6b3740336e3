/** A Postgres that says nothing any more: not closed, not refused, only silent. Nobody waits for it without an end. */
import { expect, test } from "bun:test"
import { createServer, connect as dial, type Socket } from "node:net"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { ActorHost } from "#actors/system/host.ts"
import { InProcessActorSystem } from "#actors/system/in-process.ts"
import { PostgresActorStore } from "#actors/system/postgres.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { freshDatabase } from "../database.ts"
import { MovedTime } from "./house.ts"
import { Lamp, lampBehavior, say } from "./lamp.ts"

test("a turn on a silent connection ends in time, and the next one finds another connection", async () => {
  const database = await freshDatabase()
  const target = new URL(database.url)
  let silent = false
  const sockets = new Set<Socket>()
  /** Swallows what it hears on connections of before the silence; new ones are served. */
  const proxy = createServer((client) => {
    const server = dial(Number(target.port), target.hostname)
    let mine = false
    sockets.add(client).add(server)
    client.on("data", (data) => void ((mine ||= silent) || server.write(data)))
    server.on("data", (data) => void (mine || client.write(data)))
    for (const socket of [client, server]) socket.on("error", () => {})
    client.on("close", () => server.destroy())
    server.on("close", () => client.destroy())
  })
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve))
  const through = new URL(target)
  through.port = String((proxy.address() as any).port)
  const runtime = ManagedRuntime.make(
    InProcessActorSystem.pipe(
      Layer.provideMerge(ActorHost.layer([lampBehavior])),
      Layer.provideMerge(PostgresActorStore([{ ...lampBehavior, records: {} }])),
      Layer.provideMerge(Postgres({ url: Redacted.make(through.href), connections: 2 })),
      Layer.provideMerge(new MovedTime().layer)
    )
  )
  const tell = (message: any, id: string) =>
    runtime.runPromise(Effect.result(ActorSystem.use((actors) => actors.tell(Lamp.at("unheard"), message, { id }))))
  try {
    await tell(say.install, "1")
    silent = true
    const answer = await Promise.race([tell(say.tested("x"), "2"), Bun.sleep(25_000).then(() => "still waiting")])
    expect(answer).toMatchObject({ _tag: "Failure", failure: { _tag: "ActorsUnavailable", reason: "StoreUnreachable" } })
    silent = false
    let again: any
    for (let i = 0; i < 3; i++) {
      again = await Promise.race([tell(say.tested("x"), "2"), Bun.sleep(15_000).then(() => "still waiting")])
      if (again._tag === "Success") break
    }
    expect(again).toMatchObject({ _tag: "Success", success: { version: 2 } })
  } finally {
    for (const socket of sockets) socket.destroy()
    proxy.close()
    await runtime.dispose()
    await database.drop()
  }
}, 90_000)
