/** What the way out does on its worst days: an actor that cannot hear, an owner that is none any more, a house that closes. */
import { afterEach, describe, expect, test } from "bun:test"
import { Cause, Effect, type Layer, ManagedRuntime, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { ActorStore } from "#actors/system/actor-store.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { Lane } from "#actors/system/lane.ts"
import type { Answer, Letter } from "#actors/system/letter.ts"
import { partitions } from "#actors/system/partition.ts"
import { PostgresOwner } from "#integrations/postgres/postgres.ts"
import { house } from "./house.ts"
import { Lamp, say } from "./lamp.ts"

type House = Awaited<ReturnType<typeof house>>

const tell = (home: House, lamp: string, message: any, id: string) =>
  home.run(
    Effect.matchCause(
      ActorSystem.use((actors) => actors.tell(Lamp.at(lamp), message, { id })),
      { onSuccess: (standing) => standing, onFailure: (cause) => Cause.squash(cause) as any }
    )
  )
const asOwner = async <A>(home: House, body: (sql: SqlClient.SqlClient) => Effect.Effect<A, unknown>) => {
  const runtime = ManagedRuntime.make(PostgresOwner({ url: Redacted.make(home.database!.url) }) as Layer.Layer<SqlClient.SqlClient>)
  try {
    return await runtime.runPromise(Effect.flatMap(SqlClient.SqlClient, body))
  } finally {
    await runtime.dispose()
  }
}

describe("the outbox", () => {
  const homes: Array<House> = []
  const opened = async () => {
    const home = await house("postgres")
    homes.push(home)
    return home
  }
  afterEach(async () => {
    for (const home of homes.splice(0)) await home.close()
  })

  test("goes on for everybody while one command has been tried more often than its counter can count", async () => {
    const home = await opened()
    let open = false
    home.hands.perform = (type) => (open || type !== "Announce" ? Effect.void : Effect.fail(new Error("not yet")))
    await tell(home, "deaf", say.install, "1")
    await tell(home, "deaf", say.on, "2")
    await tell(home, "other", say.install, "1")
    // A quarantined actor hears neither the answer nor that its command is parked, so the command is tried for weeks.
    await asOwner(home, (sql) =>
      Effect.andThen(
        sql`UPDATE outbox SET attempts = 32767, leased = false, due_at = now() WHERE path = 'lamp/deaf' AND type = 'Announce'`,
        sql`INSERT INTO defects VALUES ('lamp/deaf', 'boom', 'Break', 5, 'the lamp broke', now(), now())`
      )
    )
    await Bun.sleep(1_000)
    open = true
    await tell(home, "other", say.on, "2")
    await home.until("the other's commands", ({ outbox }) =>
      outbox.filter(({ path }) => path === "lamp/other").every(({ state }) => state === "done")
    )
  })

  test("leaves a command whose actor cannot be told that it is parked alone for a while", async () => {
    const home = await opened()
    let tries = 0
    const count = Effect.sync(() => void tries++)
    home.hands.perform = (type) => (type === "Announce" ? Effect.andThen(count, Effect.fail(new Error("no"))) : Effect.void)
    await tell(home, "hurt", say.install, "1")
    await asOwner(home, (sql) => sql`INSERT INTO defects VALUES ('lamp/hurt', 'boom', 'Break', 4, 'the lamp broke', now(), now())`)
    await tell(home, "hurt", say.on, "2")
    await tell(home, "hurt", say.break, "boom") // The fifth.
    await Bun.sleep(3_500) // Its two attempts, a second or so apart.
    expect(tries).toBe(2)
    home.time.offset += 30_000 // Past the lease.
    await Bun.sleep(600)
    expect(tries).toBe(2)
  })

  test("is left to the new owner: who has lost its partitions takes nothing more", async () => {
    const home = await opened()
    let tries = 0
    const count = Effect.sync(() => void tries++)
    home.hands.perform = (type) => (type === "Announce" ? count : Effect.void)
    await tell(home, "sold", say.install, "1")
    await home.run(ActorStore.use((store) => store.claim(partitions, "another")))
    // The new owner has promised something; the old one sees the row, and cannot bring home what comes of it.
    await asOwner(
      home,
      (sql) => sql`
      INSERT INTO outbox (partition, path, version, position, lane, type, body, due_at, at, correlation)
      SELECT partition, path, version, 0, 'Announce', 'Announce', '{"on":true}', now(), now(), 'x' FROM actors WHERE path = 'lamp/sold'`
    )
    await Bun.sleep(1_000)
    home.time.offset += 10 * 60_000
    await Bun.sleep(1_000)
    home.time.offset += 10 * 60_000
    await Bun.sleep(1_000)
    expect(tries).toBeLessThanOrEqual(1) // The one that told it.
  }, 15_000)
})

describe("a mailbox", () => {
  test("answers also those who come back to it after it has closed", async () => {
    const lane = new Lane()
    const answers: Array<Answer> = []
    const letter: Letter = {
      path: "lamp/late",
      id: "1",
      message: say.off,
      cause: "1",
      correlation: "1",
      traceId: null,
      sender: null,
      timer: null
    }
    lane.offer(letter, (answer) => answers.push(answer))
    const batch = await Effect.runPromise(lane.take)
    lane.close()
    lane.again(batch)
    expect(answers).toMatchObject([{ _tag: "ActorsUnavailable", reason: "Stopping" }])
  })
})
