/** Something wrong that is planted in a copy of what is good, and who has to name it. A check that cannot fail is none. */
import { expect } from "bun:test"
import { SQL } from "bun"
import { Effect, Redacted } from "effect"
import { PostgresOwner } from "#integrations/postgres/postgres.ts"
import type { Report } from "#src/verify/findings.ts"
import type { InvariantId } from "#src/verify/invariants.ts"
import type { PartnerLedgers } from "#src/verify/partner-ledgers.ts"
import { type VerifyOptions, verify } from "#src/verify/verify.ts"

/** A town where all went well, when it had come to rest. */
export interface GoodTown {
  readonly url: string
  readonly ledgers: PartnerLedgers
  readonly options: VerifyOptions
}

export interface Plant<Good extends GoodTown> {
  readonly what: string
  /** Those that must report it, and no others. More than one where a replay notices the same tampering. */
  readonly reportedBy: ReadonlyArray<InvariantId>
  /** The owner's SQL, on a copy of the good database. */
  readonly sql?: (good: Good) => string
  /** On a copy of what the partners remember. */
  readonly ledgers?: (ledgers: any, good: Good) => void
  readonly options?: (options: VerifyOptions, clean: Report) => VerifyOptions
}

export const look = (url: string, options: VerifyOptions): Promise<Report> =>
  verify(options).pipe(Effect.provide(PostgresOwner({ url: Redacted.make(url) })), Effect.runPromise)

export const violated = ({ invariants }: Report) => invariants.filter(({ violations }) => violations.length > 0).map(({ id }) => id)

export const withOwner = async <A>(url: string, work: (sql: SQL) => Promise<A>): Promise<A> => {
  const sql = new SQL(url, { max: 1 })
  try {
    return await work(sql)
  } finally {
    await sql.close()
  }
}

/** Plants it in a copy, looks, and throws the copy away. */
export const isFound = async <Good extends GoodTown>(good: Good, clean: Report, plant: Plant<Good>) => {
  const { sql, ledgers, options, reportedBy } = plant
  const remembered = structuredClone(good.ledgers) as PartnerLedgers
  ledgers?.(remembered, good)
  const asked = { ...(options?.(good.options, clean) ?? good.options), partners: async () => remembered }
  const url = new URL(good.url)
  const original = url.pathname.slice(1)
  const copy = `${original}_${crypto.randomUUID().slice(0, 8)}`
  if (sql === undefined) return expect(violated(await look(url.href, asked))).toEqual([...reportedBy])

  await withOwner(process.env.DATABASE_URL!, (admin) => admin.unsafe(`CREATE DATABASE "${copy}" TEMPLATE "${original}"`))
  try {
    url.pathname = `/${copy}`
    await withOwner(url.href, (owner) => owner.unsafe(sql(good)).simple())
    expect(violated(await look(url.href, asked))).toEqual([...reportedBy])
  } finally {
    await withOwner(process.env.DATABASE_URL!, (admin) => admin.unsafe(`DROP DATABASE "${copy}" WITH (FORCE)`))
  }
}
