/** What each vehicle was last told of its car, so that a car which repeats itself wakes nobody, and yesterday's report is known for old. */
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { ActorsUnavailable } from "#actors/system/letter.ts"
import { answeredInTime } from "#integrations/postgres/postgres.ts"
import { unverified } from "#integrations/vehicle-trust/jws.ts"
import type { CarReport } from "#integrations/vehicle-trust/vehicle-trust.ts"
import type { Vin } from "#machines/vocabulary.ts"

const carsKept = 20_000 // In memory, those heard of last; of the others the newest report that became a turn lies in Postgres.

/** What a report is compared by: only a difference in this becomes a turn. */
export interface Told {
  readonly counter: number
  readonly content: string
}

export const toldBy = (report: CarReport): Told => {
  const { counter, cfgVersion, stateHash, bootId, waitingVersion, refused, pairing, done } = report
  return { counter, content: JSON.stringify([cfgVersion, stateHash, bootId, waitingVersion, refused, pairing, done]) }
}

export class LastTold extends Context.Service<
  LastTold,
  {
    /** Null where the vehicle has heard nothing yet. */
    readonly of: (vin: Vin) => Effect.Effect<Told | null, ActorsUnavailable>
    /** An older one than is known, heard at the same time by another road, changes nothing. */
    readonly remember: (vin: Vin, told: Told) => void
    /** Whether the vehicle has a document that its car has not confirmed: then a hello is news. */
    readonly waitsForCar: (vin: Vin) => Effect.Effect<boolean, ActorsUnavailable>
  }
>()("ingress/LastTold") {
  static readonly layer = Layer.effect(
    LastTold,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const known = new Map<Vin, Told>()
      const remember = (vin: Vin, told: Told) => {
        if ((known.get(vin)?.counter ?? 0) > told.counter) return
        known.delete(vin)
        known.set(vin, told)
        if (known.size > carsKept) known.delete(known.keys().next().value!)
      }
      return LastTold.of({
        remember,
        of: Effect.fnUntraced(function* (vin: Vin) {
          const kept = known.get(vin)
          if (kept !== undefined) return kept
          const [row] = yield* orLater(sql<{ bytes: string }>`
            SELECT bytes FROM vehicle_reports
            WHERE vin = ${vin} AND evidence = 'signedReceipt'
            ORDER BY version DESC
            LIMIT 1`)
          if (row === undefined) return null
          const told = toldBy(JSON.parse(unverified(row.bytes)!.text)) // It was believed when it was kept.
          remember(vin, told)
          return told
        }),
        waitsForCar: Effect.fnUntraced(function* (vin: Vin) {
          const [row] = yield* orLater(sql<{ waits: boolean }>`
            SELECT state_path LIKE '%configuration.waiting%' AS waits FROM actors WHERE path = ${`vehicle/${vin}`}`)
          return row?.waits ?? false
        })
      })
    })
  )
}

const orLater = <A, E>(asking: Effect.Effect<A, E>) =>
  Effect.mapError(answeredInTime(asking), (cause) => new ActorsUnavailable({ reason: "StoreUnreachable", cause }))
