/** A small world for webhooks: the real door, the real ingress, real Postgres and NATS; orders that write down what they hear. */
import { Effect, Layer, ManagedRuntime, Redacted, References } from "effect"
import { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import { Webhook } from "standardwebhooks"
import { registry } from "#actors/registry.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { ActorHost } from "#actors/system/host.ts"
import { InProcessActorSystem } from "#actors/system/in-process.ts"
import type { NotHeard, Standing } from "#actors/system/letter.ts"
import { PostgresActorStore } from "#actors/system/postgres.ts"
import { Nats } from "#integrations/nats/nats.ts"
import { PlatformTimePostgres } from "#integrations/postgres/clock.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { WebhooksPostgres } from "#integrations/webhooks/postgres.ts"
import { WebhookSecrets } from "#integrations/webhooks/secrets.ts"
import { dropStream } from "#integrations/webhooks/stream.ts"
import type { WebhookSource } from "#integrations/webhooks/webhooks.ts"
import { Problem } from "#src/http/problem.ts"
import { makeRun } from "#src/http/run.ts"
import { webhooks } from "#src/http/webhooks/webhooks.ts"
import { WebhookIngress } from "#src/ingress/webhooks.ts"
import { freshDatabase } from "#tests/database.ts"

export const paths: Record<WebhookSource, string> = {
  factory: "/webhooks/status",
  payments: "/webhooks/settlement",
  transport: "/webhooks/transport"
}
const secretOf = (word: string) => `whsec_${Buffer.from(word.padEnd(32, "-")).toString("base64")}`
/** The factory is changing its secret: both of them count. */
export const secrets = {
  factory: [secretOf("factory, the new one"), secretOf("factory, the old one")],
  payments: [secretOf("payments")],
  transport: [secretOf("transport")]
}

export interface Told {
  readonly path: string
  readonly id: string
  readonly cause: string
  readonly correlation: string
  readonly message: { readonly type: string }
}
/** What an order answers; by default, that it handled it. */
export type Answer = (told: Told) => Effect.Effect<Standing, NotHeard>
export const handled: Answer = () =>
  Effect.succeed({ _tag: "Standing", version: 1, state: "delivered", outcome: "handled", duplicate: false })

export interface Row {
  readonly webhook_id: string
  readonly source: WebhookSource
  readonly state: string
  readonly outcome: string | null
  readonly tries: number
  readonly body: string
}

/** The orders of the house, as they run in one process, on this world's database. Nobody performs what they promise. */
export const realOrders = InProcessActorSystem.pipe(
  Layer.provide(ActorHost.layer(registry)),
  Layer.provide(PostgresActorStore(registry))
)

/** `ingress: false`: only the door; webhooks are kept and stay where they are. */
export const webhookWorld = async (options: {
  readonly natsUrl: string
  readonly ingress?: boolean
  readonly actors?: typeof realOrders
}) => {
  const database = await freshDatabase()
  const told: Array<Told> = []
  const orders = { answer: handled }
  const Orders = Layer.succeed(ActorSystem, {
    tell: ({ path }, message, { id, cause = "", correlation = "" }) =>
      Effect.suspend(() => {
        const letter = { path, id, cause, correlation, message }
        told.push(letter)
        return orders.answer(letter)
      })
  })
  const World = (options.ingress === false ? Layer.empty : WebhookIngress).pipe(
    Layer.provideMerge(WebhooksPostgres),
    Layer.provideMerge(WebhookSecrets.layer(secrets)),
    Layer.provideMerge(Nats.layer({ url: options.natsUrl, name: "caas-test", space: `t${crypto.randomUUID().slice(0, 8)}` })),
    Layer.provideMerge(options.actors ?? Orders),
    Layer.provideMerge(PlatformTimePostgres),
    Layer.provideMerge(Postgres({ url: Redacted.make(database.url), connections: 6 })),
    Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "Error")), // Warnings are what these tests are about.
    Layer.orDie
  )
  const runtime = ManagedRuntime.make(World)
  await runtime.runPromise(Effect.void)
  const app = new Elysia()
    .onError(({ error }) => (error instanceof Problem ? error.toResponse() : new Response(String(error), { status: 500 })))
    .use(webhooks(makeRun(runtime)))

  const rows = () =>
    runtime.runPromise(
      SqlClient.SqlClient.use(
        (sql) => sql<Row>`
          SELECT source, webhook_id, state, outcome, tries, convert_from(body, 'UTF8') AS body FROM webhooks ORDER BY received_at, webhook_id`
      )
    )
  return {
    told,
    orders,
    app,
    runtime,
    rows,
    /** Through the real door. */
    post: (request: Request): Promise<Response> => app.handle(request),
    send: (webhook: Sent): Promise<Response> => app.handle(signed(webhook)),
    /** Waits until all rows are closed; says which are not, when its patience (15 s) ends. */
    untilClosed: async (expected: number, patienceMs = 15_000) => {
      for (const end = performance.now() + patienceMs; ; await Bun.sleep(25)) {
        const now = await rows()
        if (now.length === expected && now.every(({ state }) => state !== "received")) return now
        if (performance.now() > end)
          throw new Error(
            `${now.length} of ${expected} kept; open: ${JSON.stringify(
              now
                .filter(({ state }) => state === "received")
                .slice(0, 5)
                .map(({ webhook_id }) => webhook_id)
            )}`
          )
      }
    },
    close: async () => {
      await runtime.runPromise(Effect.ignore(dropStream))
      await runtime.dispose()
      await database.drop()
    }
  }
}
export type WebhookWorld = Awaited<ReturnType<typeof webhookWorld>>

export interface Sent {
  readonly source: WebhookSource
  readonly id: string
  readonly body: unknown
  /** Seconds from now. */
  readonly age?: number
  readonly secret?: string
}

/** As a partner would send it. A string body is sent as it is. */
export const signed = ({ source, id, body, age = 0, secret = secrets[source][0]! }: Sent) => {
  const text = typeof body === "string" ? body : JSON.stringify(body)
  const at = new Date(Date.now() - age * 1000)
  return new Request(`http://localhost${paths[source]}`, {
    method: "POST",
    body: text,
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": new Webhook(secret).sign(id, at, text)
    }
  })
}

const occurredAt = "2026-03-02T09:00:00.000Z"
export const inProgress = (order: number) => ({
  reference: `ord_${order}`,
  factoryOrderId: `fo_${order}`,
  status: "in_progress",
  vin: null,
  reason: null,
  occurredAt
})
export const settled = (order: number) => ({
  reference: `pay_${order}-final-2`,
  paymentId: `gw_${order}`,
  status: "settled",
  amountMinor: 1_990_000,
  currency: "EUR",
  reason: null,
  occurredAt
})
export const departed = (order: number) => ({
  reference: `ord_${order}`,
  transportId: `tr_${order}`,
  status: "departed",
  proof: null,
  occurredAt
})
