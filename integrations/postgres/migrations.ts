/** The tables, in the order they were thought of. Migrations only add; one that is merged is never edited. */
import { Effect, Layer, Redacted } from "effect"
import { SqlRunnerStorage } from "effect/cluster"
import { Migrator } from "effect/sql"
import actors from "./migrations/0001_actors.ts"
import people from "./migrations/0002_people.ts"
import webhooks from "./migrations/0003_webhooks.ts"
import ledger from "./migrations/0004_ledger.ts"
import operations from "./migrations/0005_operations.ts"
import role from "./migrations/0009_role.ts"
import services from "./migrations/0010_services.ts"
import placement from "./migrations/0011_placement.ts"
import archive from "./migrations/0012_archive.ts"
import telemetry from "./migrations/0013_telemetry.ts"
import machines from "./migrations/0014_machines.ts"
import money from "./migrations/0015_money.ts"
import invoices from "./migrations/0016_invoices.ts"
import notifications from "./migrations/0017_notifications.ts"
import purchaseFile from "./migrations/0018_purchase_file.ts"
import reconciliation from "./migrations/0019_reconciliation.ts"
import law from "./migrations/0020_law.ts"
import links from "./migrations/0021_links.ts"
import postings from "./migrations/0022_postings.ts"
import identity from "./migrations/0023_identity.ts"
import rowSecurity from "./migrations/0024_row-security.ts"
import audit from "./migrations/0025_audit.ts"
import privacy from "./migrations/0026_privacy.ts"
import disputedDeposits from "./migrations/0028_disputed-deposits.ts"
import { PostgresOwner } from "./postgres.ts"

const loader = Migrator.fromRecord({
  "0001_actors": actors,
  "0002_people": people,
  "0003_webhooks": webhooks,
  "0004_ledger": ledger,
  "0005_operations": operations,
  "0009_role": role,
  "0010_services": services,
  "0011_placement": placement,
  "0012_archive": archive,
  "0013_telemetry": telemetry,
  "0014_machines": machines,
  "0015_money": money,
  "0016_invoices": invoices,
  "0017_notifications": notifications,
  "0018_purchase_file": purchaseFile,
  "0019_reconciliation": reconciliation,
  "0020_law": law,
  "0021_links": links,
  "0022_postings": postings,
  "0023_identity": identity,
  "0024_row-security": rowSecurity,
  "0025_audit": audit,
  "0026_privacy": privacy,
  "0028_disputed-deposits": disputedDeposits
})

/** Brings the database at `url` (the owner's) up to date. Safe to run twice, and by two processes at once. */
export const migrate = (url: string): Promise<void> =>
  Effect.scoped(Layer.build(SqlRunnerStorage.layerMigrations({}))).pipe(
    Effect.andThen(Migrator.make({})({ loader })),
    Effect.asVoid,
    Effect.provide(PostgresOwner({ url: Redacted.make(url) })),
    Effect.runPromise
  )
