/** What is due by the thousand at one moment: a month's end for every contract. */
import { afterEach, describe, expect, test } from "bun:test"
import { Deferred, Effect } from "effect"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { house } from "./house.ts"
import { Lamp, say } from "./lamp.ts"

const lamps = 300
const hanging = 100 // More than this process may be performing while it takes all the timers it could.

type House = Awaited<ReturnType<typeof house>>

describe("timers that are due all at once", () => {
  let home: House
  afterEach(async () => home.close())

  const switchOn = (names: ReadonlyArray<string>) =>
    home.run(
      Effect.gen(function* () {
        const actors = yield* ActorSystem
        for (const name of names) {
          yield* actors.tell(Lamp.at(name), say.install, { id: "1" })
          yield* actors.tell(Lamp.at(name), say.on, { id: "2" })
        }
      })
    )
  const names = (what: string, count: number) => Array.from({ length: count }, (_, n) => `${what}-${n}`)

  test("wait where nobody is in their way while the hands are full, all but a few, so that a partner who hangs stops no clock", async () => {
    home = await house("memory")
    await switchOn(names("lamp", lamps))
    await home.until("nothing left to do", ({ outbox }) => outbox.every(({ state }) => state === "done"))
    const gate = Effect.runSync(Deferred.make<void>())
    home.hands.perform = (type) => (type === "Mail" ? Deferred.await(gate) : Effect.void)
    await switchOn(names("hanging", hanging))
    await home.until("full hands", ({ outbox }) => outbox.filter(({ state }) => state === "waiting").length === hanging)
    home.time.offset += 61_000
    await Bun.sleep(1_500)
    const gone = lamps + hanging - (await home.look()).timers.length
    expect(gone).toBeGreaterThan(8)
    expect(gone).toBeLessThan(lamps / 2)

    await switchOn(["today"])
    home.time.offset += 61_000
    await home.until("today's lamp off, before those that have waited longer", ({ timers }) => {
      const waiting = timers.map(({ path }) => path)
      return !waiting.includes("lamp/today") && waiting.length > lamps / 2
    })
    Effect.runSync(Deferred.succeed(gate, undefined))
    await home.until("every lamp off", ({ timers }) => timers.length === 0)
  })
})
