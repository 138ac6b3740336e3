/** A new version of a machine beside an old one: what was left is brought along in the turn at hand, what is too new waits, and nothing is lost. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { SQL } from "bun"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { ActorSystem } from "#actors/system/actor-system.ts"
import type { AnyBehavior } from "#actors/system/behavior.ts"
import { ActorHost } from "#actors/system/host.ts"
import { InProcessActorSystem } from "#actors/system/in-process.ts"
import { ActorNotFound } from "#actors/system/letter.ts"
import { OutboxRelay } from "#actors/system/outbox.ts"
import { PostgresActorStore } from "#actors/system/postgres.ts"
import { PostgresRelay } from "#actors/system/postgres-relay.ts"
import { type HeardRow, replay } from "#actors/system/replay.ts"
import { TimerRelay } from "#actors/system/timers.ts"
import { answersOf, answersText } from "#actors/system/wire.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { type Database, freshDatabase } from "../database.ts"
import { brightBehavior, dim } from "./bright-lamp.ts"
import { MovedTime } from "./house.ts"
import { glowMillis, Hands, Lamp, lampBehavior, say } from "./lamp.ts"

let database: Database
let sql: SQL
const time = new MovedTime()
let humming = false

beforeAll(async () => {
  database = await freshDatabase()
  sql = new SQL(database.url, { max: 2 })
  await sql`
    CREATE TABLE tallies (partition smallint, path text, version int, position smallint, at timestamptz, amount_minor bigint CHECK (amount_minor > 0), word text)`
  await sql`GRANT SELECT, INSERT ON tallies TO caas_app`
})
afterAll(async () => {
  await sql.close()
  await database.drop()
})

/** A program with this version of the lamp; it takes all partitions over, as the next one does from it. */
const program = async (behavior: AnyBehavior) => {
  const hands = { perform: (type: string) => (type === "Hum" && !humming ? Effect.fail("too loud") : Effect.void) }
  const runtime = ManagedRuntime.make(
    Layer.provide(TimerRelay, OutboxRelay([behavior], { attempts: 2 })).pipe(
      Layer.provideMerge(InProcessActorSystem),
      Layer.provideMerge(ActorHost.layer([behavior])),
      Layer.provideMerge(Layer.mergeAll(PostgresActorStore([behavior]), PostgresRelay)),
      Layer.provideMerge(Postgres({ url: Redacted.make(database.url), connections: 4 })),
      Layer.provideMerge(Layer.succeed(Hands, hands)),
      Layer.provideMerge(time.layer)
    ) as Layer.Layer<ActorSystem>
  )
  const tell = (id: string, message: any, messageId: string): Promise<any> =>
    runtime.runPromise(
      ActorSystem.use((actors) => actors.tell(Lamp.at(id), message, { id: messageId })).pipe(
        Effect.catch((no) => Effect.succeed(no)),
        Effect.catchCause((cause) => Effect.succeed({ _tag: "Died", cause: String(cause) }))
      )
    )
  await runtime.runPromise(Effect.void)
  return { tell, [Symbol.asyncDispose]: () => runtime.dispose() }
}
const old = () => program(lampBehavior)
const bright = () => program(brightBehavior)

const heardBy = (id: string): Promise<Array<HeardRow & { machine: number }>> => sql`
  SELECT version, message_id AS "messageId", type, (extract(epoch FROM at) * 1000)::float8 AS at, body, outcome, reply, machine_version AS machine
  FROM journal WHERE path = ${`lamp/${id}`} ORDER BY version`
const actorAt = async (id: string) =>
  (await sql`SELECT version, machine_version, state FROM actors WHERE path = ${`lamp/${id}`}`)[0]
const timersOf = async (id: string) => [...(await sql`SELECT timer_id, set_version FROM timers WHERE path = ${`lamp/${id}`}`)]
const until = async (what: string, isSo: () => Promise<boolean> | boolean) => {
  const end = performance.now() + 10_000
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`${what} never happened`)
    await Bun.sleep(20)
  }
}

