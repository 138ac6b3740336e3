/** What the actor system promises, asked of both memories and of a cluster with the same questions. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { ActorStore } from "#actors/system/actor-store.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { Delivery } from "#actors/system/delivery.ts"
import { partitionOf } from "#actors/system/partition.ts"
import { house } from "./house.ts"
import { glowMillis, Lamp, say } from "./lamp.ts"

for (const memory of ["memory", "postgres", "cluster"] as const)
  describe(`actors in ${memory}`, () => {
    let home: Awaited<ReturnType<typeof house>>
    beforeAll(async () => {
      home = await house(memory)
    })
    afterAll(() => home.close())

    const tell = (lamp: string, message: any, id: string, options: object = {}) =>
      home.run(ActorSystem.use((actors) => actors.tell(Lamp.at(lamp), message, { id, ...options })))
    const refusal = (lamp: string, message: any, id: string) =>
      home.run(Effect.flip(ActorSystem.use((actors) => actors.tell(Lamp.at(lamp), message, { id }))))
    const turnsOf = async (lamp: string) => (await home.look()).turns.filter(({ path }) => path === `lamp/${lamp}`)

    test("open with the message that opens them, and with no other", async () => {
      expect(await refusal("nobody", say.on, "1")).toMatchObject({ _tag: "ActorNotFound" })
      expect(await tell("a", say.install, "1")).toMatchObject({ version: 1, state: "off", outcome: "handled", duplicate: false })
      expect(await refusal("a", say.install, "2")).toMatchObject({ _tag: "MessageRefused", reason: "AlreadyInstalled" })
      expect(await turnsOf("nobody")).toEqual([])
    })

    test("hear a message once and answer it twice, with what was answered then", async () => {
      await tell("b", say.install, "1")
      const first = await tell("b", say.on, "2")
      await tell("b", say.off, "3")
      const again = await tell("b", say.on, "2")
      expect(first).toMatchObject({ version: 2, state: "on", duplicate: false })
      expect(again).toMatchObject({ version: 2, state: "on", duplicate: true })
      for (let n = 0; n < 40; n++) await tell("b", say.tested(`${n}`), `later-${n}`) // Now only the journal knows.
      expect(await tell("b", say.on, "2")).toMatchObject({ version: 2, state: "on", duplicate: true })
      expect((await turnsOf("b")).filter(({ messageId }) => messageId === "2")).toHaveLength(1)
    })

    test("know a message again that came before a hundred others of the same batch", async () => {
      await tell("c2", say.install, "1")
      const crowd = Array.from({ length: 100 }, (_, i) => ["c2", say.tested(`${i}`), `t${i}`] as const)
      const all = Effect.forEach(
        [...crowd, crowd[0]!],
        ([lamp, message, id]) => ActorSystem.use((actors) => actors.tell(Lamp.at(lamp), message, { id })),
        { concurrency: "unbounded" }
      )
      const answers = await home.run(all)
      expect(answers.at(-1)).toMatchObject({ version: answers[0]!.version, duplicate: true })
      expect(await turnsOf("c2")).toHaveLength(101)
    })

    test("hear fifty copies at once as one", async () => {
      await tell("c", say.install, "1")
      const answers = await Promise.all(Array.from({ length: 50 }, () => tell("c", say.on, "2")))
      expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1)
      expect(new Set(answers.map(({ version }) => version))).toEqual(new Set([2]))
    })

    test("refuse requests without a trace, and never facts", async () => {
      await tell("d", say.install, "1")
      expect(await refusal("d", say.off, "2")).toMatchObject({ _tag: "MessageRefused", reason: "AlreadyOff" })
      expect(await tell("d", say.tested("fine"), "3")).toMatchObject({ version: 2, outcome: "recorded: Works" })
      expect((await turnsOf("d")).map(({ messageId, outcome }) => [messageId, outcome])).toEqual([
        ["1", "handled"],
        ["3", "recorded: Works"]
      ])
    })

    test("count their versions without gaps, whoever speaks at once", async () => {
      const crowd = Array.from({ length: 40 }, (_, i) => `crowd-${i}`)
      await Promise.all(crowd.map((lamp) => tell(lamp, say.install, "1")))
      await Promise.all(crowd.flatMap((lamp) => Array.from({ length: 10 }, (_, i) => tell(lamp, say.tested(`${i}`), `t${i}`))))
      for (const lamp of crowd) {
        const turns = (await turnsOf(lamp)).map(({ version }) => version)
        expect(turns).toEqual(Array.from({ length: 11 }, (_, i) => i + 1))
      }
    })

    test("keep records in the turn that made them", async () => {
      await tell("e", say.install, "1")
      await tell("e", say.onFor(7), "2")
      expect((await home.look()).tallies.filter(({ path }) => path === "lamp/e")).toEqual([
        { path: "lamp/e", version: 2, amount: 7, word: "on" }
      ])
    })

    test("perform what they promised, and hear what came of it", async () => {
      await tell("f", say.install, "1")
      await tell("f", say.on, "2")
      const seen = await home.until(
        "the announcement",
        ({ actors, outbox }) =>
          actors.some(({ path, state }) => path === "lamp/f" && state.context.announced === 1) &&
          outbox.filter(({ path }) => path === "lamp/f").every(({ state }) => state === "done")
      )
      expect(seen.turns.filter(({ path }) => path === "lamp/f").map(({ messageId }) => messageId)).toContain("lamp/f#2.1")
    })

    test("wake when their time has come, once, and three days late as well", async () => {
      await tell("g", say.install, "1")
      await tell("g", say.on, "2")
      expect((await home.look()).timers.filter(({ path }) => path === "lamp/g")).toHaveLength(1)
      home.time.offset += 3 * 24 * 60 * 60 * 1000
      const seen = await home.until("the glow's end", ({ actors }) =>
        actors.some(({ path, state }) => path === "lamp/g" && state.value === "off")
      )
      const [due, at] = seen.actors
        .find(({ path }) => path === "lamp/g")!
        .state.context.due.split(" ")
        .map(Date.parse)
      expect(at! - due!).toBeGreaterThan(2 * 24 * 60 * 60 * 1000) // The machine knows both when it was due and when it heard.
      expect(seen.turns.filter(({ path, type }) => path === "lamp/g" && type.startsWith("xstate.after"))).toHaveLength(1)
      expect(seen.timers.filter(({ path }) => path === "lamp/g")).toEqual([])
    })

    test("set a timer anew when a state is entered anew; the old one wakes nobody", async () => {
      await tell("h", say.install, "1")
      await tell("h", say.on, "2")
      const { version } = await tell("h", say.on, "3") // 3, or 4 where it has heard of its first announcement by then.
      expect((await home.look()).timers.filter(({ path }) => path === "lamp/h")).toMatchObject([{ setVersion: version }])
      const late = await home.run(
        Delivery.use(({ deliver }) =>
          deliver({
            path: "lamp/h",
            id: "old",
            message: { type: "xstate.after.glow.lamp.on" },
            cause: "old",
            correlation: "old",
            traceId: null,
            sender: null,
            timer: {
              timerId: "xstate.after.glow.lamp.on",
              setVersion: 2,
              due: new Date(home.time.offset + Date.now() + glowMillis).toISOString()
            }
          })
        )
      )
      expect(late).toMatchObject({ _tag: "Standing", state: "on", outcome: "recorded: TimerGone" })
      expect((await turnsOf("h")).map(({ messageId }) => messageId)).not.toContain("old")
    })

    test("record what another actor said before its last word as stale", async () => {
      await tell("i", say.install, "1")
      await tell("i", say.said("second"), "n2", { sender: { path: "lamp/x", version: 5 } })
      expect(await tell("i", say.said("first"), "n1", { sender: { path: "lamp/x", version: 4 } })).toMatchObject({
        outcome: "recorded: Stale"
      })
      expect((await home.look()).actors.find(({ path }) => path === "lamp/i")!.state.context.last).toBe("second")
    })

    test("speak to each other by address", async () => {
      await tell("k", say.install, "1")
      await tell("j", say.next("k"), "1")
      await tell("j", say.on, "2")
      await home.until("the neighbour's word", ({ actors }) =>
        actors.some(({ path, state }) => path === "lamp/k" && state.context.last === "lamp/j#2.3")
      )
    })

    test("hear of a command that is out of patience; its lane waits, the others go on", async () => {
      home.hands.perform = (type) => (type === "Mail" ? Effect.fail(new Error("no post office")) : Effect.void)
      await tell("l", say.install, "1")
      await tell("l", say.on, "2")
      await tell("l", say.on, "3") // A second mail, which may not overtake the first.
      const seen = await home.until(
        "parking",
        ({ actors }) => actors.some(({ path, state }) => path === "lamp/l" && state.context.parked.length === 1),
        8000
      )
      home.hands.perform = () => Effect.void
      expect(seen.actors.find(({ path }) => path === "lamp/l")!.state.context).toMatchObject({ parked: ["Mail"], announced: 2 })
      const later = await home.until("the parked row", ({ outbox }) =>
        outbox.some(({ path, state }) => path === "lamp/l" && state === "parked")
      )
      expect(later.outbox.filter(({ path, type }) => path === "lamp/l" && type === "Mail").map(({ state }) => state)).toEqual([
        "parked",
        "waiting"
      ])
    })

    test("break alone: five times on one message, then quarantine, while the others go on", async () => {
      await tell("m", say.install, "1")
      await tell("n", say.install, "1")
      const storm = async (id: string) => {
        const [broken, fine] = await Promise.allSettled([tell("m", say.break, "boom"), tell("n", say.tested(id), id)])
        expect(fine.status).toBe("fulfilled")
        return String((broken as PromiseRejectedResult).reason)
      }
      for (let i = 1; i <= 4; i++) expect(await storm(`ok-${i}`)).toContain("lamp tried actions") // A machine has no side effects.
      expect(await storm("ok-5")).toContain("ActorQuarantined")
      expect(await refusal("m", say.on, "after")).toMatchObject({ _tag: "ActorQuarantined" })
      expect(await tell("n", say.on, "after")).toMatchObject({ state: "on" })
    })

    test("break alone also where only their facets cannot be told", async () => {
      await tell("r", say.install, "1")
      await tell("s", say.install, "1")
      const [broken, fine] = await Promise.allSettled([tell("r", say.said("unspeakable"), "2"), tell("s", say.tested("ok"), "2")])
      expect(String((broken as PromiseRejectedResult).reason)).toContain("no facets for this")
      expect(fine).toMatchObject({ status: "fulfilled", value: { version: 2 } })
      expect(await turnsOf("r")).toHaveLength(1)
    })

    test("answer Overloaded beyond 256 waiting letters for one actor, and lose none of the rest", async () => {
      await tell("o", say.install, "1")
      const answers = await Promise.allSettled(Array.from({ length: 400 }, (_, i) => tell("o", say.tested(`${i}`), `w${i}`)))
      const refused = answers.filter(({ status }) => status === "rejected")
      expect(refused.length).toBeGreaterThan(0)
      for (const { reason } of refused as Array<PromiseRejectedResult>) expect(String(reason)).toContain("Overloaded")
      expect(await turnsOf("o")).toHaveLength(401 - refused.length)
    })

    if (memory === "cluster")
      test("are claimed anew where somebody took the partition that the cluster gave to their runner", async () => {
        await tell("p", say.install, "1")
        await home.run(ActorStore.use((store) => store.claim([partitionOf("lamp/p")], "another")))
        expect(await tell("p", say.on, "2")).toMatchObject({ version: 2, duplicate: false })
        const epochs = await home.run(
          SqlClient.SqlClient.use((sql) => sql<{ epoch: number }>`SELECT epoch FROM journal WHERE path = 'lamp/p' ORDER BY version`)
        )
        expect(epochs[1]!.epoch).toBe(epochs[0]!.epoch + 2) // The other's, and ours again.
      })
    else
      test("are nobody's once another owner has claimed the partition: not even a refusal is said", async () => {
        await tell("p", say.install, "1")
        const partition = partitionOf("lamp/p")
        const stranger = Array.from({ length: 200 }, (_, i) => `q${i}`).find((lamp) => {
          const other = partitionOf(`lamp/${lamp}`)
          return other !== partition && other % 4 === partition % 4 // They wait in one mailbox.
        })!
        await home.run(ActorStore.use((store) => store.claim([partition], "another")))
        const answers = await Promise.allSettled([tell("p", say.on, "2"), tell(stranger, say.install, "1")])
        expect(answers.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]) // One batch: the fenced partition is left out, the rest commits.
        expect((answers[0] as PromiseRejectedResult).reason).toMatchObject({ _tag: "ActorsUnavailable", reason: "PartitionLost" })
        expect(await turnsOf("p")).toHaveLength(1)
        expect(await refusal("p", say.off, "3")).toMatchObject({ _tag: "ActorsUnavailable", reason: "PartitionLost" })
      })
  })
