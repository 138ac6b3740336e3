/** A small world for what cars say: the real ingress, Postgres, NATS and Redis; vehicles that write down what they hear. */
import { SQL } from "bun"
import { Effect, Layer, ManagedRuntime, Redacted, References } from "effect"
import { connect } from "nats"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { connectOptionsOf, Nats } from "#integrations/nats/nats.ts"
import { PlatformTimePostgres } from "#integrations/postgres/clock.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { RateLimitsRedis } from "#integrations/redis/limits.ts"
import { Redis } from "#integrations/redis/redis.ts"
import { TelemetryStore } from "#integrations/telemetry/store.ts"
import { dropReports } from "#integrations/vehicle-link/reports.ts"
import { VehicleLinkRoads } from "#integrations/vehicle-link/roads.ts"
import { signingKeyOf } from "#integrations/vehicle-trust/keys.ts"
import { VehicleTrustPostgres } from "#integrations/vehicle-trust/postgres.ts"
import type { VehicleReported } from "#machines/vehicle.ts"
import { vehicleKeys } from "#src/devstack/vehicle-keys.ts"
import { VehicleIngress } from "#src/ingress/vehicles.ts"
import { freshDatabase } from "#tests/database.ts"
import type { Car } from "./car.ts"
import { type Answer, handled } from "./world.ts"

export interface ToldVehicle {
  readonly path: string
  readonly id: string
  readonly message: typeof VehicleReported.Type
}

const patienceMs = 15_000
/** Polls, and says what it last saw where its patience ends. */
export const until = async <A>(what: string, look: () => A | Promise<A>, right: (seen: A) => boolean, patience = patienceMs) => {
  for (const end = performance.now() + patience; ; await Bun.sleep(10)) {
    const seen = await look()
    if (right(seen)) return seen
    if (performance.now() > end) throw new Error(`${what}: ${JSON.stringify(seen)?.slice(0, 500)}`)
  }
}

/** `databaseUrl`, `space`, `keys`: of another world, to stand there a second time. */
export const road = async (options: {
  readonly natsUrl: string
  readonly databaseUrl?: string
  readonly space?: string
  readonly keys?: Awaited<ReturnType<typeof vehicleKeys>>
}) => {
  const database = options.databaseUrl === undefined ? await freshDatabase() : null
  const databaseUrl = options.databaseUrl ?? database!.url
  const sql = new SQL(databaseUrl, { max: 4 })
  const told: Array<ToldVehicle> = []
  const vehicles: { answer: Answer } = { answer: handled }
  /** As a vehicle does with what it was told, in the turn that it answers. */
  const kept = (path: string, { receiptId, cfgVersion, stateHash, bootId, counter, bytes }: typeof VehicleReported.Type) =>
    Effect.promise(
      () => sql`
        INSERT INTO vehicle_reports (receipt_id, vin, evidence, cfg_version, state_hash, boot_id, counter, bytes, partition, path, version, position, at)
        VALUES (${receiptId}, ${path.slice("vehicle/".length)}, 'signedReceipt', ${cfgVersion}, ${stateHash}, ${bootId}, ${counter}, ${bytes},
                0, ${path}, ${Math.min(counter, 2 ** 31 - 1)}, 0, now())
        ON CONFLICT DO NOTHING`
    )
  const Vehicles = Layer.succeed(ActorSystem, {
    tell: ({ path }, message, { id, cause = "", correlation = "" }) =>
      Effect.suspend(() => {
        const report = message as unknown as typeof VehicleReported.Type
        told.push({ path, id, message: report })
        return Effect.tap(vehicles.answer({ path, id, cause, correlation, message }), () => kept(path, report))
      })
  })
  const space = options.space ?? `r${crypto.randomUUID().slice(0, 8)}`
  const keys = options.keys ?? (await vehicleKeys())
  const redisUrl = new URL(process.env.REDIS_URL!)
  redisUrl.searchParams.set("keyPrefix", `${space}:`)
  const World = VehicleIngress.pipe(
    Layer.provideMerge(TelemetryStore),
    Layer.provideMerge(VehicleLinkRoads({ url: "http://127.0.0.1:9" })),
    Layer.provideMerge(
      VehicleTrustPostgres({ signingKey: Redacted.make(signingKeyOf(keys.CONFIG_SIGNING_KEY)!), catalogue: keys.SIGNED_CATALOGUE })
    ),
    Layer.provideMerge(Nats.layer({ url: options.natsUrl, name: "caas-road", space })),
    Layer.provideMerge(RateLimitsRedis),
    Layer.provideMerge(Redis.layer({ url: redisUrl.href })),
    Layer.provideMerge(Vehicles),
    Layer.provideMerge(PlatformTimePostgres),
    Layer.provideMerge(Postgres({ url: Redacted.make(databaseUrl), connections: 6 })),
    Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "Error")), // Warnings are what these tests are about.
    Layer.orDie
  )
  const runtime = ManagedRuntime.make(World)
  await runtime.runPromise(Effect.void)
  /** Somebody with every right on the broker. */
  const broker = await connect({ ...connectOptionsOf(options.natsUrl), maxReconnectAttempts: -1, reconnectTimeWait: 100 })
  const acknowledged: Array<{ readonly subject: string; readonly jws: string }> = []
  broker.subscribe(`${space}.vehicles.*.acknowledged`, {
    callback: (_, message) => void acknowledged.push({ subject: message.subject, jws: message.string() })
  })
  await broker.flush()
  const manager = await broker.jetstreamManager({ checkAPI: false })
  const stream = `VEHICLE_REPORTS_${space}`
  const left = () =>
    manager.streams.info(stream).then(
      ({ state }) => state.messages,
      () => null
    )
  await until("the stream of reports", left, (messages) => messages !== null)

  return {
    told,
    vehicles,
    acknowledged,
    broker,
    runtime,
    sql,
    databaseUrl,
    space,
    keys,
    /** What the factory told of a car. */
    knows: async (...cars: ReadonlyArray<Car>) => {
      const told = cars.map(({ vin, publicKey }) => {
        const turn = { partition: 0, path: `vehicle/${vin}`, version: 1, position: 0, at: new Date() }
        return { vin, public_key: publicKey, link: "nats", ...turn }
      })
      await sql`INSERT INTO vehicle_keys ${sql(told)}`
    },
    /** As a car does, by core NATS. */
    publish: (vin: string, word: "report" | "telemetry", text: string | Uint8Array) =>
      broker.publish(`${space}.vehicles.${vin}.${word}`, text),
    toldOf: ({ vin }: Car) => told.filter(({ path }) => path === `vehicle/${vin}`),
    acknowledgedTo: ({ vin }: Car) => acknowledged.filter(({ subject }) => subject === `${space}.vehicles.${vin}.acknowledged`),
    /** Messages that wait in the stream. */
    left,
    /** Until every report is answered. */
    quiet: () => until("reports that wait", left, (messages) => messages === 0),
    close: async () => {
      await runtime.runPromise(Effect.ignore(dropReports))
      await runtime.dispose()
      await broker.close()
      await sql.close()
      await database?.drop()
    }
  }
}
export type Road = Awaited<ReturnType<typeof road>>
