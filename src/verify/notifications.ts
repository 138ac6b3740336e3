/** What customers were told, held against what was to be told and against the sinks' own books (I50). */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Evidence } from "./evidence.ts"
import type { Findings } from "./findings.ts"
import type { PartnerLedgers } from "./partner-ledgers.ts"

/** Each repeat of such a mail bears a link of its own, and makes the one before void. */
const oneTimeLink = /#token=[A-Za-z0-9_-]+/g

const telling = ["Notify", "NotifyCustomer", "NotifyOwner", "AcknowledgeWithdrawal"] // Commands that tell a customer something.
const lateMillis = 2 * 60_000

interface DeliveryRow {
  readonly notice: string
  readonly channel: "mail" | "push" | "sms" | "display"
  readonly messageId: string
  readonly state: string
  readonly due: number
}

export const notifications = Effect.fn("verify.notifications")(function* (
  findings: Findings,
  { quiet, now, before, after }: Evidence
) {
  const sql = yield* SqlClient.SqlClient
  // Before the first row was kept, mails alone were sent: by commands, and I10 has those.
  const untold = yield* sql<{ id: string }>`
    SELECT o.path || '#' || o.version || '.' || o.position AS id
    FROM whole.outbox o
    WHERE o.type IN ${sql.in(telling)} AND o.state = 'done' AND o.at >= (SELECT min(at) FROM notifications)
      AND NOT EXISTS (SELECT FROM notifications n WHERE n.notice_id = o.path || '#' || o.version || '.' || o.position)`
  for (const { id } of untold) findings.violated("I50", `${id} is done, and nothing says that anybody was told`)

  const rows = yield* sql<DeliveryRow>`
    SELECT notice_id AS notice, channel, message_id AS "messageId", state, (extract(epoch FROM due_at) * 1000)::float8 AS due
    FROM notification_deliveries`
  findings.checked("I50", rows.length)
  if (quiet)
    for (const { notice, channel, state, due } of rows)
      if (state === "waiting" && due + lateMillis < now)
        findings.violated("I50", `${notice} by ${channel} waits since ${new Date(due).toISOString()}`)

  const sinks = { mail: after.mail, push: after.push, sms: after.sms }
  if (Object.values(sinks).some((books) => books === null)) findings.skipped("I50", "in part: a sink keeps its books to itself")
  arrived(findings, rows, sinks)
  ordered(findings, rows, before)
  once(findings, after)
})

type Sinks = Pick<PartnerLedgers, "mail" | "push" | "sms">

/** At least once: what we call sent, its sink has. */
const arrived = (findings: Findings, rows: ReadonlyArray<DeliveryRow>, { mail, push, sms }: Sinks) => {
  const known = {
    mail: mail && new Set(mail.map(({ messageId }) => messageId)),
    push: push && new Set(push.map(({ messageId }) => messageId)),
    sms: sms && new Set(sms.map(({ reference }) => reference)),
    display: null // A car may have been out of reach.
  }
  for (const { notice, channel, messageId, state } of rows)
    if (state === "sent" && known[channel]?.has(messageId) === false)
      findings.violated("I50", `${notice} is sent by ${channel}, and nobody there has it`)
}

/** Mails without an order are for I10. */
const ordered = (findings: Findings, rows: ReadonlyArray<DeliveryRow>, { push, sms }: Sinks) => {
  const ours = new Set(rows.map(({ channel, messageId }) => `${channel} ${messageId}`))
  const all = [
    ...(push ?? []).map(({ messageId }) => `push ${messageId}`),
    ...(sms ?? []).map(({ reference }) => `sms ${reference}`)
  ]
  for (const name of all) if (!ours.has(name)) findings.violated("I50", `The message ${name} went out, and nobody was to be told`)
}

/** At most one distinct message: every copy under one id says the same. A phone gets no copy at all. */
const once = (findings: Findings, { mail, push, sms }: Sinks) => {
  const copies = [
    ...(mail ?? []).map(
      ({ messageId, subject, text }) => [`mail ${messageId}`, `${subject} ${text.replace(oneTimeLink, "")}`] as const
    ),
    ...(push ?? []).map(({ messageId, title, text }) => [`push ${messageId}`, `${title} ${text}`] as const)
  ]
  for (const [name, said] of Map.groupBy(copies, ([name]) => name))
    if (new Set(said.map(([, text]) => text)).size > 1) findings.violated("I50", `Different messages went out as ${name}`)
  const texts = (sms ?? []).filter(({ kind }) => kind === "message")
  for (const [reference, same] of Map.groupBy(texts, ({ reference }) => reference))
    if (same.length > 1) findings.violated("I50", `The message sms ${reference} was delivered ${same.length} times`)
}
