/** What a batch says when part of it falls out: nothing about an actor that was not stored, and nothing against its neighbours. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Cause, Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { ActorHost } from "#actors/system/host.ts"
import { partitionOf } from "#actors/system/partition.ts"
import { PostgresOwner } from "#integrations/postgres/postgres.ts"
import { house } from "./house.ts"
import { Lamp, say } from "./lamp.ts"

describe("a batch that lost part of itself", () => {
  let home: Awaited<ReturnType<typeof house>>
  beforeAll(async () => {
    home = await house("postgres", { relays: false })
  })
  afterAll(() => home.close())
  const asOwner = <A>(body: (sql: SqlClient.SqlClient) => Effect.Effect<A, unknown>) =>
    Effect.runPromise(
      Effect.provide(Effect.flatMap(SqlClient.SqlClient, body), PostgresOwner({ url: Redacted.make(home.database!.url) }))
    )
  const telling = (lamp: string, message: any, id: string) =>
    Effect.matchCause(
      ActorSystem.use((actors) => actors.tell(Lamp.at(lamp), message, { id })),
      { onSuccess: (standing) => standing, onFailure: (cause) => Cause.squash(cause) as any }
    )
  const tell = (lamp: string, message: any, id: string) => home.run(telling(lamp, message, id))
  /** One batch: all are waiting before the first is taken. */
  const together = (...letters: ReadonlyArray<readonly [lamp: string, message: any, id: string]>) =>
    home.run(
      Effect.all(
        letters.map((letter) => telling(...letter)),
        { concurrency: "unbounded" }
      )
    )
  /** Lamps of different partitions that wait in one mailbox. */
  const inOneMailbox = (count: number, prefix: string) => {
    const found = new Map<number, string>()
    for (let i = 0; found.size < count; i++) {
      const lamp = `${prefix}${i}`
      const partition = partitionOf(`lamp/${lamp}`)
      if (partition % 4 === 1 && !found.has(partition)) found.set(partition, lamp)
    }
    return [...found.values()]
  }
  /** Somebody wrote behind our back: the snapshot in memory is one version old. */
  const age = (lamp: string) =>
    asOwner((sql) =>
      Effect.andThen(
        sql`UPDATE actors SET version = version + 1 WHERE path = ${`lamp/${lamp}`}`,
        sql`INSERT INTO journal SELECT partition, path, version + 1, 'theirs', at, type, body, reply, outcome, machine_version, epoch, cause, correlation, trace_id
            FROM journal WHERE path = ${`lamp/${lamp}`} ORDER BY version DESC LIMIT 1`
      )
    )

  test("loses no partition because a table said no to the only turn in it", async () => {
    const [guilty, bystander] = inOneMailbox(2, "alone") as [string, string]
    await tell(guilty, say.install, "1")
    await tell(bystander, say.install, "1")
    const [bad, refused] = await together([guilty, say.onFor(0), "2"], [bystander, say.off, "2"])
    expect(String(bad)).toContain("tallies_amount_minor_check")
    expect(refused).toMatchObject({ _tag: "MessageRefused", reason: "AlreadyOff" })
    expect(await home.run(ActorHost.useSync((host) => host.status().lost))).toEqual([])
    expect(await tell(bystander, say.on, "3")).toMatchObject({ state: "on" })
  })

  test("answers nobody out of a draft that was not stored: neither a refusal nor a duplicate", async () => {
    await tell("phantom", say.install, "1")
    const [bad, copy, off] = await together(
      ["phantom", say.onFor(0), "2"], // Never happens: its table says no.
      ["phantom", say.onFor(0), "2"],
      ["phantom", say.off, "3"] // Only a lamp that the first had switched on would accept it.
    )
    expect(String(bad)).toContain("tallies_amount_minor_check")
    expect(String(copy)).toContain("tallies_amount_minor_check")
    expect(off).toMatchObject({ _tag: "MessageRefused", reason: "AlreadyOff" })
    const [lost, refused] = await together(["phantom", say.install, "4"], ["phantom", say.off, "5"])
    expect([lost, refused]).toMatchObject([{ reason: "AlreadyInstalled" }, { reason: "AlreadyOff" }])
  })

  test("decides again whatever it decided on a snapshot that was one version old", async () => {
    await tell("old", say.install, "1")
    await tell("old", say.on, "2")
    await tell("old", say.off, "3") // In memory: off.
    await asOwner((sql) => sql`UPDATE actors SET state = jsonb_set(state, '{value}', '"on"') WHERE path = 'lamp/old'`)
    await age("old") // In truth: on.
    const [first, second, copy] = await together(
      ["old", say.tested("x"), "4"], // Makes the draft that is one version too old.
      ["old", say.off, "5"], // By that draft it is off already; in truth it may be switched off.
      ["old", say.tested("x"), "4"]
    )
    expect(first).toMatchObject({ version: 5, duplicate: false })
    expect(second).toMatchObject({ version: 6, state: "off" })
    expect(copy).toMatchObject({ version: 5, duplicate: true })
  })

  test("finds the one letter whose name is longer than an index can hold", async () => {
    const endless = Array.from({ length: 9000 }, () => String.fromCharCode(33 + Math.floor(Math.random() * 90))).join("")
    const [named, neighbour] = inOneMailbox(2, "named") as [string, string]
    await tell(named, say.install, "1")
    await tell(neighbour, say.install, "1")
    const [bad, good] = await together([named, say.tested("x"), endless], [neighbour, say.tested("x"), "2"])
    expect(String(bad)).toContain("index row")
    expect(good).toMatchObject({ version: 2 })
  })
})
