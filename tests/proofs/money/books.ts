/** Our books and the gateway's own, side by side, contract by contract and payment by payment, when a town has come to rest. */
import type { Opened } from "../simulation/forecourt.ts"
import type { Contract } from "./contract.ts"
import type { SeenCase } from "./life.ts"

export interface SeenContract {
  readonly sums: Contract["sums"]
  /** Payment → what our ledger has of it, at the gateway or settled. */
  readonly ours: ReadonlyMap<string, number>
  readonly theirs: ReadonlyMap<string, number>
  readonly openCases: ReadonlyArray<SeenCase>
  /** Invoices, less what was credited. */
  readonly invoiced: number
  readonly acknowledged: number
  readonly state: string
}

/** The gateway's books by payment, read on from where they were read last. */
export class GatewayBooks {
  private readonly accounts = new Map<string, number>()
  private read = 0

  constructor(private readonly opened: Opened) {}

  get all(): ReadonlyMap<string, number> {
    const entries = this.opened.town.world.payments.ledger()
    for (; this.read < entries.length; this.read++) {
      const { kind, reference, amountMinor } = entries[this.read]!
      const sign = signs[kind] ?? 0
      this.accounts.set(reference, (this.accounts.get(reference) ?? 0) + sign * amountMinor)
    }
    return this.accounts
  }
}
const signs: Readonly<Record<string, number>> = {
  charge: 1,
  capture: 1,
  refund: -1,
  refund_failed: 1,
  settlement_failed: -1,
  dispute: -1,
  dispute_won: 1
}

const contractOf = (paymentId: string) => `act_${/-([A-Za-z0-9]+)-service-\d+$/.exec(paymentId)?.[1] ?? "none"}`

/** What sums to anything else than zero, per transfer and currency, and over all accounts. */
export const imbalances = async ({ town: { sql } }: Opened): Promise<ReadonlyArray<string>> => {
  const rows = await sql`
    SELECT path || '#' || version || '.' || position AS transfer, currency, sum(minor)::float8 AS minor
    FROM postings GROUP BY path, version, position, currency HAVING sum(minor) <> 0
    UNION ALL SELECT 'all of it', currency, sum(minor)::float8 FROM postings GROUP BY currency HAVING sum(minor) <> 0`
  return rows.map(({ transfer, currency, minor }: any) => `${transfer} is out of balance by ${minor} ${currency}`)
}

/** By activation. */
export const lookAt = async (opened: Opened, gateway: GatewayBooks): Promise<ReadonlyMap<string, SeenContract>> => {
  const { sql } = opened.town
  const [accounts, payments, cases, papers, states] = await Promise.all([
    sql`
      SELECT activation_id AS id,
             coalesce(sum(minor) FILTER (WHERE account IN ('gateway', 'bank') AND kind <> 'refundPaidOut'), 0)::float8 AS paid,
             coalesce(sum(minor) FILTER (WHERE account = 'receivables'), 0)::float8 AS owed,
             coalesce(-sum(minor) FILTER (WHERE account = 'refundsDue'), 0)::float8 AS "dueBack",
             coalesce(-sum(minor) FILTER (WHERE account = 'bank' AND kind = 'refundPaidOut'), 0)::float8 AS "paidOut",
             coalesce(sum(minor) FILTER (WHERE account = 'disputes'), 0)::float8 AS disputed,
             coalesce(-sum(minor) FILTER (WHERE account IN ('serviceSales', 'vatDue')), 0)::float8 AS earned,
             coalesce(sum(minor) FILTER (WHERE account = 'badDebts'), 0)::float8 AS "writtenOff"
      FROM postings WHERE activation_id IS NOT NULL GROUP BY activation_id`,
    sql`
      SELECT payment_id AS payment, sum(minor)::float8 AS minor
      FROM postings
      WHERE activation_id IS NOT NULL AND account IN ('gateway', 'bank') AND kind <> 'refundPaidOut'
      GROUP BY payment_id`,
    sql`
      SELECT case_id AS "caseId", kind, payment_id AS "paymentId", activation_id AS id
      FROM risk_cases c
      WHERE activation_id IS NOT NULL AND NOT EXISTS (SELECT FROM risk_case_resolutions r WHERE r.case_id = c.case_id)
      ORDER BY case_id`,
    sql`
      SELECT activation_id AS id, sum(CASE kind WHEN 'invoice' THEN gross_minor ELSE -gross_minor END)::float8 AS invoiced
      FROM invoices WHERE activation_id IS NOT NULL GROUP BY activation_id`,
    sql`
      SELECT split_part(a.path, '/', 3) AS id, state_path AS state,
             (SELECT count(*)::int FROM outbox o WHERE o.partition = a.partition AND o.path = a.path AND o.type = 'AcknowledgeWithdrawal')
               AS acknowledged
      FROM actors a WHERE type = 'activation'`
  ])
  const sumsOf = new Map<string, any>(accounts.map(({ id, ...sums }: any) => [id, sums]))
  const casesOf = Map.groupBy(cases as ReadonlyArray<SeenCase & { readonly id: string }>, ({ id }) => id)
  const papersOf = new Map<string, number>(papers.map(({ id, invoiced }: any) => [id, invoiced]))
  const oursOf = Map.groupBy(payments as ReadonlyArray<{ payment: string; minor: number }>, ({ payment }) => contractOf(payment))
  const theirsOf = Map.groupBy(gateway.all, ([payment]) => contractOf(payment))
  return new Map(
    states.map(({ id, state, acknowledged }: any): [string, SeenContract] => [
      id,
      {
        sums: sumsOf.get(id) ?? nothing,
        ours: new Map((oursOf.get(id) ?? []).map(({ payment, minor }) => [payment, minor])),
        theirs: new Map(theirsOf.get(id) ?? []),
        openCases: casesOf.get(id) ?? [],
        invoiced: papersOf.get(id) ?? 0,
        acknowledged,
        state
      }
    ])
  )
}
const nothing: Contract["sums"] = { paid: 0, owed: 0, dueBack: 0, paidOut: 0, disputed: 0, earned: 0, writtenOff: 0 }
