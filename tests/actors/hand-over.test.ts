/** A partition that moves between two hosts, at the worst of moments: nobody speaks from what he knew before. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Effect, Exit, Layer, ManagedRuntime, Redacted, Scope } from "effect"
import type { Tagged } from "#actors/system/actor-type.ts"
import { CrashPoint, type Reached } from "#actors/system/crash-point.ts"
import { ActorHost } from "#actors/system/host.ts"
import type { Answer } from "#actors/system/letter.ts"
import { partitionOf } from "#actors/system/partition.ts"
import { PostgresActorStore } from "#actors/system/postgres.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { house, MovedTime } from "./house.ts"
import { Hands, lampBehavior, say } from "./lamp.ts"

describe("a partition that moves away and comes back", () => {
  let home: Awaited<ReturnType<typeof house>>
  beforeAll(async () => {
    home = await house("postgres", { relays: false })
  })
  afterAll(() => home.close())

  /** A runner without a cluster: it has the lamp's partition from `open` until it is closed. */
  const hostOf = (lamp: string) => {
    const at = { reached: (() => {}) as Reached }
    const runtime = ManagedRuntime.make(
      ActorHost.layer([lampBehavior]).pipe(
        Layer.provide(PostgresActorStore([lampBehavior])),
        Layer.provide(Postgres({ url: Redacted.make(home.database!.url), connections: 2 })),
        Layer.provide(new MovedTime().layer),
        Layer.provide(Layer.succeed(Hands, { perform: () => Effect.void })),
        Layer.provide(Layer.succeed(CrashPoint, (point) => at.reached(point)))
      )
    )
    const path = `lamp/${lamp}`
    return {
      at,
      open: async () => {
        const held = Scope.makeUnsafe()
        await runtime.runPromise(ActorHost.use((host) => Scope.provide(host.open([partitionOf(path)], "for a while"), held)))
        return () => Effect.runSync(Scope.close(held, Exit.void))
      },
      tell: (message: Tagged, id: string): Promise<Answer> =>
        runtime.runPromise(
          ActorHost.use((host) =>
            host.deliver({ path, id, message, cause: id, correlation: id, traceId: null, sender: null, timer: null })
          )
        ),
      stop: () => runtime.dispose()
    }
  }

  test("does not meet the snapshot that a batch under way had left behind", async () => {
    const [here, there] = [hostOf("a"), hostOf("a")]
    const leaves = await here.open()
    await here.tell(say.install, "1")
    here.at.reached = (point) => void (point === "turn: after commit" && leaves())
    expect(await here.tell(say.tested("as it leaves"), "2")).toMatchObject({ version: 2, state: "off" })

    const returns = await there.open()
    expect(await there.tell(say.on, "3")).toMatchObject({ version: 3, state: "on" })
    returns()
    await here.open()
    expect(await here.tell(say.off, "4")).toMatchObject({ version: 4, state: "off" }) // Not refused for what it was before.
    await Promise.all([here.stop(), there.stop()])
  })
})
