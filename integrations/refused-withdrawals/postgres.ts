/** Refused withdrawals in Postgres: insert-only, and few, however often somebody asks. */
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { PlatformTime } from "../postgres/time.ts"
import { RefusedWithdrawals } from "./refused-withdrawals.ts"

export const RefusedWithdrawalsPostgres = Layer.effect(
  RefusedWithdrawals,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const time = yield* PlatformTime
    return RefusedWithdrawals.of({
      keep: Effect.fn("RefusedWithdrawals.keep")(function* ({ activationId, vin, customerId, step, submittedAt }) {
        yield* sql`
          INSERT INTO refused_withdrawals (activation_id, vin, subject_id, step, submitted_at, refused_at)
          SELECT ${activationId}, ${vin}, ${customerId}, ${step}, ${new Date(submittedAt)}, ${new Date(time.now())}
          WHERE NOT EXISTS (
            SELECT FROM refused_withdrawals WHERE activation_id = ${activationId} AND submitted_at <= ${new Date(submittedAt)}
          )
          ON CONFLICT DO NOTHING`
      }, Effect.orDie)
    })
  })
)
