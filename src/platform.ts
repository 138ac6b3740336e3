/** The whole building, floor by floor. */
import { Layer } from "effect"
import { registry } from "#actors/registry.ts"
import { CrashPoint, type Reached } from "#actors/system/crash-point.ts"
import { ActorHost } from "#actors/system/host.ts"
import { InProcessActorSystem } from "#actors/system/in-process.ts"
import { OutboxRelay } from "#actors/system/outbox.ts"
import { PostgresActorStore } from "#actors/system/postgres.ts"
import { PostgresOperations } from "#actors/system/postgres-operations.ts"
import { PostgresRelay } from "#actors/system/postgres-relay.ts"
import { TimerRelay } from "#actors/system/timers.ts"
import { Doors } from "#integrations/accounts/doors.ts"
import { AccountsPostgres } from "#integrations/accounts/postgres.ts"
import { DocumentsPostgres } from "#integrations/documents/postgres.ts"
import { EvidencePostgres } from "#integrations/evidence/postgres.ts"
import { Nats } from "#integrations/nats/nats.ts"
import { PersonsPostgres } from "#integrations/persons/postgres.ts"
import { PlatformTimePostgres } from "#integrations/postgres/clock.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { RateLimitsRedis } from "#integrations/redis/limits.ts"
import { Redis } from "#integrations/redis/redis.ts"
import { TelemetryStore } from "#integrations/telemetry/store.ts"
import { VehicleTrustPostgres } from "#integrations/vehicle-trust/postgres.ts"
import { WebhooksPostgres } from "#integrations/webhooks/postgres.ts"
import { WebhookSecrets } from "#integrations/webhooks/secrets.ts"
import type { Settings } from "./config.ts"
import { VehicleIngress } from "./ingress/vehicles.ts"
import { WebhookIngress } from "./ingress/webhooks.ts"
import { Live } from "./live.ts"

export interface PlatformOptions {
  /** What a named moment of a turn or a command means to a kill test. */
  readonly reached?: Reached
  /** What is logged, and where to; everything, to the standard output, unless told otherwise. */
  readonly logging?: Layer.Layer<never>
}

export const Platform = (settings: Settings, options: PlatformOptions = {}) => {
  const { databaseUrl, databaseConnections, natsUrl, natsSpace, redisUrl, publicUrl, intranetUrl, webhookSecrets } = settings

  const Memory = Layer.mergeAll(PlatformTimePostgres, PostgresRelay, PostgresActorStore(registry)).pipe(
    Layer.provideMerge(Postgres({ url: databaseUrl, connections: databaseConnections }))
  )
  const People = Layer.mergeAll(
    AccountsPostgres,
    DocumentsPostgres,
    WebhooksPostgres,
    EvidencePostgres,
    TelemetryStore,
    VehicleTrustPostgres({ signingKey: settings.configSigningKey, catalogue: settings.signedCatalogue }),
    Layer.succeed(Doors, { publicUrl, intranetUrl })
  ).pipe(Layer.provideMerge(PersonsPostgres({ key: settings.personsKey })))
  const Wires = Layer.mergeAll(
    RateLimitsRedis.pipe(Layer.provideMerge(Redis.layer({ url: redisUrl }))),
    WebhookSecrets.layer(webhookSecrets),
    Live(settings.partners).pipe(Layer.provideMerge(Nats.layer({ url: natsUrl, name: "caas", space: natsSpace })))
  )
  const Actors = Layer.mergeAll(InProcessActorSystem, PostgresOperations).pipe(Layer.provideMerge(ActorHost.layer(registry)))
  const Loops = Layer.mergeAll(
    OutboxRelay(registry, { attempts: settings.commandAttempts }),
    TimerRelay,
    WebhookIngress,
    VehicleIngress
  )

  return Loops.pipe(
    Layer.provideMerge(Actors),
    Layer.provideMerge(People),
    Layer.provideMerge(Layer.mergeAll(Memory, Wires)),
    Layer.provideMerge(Layer.succeed(CrashPoint, options.reached ?? (() => {}))),
    Layer.provideMerge(options.logging ?? Layer.empty)
  )
}

export type PlatformServices = Layer.Success<ReturnType<typeof Platform>>
