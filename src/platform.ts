/** The building, floor by floor: all of it in one process, or the two halves of it that a cluster is made of. */
import { Layer } from "effect"
import { registry } from "#actors/registry.ts"
import { ClusterClient, ClusterRunner, type RunnerDoor } from "#actors/system/cluster.ts"
import { GatewayActorSystem, RunnerActorSystem } from "#actors/system/clustered.ts"
import { CrashPoint, type Reached } from "#actors/system/crash-point.ts"
import { ActorHost } from "#actors/system/host.ts"
import { InProcessActorSystem } from "#actors/system/in-process.ts"
import { OutboxRelay } from "#actors/system/outbox.ts"
import { PartitionLive } from "#actors/system/partition-entity.ts"
import { PostgresActorStore } from "#actors/system/postgres.ts"
import { Archivist } from "#actors/system/postgres-archive.ts"
import { PostgresOperations } from "#actors/system/postgres-operations.ts"
import { PostgresRelay } from "#actors/system/postgres-relay.ts"
import { TimerRelay } from "#actors/system/timers.ts"
import { ClusterSecret } from "#actors/system/wire.ts"
import { Doors } from "#integrations/accounts/doors.ts"
import { AccountsPostgres } from "#integrations/accounts/postgres.ts"
import { AuditKeeper } from "#integrations/audit/keeper.ts"
import { AuditPostgres } from "#integrations/audit/postgres.ts"
import { DocumentsPostgres } from "#integrations/documents/postgres.ts"
import { EmailChangesPostgres } from "#integrations/email-changes/postgres.ts"
import { ErasurePostgres } from "#integrations/erasure/postgres.ts"
import { EvidencePostgres } from "#integrations/evidence/postgres.ts"
import { InvoicesPostgres } from "#integrations/invoices/postgres.ts"
import { OperatorsLog } from "#integrations/log/operators-log.ts"
import { MobileTokensPostgres } from "#integrations/mobile-tokens/postgres.ts"
import { Nats } from "#integrations/nats/nats.ts"
import { LateNotifications } from "#integrations/notifications/late.ts"
import { NotificationsPostgres } from "#integrations/notifications/postgres.ts"
import { NotificationPreferencesPostgres } from "#integrations/notifications/postgres-preferences.ts"
import { PaperSealing } from "#integrations/paper-vault/clear.ts"
import { PaperVaultPostgres } from "#integrations/paper-vault/postgres.ts"
import { PapersPdf } from "#integrations/papers/pdf.ts"
import { PasskeysPostgres } from "#integrations/passkeys/postgres.ts"
import { PersonsPostgres } from "#integrations/persons/postgres.ts"
import { PlatformTimePostgres } from "#integrations/postgres/clock.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { BundleSealed } from "#integrations/purchase-file/bundle-seal.ts"
import { PurchaseFilePostgres } from "#integrations/purchase-file/postgres.ts"
import { PushSubscriptionsPostgres } from "#integrations/push/postgres.ts"
import { ReconciliationPostgres } from "#integrations/reconciliation/postgres.ts"
import { RateLimitsRedis } from "#integrations/redis/limits.ts"
import { Redis } from "#integrations/redis/redis.ts"
import { RefusedWithdrawalsPostgres } from "#integrations/refused-withdrawals/postgres.ts"
import { RetentionClock } from "#integrations/retention/clock.ts"
import { TelemetrySlices } from "#integrations/telemetry/slices.ts"
import { TelemetryStore } from "#integrations/telemetry/store.ts"
import { VehicleTrustPostgres } from "#integrations/vehicle-trust/postgres.ts"
import { WebhooksPostgres } from "#integrations/webhooks/postgres.ts"
import { WebhookSecrets } from "#integrations/webhooks/secrets.ts"
import type { ClusterSettings, RunnerSettings, Settings } from "./config.ts"
import { VehicleIngress } from "./ingress/vehicles.ts"
import { WebhookIngress } from "./ingress/webhooks.ts"
import { Live } from "./live.ts"
import { Reconciler } from "./reconciliation/reconciliation.ts"

export interface PlatformOptions {
  /** What a named moment of a turn or a command means to a kill test. */
  readonly reached?: Reached
  /** What is logged, and where to; everything, to the standard output, unless told otherwise. */
  readonly logging?: Layer.Layer<never>
}

const clusterConnections = 3 // One holds the locks of this member for good; the others tell who is alive.

/** What customers get from us on paper, numbered, sealed and kept. */
const Paperwork = ({ invoiceSigningKey }: RunnerSettings) =>
  InvoicesPostgres.pipe(
    Layer.provideMerge(
      Layer.mergeAll(PapersPdf({ key: invoiceSigningKey }), BundleSealed({ key: invoiceSigningKey }), PurchaseFilePostgres)
    )
  )

