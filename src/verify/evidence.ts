/** What the invariants are judged by, besides the database. */
import type { AnyBehavior } from "#actors/system/behavior.ts"
import type { Report } from "./findings.ts"
import type { PartnerLedgers } from "./partner-ledgers.ts"

/** One act of a caller: the message it told, and what it saw. `info`: no answer, so nobody knows. */
export interface ClientAct {
  readonly path: string
  readonly messageId: string
  readonly saw: "ok" | "fail" | "info"
}

export interface Evidence {
  /** Nothing is on its way any more: what still waits is stuck. */
  readonly quiet: boolean
  /** Platform time, milliseconds since 1970. */
  readonly now: number
  /** Partners' books, read before the database was looked at, and again after. */
  readonly before: PartnerLedgers
  readonly after: PartnerLedgers
  readonly registry: ReadonlyArray<AnyBehavior>
  /** `source/webhook-id`, or `car/receipt-id`, of what was sent with a wrong signature. */
  readonly forgeries: ReadonlyArray<string>
  readonly history: ReadonlyArray<ClientAct>
  /** The report of a look before Redis and NATS were wiped. */
  readonly beforeWipe: Report | null
}
