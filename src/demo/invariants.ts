/** What must hold when a story is over. */
import { accountsOf, imbalance } from "./ledger.ts"
import type { Town } from "./town.ts"

export interface Checked {
  readonly id: string
  readonly text: string
  readonly violations: ReadonlyArray<string>
}

export const invariants = async ({ sql, world }: Town): Promise<ReadonlyArray<Checked>> => {
  const accounts = await accountsOf(sql)
  const sum = imbalance(accounts)
  const held = accounts.find(({ account }) => account === "gateway")!.minor
  const taken = world.payments
    .ledger()
    .reduce((total, { kind, amountMinor }) => total + (kind === "charge" ? amountMinor : kind === "refund" ? -amountMinor : 0), 0)
  const parked = await sql`SELECT path || ' ' || type || ': ' || coalesce(cause, '') AS what FROM outbox WHERE state = 'parked'`
  const orders = world.factory
    .ledger()
    .filter(({ kind }) => kind === "order")
    .map(({ reference }) => reference)
  return [
    { id: "ledger", text: "The ledger sums to zero", violations: sum === 0 ? [] : [`it sums to ${sum}`] },
    {
      id: "gateway",
      text: "Our gateway account is what the gateway holds",
      violations: held === taken ? [] : [`ours ${held}, theirs ${taken}`]
    },
    {
      id: "factory",
      text: "One factory order per sale",
      violations: orders.filter((reference, n) => orders.indexOf(reference) !== n)
    },
    { id: "parked", text: "No command waits for an operator", violations: parked.map(({ what }: { what: string }) => what) }
  ]
}
