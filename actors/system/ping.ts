/** Asks a runner whether it is there, in the words in which the members of a cluster ask each other. */
import { NodeClusterSocket } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { MessageStorage, RunnerAddress, Runners, ShardingConfig } from "effect/cluster"
import { RpcSerialization } from "effect/rpc"

/** Whether it answers in time. Who only accepts the connection does not. */
export const answersPing = (host: string, port: number, patienceMillis: number): Effect.Effect<boolean> =>
  Runners.Runners.use((runners) => runners.ping(RunnerAddress.make(host, port))).pipe(
    Effect.provide(asking),
    Effect.timeout(patienceMillis),
    Effect.isSuccess
  )

const asking = Runners.layerRpc.pipe(
  Layer.provide(NodeClusterSocket.layerClientProtocol),
  Layer.provide(Layer.mergeAll(MessageStorage.layerNoop, RpcSerialization.layerSchemaBinary())),
  Layer.provide(ShardingConfig.layer())
)
