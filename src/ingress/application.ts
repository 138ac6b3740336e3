/** One kept webhook becomes one message to one actor, and its row says how that ended. */
import { Effect } from "effect"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { typeName } from "#actors/system/actor-type.ts"
import { CrashPoint } from "#actors/system/crash-point.ts"
import { ActorsUnavailable } from "#actors/system/letter.ts"
import { seldom } from "#integrations/log/log.ts"
import { type StoredWebhook, Webhooks } from "#integrations/webhooks/webhooks.ts"
import { translate } from "./translation.ts"

/** `done`: the row is closed. Otherwise the reminder comes again in `laterSeconds`; `busy`: because whoever should hear it cannot just now. */
export type Application = "done" | { readonly laterSeconds: number; readonly busy: boolean }

const tellTimeout = "10 seconds"
const unavailableSeconds = 2 // An owner is being replaced: 5 s at most.
const quarantinedSeconds = 60 // A person has to look first.
const unreachableSeconds = 5 // Postgres is away.
const defectSeconds = 5 // Five of them, and the actor is quarantined.
const waiting = seldom("A webhook has to wait")
const graceSeconds = 60 // Beyond the pause, before the sweeper takes the reminder for lost.

/** Never fails: what cannot be applied now waits, what never can be is rejected with its reason. Safe to run twice. */
export const applyWebhook = (webhook: StoredWebhook): Effect.Effect<Application, never, ActorSystem | Webhooks> =>
  tellActor(webhook).pipe(
    Effect.catchCause((cause) =>
      Effect.as(
        Effect.logError("A webhook met a defect", cause).pipe(Effect.annotateLogs({ webhook: nameOf(webhook) })),
        later("Defect", defectSeconds, false)
      )
    ),
    Effect.flatMap((end) => write(webhook, end))
  )

type End =
  | { readonly state: "applied"; readonly outcome: string }
  | { readonly state: "rejected"; readonly outcome: string }
  | { readonly state: "received"; readonly reason: string; readonly seconds: number; readonly busy: boolean }

const nameOf = ({ source, webhookId }: StoredWebhook) => `${source}/${webhookId}`
const later = (reason: string, seconds: number, busy: boolean): End => ({ state: "received", reason, seconds, busy })
const rejected = (reason: string): End => ({ state: "rejected", outcome: `rejected: ${reason}` })

const tellActor = Effect.fn("ingress.applyWebhook")(function* (webhook: StoredWebhook) {
  const actors = yield* ActorSystem
  const id = nameOf(webhook)
  return yield* translate(webhook.source, webhook.body).pipe(
    Effect.flatMap(({ to, fact }) => actors.tell(to, fact, { id, cause: id, correlation: id })),
    Effect.timeoutOrElse({
      duration: tellTimeout,
      orElse: () => Effect.fail(new ActorsUnavailable({ reason: "StoreUnreachable" }))
    }),
    Effect.map(({ outcome }): End => ({ state: "applied", outcome })),
    Effect.catchTags({
      Untranslatable: ({ reason }) => Effect.succeed(rejected(reason)),
      ActorNotFound: ({ path }) => Effect.succeed(rejected(`unknown ${typeName(path)}`)),
      MessageRefused: ({ reason }) => Effect.succeed(rejected(reason)),
      ActorsUnavailable: ({ reason }) => Effect.succeed(later(reason, unavailableSeconds, true)),
      Overloaded: ({ retryAfterSeconds }) => Effect.succeed(later("Overloaded", retryAfterSeconds, true)),
      ActorQuarantined: () => Effect.succeed(later("ActorQuarantined", quarantinedSeconds, false))
    })
  )
})

const write = Effect.fnUntraced(function* (webhook: StoredWebhook, end: End) {
  const memory = yield* Webhooks
  const reached = yield* CrashPoint
  reached("webhook: told")
  const about = { webhook: nameOf(webhook) }
  if (end.state === "received") {
    yield* waiting({ ...about, reason: end.reason })
    // Unanswered, this changes nothing: the reminder comes back all the same.
    yield* Effect.ignore(memory.postpone(webhook, { reason: end.reason, seconds: end.seconds + graceSeconds }))
    return { laterSeconds: end.seconds, busy: end.busy }
  }
  if (end.state === "rejected")
    yield* Effect.logWarning("A webhook was rejected").pipe(Effect.annotateLogs({ ...about, reason: end.outcome }))
  return yield* memory.finish(webhook, { state: end.state, outcome: end.outcome }).pipe(
    Effect.as<Application>("done"),
    Effect.tap(() => Effect.sync(() => reached("webhook: applied"))),
    Effect.catchTag("WebhooksUnreachable", () => Effect.succeed<Application>({ laterSeconds: unreachableSeconds, busy: true }))
  )
})
