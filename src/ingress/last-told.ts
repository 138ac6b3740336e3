/** What each vehicle was last told of its car, so that a car which repeats itself wakes nobody, and yesterday's report is known for old. */
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { ActorsUnavailable } from "#actors/system/letter.ts"
import { answeredInTime, texts } from "#integrations/postgres/postgres.ts"
import { Redis } from "#integrations/redis/redis.ts"
import { unverified } from "#integrations/vehicle-trust/jws.ts"
import type { CarReport } from "#integrations/vehicle-trust/vehicle-trust.ts"
import type { Vin } from "#machines/vocabulary.ts"

/** What a report is compared by: only a difference in this becomes a turn. */
export interface Told {
  readonly counter: number
  readonly content: string
}

export const toldBy = (report: CarReport): Told => {
  const { counter, cfgVersion, stateHash, bootId, waitingVersion, refused, pairing, done } = report
  return { counter, content: JSON.stringify([cfgVersion, stateHash, bootId, waitingVersion, refused, pairing, done]) }
}

export interface Known {
  /** The newest report that became a turn; null where none did. */
  readonly last: Told | null
  /** Up to this counter nobody has heard anything new since `last`, by whichever gateway. */
  readonly upTo: number
  /** The vehicle has a document that its car has not confirmed: then a hello is news. */
  readonly waitsForCar: boolean
}

/** `old`: the car has said more since; worth nothing. `known`: nothing new, only that the car lives. */
export type Verdict = "news" | "known" | "old"

/** Several gateways hear one car side by side: between a report and the last one that is known another may be on its way, and then only the vehicle can tell. */
export const judged = ({ last, upTo, waitsForCar }: Known, now: Told, kind: CarReport["kind"]): Verdict => {
  if (last === null) return "news"
  if (now.counter < last.counter) return "old"
  if (now.content !== last.content || now.counter > upTo + 1) return "news"
  return kind === "hello" && now.counter > last.counter && waitsForCar ? "news" : "known"
}

/** What is known once it was heard. */
export const afterHearing = (known: Known, now: Told, verdict: Verdict): Known => {
  if (verdict === "old") return known
  return { ...known, last: verdict === "news" ? now : known.last, upTo: Math.max(known.upTo, now.counter) }
}

export class LastTold extends Context.Service<
  LastTold,
  {
    /** Of each of them. */
    readonly of: (vins: ReadonlyArray<Vin>) => Effect.Effect<ReadonlyMap<Vin, Known>, ActorsUnavailable>
    /** For all gateways, as long as Redis does not forget it: a car that is not remembered costs a turn. */
    readonly remember: (known: ReadonlyMap<Vin, Known>) => Effect.Effect<void>
  }
>()("ingress/LastTold") {
  static readonly layer = Layer.effect(
    LastTold,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const redis = yield* Redis
      return LastTold.of({
        of: Effect.fn("LastTold.of")(function* (vins: ReadonlyArray<Vin>) {
          const asked = [...vins]
          const [rows, remembered] = yield* Effect.all([orLater(inTables(sql, asked)), inRedis(redis, asked)], { concurrency: 2 })
          return new Map(
            rows.map(({ vin, bytes, waits }) => {
              const last = bytes === null ? null : toldBy(JSON.parse(unverified(bytes)!.text)) // It was believed when it was kept.
              const [counter, upTo] = remembered.get(vin) ?? []
              const holds = last !== null && last.counter === counter // Said of the very report that the tables know.
              return [vin, { last, upTo: holds ? upTo! : (last?.counter ?? 0), waitsForCar: waits }]
            })
          )
        }),
        remember: (known) => {
          const notes = [...known].flatMap(
            ([vin, { last, upTo }]): ReadonlyArray<[string, string]> =>
              last === null || upTo === last.counter ? [] : [[keyOf(vin), `${last.counter} ${upTo}`]]
          )
          return notes.length === 0 ? Effect.void : Effect.ignore(Effect.tryPromise(() => redis.mset(new Map(notes))))
        }
      })
    })
  )
}

const keyOf = (vin: Vin) => `heard:${vin}`

interface Row {
  readonly vin: Vin
  readonly bytes: string | null
  readonly waits: boolean
}

const inTables = (sql: SqlClient.SqlClient, vins: ReadonlyArray<Vin>) =>
  sql<Row>`
    SELECT asked.vin, told.bytes, COALESCE(vehicle.waits, false) AS waits
    FROM unnest(${texts(vins)}) AS asked (vin)
    LEFT JOIN LATERAL (
      SELECT bytes FROM vehicle_reports
      WHERE vin = asked.vin AND evidence = 'signedReceipt'
      ORDER BY version DESC
      LIMIT 1
    ) told ON true
    LEFT JOIN LATERAL (
      SELECT state_path LIKE '%configuration.waiting%' AS waits FROM actors
      WHERE path = 'vehicle/' || asked.vin
      LIMIT 1
    ) vehicle ON true`

/** Empty where Redis is away. */
const inRedis = (redis: Redis["Service"], vins: ReadonlyArray<Vin>): Effect.Effect<ReadonlyMap<Vin, ReadonlyArray<number>>> =>
  Effect.tryPromise(() => redis.mget(vins.map(keyOf))).pipe(
    Effect.map(
      (notes) => new Map(vins.flatMap((vin, n) => (notes[n] == null ? [] : [[vin, notes[n].split(" ").map(Number)] as const])))
    ),
    Effect.catch(() => Effect.succeed(new Map()))
  )

const orLater = <A, E>(asking: Effect.Effect<A, E>) =>
  Effect.mapError(answeredInTime(asking), (cause) => new ActorsUnavailable({ reason: "StoreUnreachable", cause }))
