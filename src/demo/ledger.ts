/** The books at the end: what each account holds, and that it all adds up to nothing. */
import type { SQL } from "bun"

export interface AccountRow {
  readonly account: string
  readonly kind: "asset" | "liability" | "income" | "expense"
  readonly meaning: string
  readonly currency: string
  /** Positive: the account is debited by so much. Minor units. */
  readonly minor: number
}

/** Every account, also the empty ones. */
export const accountsOf = (sql: SQL): Promise<ReadonlyArray<AccountRow>> =>
  sql`
    SELECT a.account, a.kind, meaning, coalesce(currency, 'EUR') AS currency, coalesce(sum(minor), 0)::float8 AS minor
    FROM ledger_accounts a LEFT JOIN postings p ON p.account = a.account
    GROUP BY a.account, a.kind, meaning, currency
    ORDER BY array_position(ARRAY['asset', 'liability', 'income', 'expense'], a.kind), a.account`

/** An entry debits what it credits, so anything but zero is a defect. */
export const imbalance = (accounts: ReadonlyArray<AccountRow>) => accounts.reduce((sum, { minor }) => sum + minor, 0)

const euros = new Intl.NumberFormat("en-IE", { minimumFractionDigits: 2 })

export const ledgerLines = (accounts: ReadonlyArray<AccountRow>): ReadonlyArray<string> => [
  ...accounts.map(({ account, kind, minor, currency }) => `  ${account.padEnd(20)} ${kind.padEnd(10)} ${amount(minor, currency)}`),
  `  ${"together".padEnd(31)} ${amount(imbalance(accounts), "EUR")}`
]

const amount = (minor: number, currency: string) => `${euros.format(minor / 100).padStart(12)} ${currency}`
