/** Closed actors move out of the way while others live on: whole or not at all, and nobody who speaks to them notices. */
import { afterEach, describe, expect, test } from "bun:test"
import { Cause, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { ActorSystem } from "#actors/system/actor-system.ts"
import type { Standing } from "#actors/system/letter.ts"
import { Archivist, archiveClosed } from "#actors/system/postgres-archive.ts"
import { house } from "./house.ts"
import { Lamp, say } from "./lamp.ts"

type House = Awaited<ReturnType<typeof house>>

const hour = 3_600_000
const homes: Array<House> = []
const opened = async (options?: { readonly relays: boolean }) => {
  const home = await house("postgres", options)
  homes.push(home)
  return home
}
afterEach(async () => {
  for (const home of homes.splice(0)) await home.close()
})

const tell = (home: House, lamp: string, message: any, id: string): Promise<Standing> =>
  home.run(ActorSystem.use((actors) => actors.tell(Lamp.at(lamp), message, { id })))
const rows = <Row extends object>(home: House, query: string) =>
  home.run(Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe<Row>(query)))
/** However lately they closed. */
const archive = (home: House, limit = 1_000) => home.run(archiveClosed({ closedBefore: Date.now() + hour, limit, pause: 0 }))

/** Where everything of a lamp lies: rows of the tables of live traffic, rows of the archive. */
const lying = async (home: House, lamp: string) => {
  const of = (table: string) => `(SELECT count(*)::int FROM ${table} WHERE path = 'lamp/${lamp}')`
  const [row] = await rows<Record<string, number>>(
    home,
    `SELECT ${of("journal")} AS journal, ${of("outbox")} AS outbox, ${of("archive.journal")} AS "oldJournal", ${of("archive.outbox")} AS "oldOutbox"`
  )
  return row!
}

const memory = 40 // More than an actor in memory remembers: the first of so many messages is looked up.

