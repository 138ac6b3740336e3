/** The one list of where data of people lie: how each table is exported, and what an erasure does to it. A table that is on neither list here fails a test. */
import type { Words } from "./erasure.ts"

/** How a table is read for an export: `key` orders its rows and is unique, `of` says which are somebody's (`$1` is the subject), `without` leaves columns out. */
export interface Exported {
  readonly file: string
  readonly called: Words
  readonly of: string
  readonly key: string
  readonly without?: ReadonlyArray<string>
}

export interface Holding {
  readonly table: string
  /** Or, in a sentence, why it is not exported row by row. */
  readonly exported: Exported | string
  /** `deleted`: its rows. `emptied`: by a statement of its own (persons, accounts). Or, in a sentence, why its rows stay. */
  readonly onErasure: "deleted" | "emptied" | { readonly stays: string }
}

const mine = "t.subject_id = $1"
const turn = "t.path || '/' || lpad(t.version::text, 10, '0') || '/' || t.position"
const placed = ["partition", "position"]
const staff = ["by_subject_id", "created_by"] // An employee has a privacy of their own.
const idsAlone = { stays: "ids, amounts and instants alone: with the person's key gone they name nobody" }

const rows = (file: string, es: string, en: string, more: Partial<Exported> = {}): Exported => ({
  file,
  called: { es, en },
  of: mine,
  key: turn,
  ...more,
  without: [...placed, ...staff, ...(more.without ?? [])]
})

const recorded = (table: string, file: string, es: string, en: string, more: Partial<Exported> = {}): Holding => ({
  table,
  exported: rows(file, es, en, more),
  onErasure: idsAlone
})
const gone = (table: string, file: string, es: string, en: string, more: Partial<Exported>): Holding => ({
  table,
  exported: rows(file, es, en, more),
  onErasure: "deleted"
})

