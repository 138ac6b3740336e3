/** What the tables say of webhooks, held against what their senders were told. */
import { createHash } from "node:crypto"
import type { WebhookSource } from "#integrations/webhooks/webhooks.ts"
import type { HttpHouse } from "#tests/http/house.ts"

const patience = 60_000 // Milliseconds until what was kept has to be closed.

/** Signed, and answered with 202 or 422: we have it. */
export interface Accepted {
  readonly source: WebhookSource
  readonly id: string
  readonly body: string
  readonly status: number
}

/** Each is kept once, by its very bytes, and closed with a reason where it was of no use. */
export const contradictionsIn = async (house: HttpHouse, accepted: ReadonlyArray<Accepted>): Promise<ReadonlyArray<string>> => {
  if (accepted.length === 0) return []
  const ids = accepted.map(({ id }) => `'${id}'`).join(",")
  const ask = () =>
    house.rows(`
      SELECT source, webhook_id, state, outcome, encode(body_sha256, 'hex') AS hash FROM webhooks
      WHERE source IN ('factory', 'payments', 'transport') AND webhook_id IN (${ids})`)
  const end = performance.now() + patience
  let found = await ask()
  for (; found.some(({ state }) => state === "received") && performance.now() < end; found = await ask()) await Bun.sleep(50)
  const rows = Map.groupBy(found, ({ webhook_id }) => webhook_id as string)
  return accepted.flatMap(({ source, id, body, status }) => {
    const [row, ...more] = rows.get(id) ?? []
    const said = (what: string) => [`${source}/${id}, answered with ${status}, ${what}`]
    if (row === undefined) return said("is not kept")
    if (more.length > 0 || row.source !== source || row.hash !== sha256(body)) return said("is kept as another one")
    if (row.state === "received") return said(`was not closed in ${patience / 1000} s: ${row.outcome}`)
    if (row.state === "rejected" && !String(row.outcome).startsWith("rejected: ")) return said("is rejected without a reason")
    return status === 422 && row.state !== "rejected" ? said(`is ${row.state}`) : []
  })
}
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex")

export const countKept = async (house: HttpHouse): Promise<number> =>
  (await house.rows("SELECT count(*)::int AS kept FROM webhooks"))[0].kept

/** Turns that no kept webhook explains, and those that one webhook made twice. */
export const strangersIn = async (house: HttpHouse): Promise<ReadonlyArray<string>> => {
  const partners = "message_id ~ '^(factory|payments|transport)/'"
  const unexplained = await house.rows(`
    SELECT message_id FROM journal j
    WHERE ${partners} AND NOT EXISTS (SELECT FROM webhooks w WHERE w.source || '/' || w.webhook_id = j.message_id)
    LIMIT 5`)
  const twice = await house.rows(`SELECT message_id FROM journal WHERE ${partners} GROUP BY message_id HAVING count(*) > 1 LIMIT 5`)
  return [
    ...unexplained.map(({ message_id }) => `an order has heard ${message_id}, which nobody signed`),
    ...twice.map(({ message_id }) => `${message_id} was heard twice`)
  ]
}
