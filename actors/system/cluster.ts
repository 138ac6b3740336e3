/** Who is alive, and who has which partition: Effect Cluster answers both, from Postgres. Messages never rest in it. */
import { NodeClusterSocket } from "@effect/platform-node"
import { Layer, Option } from "effect"
import { MessageStorage, RunnerAddress, ShardingConfig, SqlRunnerStorage } from "effect/cluster"
import { partitionCount } from "./partition.ts"
import { RunnerWatch } from "./runner-watch.ts"

/** Where a runner is reached by the others. */
export interface RunnerDoor {
  readonly host: string
  readonly port: number
  /** The address to listen on, where it is another: 0.0.0.0 in a container. */
  readonly listen?: string
}

const member = <const ClientOnly extends boolean>(clientOnly: ClientOnly, door: RunnerDoor | null) => {
  const shardingConfig = {
    runnerAddress: Option.map(Option.fromNullOr(door), ({ host, port }) => RunnerAddress.make(host, port)),
    runnerListenAddress: Option.map(Option.fromNullOr(door), ({ host, port, listen = host }) => RunnerAddress.make(listen, port)),
    shardsPerGroup: partitionCount, // One shard per partition.
    // This and the runners' watch make a failover seconds: who was killed is found out within two, and a second later all know.
    // The timings of the locks (refreshed every 10 s, gone after 35 s) stay as they are: a busy runner that refreshes them
    // each second loses them. The locks of who was killed are gone with its connection; those of who is frozen after 35 s.
    refreshAssignmentsInterval: 1_000,
    entityTerminationTimeout: 500, // A letter under way when its partition moves is told again; nobody waits for it.
    simulateRemoteSerialization: false
  }
  const watch = door === null ? Layer.empty : RunnerWatch(RunnerAddress.make(door.host, door.port))
  return watch.pipe(
    Layer.provideMerge(NodeClusterSocket.layer({ storage: "byo", clientOnly, shardingConfig })),
    Layer.provideMerge(MessageStorage.layerNoop),
    Layer.provide(SqlRunnerStorage.layerStorage({}).pipe(Layer.provide(ShardingConfig.layer(shardingConfig)))),
    Layer.orDie
  )
}

/** A member that has partitions. Needs a pool of its own, of at least two connections: one holds the locks for good. */
export const ClusterRunner = (door: RunnerDoor) => member(false, door)

/** A member that only speaks to those who have. */
export const ClusterClient = member(true, null)