export const holdings: ReadonlyArray<Holding> = [
  // Who somebody is, and how they sign in.
  { table: "persons", exported: "opened, as person.json: in its row it is sealed", onErasure: "emptied" },
  {
    table: "accounts",
    exported: rows("accounts", "accesos", "accounts", { key: "t.role", without: ["password_hash"] }),
    onErasure: "emptied"
  },
  gone("sessions", "sessions", "sesiones", "sessions", { key: "t.session_id", without: ["token_hash"] }),
  gone("account_links", "sign-in-links", "enlaces de acceso", "sign-in links", {
    key: "t.issued_at || '/' || t.slot",
    without: ["token_hash"]
  }),
  gone("totp_secrets", "authenticator", "aplicación de códigos", "authenticator app", {
    key: "t.subject_id",
    without: ["wrapped_key", "nonce", "ciphertext"]
  }),
  gone("recovery_codes", "recovery-codes", "códigos de recuperación", "recovery codes", {
    key: "encode(t.code_hash, 'hex')",
    without: ["code_hash"]
  }),
  gone("passkeys", "passkeys", "claves de acceso", "passkeys", { key: "t.credential_id", without: ["public_key"] }),
  {
    table: "passkey_challenges",
    exported: "chance, for five minutes",
    onErasure: "deleted"
  },
  {
    table: "refresh_tokens",
    exported: "hashes of an app's tokens; the app itself is among the sessions",
    onErasure: "emptied" // With its session: it knows no subject.
  },
  gone("email_changes", "address-changes", "cambios de dirección", "changes of address", {
    key: "encode(t.token_hash, 'hex')",
    without: ["token_hash", "wrapped_key", "nonce", "ciphertext"]
  }),
  {
    table: "sign_in_tries",
    exported: "a count of guesses within a quarter of an hour, by a keyed hash of the address; it goes by itself",
    onErasure: "emptied" // By the function that empties the person, which alone knows the hash.
  },
  {
    table: "security_log",
    exported: rows("security-log", "registro de seguridad", "security log", {
      key: "lpad(t.position::text, 20, '0')"
    }),
    onErasure: { stays: "that somebody signed in, by an id alone: evidence of security (GDPR art. 5(2), 32)" }
  },

  // What they are told, and where.
  recorded("notifications", "notifications", "avisos", "notices", { key: "t.notice_id" }),
  recorded("notification_deliveries", "notice-deliveries", "entregas de avisos", "deliveries of notices", {
    of: "t.notice_id IN (SELECT notice_id FROM notifications WHERE subject_id = $1)",
    key: "t.notice_id || '/' || t.channel"
  }),
  gone("notification_preferences", "preferences", "preferencias de aviso", "preferences", { key: "t.class" }),
  gone("notification_bounces", "bounces", "canales que no llegan", "channels that do not reach", { key: "t.channel" }),
  gone("push_subscriptions", "devices", "dispositivos", "devices", {
    key: "t.subscription_id",
    without: ["wrapped_key", "nonce", "ciphertext"]
  }),

  // What they bought.
  recorded("actors", "orders-cars-services", "pedidos, coches y servicios", "orders, cars and services", {
    key: "t.path",
    without: ["epoch", "machine_version", "next_timer_at", "archived"]
  }),
  recorded("vehicle_owners", "ownership", "periodos de titularidad", "periods of ownership", { without: ["from_subject_id"] }),
  recorded("gate_decisions", "maintenance-checks", "consultas de mantenimiento", "maintenance checks"),
  recorded("withdrawals", "withdrawals", "desistimientos", "withdrawals"),
  recorded("refused_withdrawals", "late-withdrawals", "desistimientos fuera de plazo", "withdrawals refused as late", {
    key: "t.activation_id || '/' || t.submitted_at"
  }),

  // Money.
  recorded("ledger", "ledger", "asientos", "ledger entries"),
  recorded("open_balances", "open-balances", "saldos abiertos", "open balances", {
    of: `${mine} AND t.minor > 0`,
    key: "t.holder || '/' || t.account"
  }),
  recorded("payouts", "payouts", "pagos por transferencia", "payments by bank transfer"),
  recorded("refund_alarms", "refund-alarms", "devoluciones en curso", "refunds on their way"),
  recorded("invoices", "invoices", "facturas", "invoices", { key: "t.series || '/' || lpad(t.number::text, 10, '0')" }),
  recorded("gateway_statements", "gateway-statements", "extractos de la pasarela", "the gateway's statements", {
    of: "t.payment_id IN (SELECT payment_id FROM ledger WHERE subject_id = $1)",
    key: "t.gateway_id"
  }),

  // Cases.
  recorded("support_cases", "support-cases", "expedientes de soporte", "support cases"),
  recorded("support_case_resolutions", "support-case-resolutions", "cierres de soporte", "how support cases ended", {
    of: "t.case_id IN (SELECT case_id FROM support_cases WHERE subject_id = $1)"
  }),
  recorded("risk_cases", "risk-cases", "expedientes de riesgo", "risk cases"),
  recorded("risk_case_resolutions", "risk-case-resolutions", "cierres de riesgo", "how risk cases ended", {
    of: "t.case_id IN (SELECT case_id FROM risk_cases WHERE subject_id = $1)"
  }),

  // Papers, and who looked.
  {
    table: "purchase_papers",
    exported: rows("papers", "documentos del expediente", "papers of the purchase file", {
      key: "t.document_id",
      without: ["bytes", "sealed", "key_id"] // The bytes are in the export of the purchase file.
    }),
    onErasure: { stays: "sealed under keys of their class: destroyed now, or when the law's term is over" }
  },
  {
    table: "documents",
    exported: rows("registration-papers", "documentos de matriculación", "registration papers", {
      of: "t.order_id IN (SELECT substr(path, 7) FROM actors WHERE subject_id = $1 AND type = 'order')",
      key: "t.order_id || '/' || t.kind || '/' || t.sha256",
      without: ["bytes", "sealed", "key_id", "by"]
    }),
    onErasure: { stays: "their hashes; their bytes lose their key" }
  },
  {
    table: "paper_keys",
    exported: rows("retention", "plazos de conservación", "terms of retention", {
      key: "t.key_id",
      without: ["wrapped_key"]
    }),
    onErasure: { stays: "that there was a key, and when it is destroyed" }
  },
  recorded("purchase_file_reads", "reads-by-staff", "consultas del personal", "looks by staff", {
    of: "t.customer_id = $1",
    key: "lpad(t.position::text, 20, '0')"
  }),
  {
    table: "erasures",
    exported: "made when there is nobody left to export for",
    onErasure: { stays: "that somebody asked for it, and what they were shown (GDPR art. 5(2))" }
  },

  // History by id.
  {
    table: "journal",
    exported: "in words, as timeline.json: what its actors heard, message by message",
    onErasure: { stays: "no message names a person: ids alone, and hash chains that have to go on verifying" }
  },
  { table: "outbox", exported: "what was promised in a turn of the journal", onErasure: idsAlone },
  recorded("audit", "acts", "actos", "acts", {
    of: `${mine} AND t.role = 'customer'`, // What an employee did names customers.
    key: "t.request_id",
    without: ["dealership_id"]
  }),
  { table: "audit_outcomes", exported: "how each act ended, by its request", onErasure: idsAlone },
  {
    table: "operator_acts",
    exported: "what staff did to actors; of a customer it names an order or a service, and its reasons name nobody",
    onErasure: idsAlone
  },
  {
    table: "reconciliation_breaks",
    exported: "a difference of two books about a payment, explained by staff",
    onErasure: idsAlone
  },
  {
    table: "telemetry",
    exported: "by its car, as NDJSON or CSV: GET /api/me/vehicles/{vin}/data/export",
    onErasure: { stays: "no place and no person in it; gone after TELEMETRY_DAYS by itself" }
  },
  {
    table: "dealerships",
    exported: "no people: the houses themselves",
    onErasure: { stays: "no people: the houses themselves" }
  }
]

/** Every other table, and why nothing about a person is in it. */
export const impersonal: Readonly<Record<string, string>> = {
  partitions: "slices of actors, and who serves them",
  timers: "instants, by actor",
  defects: "bugs, by actor",
  clock: "one row",
  machines: "versions of charts",
  webhooks: "what partners say: by reference, never by name",
  webhook_conflicts: "hashes of forgeries",
  ledger_accounts: "the chart of accounts",
  ledger_kinds: "kinds of transfers",
  invoice_series: "the last number of each",
  reconciliation_schedule: "one row",
  reconciliation_runs: "counts",
  vehicle_keys: "public keys of cars",
  vehicle_reports: "what a car runs, signed by it",
  evidence: "which report confirmed which service",
  destructions: "counts by class",
  audit_chain: "hashes of rows of logs",
  audit_unsealed: "positions of rows of logs",
  audit_heads: "the chain's own heads, signed",
  effect_sql_migrations: "names of migrations"
}