describe("an actor that an older machine left", () => {
  test("is migrated in the turn at hand: a journal row of its own, from which a replay begins", async () => {
    {
      await using lamps = await old()
      await lamps.tell("a", say.install, "1")
      await lamps.tell("a", say.on, "2")
    }
    await using lamps = await bright()
    expect(await lamps.tell("a", say.on, "2")).toMatchObject({ version: 2, state: "on", duplicate: true }) // As it was answered then.
    expect(await lamps.tell("a", say.off, "3")).toMatchObject({ _tag: "MessageRefused" })
    expect((await actorAt("a")).machine_version).toBe(1) // Neither was a turn.

    expect(await lamps.tell("a", say.tested("x"), "4")).toMatchObject({ state: "lit" })
    const heard = await heardBy("a")
    const migration = heard.find(({ type }) => type === "Migrated")!
    expect(migration).toMatchObject({
      messageId: `lamp/a#${migration.version - 1}/Migrated`,
      machine: 2,
      outcome: "recorded: Migrated",
      reply: "lit",
      body: { from: 1, to: 2, snapshot: { value: "lit", context: { percent: 100 } } }
    })
    const { version, machine_version, state } = await actorAt("a")
    expect([version, machine_version]).toEqual([heard.length, 2])
    expect(heard.map(({ version }) => version)).toEqual(heard.map((_, n) => n + 1))

    const lived = replay(brightBehavior, "lamp/a", heard)
    expect(lived).toMatchObject({ broken: null, from: migration.version + 1, heardFrom: state.heardFrom })
    expect({ ...lived.state, heardFrom: lived.heardFrom }).toEqual(state)
    // It waits for what the new chart waits for, under the new name; the old timer is gone.
    expect(await timersOf("a")).toMatchObject([{ timer_id: "xstate.after.glow.lamp.lit", set_version: migration.version }])
    expect([...lived.timers]).toMatchObject([["xstate.after.glow.lamp.lit", { setVersion: migration.version }]])
    time.offset += glowMillis
    await until("going out", async () => (await actorAt("a")).state.value === "off")
    expect((await heardBy("a")).at(-1)).toMatchObject({ type: "xstate.after.glow.lamp.lit", outcome: "handled" })
  })

  test("is migrated by a timer that its new machine does not wait for: the wait is over, and the new one begins", async () => {
    {
      await using lamps = await old()
      await lamps.tell("f", say.install, "1")
      await lamps.tell("f", say.on, "2")
    }
    await using _lamps = await bright()
    time.offset += glowMillis
    await until("the migration", async () => (await actorAt("f")).machine_version === 2)
    expect((await heardBy("f")).at(-1)).toMatchObject({ type: "Migrated", version: 3, machine: 2 })
    expect(await timersOf("f")).toMatchObject([{ timer_id: "xstate.after.glow.lamp.lit", set_version: 3 }])
    time.offset += glowMillis
    await until("going out", async () => (await actorAt("f")).state.value === "off")
    const lived = replay(brightBehavior, "lamp/f", await heardBy("f"))
    expect([lived.broken, lived.state?.value, lived.timers.size]).toEqual([null, "off", 0])
  })

  test("is one mistake of its own where a table refuses its turn, and where no migration leads from there", async () => {
    {
      await using lamps = await old()
      for (const id of ["b", "c"]) await lamps.tell(id, say.install, "1")
    }
    {
      await using lamps = await bright()
      expect(await lamps.tell("b", say.said("x"), "2")).toMatchObject({ _tag: "Died" })
      expect(await heardBy("b")).toHaveLength(1)
    }
    await using lamps = await program({ ...brightBehavior, machineVersion: 3 })
    expect(await lamps.tell("c", say.tested("x"), "2")).toMatchObject({
      _tag: "Died",
      cause: expect.stringContaining("no migration from version 2")
    })
    const defects = await sql`SELECT path, tries FROM defects ORDER BY path`
    expect([...defects]).toMatchObject([
      { path: "lamp/b", tries: 1 },
      { path: "lamp/c", tries: 1 }
    ])
  })
})

