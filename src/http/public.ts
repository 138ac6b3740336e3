/** The public listener: customers, partners' webhooks, health. Nobody can register here: accounts are provisioned (S13). */

import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import type { ActorSystem } from "#actors/system/actor-system.ts"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import type { Audit } from "#integrations/audit/audit.ts"
import type { EmailChanges } from "#integrations/email-changes/email-changes.ts"
import type { Erasure } from "#integrations/erasure/erasure.ts"
import type { Mail } from "#integrations/mail/mail.ts"
import type { MobileTokens } from "#integrations/mobile-tokens/mobile-tokens.ts"
import type { Nats } from "#integrations/nats/nats.ts"
import type { NotificationPreferences } from "#integrations/notifications/preferences.ts"
import type { Passkeys } from "#integrations/passkeys/passkeys.ts"
import type { Persons } from "#integrations/persons/persons.ts"
import type { PlatformTime } from "#integrations/postgres/time.ts"
import type { BundleSeal } from "#integrations/purchase-file/bundle-seal.ts"
import type { PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import type { Push } from "#integrations/push/push.ts"
import type { PushSubscriptions } from "#integrations/push/subscriptions.ts"
import type { RateLimits } from "#integrations/redis/limits.ts"
import type { RefusedWithdrawals } from "#integrations/refused-withdrawals/refused-withdrawals.ts"
import type { SecondFactors } from "#integrations/second-factors/second-factors.ts"
import type { Telemetry } from "#integrations/telemetry/telemetry.ts"
import type { VehicleLink } from "#integrations/vehicle-link/vehicle-link.ts"
import type { VehicleTrust } from "#integrations/vehicle-trust/vehicle-trust.ts"
import type { WebhookSecrets } from "#integrations/webhooks/secrets.ts"
import type { Webhooks } from "#integrations/webhooks/webhooks.ts"
import type { Workshops } from "#integrations/workshops/workshops.ts"
import type { LastTold } from "#src/ingress/last-told.ts"
import { auth } from "./auth.ts"
import { activations } from "./customers/activations.ts"
import { bills } from "./customers/bills.ts"
import { commands } from "./customers/commands.ts"
import { courier } from "./customers/courier.ts"
import { debt } from "./customers/debt.ts"
import { email } from "./customers/email.ts"
import { link } from "./customers/link.ts"
import { me } from "./customers/me.ts"
import { notifications } from "./customers/notifications.ts"
import { options as availableOptions } from "./customers/options.ts"
import { orders } from "./customers/orders.ts"
import { privacy } from "./customers/privacy.ts"
import { purchaseFile } from "./customers/purchase-file.ts"
import { pushSubscriptions } from "./customers/push-subscriptions.ts"
import { status } from "./customers/status.ts"
import { theft } from "./customers/theft.ts"
import { tokens } from "./customers/tokens.ts"
import { vehicleData } from "./customers/vehicle-data.ts"
import { vehicles } from "./customers/vehicles.ts"
import { withdrawal } from "./customers/withdrawal.ts"
import { front } from "./front.ts"
import { health } from "./health.ts"
import { maintenanceDesk } from "./maintenance.ts"
import { openapi } from "./openapi.ts"
import type { HttpOptions } from "./options.ts"
import { decided } from "./policy.ts"
import type { Run } from "./run.ts"
import { signatureKeys } from "./signature-keys.ts"
import { texts } from "./texts.ts"
import { webhooks } from "./webhooks/webhooks.ts"

export type PublicServices =
  | Accounts
  | ActorSystem
  | Audit
  | BundleSeal
  | Erasure
  | EmailChanges
  | LastTold
  | Mail
  | MobileTokens
  | Nats
  | NotificationPreferences
  | Passkeys
  | Persons
  | PlatformTime
  | PurchaseFile
  | Push
  | PushSubscriptions
  | RateLimits
  | RefusedWithdrawals
  | SecondFactors
  | SqlClient.SqlClient
  | Telemetry
  | VehicleLink
  | VehicleTrust
  | WebhookSecrets
  | Webhooks
  | Workshops

export const publicApp = (run: Run<PublicServices>, options: HttpOptions) => {
  const askMaintenance = maintenanceDesk()
  return decided(
    "public",
    new Elysia()
      .use(front(options, run))
      .use(openapi(about))
      .use(health(run, options))
      .use(auth(run, options, "public"))
      .use(tokens(run, options))
      .use(me(run, options))
      .use(email(run, options))
      .use(privacy(run, options))
      .use(notifications(run, options))
      .use(pushSubscriptions(run, options))
      .use(orders(run, options))
      .use(vehicles(run, options))
      .use(link(run, options))
      .use(status(run, options))
      .use(vehicleData(run, options))
      .use(commands(run, options))
      .use(theft(run, options))
      .use(courier(run, options))
      .use(availableOptions(run, options, askMaintenance))
      .use(activations(run, options, askMaintenance))
      .use(withdrawal(run, options))
      .use(purchaseFile(run, options))
      .use(texts(run, options, "public"))
      .use(bills(run, options))
      .use(debt(run, options))
      .use(webhooks(run))
      .use(signatureKeys(options))
  )
}

const about = {
  title: "CaaS for customers and partners",
  description: "A customer's orders, cars and services, and the webhooks of factory, payment gateway and carriers.",
  tags: {
    "Sign-in": "Sessions, and the one-time link. Nobody can register: a dealership provisions the account.",
    Me: "The signed-in customer.",
    Privacy: "A customer's own data: all of them to take along, and gone for good.",
    Orders: "A customer's own orders.",
    Vehicles: "A customer's own cars: the app, what the car said, theft.",
    Services: "What can be bought for a car, what was bought, and withdrawing from it.",
    "Purchase file": "The Expediente de Compra: the timeline of all that happened, and every document.",
    Texts: "What is agreed to, word for word, and the words on the buttons that bind.",
    Webhooks: "What partners report, signed as Standard Webhooks has it.",
    Health: "For whoever starts and stops processes."
  }
}
