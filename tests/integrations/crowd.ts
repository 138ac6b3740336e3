/** Rows for a database that has grown: so many that a plan which reads a whole table is seen to be one. No actor of these ever takes a turn. */
import type { SQL } from "bun"

/** More rows than this, and nobody may read the table from one end to the other. */
export const bigTable = 10_000

const vin = "'VSSCROWD' || lpad(n::text, 9, '0')"
const turn = "(n % 64)::smallint, 'vehicle/' || " // What the tables of records begin with: partition, path, version, position, at.
const recorded = "1, 0::smallint, now() - n * interval '1 second'"
const contract = "'act_crowd' || 1 + n % 12000"

/** Table by table: 50,000 cars, each with the order that sold it and a history, 20,000 services, as many people, and the money of eight months. */
const inserts: ReadonlyArray<readonly [table: string, rows: number, select: string]> = [
  [
    "actors (path, partition, version, epoch, machine_version, state, type, state_path, state_since, closed, country, dealership_id, subject_id, vin)",
    50_000,
    `'order/ord_crowd-' || n, (n % 64)::smallint, 2, 1, 1, '{"value": "delivered", "context": {"plan": {}}, "heardFrom": {}}', 'order',
     (ARRAY['delivered', 'manufacturing.building', 'cancelled', 'paid.registering'])[1 + n % 4], now() - n * interval '1 minute', n % 2 = 0, 'ES',
     'dea_crowd-' || n % 200, 'sub_crowd-' || n % 20000, ${vin}`
  ],
  [
    "actors (path, partition, version, epoch, machine_version, state, type, state_path, state_since, closed, country, dealership_id, subject_id, vin)",
    50_000,
    `'vehicle/' || ${vin}, (n % 64)::smallint, 2, 1, 2, '{"value": {}, "context": {"orderId": null}, "heardFrom": {}}', 'vehicle',
     (ARRAY['custody.customer+configuration.settled', 'custody.factory+configuration.settled'])[1 + n % 2], now() - n * interval '1 minute', false, 'ES',
     'dea_crowd-' || n % 200, CASE WHEN n % 3 > 0 THEN 'sub_crowd-' || n % 20000 END, ${vin}`
  ],
  [
    "actors (path, partition, version, epoch, machine_version, state, type, state_path, state_since, closed, country, dealership_id, subject_id, vin)",
    20_000,
    `'activation/' || ${vin} || '/act_crowd' || n, (n % 64)::smallint, 2, 1, 1, '{"value": {}, "context": {}, "heardFrom": {}}', 'activation',
     'service.active+money.captured', now() - n * interval '1 minute', n % 2 = 0, 'ES', NULL, 'sub_crowd-' || n % 20000, ${vin}`
  ],
  [
    "timers",
    12_000,
    `(n % 64)::smallint, 'vehicle/' || ${vin}, 'xstate.after.x', 1, now() + n * interval '1 minute', now() + n * interval '1 minute'`
  ],
  [
    "persons (subject_id, email_index, wrapped_key, nonce, ciphertext, created_by, created_at)",
    12_000,
    `'sub_crowd-' || n, sha256(('p' || n)::bytea), decode(repeat('00', 60), 'hex'), decode(repeat('00', 12), 'hex'), decode(repeat('00', 40), 'hex'), 'system', now()`
  ],
  ["accounts (subject_id, role, created_by, created_at)", 12_000, `'sub_crowd-' || n, 'customer', 'system', now()`],
  [
    "account_links (token_hash, subject_id, issued_at, expires_at, used_at)",
    12_000,
    `sha256(('l' || n)::bytea), 'sub_crowd-' || n, now(), now() + interval '1 day', CASE WHEN n % 3 = 0 THEN now() END`
  ],
  [
    "sessions (token_hash, session_id, subject_id, role, door, created_at, last_seen_at, authenticated_at, idle_seconds, expires_at, ended_at)",
    12_000,
    `sha256(('s' || n)::bytea), 'ses_crowd' || n, 'sub_crowd-' || n, 'customer', 'public', now(), now(), now(), 1800, now() + interval '1 hour', CASE WHEN n % 10 > 0 THEN now() END`
  ],
  [
    "totp_secrets (subject_id, wrapped_key, nonce, ciphertext, created_at, confirmed_at)",
    12_000,
    `'sub_crowd-' || n, decode(repeat('00', 60), 'hex'), decode(repeat('00', 12), 'hex'), decode(repeat('00', 40), 'hex'), now(), now()`
  ],
  [
    "recovery_codes (code_hash, subject_id, issued_at, used_at)",
    12_000,
    `sha256(('c' || n)::bytea), 'sub_crowd-' || 1 + n % 12000, now(), CASE WHEN n % 8 = 0 THEN now() END`
  ],
  [
    "passkeys (credential_id, subject_id, door, public_key, counter, name, created_at)",
    12_000,
    `'credential-' || lpad(n::text, 16, '0'), 'sub_crowd-' || n, 'public', decode(repeat('00', 77), 'hex'), 0, 'Phone', now()`
  ],
  ["passkey_challenges", 12_000, `'challenge-' || lpad(n::text, 16, '0'), NULL, 'public', now() + n * interval '1 second'`],
  [
    "refresh_tokens (token_hash, session_id, issued_at, used_at)",
    12_000,
    `sha256(('r' || n)::bytea), 'ses_crowd' || n, now(), CASE WHEN n % 2 = 0 THEN now() END`
  ],
  [
    "email_changes (token_hash, subject_id, wrapped_key, nonce, ciphertext, asked_at, expires_at)",
    12_000,
    `sha256(('e' || n)::bytea), 'sub_crowd-' || n, decode(repeat('00', 60), 'hex'), decode(repeat('00', 12), 'hex'), decode(repeat('00', 40), 'hex'), now(), now() + interval '1 day'`
  ],
  ["sign_in_tries", 12_000, `sha256(('t' || n)::bytea), 1, now() - n * interval '1 second'`],
  [
    "audit (at, request_id, session_id, subject_id, role, method, route, objects)",
    12_000,
    `now() - n * interval '1 second', 'req_' || gen_random_uuid(), 'ses_crowd' || n, 'sub_crowd-' || n % 20000, 'customer', 'POST', '/api/me', ARRAY['ord_crowd-' || n]`
  ],
  ["audit_outcomes (request_id, at, status)", 12_000, `'req_crowd-' || n, now(), 200`],
  [
    "audit_chain (position, at, source, source_position, entry, hash)",
    12_000,
    `1000000 + n, now(), 'crowd', n, sha256(('e' || n)::bytea), sha256(('h' || n)::bytea)`
  ],
  ["audit_heads (position, signed, witnessed_at)", 12_000, `1000000 + n, 'head', now()`],
  ["security_log (at, kind, subject_id, detail)", 12_000, `now(), 'SignedIn', 'sub_crowd-' || n % 20000, 'customer'`],
  [
    "documents (order_id, kind, sha256, bytes, media_type, size, by, at)",
    12_000,
    `'ord_crowd-' || n, 'identityDocument', encode(sha256('%PDF'), 'hex'), '%PDF', 'application/pdf', 4, 'system', now()`
  ],
  [
    "purchase_papers (document_id, command_id, subject_id, kind, title, media_type, size, sha256, bytes, order_id, activation_id, vin, at)",
    12_000,
    `'doc_' || lpad(n::text, 32, '0'), 'order/ord_crowd-' || n || '#1.0', 'sub_crowd-' || n % 2000, 'invoice', 'Factura', 'text/plain', 4, encode(sha256('%PDF'), 'hex'), '%PDF', 'ord_crowd-' || n, NULL, NULL, now()`
  ],
  [
    "paper_keys (key_id, subject_id, paper_class, country, year, wrapped_key, created_at, kept_until)",
    12_000,
    `'key_' || lpad(n::text, 32, '0'), 'sub_crowd-' || n, 'tax', 'ES', 2026, decode(repeat('00', 60), 'hex'), now(), now() + n * interval '1 hour'`
  ],
  ["erasures (subject_id, at, preview_hash, preview)", 12_000, `'sub_crowd-' || n, now(), repeat('0', 64), '{}'`],
  ["destructions (at, what, count)", 12_000, `now(), 'tax ES ' || n, 1`],
  ["invoice_series (series)", 1, "'ES-1999'"],
  [
    "invoices (series, number, command_id, kind, country, issued_at, issued_on, seller, subject_id, order_id, payment_id, currency, lines, net_minor, vat_minor, gross_minor, previous_hash, hash)",
    12_000,
    `'ES-1999', n, 'order/ord_crowd-' || n || '#2.0', 'invoice', 'ES', now(), '1999-03-01', 'B0', 'sub_crowd-' || n % 2000, 'ord_crowd-' || n, 'pay_crowd' || n, 'EUR', '[]', 100, 21, 121,
     CASE WHEN n > 1 THEN encode(sha256((n - 1)::text::bytea), 'hex') ELSE '' END, encode(sha256(n::text::bytea), 'hex')`
  ],
  [
    "purchase_file_reads (at, customer_id, by_subject_id, role, what)",
    12_000,
    `now() - n * interval '1 minute', 'sub_crowd-' || n % 2000, 'sub_crowd-1', 'operator', 'file'`
  ],
  [
    "notifications (notice_id, subject_id, occasion, class, card, facts, order_id, at)",
    40_000,
    `'order/ord_crowd-' || n || '#1.0', 'sub_crowd-' || n % 2000, 'ServiceRetrying', (ARRAY['progress', 'service'])[1 + n % 2], 'ord_crowd-' || n % 20000, '{}', 'ord_crowd-' || n, now() - n * interval '1 minute'`
  ],
  [
    "notification_deliveries (notice_id, channel, message_id, state, due_at, finished_at)",
    40_000,
    `'order/ord_crowd-' || n || '#1.0', 'mail', 'crowd' || n, CASE WHEN n % 50 = 0 THEN 'waiting' ELSE 'sent' END, now() + n * interval '1 second', CASE WHEN n % 50 > 0 THEN now() END`
  ],
  ["notification_preferences", 12_000, `'sub_crowd-' || n, 'service', '{mail}', now()`],
  ["notification_bounces", 12_000, `'sub_crowd-' || n, 'mail', '550', now()`],
  [
    "push_subscriptions (subscription_id, subject_id, wrapped_key, nonce, ciphertext, created_at)",
    12_000,
    `'push_' || lpad(n::text, 32, '0'), 'sub_crowd-' || n, '\\x00', '\\x00', '\\x00', now()`
  ],
  [
    "webhooks (source, webhook_id, received_at, body, body_sha256, state, outcome, applied_at)",
    60_000,
    `'factory', 'evt_crowd' || n, now(), '{}', sha256('{}'), CASE WHEN n % 5 = 0 THEN 'received' ELSE 'applied' END, 'handled', CASE WHEN n % 5 > 0 THEN now() END`
  ],
  [
    "vehicle_keys (partition, path, version, position, at, vin, public_key, link)",
    12_000,
    `${turn}${vin}, ${recorded}, ${vin}, 'key', 'nats'`
  ],
  [
    "vehicle_reports (partition, path, version, position, at, receipt_id, vin, evidence, cfg_version, state_hash, boot_id, counter, bytes)",
    12_000,
    `${turn}${vin}, ${recorded}, 'rep_crowd' || n, ${vin}, 'signedReceipt', 1, 'hash', 'boot', n, 'bytes'`
  ],
  [
    "evidence (partition, path, version, position, at, receipt_id, activation_id, vin, option, cfg_version)",
    12_000,
    `${turn}${vin}, ${recorded}, 'rep_crowd' || n, 'act_crowd' || n, ${vin}, 'snow-mode', 1`
  ],
  [
    "gate_decisions (partition, path, version, position, at, vin, option, subject_id, decision, status, asked_at)",
    12_000,
    `${turn}${vin}, ${recorded}, ${vin}, 'parking-pilot', 'sub_crowd-' || n, 'open', 'current', now()`
  ],
  [
    "vehicle_owners (partition, path, version, position, at, vin, subject_id)",
    12_000,
    `${turn}${vin}, ${recorded}, ${vin}, 'sub_crowd-' || n % 20000`
  ],
  [
    "support_cases (partition, path, version, position, at, case_id, activation_id, vin, subject_id, option, reason, tries)",
    12_000,
    `(n % 64)::smallint, 'activation/' || n, ${recorded}, 'case_crowd' || n, 'act_crowd' || n, ${vin}, 'sub_crowd-' || n, 'snow-mode', 'silent', '[]'`
  ],
  [
    "support_case_resolutions (partition, path, version, position, at, case_id, resolution, reason)",
    11_000,
    `(n % 64)::smallint, 'activation/' || n, 2, 0::smallint, now(), 'case_crowd' || n, 'uncharged', 'no network'`
  ],
  [
    "ledger (partition, path, version, position, at, order_id, kind, payment_id, debit, credit, amount_minor, currency)",
    12_000,
    `(n % 64)::smallint, 'order/ord_crowd-' || n, ${recorded}, 'ord_crowd-' || n, 'depositReceived', 'pay_crowd' || n, 'gateway', 'customerDeposits', 100000, 'EUR'`
  ],
  [
    "ledger (partition, path, version, position, at, activation_id, kind, payment_id, debit, credit, amount_minor, currency, receipt_id)",
    12_000,
    `(n % 64)::smallint, 'activation/' || n, ${recorded}, 'act_crowd' || n, 'serviceCaptured', 'pay_service' || n, 'gateway', 'serviceSales', 900, 'EUR', 'rep_crowd' || n`
  ],
  [
    "ledger (partition, path, version, position, at, activation_id, kind, payment_id, debit, credit, amount_minor, vat_minor, currency, receipt_id, subject_id, country, stream, item, period)",
    96_000, // Eight months of 12,000 contracts, and below that each was paid.
    `(n % 64)::smallint, 'activation/month' || n, ${recorded}, ${contract}, 'monthBilled', 'pay_month' || n, 'receivables', 'serviceSales', 1210, 210,
     'EUR', 'rep_crowd' || 1 + n % 12000, 'sub_crowd-' || n % 12000, 'ES', 'recurring', 'streaming', '1999-0' || 1 + (n - 1) / 12000`
  ],
  [
    "ledger (partition, path, version, position, at, activation_id, kind, payment_id, debit, credit, amount_minor, currency, subject_id)",
    96_000,
    `(n % 64)::smallint, 'activation/month' || n, 2, 0::smallint, now(), ${contract}, 'debtPaid', 'pay_month' || n, 'gateway', 'receivables', 1210, 'EUR', 'sub_crowd-' || n % 12000`
  ],
  [
    "payouts (partition, path, version, position, at, order_id, subject_id, amount_minor, currency, reason)",
    12_000,
    `(n % 64)::smallint, 'order/ord_crowd-' || n, ${recorded}, 'ord_crowd-' || n, 'sub_crowd-' || n, 100000, 'EUR', 'penalty'`
  ],
  [
    "operator_acts (at, by, act, target, reason)",
    12_000,
    `now(), 'sub_crowd-1', 'retry', 'order/ord_crowd-' || n || '#1.0', 'tried again'`
  ],
  [
    "refused_withdrawals (activation_id, vin, subject_id, step, submitted_at, refused_at)",
    12_000,
    `'act_crowd' || n, ${vin}, 'sub_crowd-' || n, 'confirmation', now(), now()`
  ],
  [
    "telemetry (vin, heard_at, car_at, odometer_metres, charge_percent, parked, cabin_celsius)",
    12_000,
    `${vin}, now(), now(), n, 50, true, 20`
  ],
  [
    "gateway_statements (gateway_id, payment_id, captured, statement, changed_at, read_at)",
    12_000,
    `'gw_crowd' || n, 'pay_crowd' || n, 100000, '{}', now(), now()`
  ],
  [
    "risk_cases (partition, path, version, position, at, case_id, kind, activation_id, vin, subject_id, payment_id, amount_minor, currency, reason)",
    12_000,
    `(n % 64)::smallint, 'activation/' || n, ${recorded}, 'risk_crowd' || n, 'unpaid', 'act_crowd' || n, ${vin}, 'sub_crowd-' || n, 'pay_crowd' || n, 4900, 'EUR', 'AskedInVain'`
  ],
  [
    "risk_case_resolutions (partition, path, version, position, at, case_id, resolution, reason)",
    11_000,
    `(n % 64)::smallint, 'activation/' || n, 2, 0::smallint, now(), 'risk_crowd' || n, 'paid', 'PaidByTheCustomer'`
  ],
  [
    "withdrawals (partition, path, version, position, at, activation_id, subject_id, vin, purchased_at, submitted_at, ends_at, law_edition, comes_back_minor, released_minor, legal_minimum_minor, legal_rule, currency)",
    12_000,
    `(n % 64)::smallint, 'activation/' || n, ${recorded}, 'act_crowd' || n, 'sub_crowd-' || n, ${vin}, now(), now(), now() + interval '14 days', 1, 4900, 0, 4900, 'full', 'EUR'`
  ],
  [
    "refund_alarms (partition, path, version, position, at, activation_id, payment_id, subject_id, days, due_at, amount_minor, currency)",
    12_000,
    `(n % 64)::smallint, 'activation/' || n, ${recorded}, 'act_crowd' || n, 'pay_crowd' || n, 'sub_crowd-' || n, 7::smallint, now(), 4900, 'EUR'`
  ],
  [
    "open_balances (holder, account, subject_id, of_vehicle, currency, minor, since, because)",
    12_000,
    `'pay_open' || n, 'gateway', 'sub_crowd-' || n % 20000, false, 'EUR', CASE WHEN n % 2 = 0 THEN 100 ELSE -100 END, now(), 'serviceCaptured'`
  ],
  [
    "reconciliation_runs (started_at, ended_at, payments, told, opened, closed)",
    12_000,
    "now() - n * interval '15 minutes', now() - n * interval '15 minutes', 100, 0, 0, 0"
  ],
  [
    "reconciliation_breaks (payment_id, kind, ours, theirs, currency, opened_at, closed_at, closing)",
    12_000,
    `'pay_crowd' || n, 'amountDiffers', 1, 2, 'EUR', now(), CASE WHEN n % 100 > 0 THEN now() END, CASE WHEN n % 100 > 0 THEN 'agreed' END`
  ]
]

