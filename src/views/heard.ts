/** What an actor heard under one message id: how a repeated Idempotency-Key is compared with its first use. */
import { Effect } from "effect"
import { partitionOf } from "#actors/system/partition.ts"
import { Seen } from "#integrations/postgres/seen-by.ts"

export interface Heard {
  readonly type: string
  readonly body: Readonly<Record<string, unknown>>
}

export const heardAs = Effect.fn("views.heardAs")(function* (path: string, messageId: string) {
  const sql = yield* Seen
  const [row] = yield* sql<Heard>`
    SELECT type, body
    FROM whole.journal
    WHERE partition = ${partitionOf(path)} AND path = ${path} AND message_id = ${messageId}`
  return row ?? null
})
