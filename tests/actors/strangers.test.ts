/** At a runner's port without the cluster's secret, and at a gateway without a runner: nothing is taken, and nobody waits for ever. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import type { Sharding } from "effect/cluster"
import { SqlClient } from "effect/sql"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { ClusterClient } from "#actors/system/cluster.ts"
import { GatewayActorSystem } from "#actors/system/clustered.ts"
import { partitionOf } from "#actors/system/partition.ts"
import { Partition } from "#actors/system/partition-entity.ts"
import { ClusterSecret } from "#actors/system/wire.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { freshDatabase } from "../database.ts"
import { house } from "./house.ts"
import { Lamp, say } from "./lamp.ts"

const pool = (url: string) => Postgres({ url: Redacted.make(url), connections: 3 })

/** Speaks to the runners of this database under a secret of its own. */
const gatewayTo = (url: string) =>
  ManagedRuntime.make(
    GatewayActorSystem.pipe(
      Layer.provideMerge(ClusterClient.pipe(Layer.provide(pool(url)))),
      Layer.provide(Layer.succeed(ClusterSecret, Redacted.make("of somebody else")))
    )
  )
type Stranger = ReturnType<typeof gatewayTo>

const tellsInVain = (gateway: Stranger, lamp: string) =>
  gateway.runPromise(Effect.flip(ActorSystem.use((actors) => actors.tell(Lamp.at(lamp), say.on, { id: "in vain" }))))

describe("a cluster", () => {
  let home: Awaited<ReturnType<typeof house>>
  let stranger: Stranger
  beforeAll(async () => {
    home = await house("cluster", { relays: false })
    await home.run(ActorSystem.use((actors) => actors.tell(Lamp.at("a"), say.install, { id: "1" })))
    stranger = gatewayTo(home.database!.url)
  })
  afterAll(async () => {
    await stranger.dispose()
    await home.close()
  })

  test("loses no partition to a stranger at a runner's port, whatever he calls it", async () => {
    const partition = partitionOf("lamp/a")
    const epoch = () => home.run(SqlClient.SqlClient.use((sql) => sql`SELECT epoch FROM partitions WHERE partition = ${partition}`))
    const before = await epoch()
    const opens = (name: string): Effect.Effect<unknown, unknown, Sharding.Sharding> =>
      Effect.flatMap(Partition.client, (clientOf) => Effect.exit(Effect.timeout(clientOf(name).Open(), "500 millis")))
    for (const name of [`${partition}.stranger`, "nothing of ours"]) await stranger.runPromise(opens(name))
    expect(await epoch()).toEqual(before)
  })

  test.concurrent("does not hear a gateway with another secret, and tells it what is wrong", async () => {
    const no = await tellsInVain(stranger, "a")
    expect(no).toMatchObject({ _tag: "ActorsUnavailable", reason: "RunnerUnreachable" })
    expect(String((no as { cause?: unknown }).cause)).toContain("CLUSTER_SECRET")
    expect((await home.look()).turns.map(({ messageId }) => messageId)).not.toContain("in vain")
  })

  test.concurrent("without any runner answers its tellers in time, however many there are", async () => {
    const database = await freshDatabase()
    const gateway = gatewayTo(database.url)
    await gateway.runPromise(Effect.void)
    const crowd = Array.from({ length: 100_000 }, (_, n) => `crowd-${n}`).filter((lamp) => partitionOf(`lamp/${lamp}`) === 7)
    const begin = performance.now()
    const answers = await Promise.all(crowd.slice(0, 1_500).map((lamp) => tellsInVain(gateway, lamp)))
    expect(answers).toHaveLength(1_500)
    expect(new Set(answers.map(({ _tag }) => _tag))).toEqual(new Set(["ActorsUnavailable"]))
    expect(performance.now() - begin).toBeLessThan(20_000) // Ten seconds, and the call that is under way then.
    await gateway.dispose()
    await database.drop()
  })
})