describe("a closed actor that is archived", () => {
  test("answers what it heard before as it did then, and hears what is new: once", async () => {
    const home = await opened()
    await tell(home, "old", say.install, "install")
    await tell(home, "old", say.onFor(7), "on")
    const off = await tell(home, "old", say.off, "off")
    for (let n = 0; n < memory; n++) await tell(home, "old", say.tested("fine"), `test/${n}`)
    await home.until("the lamp's commands", ({ outbox }) => outbox.length === 4 && outbox.every(({ state }) => state === "done"))
    const { version } = (await home.look()).actors[0]!
    const before = await rows(home, "SELECT * FROM whole.journal ORDER BY path, version")
    const promised = await rows(home, "SELECT * FROM whole.outbox ORDER BY path, version, position")

    expect(await archive(home)).toEqual({ looked: 1, moved: 1, turns: version, commands: 4 })
    expect(await lying(home, "old")).toEqual({ journal: 0, outbox: 0, oldJournal: version, oldOutbox: 4 })
    expect(await rows(home, "SELECT * FROM whole.journal ORDER BY path, version")).toEqual(before)
    expect(await rows(home, "SELECT * FROM whole.outbox ORDER BY path, version, position")).toEqual(promised)

    expect(await tell(home, "old", say.off, "off")).toEqual({ ...off, duplicate: true })
    expect(await tell(home, "old", say.onFor(9), "on")).toMatchObject({ version: 2, state: "on", duplicate: true })
    expect(await lying(home, "old")).toMatchObject({ journal: 0, outbox: 0 })

    expect(await tell(home, "old", say.tested("late"), "late")).toMatchObject({ version: version + 1, duplicate: false })
    expect(await tell(home, "old", say.tested("late"), "late")).toMatchObject({ version: version + 1, duplicate: true })
    expect(await lying(home, "old")).toMatchObject({ journal: 1, oldJournal: version })
    expect(await archive(home)).toEqual({ looked: 1, moved: 1, turns: 1, commands: 0 }) // What came late follows.
    expect(await lying(home, "old")).toEqual({ journal: 0, outbox: 0, oldJournal: version + 1, oldOutbox: 4 })
    expect(await archive(home)).toMatchObject({ looked: 0 })
  })

  test("is moved whole or not at all: who is not closed, waits for something or was just spoken to stays", async () => {
    const home = await opened()
    home.hands.perform = (_, { path }) => (path === "lamp/parked" ? Effect.fail(new Error("no")) : Effect.void)
    for (const lamp of ["idle", "shining", "parked", "waiting", "spoken"]) await tell(home, lamp, say.install, "install")
    for (const lamp of ["shining", "parked"]) await tell(home, lamp, say.on, "on") // A timer waits with each.
    await home.until("a parked command", ({ outbox }) => outbox.some(({ state }) => state === "parked"))
    await tell(home, "parked", say.off, "off") // Its timer is gone, its command is not.
    await home.until("quiet", ({ outbox }) => outbox.every(({ state, path }) => state === "done" || path === "lamp/parked"))
    await rows(
      home,
      `INSERT INTO timers (partition, path, timer_id, set_version, due_at, retry_at)
       SELECT partition, path, 'x', 1, now() + interval '1 year', now() + interval '1 year' FROM actors WHERE path = 'lamp/waiting'`
    )
    home.time.offset += 2_000
    const before = Date.now() + 1_000
    await tell(home, "spoken", say.tested("just now"), "late")

    const archived = await home.run(archiveClosed({ closedBefore: before, limit: 1_000, pause: 0 }))
    expect(archived).toMatchObject({ looked: 4, moved: 1 }) // The one that shines is not closed.
    expect((await lying(home, "idle")).journal).toBe(0)
    for (const lamp of ["shining", "parked", "waiting", "spoken"])
      expect([lamp, await lying(home, lamp)]).toMatchObject([lamp, { oldJournal: 0, oldOutbox: 0 }])
  })

  test("misses nothing that it is told while it moves, and hears nothing twice", async () => {
    const home = await opened({ relays: false })
    const lamps = Array.from({ length: 24 }, (_, n) => `lamp-${n}`)
    const first = new Map<string, Standing>()
    const each = (work: (lamp: string) => Promise<unknown>) => Promise.all(lamps.map(work))
    await each((lamp) => tell(home, lamp, say.install, "install"))
    await each(async (lamp) => {
      for (let n = 0; n < memory; n++) first.set(`${lamp} ${n}`, await tell(home, lamp, say.tested("fine"), `old/${n}`))
    })

    let isOver = false
    let moved = 0
    const mover = async () => {
      while (!isOver) moved += (await archive(home)).moved
    }
    const movers = [mover(), mover()] // Every runner has one.
    const rounds = 25
    const answers: Array<readonly [Standing, Standing]> = []
    await each(async (lamp) => {
      for (let n = 0; n < rounds; n++) {
        const [, again, , twice] = await Promise.all([
          tell(home, lamp, say.tested("new"), `new/${n}`),
          tell(home, lamp, say.tested("fine"), `old/${n}`),
          tell(home, lamp, say.tested("new"), `new/${n}`),
          tell(home, lamp, say.tested("fine"), `old/${n}`)
        ])
        answers.push([again, first.get(`${lamp} ${n}`)!], [twice, first.get(`${lamp} ${n}`)!])
      }
    })
    isOver = true
    await Promise.all(movers)

    for (const [answer, was] of answers) expect(answer).toEqual({ ...was, duplicate: true })
    expect(moved).toBeGreaterThan(2 * lamps.length) // They were moved again and again, in the middle of it.
    const heard = await rows(
      home,
      `SELECT count(*)::int AS turns, count(DISTINCT message_id)::int AS ids, min(j.version) AS first, max(j.version) AS last, a.version
       FROM whole.journal j JOIN actors a USING (path) GROUP BY path, a.version`
    )
    const all = 1 + memory + rounds
    expect(heard).toEqual(lamps.map(() => ({ turns: all, ids: all, first: 1, last: all, version: all })))
  })

  test("is moved by a function that the platform may call, and by nothing else that the platform may do", async () => {
    const home = await opened({ relays: false })
    await tell(home, "old", say.install, "install")
    await archive(home)
    for (const forbidden of [
      "INSERT INTO archive.journal SELECT * FROM archive.journal",
      "UPDATE archive.journal SET outcome = 'handled'",
      "DELETE FROM archive.journal",
      "DELETE FROM archive.journal_0",
      "DELETE FROM whole.journal",
      "DELETE FROM journal",
      "DELETE FROM outbox",
      "DELETE FROM archive.outbox"
    ]) {
      const said = await home.run(
        Effect.matchCause(
          Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(forbidden)),
          { onSuccess: () => "nothing", onFailure: (cause) => Cause.pretty(cause) }
        )
      )
      expect([forbidden, said]).toEqual([forbidden, expect.stringMatching(/permission denied|cannot (delete|update)/)])
    }
    expect(await lying(home, "old")).toMatchObject({ oldJournal: 1 })
  })

  test("was found by the archivist, who looks once an hour for those closed long enough", async () => {
    const home = await opened({ relays: false })
    await tell(home, "old", say.install, "install")
    const lookFor = (afterDays: number) =>
      home.run(
        Effect.gen(function* () {
          yield* Layer.build(Archivist({ afterDays }))
          yield* TestClock.adjust("59 minutes")
          const [early] = yield* Effect.promise(() => rows<{ archived: boolean }>(home, "SELECT archived FROM actors"))
          yield* TestClock.adjust("2 minutes")
          for (let tries = 0; tries < (afterDays === 90 ? 200 : 5); tries++) {
            const [row] = yield* Effect.promise(() => rows<{ archived: boolean }>(home, "SELECT archived FROM actors"))
            if (row!.archived) return [early!.archived, true]
            yield* Effect.promise(() => Bun.sleep(10))
          }
          return [early!.archived, false]
        }).pipe(Effect.scoped, Effect.provide(TestClock.layer()))
      )
    expect(await lookFor(90)).toEqual([false, false]) // It closed today.
    home.time.offset += 91 * 24 * hour
    expect(await lookFor(0)).toEqual([false, false]) // Never.
    expect(await lookFor(90)).toEqual([false, true])
  })
})
