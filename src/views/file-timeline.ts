/** What happened in a customer's orders, services and cars, merged in the order it happened: the timeline of the purchase file (EX-07). */
import { Effect } from "effect"
import { optionNameOf } from "#integrations/catalogue/options.ts"
import { Seen } from "#integrations/postgres/seen-by.ts"
import type { ActivationId, OrderId, SubjectId, Vin } from "#machines/vocabulary.ts"
import { serviceHappening, serviceHappenings } from "./activation-words.ts"
import { happeningFor, type Language, orderHappenings } from "./order-words.ts"
import { vehicleHappening, vehicleHappenings } from "./vehicle-words.ts"

/** What a reader may see of a customer's file: all of it, or what concerns one order. */
export interface FileScope {
  readonly customerId: SubjectId
  readonly orderId: OrderId | null
}

export interface Happening {
  readonly at: string
  /** The machine's word for it. */
  readonly type: string
  /** What it happened to: a model, or a service by its name. */
  readonly title: string
  readonly inWords: string
  readonly orderId: OrderId | null
  readonly activationId: ActivationId | null
  readonly vin: Vin | null
}

export interface TurnRow {
  readonly at: Date
  readonly path: string
  readonly version: number
  readonly type: string
  readonly vin: Vin | null
  readonly about: string
}
export type AfterTurn = Readonly<Record<"at" | "path", string>> & { readonly version: number }

/** Each kind of actor with the messages of it that have words: everything else is left in the journal. */
const told = { order: orderHappenings, activation: serviceHappenings, vehicle: vehicleHappenings } as const

const endless = 2 ** 31 - 1 // No actor has that many versions.

/**
 * By (instant, actor, version), after `after`; at most `limit`. Of a car: what it heard from the turn that made it the customer's to the
 * turn that made it another's, so that no owner reads of the next one.
 */
export const turnsOf = Effect.fn("views.turnsOf")(function* ({ customerId, orderId }: FileScope, after: AfterTurn, limit: number) {
  const sql = yield* Seen
  const mine = orderId === null ? sql`type IN ('order', 'activation')` : sql`path = ${`order/${orderId}`}`
  const cars =
    orderId === null
      ? sql`
        UNION ALL
        SELECT partition, path, vin, 'vehicle', model, since, coalesce(until, ${endless})
        FROM ownerships
        WHERE subject_id = ${customerId}`
      : sql``
  return yield* sql<TurnRow>`
    WITH told AS (
      SELECT partition, path, vin, type AS kind,
             coalesce(state -> 'context' -> 'terms' ->> 'option', state -> 'context' ->> 'model') AS about,
             0 AS first, ${endless}::int AS last
      FROM actors
      WHERE subject_id = ${customerId} AND ${mine}
      ${cars}
    )
    SELECT turn.at, turn.path, turn.version, turn.type, told.vin, told.about
    FROM told, LATERAL (
      SELECT at, path, version, type
      FROM whole.journal
      WHERE partition = told.partition AND path = told.path AND version BETWEEN told.first AND told.last AND outcome = 'handled'
        AND type = ANY (CASE told.kind WHEN 'order'      THEN ${told.order}::text[]
                                       WHEN 'activation' THEN ${told.activation}::text[]
                                       ELSE                   ${told.vehicle}::text[] END)
    ) turn
    WHERE (turn.at, turn.path, turn.version) > (${new Date(after.at)}, ${after.path}, ${after.version})
    ORDER BY turn.at, turn.path, turn.version
    LIMIT ${limit}`
})

export const inWords = ({ at, path, type, vin, about }: TurnRow, language: Language): Happening => {
  const [kind, ...id] = path.split("/")
  const common = { at: at.toISOString(), type, orderId: null, activationId: null, vin }
  if (kind === "order") return { ...common, title: about, inWords: happeningFor(type, language) ?? type, orderId: id[0] as OrderId }
  if (kind === "vehicle") return { ...common, title: about, inWords: vehicleHappening(type, language) ?? type }
  return {
    ...common,
    title: optionNameOf(about)?.[language] ?? about,
    inWords: serviceHappening(type, language) ?? type,
    activationId: id[1] as ActivationId
  }
}
