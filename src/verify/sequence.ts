/** What must come before what, in our records and by the partners' own clocks; and that there is one of each (I44, I45). */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Evidence } from "./evidence.ts"
import type { Findings } from "./findings.ts"
import type { PartnerLedgers } from "./partner-ledgers.ts"

export const sequence = Effect.fn("verify.sequence")(function* (findings: Findings, { before, after }: Evidence) {
  yield* oneOfEach(findings, after) // They knew it first, and told us.
  yield* inOurRecords(findings)
  byTheirClocks(findings, before, after)
})

interface OrderRow {
  readonly order_id: string
  readonly state_path: string
  readonly from_stock: boolean
  readonly factory_order_id: string | null
  readonly vin: string | null
  readonly registration_id: string | null
  readonly plate: string | null
}

const oneOfEach = Effect.fnUntraced(function* (findings: Findings, partners: PartnerLedgers) {
  const sql = yield* SqlClient.SqlClient
  const orders = yield* sql<OrderRow>`
    SELECT state -> 'context' ->> 'orderId' AS order_id, state_path,
           (state -> 'context' ->> 'fromStock')::boolean AS from_stock,
           state -> 'context' -> 'factory' ->> 'orderId' AS factory_order_id,
           state -> 'context' ->> 'vin' AS vin,
           state -> 'context' -> 'registration' ->> 'id' AS registration_id,
           state -> 'context' -> 'registration' ->> 'plate' AS plate
    FROM actors
    WHERE type = 'order'`
  findings.checked("I44", orders.length)
  const alive = orders.filter(({ state_path }) => state_path !== "cancelled" && state_path !== "forfeited")
  unique(findings, "factory order", orders, ({ factory_order_id }) => factory_order_id)
  unique(findings, "car", alive, ({ vin }) => vin) // A stock car had other orders before, which did not go through.
  unique(findings, "registration", orders, ({ registration_id }) => registration_id)
  unique(findings, "plate", orders, ({ plate }) => plate)

  const theirOrders = new Map(
    (partners.factory ?? []).filter(({ kind }) => kind !== "refusal").map((line) => [line.reference, line])
  )
  const theirRegistrations = new Map(
    (partners.registration ?? []).filter(({ kind }) => kind === "registration").map((line) => [line.reference, line])
  )
  for (const { order_id, from_stock, factory_order_id, vin, registration_id, plate } of orders) {
    const built = theirOrders.get(order_id)
    const differs = (what: string, ours: string | null, theirs: string | null | undefined) => {
      if (ours !== null && ours !== theirs)
        findings.violated("I44", `${order_id}: its ${what} is ${ours}; the partner says ${theirs ?? "nothing"}`)
    }
    if (partners.factory !== null) {
      differs("factory order", factory_order_id, built?.factoryOrderId)
      if (!from_stock) differs("car", vin, built?.vin)
      else if (built !== undefined)
        findings.violated("I44", `${order_id} sells a car from stock, and the factory builds another one for it`)
    }
    if (partners.registration !== null) {
      const registered = theirRegistrations.get(order_id)
      differs("registration", registration_id, registered?.registrationId)
      differs("plate", plate, registered?.plate)
      if (registration_id !== null) differs("registered car", vin, registered?.vin)
    }
  }
  unique(
    findings,
    "registered car",
    [...theirRegistrations.values()].map((line) => ({ ...line, order_id: line.reference })),
    ({ vin }) => vin
  )
})

const unique = <Row extends { readonly order_id: string }>(
  findings: Findings,
  what: string,
  rows: ReadonlyArray<Row>,
  of: (row: Row) => string | null
) => {
  const seen = new Map<string, string>()
  for (const row of rows) {
    const value = of(row)
    if (value === null) continue
    const other = seen.get(value)
    if (other !== undefined) findings.violated("I44", `${row.order_id} and ${other} both have the ${what} ${value}`)
    seen.set(value, row.order_id)
  }
}

const inOurRecords = Effect.fnUntraced(function* (findings: Findings) {
  const sql = yield* SqlClient.SqlClient
  const [count] = yield* sql<{ steps: number }>`
    SELECT count(*)::int AS steps FROM whole.outbox
    WHERE type IN ('PlaceFactoryOrder', 'RegisterVehicle') OR (type = 'MoveVehicle' AND body ->> 'to' = 'customer')`
  findings.checked("I45", count!.steps)
  const early = yield* sql<{ path: string; version: number; type: string }>`
    SELECT path, version, type
    FROM whole.outbox o
    WHERE (type = 'PlaceFactoryOrder' AND NOT EXISTS (
        SELECT FROM ledger l
        WHERE l.path = o.path AND kind = 'depositReceived' AND (l.version, l.position) < (o.version, o.position)
      ))
      OR (type = 'RegisterVehicle' AND NOT EXISTS (
        SELECT FROM ledger l
        WHERE l.path = o.path AND kind = 'finalPaymentReceived' AND (l.version, l.position) < (o.version, o.position)
      ))
      OR (type = 'MoveVehicle' AND body ->> 'to' = 'customer' AND NOT EXISTS (
        SELECT FROM whole.journal j
        WHERE j.partition = o.partition AND j.path = o.path AND j.type = 'VehicleRegistered' AND outcome = 'handled' AND j.version < o.version
      ))`
  for (const { path, version, type } of early) findings.violated("I45", `${path} ordered ${type} at version ${version}, too early`)
})

/** Simulated partners share one clock; what one did before another is told by it. Causes are looked for in the younger copy of their books. */
const byTheirClocks = (findings: Findings, before: PartnerLedgers, after: PartnerLedgers) => {
  const { factory, transport } = before
  const { payments, registration } = after
  const registrationsOf = (books: PartnerLedgers) => (books.registration ?? []).filter(({ kind }) => kind === "registration")
  const paid = new Map<string, string>()
  for (const { at, kind, reference } of payments ?? []) {
    const [, order, what] = /^pay_(.+)-(reservation|final)-\d+$/.exec(reference) ?? []
    if ((kind === "charge" || kind === "capture") && order !== undefined) paid.set(`ord_${order} ${what}`, at)
  }
  const registered = new Map(registrationsOf(after).map(({ reference, at }) => [reference, at]))
  const expect = (what: string, at: string, after: string, then: string | undefined) => {
    findings.checked("I45", 1)
    if (then === undefined || then > at)
      findings.violated("I45", `${what} at ${at}, and ${after} ${then === undefined ? "never" : `at ${then}`}`)
  }
  if (payments !== null) {
    for (const { at, kind, reference } of factory ?? [])
      if (kind === "order")
        expect(`${reference} was ordered from the factory`, at, "its deposit was paid", paid.get(`${reference} reservation`))
    for (const { reference, at } of registrationsOf(before))
      expect(`${reference} was registered`, at, "its final payment was made", paid.get(`${reference} final`))
  }
  if (registration !== null)
    for (const { at, kind, reference } of transport ?? [])
      if (kind === "delivered") expect(`${reference} was delivered`, at, "it was registered", registered.get(reference))
}
