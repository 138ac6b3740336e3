/** The intranet listener: dealers, operators, administrators. */

import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import type { ActorSystem } from "#actors/system/actor-system.ts"
import type { Operations } from "#actors/system/operations.ts"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import type { Audit } from "#integrations/audit/audit.ts"
import type { Documents } from "#integrations/documents/documents.ts"
import type { Erasure } from "#integrations/erasure/erasure.ts"
import type { Mail } from "#integrations/mail/mail.ts"
import type { Passkeys } from "#integrations/passkeys/passkeys.ts"
import type { Persons } from "#integrations/persons/persons.ts"
import type { PlatformTime } from "#integrations/postgres/time.ts"
import type { BundleSeal } from "#integrations/purchase-file/bundle-seal.ts"
import type { PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import type { Reconciliation } from "#integrations/reconciliation/reconciliation.ts"
import type { RateLimits } from "#integrations/redis/limits.ts"
import type { SecondFactors } from "#integrations/second-factors/second-factors.ts"
import { audit } from "./auditors/audit.ts"
import { auth } from "./auth.ts"
import { customers } from "./dealers/customers.ts"
import { documents } from "./dealers/documents.ts"
import { handover } from "./dealers/handover.ts"
import { ownership } from "./dealers/ownership.ts"
import { purchaseFiles as purchaseFilesOfSales } from "./dealers/purchase-file.ts"
import { sales } from "./dealers/sales.ts"
import { stock } from "./dealers/stock.ts"
import { front } from "./front.ts"
import { health } from "./health.ts"
import { openapi } from "./openapi.ts"
import { actors } from "./operators/actors.ts"
import { employeeAccess } from "./operators/employee-access.ts"
import { employees } from "./operators/employees.ts"
import { erasures } from "./operators/erasure.ts"
import { outbox } from "./operators/outbox.ts"
import { purchaseFiles } from "./operators/purchase-files.ts"
import { quarantine } from "./operators/quarantine.ts"
import { reconciliation } from "./operators/reconciliation.ts"
import { risk } from "./operators/risk.ts"
import { cases } from "./operators/support-cases.ts"
import { thefts } from "./operators/theft.ts"
import type { HttpOptions } from "./options.ts"
import { decided } from "./policy.ts"
import type { Run } from "./run.ts"
import { texts } from "./texts.ts"

export type IntranetServices =
  | Accounts
  | ActorSystem
  | Audit
  | BundleSeal
  | Documents
  | Erasure
  | Mail
  | Operations
  | Passkeys
  | Persons
  | PlatformTime
  | PurchaseFile
  | RateLimits
  | Reconciliation
  | SecondFactors
  | SqlClient.SqlClient

export const intranetApp = (run: Run<IntranetServices>, options: HttpOptions) =>
  decided(
    "intranet",
    new Elysia()
      .use(front(options, run))
      .use(openapi(about))
      .use(health(run, options))
      .use(auth(run, options, "intranet"))
      .use(sales(run, options))
      .use(documents(run, options))
      .use(handover(run, options))
      .use(stock(run, options))
      .use(customers(run, options))
      .use(ownership(run, options))
      .use(purchaseFilesOfSales(run, options))
      .use(texts(run, options, "intranet"))
      .use(actors(run, options))
      .use(outbox(run, options))
      .use(quarantine(run, options))
      .use(cases(run, options))
      .use(reconciliation(run, options))
      .use(risk(run, options))
      .use(thefts(run, options))
      .use(purchaseFiles(run, options))
      .use(erasures(run, options))
      .use(employees(run, options))
      .use(employeeAccess(run, options))
      .use(audit(run, options))
  )

const about = {
  title: "CaaS intranet",
  description: "Dealerships sell and hand over cars; operators look after live actors; administrators provision staff.",
  tags: {
    "Sign-in": "Sessions, and the one-time link. Nobody can register: an administrator provisions the account.",
    Sales: "The sales of the signed-in seller's dealership.",
    Stock: "Unassigned cars (sin asignar).",
    Customers: "The customers of the signed-in seller's dealership.",
    Ownership: "Cars that are sold second-hand.",
    Actors: "Live actors, their journals and their defects.",
    Outbox: "Commands to the outside world.",
    Texts: "What is agreed to, word for word, and the words on the buttons that bind.",
    Support: "Services that no car confirmed, thefts reported by telephone, and customers' purchase files.",
    Money: "What the gateway's books and ours say of each other.",
    Employees: "Staff accounts.",
    Audit: "Who did what, who looked at whom, and the chain that shows whether it was changed.",
    Health: "For whoever starts and stops processes."
  }
}
