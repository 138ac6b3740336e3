/** One batch, three ways to fall out of it: everybody else commits. And what Postgres itself does not let happen. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { createServer, connect as dial, type Socket } from "node:net"
import { Effect, Exit, Layer, ManagedRuntime, Redacted, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { ActorStore } from "#actors/system/actor-store.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { ActorHost } from "#actors/system/host.ts"
import { InProcessActorSystem } from "#actors/system/in-process.ts"
import type { Answer } from "#actors/system/letter.ts"
import { partitionOf } from "#actors/system/partition.ts"
import { PostgresActorStore } from "#actors/system/postgres.ts"
import { Postgres, PostgresOwner } from "#integrations/postgres/postgres.ts"
import { house, MovedTime } from "./house.ts"
import { Lamp, lampBehavior, say } from "./lamp.ts"

describe("a batch of turns", () => {
  let home: Awaited<ReturnType<typeof house>>
  beforeAll(async () => {
    home = await house("postgres", { relays: false })
  })
  afterAll(() => home.close())
  const asOwner = <A>(body: (sql: SqlClient.SqlClient) => Effect.Effect<A, unknown>) =>
    Effect.runPromise(
      Effect.provide(Effect.flatMap(SqlClient.SqlClient, body), PostgresOwner({ url: Redacted.make(home.database!.url) }))
    )
  const tell = (lamp: string, message: any, id: string) =>
    home.run(ActorSystem.use((actors) => actors.tell(Lamp.at(lamp), message, { id })))

  test("leaves out one stale actor, one fenced partition and one constraint error; all others commit", async () => {
    const fencedPartition = partitionOf("lamp/fenced")
    const names = Array.from({ length: 60 }, (_, i) => `lamp-${i}`).filter(
      (name) => partitionOf(`lamp/${name}`) !== fencedPartition
    )
    const stale = ["stale-1", "stale-2", "stale-3"].find((name) => partitionOf(`lamp/${name}`) !== fencedPartition)!
    const guilty = ["guilty-1", "guilty-2", "guilty-3"].find((name) => partitionOf(`lamp/${name}`) !== fencedPartition)!
    for (const name of [...names, stale, guilty, "fenced"]) await tell(name, say.install, "1")
    // Somebody wrote behind our back: the snapshot in memory is one version old.
    await asOwner((sql) =>
      Effect.andThen(
        sql`UPDATE actors SET version = 2 WHERE path = ${`lamp/${stale}`}`,
        sql`INSERT INTO journal SELECT partition, path, 2, 'theirs', at, type, body, reply, outcome, machine_version, epoch, cause, correlation, trace_id
            FROM journal WHERE path = ${`lamp/${stale}`}`
      )
    )
    await home.run(ActorStore.use((store) => store.claim([fencedPartition], "another")))

    const everyone = [...names, stale, guilty, "fenced"]
    const answers = await Promise.allSettled(everyone.map((name) => tell(name, say.onFor(name === guilty ? 0 : 3), "2")))
    const by = new Map(everyone.map((name, i) => [name, answers[i]!]))

    for (const name of names) expect(by.get(name)).toMatchObject({ status: "fulfilled", value: { version: 2, state: "on" } })
    expect(by.get(stale)).toMatchObject({ status: "fulfilled", value: { version: 3, state: "on" } }) // Read again, and decided again.
    expect(by.get("fenced")).toMatchObject({ status: "rejected", reason: { _tag: "ActorsUnavailable", reason: "PartitionLost" } })
    expect(String((by.get(guilty) as PromiseRejectedResult).reason)).toContain("tallies_amount_minor_check")

    const seen = await home.look()
    expect(seen.tallies).toHaveLength(names.length + 1)
    expect(
      seen.turns.filter(({ path }) => path === `lamp/${guilty}` || path === "lamp/fenced").map(({ version }) => version)
    ).toEqual([1, 1])
    expect(await tell(guilty, say.onFor(1), "3")).toMatchObject({ version: 2 }) // The next message of the guilty one is not its fault.
  })

  test("leaves out a partition that was handed over while its letters waited; all others commit", async () => {
    const partition = partitionOf("lamp/moved")
    const stays = Array.from({ length: 200 }, (_, i) => `stays-${i}`).find((lamp) => {
      const other = partitionOf(`lamp/${lamp}`)
      return other !== partition && other % 4 === partition % 4 // They wait in one mailbox.
    })!
    const answers = await home.run(
      Effect.gen(function* () {
        const host = yield* ActorHost
        const held = yield* Scope.make()
        yield* host.open([partition], "for a while").pipe(Scope.provide(held))
        const letterTo = (lamp: string) => ({
          ...{ path: `lamp/${lamp}`, id: "1", message: say.install, cause: "1", correlation: "1" },
          ...{ traceId: null, sender: null, timer: null }
        })
        const [moved, stayed] = [Promise.withResolvers<Answer>(), Promise.withResolvers<Answer>()]
        host.offer(letterTo("moved"), moved.resolve)
        host.offer(letterTo(stays), stayed.resolve)
        yield* Scope.close(held, Exit.void)
        return yield* Effect.promise(() => Promise.all([moved.promise, stayed.promise]))
      })
    )
    expect(answers).toMatchObject([
      { _tag: "ActorsUnavailable", reason: "PartitionLost" },
      { _tag: "Standing", version: 1 }
    ])
  })

  test("takes a NUL in a text for a fault of that one message", async () => {
    await tell("nul-neighbour", say.install, "1")
    await tell("nul", say.install, "1")
    const [bad, good] = await Promise.allSettled([
      tell("nul", say.tested("a\u0000b"), "2"),
      tell("nul-neighbour", say.tested("ab"), "2")
    ])
    expect(bad.status).toBe("rejected")
    expect(good).toMatchObject({ status: "fulfilled", value: { version: 2 } })
  })

  test("finds a message that the journal knows and the memory has forgotten, even after a restart", async () => {
    await tell("known", say.install, "1")
    for (let i = 0; i < 40; i++) await tell("known", say.tested(`${i}`), `t${i}`) // More than an actor remembers by itself.
    expect(await tell("known", say.tested("0"), "t0")).toMatchObject({ version: 2, duplicate: true })
  })

  test("is written under a role that may not rewrite history", async () => {
    const tries = [
      "UPDATE journal SET outcome = 'handled'",
      "DELETE FROM journal",
      "DELETE FROM ledger",
      "UPDATE ledger SET amount_minor = 1",
      "DELETE FROM actors",
      "DROP TABLE outbox",
      "CREATE TABLE mine (one int)",
      "ALTER TABLE journal DISABLE TRIGGER ALL",
      "TRUNCATE timers"
    ]
    for (const statement of tries) {
      const error = await home.run(Effect.flip(Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(statement))))
      expect(String((error as any).reason.cause)).toMatch(/permission denied|must be owner/)
    }
  })
})

describe("an ambiguous COMMIT", () => {
  test("is found out by telling again: Postgres had it, the teller did not know", async () => {
    const home = await house("postgres", { relays: false })
    const target = new URL(home.database!.url)
    let cut = false
    let cuts = 0
    const sockets = new Set<Socket>()
    // Forwards everything; when told to, lets the question through and never the answer.
    const proxy = createServer((client) => {
      const server = dial(Number(target.port), target.hostname)
      let mute = false
      sockets.add(client).add(server)
      client.on("data", (data) => {
        server.write(data)
        if (cut && data.includes("lamp/ambiguous")) {
          cut = false
          cuts++
          mute = true
          setTimeout(() => client.destroy(), 200)
        }
      })
      server.on("data", (data) => mute || client.write(data))
      for (const socket of [client, server]) socket.on("error", () => {})
      client.on("close", () => setTimeout(() => server.destroy(), 300))
      server.on("close", () => client.destroy())
    })
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve))
    const through = new URL(target)
    through.port = String((proxy.address() as any).port)
    const runtime = ManagedRuntime.make(
      InProcessActorSystem.pipe(
        Layer.provideMerge(ActorHost.layer([lampBehavior])),
        Layer.provideMerge(PostgresActorStore([lampBehavior])),
        Layer.provideMerge(Postgres({ url: Redacted.make(through.href), connections: 4 })),
        Layer.provideMerge(new MovedTime().layer)
      )
    )
    const tell = (id: string) =>
      runtime.runPromise(Effect.result(ActorSystem.use((actors) => actors.tell(Lamp.at("ambiguous"), say.on, { id }))))
    await runtime.runPromise(ActorSystem.use((actors) => actors.tell(Lamp.at("ambiguous"), say.install, { id: "1" })))

    cut = true
    const unknown = await tell("2")
    expect(cuts).toBe(1)
    expect(unknown).toMatchObject({ _tag: "Failure", failure: { _tag: "ActorsUnavailable", reason: "StoreUnreachable" } })
    expect((await home.look()).turns.map(({ messageId }) => messageId)).toEqual(["1", "2"]) // It had happened.
    let again = await tell("2")
    for (let tries = 0; tries < 5 && again._tag === "Failure"; tries++) again = await tell("2") // The pool may still hold what was cut.
    expect(again).toMatchObject({ _tag: "Success", success: { version: 2, duplicate: true } })
    expect((await home.look()).turns).toHaveLength(2)

    await runtime.dispose()
    for (const socket of sockets) socket.destroy()
    proxy.close()
    await home.close()
  })
})