/** The one database and its clock, and who is who. What both halves stand on. */
const Ground = (settings: RunnerSettings, { reached = () => {}, logging = Layer.empty }: PlatformOptions) => {
  const { databaseUrl, databaseConnections, natsUrl, natsSpace, publicUrl, intranetUrl } = settings
  const People = Layer.mergeAll(
    AccountsPostgres({ key: settings.personsKey }),
    EmailChangesPostgres({ key: settings.personsKey }),
    MobileTokensPostgres({ key: settings.personsKey }),
    PasskeysPostgres({ publicUrl, intranetUrl }),
    DocumentsPostgres,
    EvidencePostgres,
    NotificationsPostgres,
    Paperwork(settings),
    Layer.succeed(Doors, { publicUrl, intranetUrl })
  ).pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        NotificationPreferencesPostgres,
        PushSubscriptionsPostgres({ key: settings.personsKey }),
        VehicleTrustPostgres({ signingKey: settings.configSigningKey, catalogue: settings.signedCatalogue })
      )
    ),
    Layer.provideMerge(
      Layer.mergeAll(PersonsPostgres({ key: settings.personsKey }), PaperVaultPostgres({ key: settings.personsKey }))
    )
  )
  return People.pipe(
    Layer.provideMerge(Live(settings)),
    Layer.provideMerge(Nats.layer({ url: natsUrl, name: "caas", space: natsSpace })),
    Layer.provideMerge(PlatformTimePostgres),
    Layer.provideMerge(Postgres({ url: databaseUrl, connections: databaseConnections })),
    Layer.provideMerge(Layer.succeed(CrashPoint, reached)),
    Layer.provideMerge(logging),
    Layer.provideMerge(OperatorsLog)
  )
}

/** Where turns are made. */
const Hosting = ActorHost.layer(registry).pipe(Layer.provideMerge(PostgresActorStore(registry)))

/** What leaves, what wakes, and what moves aside when it is old. */
const Relays = ({ commandAttempts, archiveAfterDays, telemetryDays }: RunnerSettings) =>
  Layer.mergeAll(
    Layer.provide(TimerRelay, OutboxRelay(registry, { attempts: commandAttempts })),
    LateNotifications,
    Archivist({ afterDays: archiveAfterDays }),
    TelemetrySlices({ days: telemetryDays }),
    PaperSealing,
    RetentionClock
  ).pipe(Layer.provide(PostgresRelay))

/** What comes in, besides HTTP: webhooks that are kept, reports and telemetry of vehicles, and what the gateway's books tell where a webhook did not. */
const Ingress = ({ webhookSecrets, redisUrl, reconciliationMinutes, auditSigningKey }: Settings) =>
  Layer.mergeAll(
    WebhookIngress,
    VehicleIngress,
    Reconciler({ minutes: reconciliationMinutes }),
    AuditKeeper({ key: auditSigningKey })
  ).pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        AuditPostgres,
        WebhooksPostgres,
        ReconciliationPostgres,
        TelemetryStore,
        RateLimitsRedis,
        RefusedWithdrawalsPostgres,
        ErasurePostgres,
        PostgresOperations,
        WebhookSecrets.layer(webhookSecrets)
      )
    ),
    Layer.provideMerge(Redis.layer({ url: redisUrl }))
  )

const Cluster = ({ secret }: ClusterSettings, { databaseUrl }: RunnerSettings, door: RunnerDoor | null) =>
  (door === null ? ClusterClient : ClusterRunner(door)).pipe(
    Layer.provide(Postgres({ url: databaseUrl, connections: clusterConnections })),
    Layer.merge(Layer.succeed(ClusterSecret, secret))
  )

/** All in one process. */
export const Platform = (settings: Settings, options: PlatformOptions = {}) =>
  Layer.mergeAll(Ingress(settings), Relays(settings)).pipe(
    Layer.provideMerge(InProcessActorSystem),
    Layer.provideMerge(Hosting),
    Layer.provideMerge(Ground(settings, options))
  )

/** The half with doors: HTTP, webhooks, vehicles. It hosts nobody, and speaks to whoever does. */
export const Gateway = (settings: Settings, cluster: ClusterSettings, options: PlatformOptions = {}) =>
  Ingress(settings).pipe(
    Layer.provideMerge(GatewayActorSystem),
    Layer.provide(Cluster(cluster, settings, null)),
    Layer.provideMerge(Ground(settings, options))
  )

/** The half where actors live. This is all it may do: what is not in here cannot be done by an actor's hands. */
export const Runner = (settings: RunnerSettings, cluster: ClusterSettings, door: RunnerDoor, options: PlatformOptions = {}) =>
  Layer.mergeAll(Relays(settings), PartitionLive).pipe(
    Layer.provideMerge(RunnerActorSystem),
    Layer.provide(Cluster(cluster, settings, door)),
    Layer.provideMerge(Hosting),
    Layer.provideMerge(Ground(settings, options))
  )

/** What the doors need: in one process, or in a gateway. */
export type GatewayServices = Layer.Success<ReturnType<typeof Gateway>>
export type PlatformServices = Layer.Success<ReturnType<typeof Platform>>
export type RunnerServices = Layer.Success<ReturnType<typeof Runner>>
