/** What partners did, held against what we ordered: each thing once, nothing else, and nothing missing (I09, I10, I11). */
import { createHash } from "node:crypto"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Evidence } from "./evidence.ts"
import type { Findings } from "./findings.ts"
import type { PartnerLedgers } from "./partner-ledgers.ts"

/** One thing done or answered outside, under the name both sides know it by. */
interface Deed {
  readonly name: string
  readonly command: string
  /** A thing done, and not only a no. */
  readonly done: boolean
}

/** Null for lines that follow from an earlier one (a settlement, a departure). */
const deedsOf = ({ factory, payments, registration, transport }: PartnerLedgers): ReadonlyArray<Deed> => [
  ...(factory ?? []).flatMap(({ kind, reference }) =>
    kind === "order" || kind === "refusal" ? [deed("PlaceFactoryOrder", reference, kind === "order")] : []
  ),
  ...(payments ?? []).flatMap(({ kind, reference, refundReference, capture }) => {
    if (kind === "refund") return [deed("ReturnPayment", refundReference ?? "", true)]
    if (kind === "charge") return [deed("ChargePayment", reference, true)]
    if (kind === "authorise") return [deed("AuthorisePayment", reference, true)]
    if (kind === "capture") return [deed("CapturePayment", reference, true)]
    if (kind === "void") return [deed("VoidPayment", reference, true)]
    if (kind === "mandate" || kind === "mandate_declined") return [deed("SetUpMandate", reference, kind === "mandate")]
    const asked = capture === "manual" ? "AuthorisePayment" : "ChargePayment"
    return kind === "decline" || kind === "await" ? [deed(asked, reference, false)] : []
  }),
  ...(registration ?? []).map(({ kind, reference }) => deed("RegisterVehicle", reference, kind === "registration")),
  ...(transport ?? []).flatMap(({ kind, reference, to }) =>
    kind === "booking" || kind === "refusal" ? [deed("BookTransport", `${reference} ${to}`, kind === "booking")] : []
  )
]
const deed = (command: string, name: string, done: boolean): Deed => ({ command, name, done })

const partnerOf = {
  PlaceFactoryOrder: "factory",
  ChargePayment: "payments",
  AuthorisePayment: "payments",
  CapturePayment: "payments",
  VoidPayment: "payments",
  SetUpMandate: "payments",
  ReturnPayment: "payments",
  RegisterVehicle: "registration",
  BookTransport: "transport"
} as const
type Outward = keyof typeof partnerOf

export const outside = Effect.fn("verify.outside")(function* (findings: Findings, { before, after }: Evidence) {
  const sql = yield* SqlClient.SqlClient
  const told = Object.values(partnerOf).filter((partner) => before[partner] !== null && after[partner] !== null)
  if (told.length === 0) {
    for (const id of ["I09", "I10"] as const) findings.skipped(id, "no partner ledger")
    return findings.skipped("I11", "no partner ledger")
  }

  const times = new Map<string, number>()
  for (const { command, name, done } of deedsOf(after))
    if (done) times.set(`${command} ${name}`, (times.get(`${command} ${name}`) ?? 0) + 1)
  findings.checked("I09", times.size)
  for (const [name, count] of times) if (count > 1) findings.violated("I09", `${name} was done ${count} times`)

  // A bank that holds nothing, and a hold that was gone, leave no line: the answer that we were given says so.
  const rows = yield* sql<{ command: Outward; name: string; done: boolean }>`
    SELECT type AS command,
           state = 'done' AND type <> 'VoidPayment' AND NOT EXISTS (
             SELECT FROM whole.journal j
             WHERE j.partition = o.partition AND j.path = o.path
               AND j.message_id = o.path || '#' || o.version || '.' || o.position
               AND j.type IN ('PaymentCannotBeHeld', 'CaptureFailed')
           ) AS done,
           CASE
             WHEN type = 'ReturnPayment' THEN path || '#' || version || '.' || position
             WHEN type = 'BookTransport' THEN (body ->> 'orderId') || ' ' || (body ->> 'to')
             ELSE coalesce(body ->> 'paymentId', body ->> 'orderId')
           END AS name
    FROM whole.outbox o
    WHERE type IN ${sql.in(Object.keys(partnerOf))}`
  const ordered = new Set(rows.map(({ command, name }) => `${command} ${name}`))
  const deeds = deedsOf(before)
  findings.checked("I10", deeds.length)
  for (const { command, name } of deeds)
    if (!ordered.has(`${command} ${name}`)) findings.violated("I10", `${command} ${name} happened outside, and was never ordered`)

  const known = new Set(deedsOf(after).map(({ command, name }) => `${command} ${name}`))
  for (const { command, name, done } of rows) {
    if (!done || after[partnerOf[command]] === null) continue
    findings.checked("I11", 1)
    if (!known.has(`${command} ${name}`))
      findings.violated("I11", `${command} ${name} is done, and its partner knows nothing of it`)
  }
  yield* mails(findings, before.mail)
})

/** A mail is named by the command that sent it, or by the one-time link that it carries. */
const mails = Effect.fnUntraced(function* (findings: Findings, lines: PartnerLedgers["mail"]) {
  const sql = yield* SqlClient.SqlClient
  if (lines === null) return
  const commands = yield* sql<{ id: string }>`
    SELECT path || '#' || version || '.' || position AS id FROM whole.outbox WHERE type IN ('Notify', 'SendCredentials', 'NotifyCustomer', 'NotifyOwner', 'WelcomeOwner', 'AcknowledgeWithdrawal')`
  const links = yield* sql<{ id: string }>`
    SELECT 'invitation/' || left(encode(token_hash, 'hex'), 20) AS id FROM account_links
    UNION ALL
    SELECT occasion || left(encode(token_hash, 'hex'), 20)
    FROM email_changes
    CROSS JOIN (VALUES ('email/'), ('email-changed/')) AS mail (occasion)`
  const named = new Set(
    [...commands, ...links].map(({ id }) => `${createHash("sha256").update(id).digest("hex").slice(0, 32)}@caas.example`)
  )
  findings.checked("I10", lines.length)
  for (const { messageId } of lines)
    if (!named.has(messageId)) findings.violated("I10", `The mail ${messageId} went out, and nobody ordered it`)
})