const journal = `(n % 64)::smallint, 'order/ord_crowd-' || n, 1, 'sub_crowd-' || n || '/1', now() - n * interval '1 minute', 'PayReservation', '{"terms": {}}', '"delivered"', 'handled', 1, 1, 'x', 'x', NULL`
const outbox = `(n % 64)::smallint, 'order/ord_crowd-' || n, 1, 0::smallint, 'mail', 'Notify', '{}', CASE WHEN n % 1000 = 0 THEN 'discarded' WHEN n % 8 = 1 AND n <= 100000 THEN 'waiting' ELSE 'done' END, now(), false, 1::smallint, 0::smallint, NULL, now(), now(), 'x', NULL`

/** `sql` is the owner's. Some 800,000 rows. */
export const crowd = async (sql: SQL) => {
  for (const [table, rows, select] of inserts)
    await sql.unsafe(`INSERT INTO ${table} SELECT ${select} FROM generate_series(1, ${rows}) n`)
  for (const [schema, from, to] of [
    ["public", 1, 100_000],
    ["archive", 100_001, 130_000]
  ] as const) {
    await sql.unsafe(`INSERT INTO ${schema}.journal SELECT ${journal} FROM generate_series(${from}, ${to}) n`)
    await sql.unsafe(`INSERT INTO ${schema}.outbox SELECT ${outbox} FROM generate_series(${from}, ${to}) n`)
  }
  await sql.unsafe("DELETE FROM audit_unsealed") // The crowd's own: what waits is sealed within a second.
  await sql.unsafe("VACUUM (ANALYZE)")
}

/** Why a table stays small: nobody has to mind a plan that reads all of it. */
export const smallTables: Readonly<Record<string, string>> = {
  "public.partitions": "one row for each of 64",
  "public.clock": "one row",
  "public.dealerships": "a country has hundreds",
  "public.ledger_accounts": "the chart of accounts",
  "public.ledger_kinds": "the kinds of transfers",
  "public.effect_sql_migrations": "one row per migration",
  "public.defects": "a row is a bug of one actor, and waits for a person",
  "public.webhook_conflicts": "a row is a forgery, or a partner's mistake",
  "public.cluster_runners": "one row per runner",
  "public.cluster_locks": "one row per partition",
  "public.cluster_runner_migrations": "one row per migration of Effect Cluster",
  "public.machines": "one row per version of a machine",
  "public.reconciliation_schedule": "one row",
  "public.invoice_series": "two rows per country and year",
  "public.audit_unsealed": "what waits for its seal, a second's worth"
}
