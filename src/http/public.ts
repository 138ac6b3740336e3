/** The public listener: customers, partners' webhooks, health. Nobody can register here: accounts are provisioned (S13). */

import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import type { ActorSystem } from "#actors/system/actor-system.ts"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import type { Nats } from "#integrations/nats/nats.ts"
import type { Persons } from "#integrations/persons/persons.ts"
import type { RateLimits } from "#integrations/redis/limits.ts"
import type { WebhookSecrets } from "#integrations/webhooks/secrets.ts"
import type { Webhooks } from "#integrations/webhooks/webhooks.ts"
import { auth } from "./auth.ts"
import { me } from "./customers/me.ts"
import { orders } from "./customers/orders.ts"
import { front } from "./front.ts"
import { health } from "./health.ts"
import { openapi } from "./openapi.ts"
import type { HttpOptions } from "./options.ts"
import type { Run } from "./run.ts"
import { webhooks } from "./webhooks/webhooks.ts"

export type PublicServices = Accounts | ActorSystem | Nats | Persons | RateLimits | SqlClient.SqlClient | WebhookSecrets | Webhooks

export const publicApp = (run: Run<PublicServices>, options: HttpOptions) =>
  new Elysia()
    .use(front(options, run))
    .use(openapi(about))
    .use(health(run, options))
    .use(auth(run, options, "public"))
    .use(me(run, options))
    .use(orders(run, options))
    .use(webhooks(run))

const about = {
  title: "CaaS for customers and partners",
  description: "A customer's orders, and the webhooks of factory, payment gateway and carriers.",
  tags: {
    "Sign-in": "Sessions, and the one-time link. Nobody can register: a dealership provisions the account.",
    Me: "The signed-in customer.",
    Orders: "A customer's own orders.",
    Webhooks: "What partners report, signed as Standard Webhooks has it.",
    Health: "For whoever starts and stops processes."
  }
}
