/** A customer's devices that may be written to. Their push services are called at no address but those that the configuration names. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import { customerSees } from "#integrations/postgres/seen-by.ts"
import { Push, PushSubscription } from "#integrations/push/push.ts"
import { KeptSubscription, PushSubscriptions, SubscriptionId } from "#integrations/push/subscriptions.ts"
import { RateLimits } from "#integrations/redis/limits.ts"
import type { SubjectId } from "#machines/vocabulary.ts"
import { changingProblems, readingProblems } from "../answers.ts"
import { Nothing } from "../nothing.ts"
import type { HttpOptions } from "../options.ts"
import { notFound } from "../problem.ts"
import type { Run } from "../run.ts"
import { customer } from "../session.ts"
import { answering, strictly, takes } from "../strict.ts"

const perHour = 60 // Of one customer: browsers renew a subscription now and then.

/** As `JSON.stringify(subscription)` has it in a browser. */
const NewSubscription = Schema.Struct({
  ...PushSubscription.fields,
  expirationTime: Schema.optionalKey(Schema.NullOr(Schema.Finite))
}).annotate({ identifier: "NewPushSubscription" })
const Kept = KeptSubscription.annotate({ identifier: "PushSubscription" })
const Devices = Schema.Struct({
  /** For `pushManager.subscribe({ applicationServerKey })`. */
  applicationServerKey: Schema.String,
  subscriptions: Schema.Array(Kept)
}).annotate({ identifier: "PushSubscriptions" })
const Named = Schema.Struct({ subscriptionId: SubscriptionId })

type Needs = Accounts | Push | PushSubscriptions | RateLimits | SqlClient.SqlClient

export const pushSubscriptions = (run: Run<Needs>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/me/push-subscriptions", tags: ["Me"] })
    .use(customer(run, options))
    .get("", ({ caller }) => run(list(caller.subjectId)), {
      response: { 200: answering(Devices), ...readingProblems },
      detail: { summary: "My devices that get push messages, and the key to subscribe with" }
    })
    .post("", async ({ caller, body, status }) => status(201, await run(add(caller.subjectId, body))), {
      ...takes(NewSubscription),
      response: { 201: answering(Kept), ...changingProblems },
      detail: { summary: "Let this device get push messages, as its browser has subscribed it" }
    })
    .delete(
      "/:subscriptionId",
      async ({ caller, params, set }) => {
        await run(drop(caller.subjectId, params.subscriptionId))
        set.status = 204
      },
      {
        params: strictly(Named),
        response: { 204: answering(Nothing), ...changingProblems },
        detail: { summary: "No more push messages to this device" }
      }
    )

const list = Effect.fn("customers.pushSubscriptions")(function* (subjectId: SubjectId) {
  const { applicationServerKey } = yield* Push
  const kept = yield* PushSubscriptions.use((subscriptions) => customerSees(subjectId)(subscriptions.of(subjectId)))
  return {
    applicationServerKey,
    subscriptions: kept.map(({ subscriptionId, createdAt }) => ({ subscriptionId, createdAt }))
  }
})

const add = Effect.fn("customers.addPushSubscription")(function* (
  subjectId: SubjectId,
  { endpoint, keys }: typeof NewSubscription.Type
) {
  const limits = yield* RateLimits
  yield* limits.consume(`push/${subjectId}`, perHour, 3600)
  return yield* PushSubscriptions.use((subscriptions) => subscriptions.keep(subjectId, { endpoint, keys }))
})

const drop = Effect.fn("customers.dropPushSubscription")(function* (subjectId: SubjectId, subscriptionId: SubscriptionId) {
  const dropped = yield* PushSubscriptions.use((subscriptions) => subscriptions.drop(subjectId, subscriptionId))
  if (!dropped) return yield* Effect.fail(notFound())
})