describe("an actor that no migration leads from", () => {
  test("is quarantined like any other that breaks, and comes back with a mended program once an operator lets it", async () => {
    const defects = async () => (await sql`SELECT message_id, tries FROM defects WHERE path = 'lamp/g'`).map(Object.values)
    {
      await using lamps = await old()
      await lamps.tell("g", say.next("broken"), "1")
      await lamps.tell("h", say.install, "1")
    }
    {
      const throwing = {
        1: (left: any) => (left.context.room === "broken" ? ({} as any).no.way : brightBehavior.migrations![1]!(left))
      }
      await using lamps = await program({ ...brightBehavior, migrations: throwing })
      for (let tries = 1; tries < 5; tries++) expect(await lamps.tell("g", say.tested("x"), "2")).toMatchObject({ _tag: "Died" })
      for (const id of ["2", "3", "4"])
        expect(await lamps.tell("g", say.tested("x"), id)).toMatchObject({ _tag: "ActorQuarantined" })
      expect(await defects()).toEqual([["2", 5]]) // What it is told now changes nothing.
      expect(await lamps.tell("h", say.tested("x"), "2")).toMatchObject({ outcome: "handled" })
    }
    await using lamps = await bright()
    expect(await lamps.tell("g", say.tested("x"), "3")).toMatchObject({ _tag: "ActorQuarantined" })
    expect(await lamps.tell("g", say.next("broken"), "1")).toMatchObject({ version: 1, duplicate: true })
    await sql`DELETE FROM defects WHERE path = 'lamp/g'` // What an operator's release does.
    expect(await lamps.tell("g", say.tested("x"), "3")).toMatchObject({ version: 3, outcome: "handled" })
  })
})

describe("a program that is older than", () => {
  test("a snapshot says that somebody else will hear; nobody is quarantined, and the newer one hears it", async () => {
    {
      await using lamps = await bright()
      await lamps.tell("d", say.install, "1")
    }
    {
      await using lamps = await old()
      for (let tries = 0; tries < 6; tries++)
        expect(await lamps.tell("d", say.tested("x"), "2")).toMatchObject({ _tag: "ActorsUnavailable", reason: "NewerProgram" })
      expect(await lamps.tell("d", say.install, "1")).toMatchObject({ _tag: "ActorsUnavailable" })
    }
    expect([...(await sql`SELECT FROM defects WHERE path = 'lamp/d'`)]).toEqual([])
    await using lamps = await bright()
    expect(await lamps.tell("d", say.tested("x"), "2")).toMatchObject({ version: 2, outcome: "handled", duplicate: false })
  })

  test("a word, a kind of actor or a command keeps it for the newer one: none is recorded, refused or parked", async () => {
    {
      await using lamps = await old()
      await lamps.tell("e", say.install, "1")
      expect(await lamps.tell("e", dim(40), "2")).toMatchObject({ _tag: "ActorsUnavailable", reason: "NewerProgram" })
      expect(await lamps.tell("nobody", dim(40), "2")).toMatchObject({ _tag: "ActorsUnavailable", reason: "NewerProgram" })
      expect(await heardBy("e")).toHaveLength(1)
    }
    {
      await using lamps = await bright()
      expect(await lamps.tell("e", dim(40), "2")).toMatchObject({ outcome: "handled" })
    }
    const promised = async () => (await sql`SELECT state, attempts, cause FROM outbox WHERE path = 'lamp/e' AND type = 'Hum'`)[0]
    {
      await using _lamps = await old() // Patient for two tries, with a partner.
      let tries = 0
      await until("a third try", async () => {
        const unheard = sql`path = 'lamp/e' AND NOT leased AND cause = 'ActorsUnavailable (NewerProgram)'`
        tries += (await sql`UPDATE outbox SET cause = NULL WHERE ${unheard} RETURNING path`).length
        if (tries < 3) await sql`UPDATE outbox SET due_at = now() WHERE path = 'lamp/e' AND NOT leased`
        return tries === 3
      })
      expect((await promised()).state).toBe("waiting")
    }
    expect((await promised()).attempts).toBeLessThan(2) // Its partner has all the tries it had.
    await using _lamps = await bright()
    humming = true
    await sql`UPDATE outbox SET due_at = now() WHERE path = 'lamp/e'`
    await until("the command", async () => (await promised()).state === "done")
  })

  test("an answer tells its teller to come back, and the others of that call what they were answered", () => {
    const standing = { _tag: "Standing", version: 1, state: "off", outcome: "handled", duplicate: false } as const
    const newer = { _tag: "ActorsUnavailable", reason: "OnHoliday" } // A word of next year.
    const missing = new ActorNotFound({ path: "lamp/x" })
    const text = JSON.stringify([standing, newer, ...JSON.parse(answersText([missing]))])
    expect(answersOf(text)).toMatchObject([standing, { _tag: "ActorsUnavailable", reason: "NewerProgram" }, missing])
  })
})
