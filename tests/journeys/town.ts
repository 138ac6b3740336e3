/** One story in a town of its own, and the reckoning that every story ends with. */
import { expect, test } from "bun:test"
import { countries } from "#integrations/registration/countries.ts"
import type { Country } from "#machines/vocabulary.ts"
import type { Customer } from "#src/demo/customer.ts"
import { letClockMove } from "#src/demo/database.ts"
import { invariants } from "#src/demo/invariants.ts"
import { accountsOf, imbalance } from "#src/demo/ledger.ts"
import type { Deal, Seller } from "#src/demo/seller.ts"
import { startTown, type Town } from "#src/demo/town.ts"
import { freshDatabase } from "#tests/database.ts"

export type { Town } from "#src/demo/town.ts"

export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour

export interface Setting {
  /** Tries before a command is parked; 8 where nothing is said. */
  readonly attempts?: number
  /** A NATS server of the story's own. */
  readonly natsUrl?: string
}

/** Tells the story in a database, a world and a platform of its own; then everything has to add up. */
export const inTown =
  (story: (town: Town) => Promise<void>, setting: Setting = {}) =>
  async () => {
    const database = await freshDatabase()
    try {
      await letClockMove(database.url)
      const town = await startTown({
        databaseUrl: database.url,
        natsUrl: setting.natsUrl ?? process.env.NATS_URL!,
        redisUrl: process.env.REDIS_URL!,
        ...(setting.attempts === undefined ? {} : { env: { COMMAND_ATTEMPTS: String(setting.attempts) } })
      })
      try {
        await story(town)
        await reckoning(town)
      } finally {
        await town.stop()
      }
    } finally {
      await database.drop()
    }
  }

const patience = 30_000 // Milliseconds for one story, on a busy machine.

/** A test that is a story: `inTown`, with the patience it takes. */
export const journey = (title: string, story: (town: Town) => Promise<void>, setting?: Setting) =>
  test(title, inTown(story, setting), patience)

const dealerships: Readonly<Record<Country, string>> = {
  ES: "dea_madrid",
  DE: "dea_berlin",
  FR: "dea_lyon",
  PT: "dea_porto",
  IT: "dea_torino"
}

export interface Sale {
  readonly town: Town
  readonly seller: Seller
  readonly customer: Customer
  readonly orderId: string
  readonly country: Country
}

export interface SaleOptions extends Omit<Deal, "customer"> {
  readonly country?: Country
  readonly seller?: Seller
  readonly name?: string
  readonly carries?: "bearer" | "cookie"
}

/** A registered sale, whose customer has read the mail and signed in. */
export const sold = async (town: Town, options: SaleOptions = {}): Promise<Sale> => {
  const { country = "ES", seller = await town.seller(`Seller ${country}`, dealerships[country]), name = "Customer 1" } = options
  const customer = town.customer(name, country, options.carries)
  const orderId = await seller.sells({ ...options, customer: customer.person })
  await customer.comesIn()
  return { town, seller, customer, orderId, country }
}

/** The deposit is paid, and the factory has the order. */
export const ordered = async (town: Town, options?: SaleOptions): Promise<Sale> => {
  const sale = await sold(town, options)
  await pays(sale, "reservation")
  await sale.customer.sees(sale.orderId, "manufacturing.building")
  return sale
}

/** Built: it waits for the final payment. */
export const built = async (town: Town, options?: SaleOptions): Promise<Sale> => {
  const sale = await ordered(town, options)
  town.world.factory.start(sale.orderId)
  town.world.factory.finish(sale.orderId)
  await sale.customer.sees(sale.orderId, "manufacturing.awaitingFinalPayment")
  return sale
}

/** The papers are there and everything is paid; what the authority says is the story's. */
export const paid = async (town: Town, options?: SaleOptions): Promise<Sale> => {
  const sale = await built(town, options)
  await sale.seller.supplies(sale.orderId, ...papersOf(sale.country))
  await pays(sale, "final")
  await sale.customer.sees(sale.orderId, "paid", "registered")
  return sale
}

/** With a plate, and a carrier booked. */
export const registered = async (town: Town, options?: SaleOptions): Promise<Sale> => {
  const sale = await paid(town, options)
  await sale.customer.sees(sale.orderId, "registered.inTransit")
  await town.settled()
  return sale
}

/** In the customer's hands. */
export const delivered = async (town: Town, options?: SaleOptions): Promise<Sale & { readonly vin: string }> => {
  const sale = await registered(town, { delivery: "dealership", ...options })
  const { customer, seller, orderId } = sale
  town.world.transport.depart(orderId)
  town.world.transport.arrive(orderId)
  const { vin, handoverPin } = await customer.sees(orderId, "registered.awaitingPickup")
  expect(await seller.handOver(orderId, handoverPin)).toMatchObject({ status: 200 })
  await town.settled()
  return { ...sale, vin }
}

