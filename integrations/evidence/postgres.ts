/** Evidence in Postgres: the rows that a vehicle's turn commits together with the confirmation they are for. */
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { answeredInTime } from "../postgres/postgres.ts"
import { Evidence, EvidenceMissing, EvidenceUnreachable } from "./evidence.ts"

export const EvidencePostgres = Layer.effect(
  Evidence,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    return Evidence.of({
      require: Effect.fn("Evidence.require")(function* (receiptId, activationId) {
        const rows = yield* sql`
          SELECT true AS found
          FROM evidence
          WHERE activation_id = ${activationId} AND receipt_id = ${receiptId}`.pipe(
          answeredInTime,
          Effect.mapError((cause) => new EvidenceUnreachable({ cause }))
        )
        if (rows.length === 0) return yield* new EvidenceMissing({ receiptId, activationId })
      }),
      reportOf: Effect.fn("Evidence.reportOf")(function* (receiptId, activationId) {
        const [report] = yield* sql<{ readonly bytes: string }>`
          SELECT r.bytes
          FROM evidence e
          JOIN vehicle_reports r ON r.receipt_id = e.receipt_id
          WHERE e.activation_id = ${activationId} AND e.receipt_id = ${receiptId}`.pipe(
          answeredInTime,
          Effect.mapError((cause) => new EvidenceUnreachable({ cause }))
        )
        return report === undefined ? yield* new EvidenceMissing({ receiptId, activationId }) : report.bytes
      })
    })
  })
)
