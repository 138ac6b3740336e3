/** Signatures with our key, and belief in cars by the keys that the factory told of, which lie in `vehicle_keys`. */
import { createHash, type KeyObject } from "node:crypto"
import { Effect, Layer, Redacted, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { ReceiptId, type Vin } from "#machines/vocabulary.ts"
import { keepable } from "../http/outbound.ts"
import { answeredInTime, texts } from "../postgres/postgres.ts"
import { hasForm, isTooLong, signJws, verifyJws } from "./jws.ts"
import { kidOf, type SecretKey, verifyingKeyOf } from "./keys.ts"
import { CarReport, KeysUnreachable, ReportNotBelieved, VehicleTrust } from "./vehicle-trust.ts"

const keysKept = 10_000 // Of cars, in memory: those heard of last. A car's key never changes.

interface CarKey {
  readonly key: KeyObject
  readonly kid: string
}

export const VehicleTrustPostgres = (options: { readonly signingKey: SecretKey; readonly catalogue: string }) =>
  Layer.effect(
    VehicleTrust,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const ours = Redacted.value(options.signingKey)
      const known = new Map<Vin, CarKey>()

      const recall = Effect.fnUntraced(function* (vins: ReadonlyArray<Vin>) {
        const strangers = new Set(vins.filter((vin) => !known.has(vin)))
        if (strangers.size === 0) return
        const rows = yield* sql<{ vin: Vin; publicKey: string }>`
          SELECT vin, public_key AS "publicKey" FROM vehicle_keys WHERE vin = ANY(${texts(strangers)})`.pipe(
          answeredInTime,
          Effect.mapError((cause) => new KeysUnreachable({ cause }))
        )
        for (const { vin, publicKey } of rows) known.set(vin, { key: verifyingKeyOf(publicKey), kid: kidOf(publicKey) })
        while (known.size > keysKept) known.delete(known.keys().next().value!)
      })

      const keyOf = Effect.fnUntraced(function* (vin: Vin) {
        yield* recall([vin])
        const kept = known.get(vin)
        if (kept === undefined) return yield* new ReportNotBelieved({ reason: "UnknownVehicle" })
        known.delete(vin)
        known.set(vin, kept)
        return kept
      })

      return VehicleTrust.of({
        sign: (typ, body) => Effect.promise(() => signJws(ours, typ, body)),
        recall,
        catalogue: { jws: options.catalogue, hash: sha256(options.catalogue) },
        read: Effect.fn("VehicleTrust.read")(function* (vin: Vin, jws: string) {
          if (isTooLong(jws)) return yield* new ReportNotBelieved({ reason: "TooLong" })
          if (!hasForm(jws)) return yield* new ReportNotBelieved({ reason: "NotAReport" })
          const { key, kid } = yield* keyOf(vin)
          const text = yield* Effect.promise(() => verifyJws(key, kid, "caas-report+jws", jws))
          if (text === null) return yield* new ReportNotBelieved({ reason: "BadSignature" })
          const report = yield* Effect.mapError(decode(text), () => new ReportNotBelieved({ reason: "NotAReport" }))
          if (report.vin !== vin) return yield* new ReportNotBelieved({ reason: "OtherVehicle" })
          return { report, receiptId: ReceiptId.make(`rep_${sha256(jws)}`) }
        })
      })
    })
  )

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex")

const decode = (text: string) =>
  Effect.flatMap(
    Effect.try({ try: () => JSON.parse(text, keepable) as unknown, catch: () => "not JSON" }),
    Schema.decodeUnknownEffect(CarReport)
  )