export const papersOf = (country: Country) => countries[country].papers.map(({ kind }) => kind)

export const pays = async ({ customer, orderId }: Sale, kind: "reservation" | "final", method = "tok_ok") =>
  expect(await customer.pay(orderId, kind, method)).toMatchObject({ status: 202 })

/** What one order's ledger holds: kind → minor units. */
export const entriesOf = async ({ sql }: Town, orderId: string): Promise<Record<string, number>> => {
  const rows = await sql`
    SELECT kind, sum(amount_minor)::float8 AS minor FROM ledger WHERE order_id = ${orderId} GROUP BY kind ORDER BY min(at), kind`
  return Object.fromEntries(rows.map(({ kind, minor }: { kind: string; minor: number }) => [kind, minor]))
}

/** What an order heard: types and outcomes in order. */
export const heardBy = async (
  { sql }: Town,
  orderId: string
): Promise<ReadonlyArray<{ readonly type: string; readonly outcome: string }>> =>
  sql`SELECT type, outcome FROM journal WHERE path = ${`order/${orderId}`} ORDER BY version`

/** The partner's entries of one kind about one order (or payment), as it wrote them down itself. */
export const inTheBooksOf = <Entry extends { readonly kind: string; readonly reference: string }>(
  partner: { readonly ledger: () => ReadonlyArray<Entry> },
  kind: Entry["kind"],
  reference: string
) => partner.ledger().filter((entry) => entry.kind === kind && entry.reference.includes(reference.replace(/^ord_/, "")))

/** An operator deals with what is parked: every command of this type is retried or given up. */
export const operate = async (town: Town, type: string, act: "retry" | "discard") => {
  const operator = await town.operator("Operator 1")
  const { commands } = await operator.does("GET", "/api/operator/outbox?state=parked")
  const parked = commands.filter((one: { type: string }) => one.type === type)
  expect(parked).not.toHaveLength(0)
  for (const { commandId } of parked)
    await operator.does("POST", `/api/operator/outbox/${encodeURIComponent(commandId)}/${act}`, {
      body: { reason: "as the story wants it" }
    })
}

/** However a story went: nothing is on its way, nothing is left to an operator, the books balance, and the partners' own books say the same. */
const reckoning = async (town: Town) => {
  const { sql, world } = town
  await town.settled()
  expect(await sql`SELECT type, cause FROM outbox WHERE state = 'parked'`).toHaveLength(0)
  expect(await sql`SELECT path, cause FROM defects`).toHaveLength(0)
  expect(await sql`SELECT source, outcome FROM webhooks WHERE state <> 'applied'`).toHaveLength(0)
  expect(imbalance(await accountsOf(sql))).toBe(0)
  const { invariants: findings } = await invariants(town)
  expect(findings.filter(({ violations }) => violations.length > 0)).toEqual([])

  // What was taken, less what went back; whether it has settled since is another question.
  const ours = await sql`
    SELECT payment_id AS reference, sum(CASE WHEN debit = 'gateway' THEN amount_minor ELSE -amount_minor END)::float8 AS minor
    FROM ledger
    WHERE phase = 'posted' AND (debit = 'gateway' AND kind <> 'disputeWon' OR kind IN ('serviceReturned', 'paymentReturned'))
    GROUP BY payment_id`
  const theirs = new Map<string, number>()
  const charges: Array<string> = []
  for (const { kind, reference, amountMinor } of world.payments.ledger()) {
    if (kind === "charge" || kind === "capture") charges.push(reference)
    const sign = ["charge", "capture", "refund_failed"].includes(kind) ? 1 : kind === "refund" ? -1 : 0
    if (sign !== 0) theirs.set(reference, (theirs.get(reference) ?? 0) + sign * amountMinor)
  }
  expect(charges).toHaveLength(new Set(charges).size)
  expect(new Map(ours.map(({ reference, minor }: { reference: string; minor: number }) => [reference, minor]))).toEqual(theirs)

  const orders = new Set((await sql`SELECT path FROM actors WHERE type = 'order'`).map(({ path }: { path: string }) => path))
  for (const [partner, kind] of [
    [world.factory, "order"],
    [world.registration, "registration"],
    [world.transport, "booking"]
  ] as const) {
    const references = (partner.ledger() as ReadonlyArray<{ readonly kind: string; readonly reference: string }>)
      .filter((entry) => entry.kind === kind)
      .map(({ reference }) => reference)
    expect(references).toHaveLength(new Set(references).size)
    for (const reference of references) expect(orders).toContain(`order/${reference}`)
  }
}
