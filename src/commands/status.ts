/** Says how a running platform stands, and what somebody should look at. */
import { Cause, Effect, Layer, Redacted, References, Schedule } from "effect"
import { Nats } from "#integrations/nats/nats.ts"
import type { Lag } from "#integrations/nats/work-queue.ts"
import { inItsOwnWords } from "#integrations/postgres/absence.ts"
import { PostgresOwner } from "#integrations/postgres/postgres.ts"
import { Redis } from "#integrations/redis/redis.ts"
import { ingressLag } from "#src/ingress/lag.ts"
import { type PlatformStanding, platformStanding } from "#src/views/platform-standing.ts"

export const summary = "[--json]: actors, commands, timers, webhooks, partitions and servers of what runs, or of DATABASE_URL"

const patience = "2 seconds" // For a server to answer; wall clock.

type Env = Readonly<Record<string, string | undefined>>

interface Health {
  readonly url: string
  /** The status code and what was told; null where nobody listens. */
  readonly answer: { readonly status: number; readonly body: unknown } | null
}

interface Status extends PlatformStanding {
  /** Null where no URL is known. */
  readonly servers: { readonly nats: boolean | null; readonly redis: boolean | null }
  /** What waits in NATS for any gateway; null where NATS does not tell. */
  readonly ingress: ReadonlyArray<Lag> | null
  readonly ready: Health
}

/** 0: it runs and nothing waits for a person; 1: something does, or nothing runs; 2: called wrongly. */
export const run = async (args: string[]): Promise<number> => {
  if (args.some((arg) => arg !== "--json")) {
    console.error("Usage: ./caas status [--json]")
    return 2
  }
  const json = args.includes("--json")
  const url = process.env.DATABASE_URL
  if (!url)
    return nothing(
      json,
      "Nothing runs in this folder. Start it with ./caas up, or name the database of a platform in DATABASE_URL."
    )

  const [standing, servers, ingress, ready] = await Promise.all([
    standingOf(url),
    reached(process.env),
    waitingInNats(process.env),
    health(process.env)
  ])
  if (typeof standing === "string")
    return nothing(
      json,
      `The database does not tell: ${standing}. Is DATABASE_URL right, and was it brought up to date with ./caas up?`
    )
  const status: Status = { ...standing, servers, ingress, ready }
  const advice = adviceOn(status)
  console.log(json ? JSON.stringify({ ...status, advice }) : [...lines(status), ...advice.map((line) => `! ${line}`)].join("\n"))
  return advice.length === 0 ? 0 : 1
}

const nothing = (json: boolean, why: string) => {
  if (json) console.log(JSON.stringify({ advice: [why] }))
  else console.error(why)
  return 1
}

const quiet = Layer.succeed(References.MinimumLogLevel, "None") // What does not answer is said below, once.

const standingOf = (url: string): Promise<PlatformStanding | string> =>
  platformStanding().pipe(
    Effect.timeout("10 seconds"),
    Effect.provide(PostgresOwner({ url: Redacted.make(url) })),
    Effect.provide(quiet),
    Effect.catchCause((cause) => Effect.succeed(inItsOwnWords(Cause.squash(cause)))),
    Effect.runPromise
  )

/** Asked from here, by the platform's own clients. */
const reached = async ({ NATS_URL, REDIS_URL }: Env): Promise<Status["servers"]> => {
  const [nats, redis] = await Promise.all([
    NATS_URL
      ? inTime(Nats.use((nats) => nats.connectedSince(0)).pipe(Effect.provide(Nats.layer({ url: NATS_URL, name: "caas-status" }))))
      : null,
    REDIS_URL ? inTime(Redis.use(ping).pipe(Effect.provide(Redis.layer({ url: REDIS_URL })))) : null
  ])
  return { nats, redis }
}

const waitingInNats = ({ NATS_URL, NATS_SPACE = "" }: Env): Promise<Status["ingress"]> =>
  NATS_URL
    ? Nats.use((nats) => Effect.andThen(nats.connectedSince(0), ingressLag)).pipe(
        Effect.provide(Nats.layer({ url: NATS_URL, name: "caas-status", space: NATS_SPACE })),
        Effect.timeout(patience),
        Effect.catchCause(() => Effect.succeed(null)),
        Effect.provide(quiet),
        Effect.runPromise
      )
    : Promise.resolve(null)

/** Again until it is there: a client that has just been made fails at once while it connects. */
const ping = (redis: Redis["Service"]) => Effect.tryPromise(() => redis.ping()).pipe(Effect.retry(Schedule.spaced("50 millis")))

const inTime = (asked: Effect.Effect<unknown, unknown>): Promise<boolean> =>
  asked.pipe(Effect.timeout(patience), Effect.isSuccess, Effect.provide(quiet), Effect.runPromise)

/** As a load balancer would ask. */
const health = async ({ PUBLIC_URL, PUBLIC_PORT }: Env): Promise<Health> => {
  const url = `${(PUBLIC_URL || `http://127.0.0.1:${PUBLIC_PORT || "8080"}`).replace(/\/+$/, "")}/health/ready`
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000), redirect: "manual" })
    return { url, answer: { status: response.status, body: await response.json() } }
  } catch {
    return { url, answer: null }
  }
}

/** What a person should do, most urgent first; docs/runbook.md has the rest. */
const adviceOn = ({ ready, servers, commands, timers, webhooks, reconciliation, quarantined }: Status): ReadonlyArray<string> => [
  ...(ready.answer === null
    ? [`No platform answers at ${ready.url}: start it with ./caas up, or set PUBLIC_URL to where it is.`]
    : ready.answer.status === 200
      ? []
      : [`The platform is not ready (${ready.answer.status}): ${JSON.stringify(ready.answer.body)}.`]),
  ...(servers.nats === false ? ["NATS does not answer. Webhooks are kept, and applied when it is back."] : []),
  ...(servers.redis === false ? ["Redis does not answer. Limits are counted by each process alone, with half the points."] : []),
  ...(commands.parkedCount > 0
    ? [`${commands.parkedCount} commands are parked: POST /api/operator/outbox/{commandId}/retry or /discard, with a reason.`]
    : []),
  ...(quarantined.length > 0
    ? [`${quarantined.length} actors are quarantined: find the defect first, then release them (docs/runbook.md).`]
    : []),
  ...(webhooks.rejected > 0 ? [`${webhooks.rejected} signed webhooks could not be used: ask the partner what they were.`] : []),
  ...(reconciliation.openBreaks > 0
    ? [`${reconciliation.openBreaks} payments are told otherwise by the gateway: GET /api/operator/reconciliation.`]
    : []),
  ...(reconciliation.last !== null && reconciliation.last.failure !== null
    ? [`The gateway's books could not be compared with ours: ${reconciliation.last.failure}.`]
    : []),
  ...late("The comparison with the gateway's books", reconciliation.overdueMillis),
  ...late("The oldest command", commands.lagMillis),
  ...late("The oldest timer", timers.lagMillis),
  ...late("The oldest webhook that is not applied", webhooks.oldestMillis)
]

const tolerableMillis = 60_000
const late = (what: string, millis: number | null) =>
  millis !== null && millis > tolerableMillis ? [`${what} is ${lasting(millis)} late: does the platform run?`] : []

const lines = ({
  now,
  movedMillis,
  partitions,
  owners,
  actors,
  commands,
  timers,
  webhooks,
  reconciliation,
  quarantined,
  servers,
  ingress,
  ready
}: Status) => [
  row("platform", ready.answer === null ? "does not answer" : `${ready.answer.status} ${told(ready.answer.body)}`, ready.url),
  row("servers", `NATS ${upOrDown(servers.nats)}, Redis ${upOrDown(servers.redis)}`),
  row("time", now, movedMillis === 0 ? "" : `moved by ${lasting(movedMillis)}`),
  row("partitions", `${partitions.owned} of ${partitions.count} owned`, `epochs ${partitions.epochFrom} to ${partitions.epochTo}`),
  ...owners.map(({ owner, partitions, healthy, heardMillis }) =>
    row(
      "",
      owner,
      `${partitions} partitions${healthy === false ? ", not healthy" : ""}${heardMillis === null ? "" : `, heard of ${lasting(heardMillis)} ago`}`
    )
  ),
  row("commands", `${commands.waiting} waiting, ${commands.parkedCount} parked`, lag(commands.lagMillis)),
  ...commands.parked.map(({ commandId, type, cause, since }) => row("", `${commandId} ${type}`, `since ${since}: ${cause}`)),
  row(
    "timers",
    `${timers.set} set, ${timers.due} due`,
    timers.nextAt === null ? "" : `${lag(timers.lagMillis)}; next at ${timers.nextAt}`
  ),
  ...(ingress ?? []).map(({ queue, waiting, unanswered, redelivered }) =>
    row("ingress", `${queue}: ${waiting} waiting`, `${unanswered} under way, ${redelivered} of them not for the first time`)
  ),
  row("webhooks", `${webhooks.waiting} not applied, ${webhooks.rejected} rejected`, lag(webhooks.oldestMillis)),
  row(
    "gateway",
    reconciliation.last === null
      ? "not compared yet"
      : `compared at ${reconciliation.last.endedAt}${reconciliation.last.failure === null ? "" : `, in vain: ${reconciliation.last.failure}`}`,
    `${reconciliation.openBreaks} contradictions`
  ),
  row("quarantined", String(quarantined.length)),
  ...quarantined.map(({ path, type, tries, cause }) => row("", path, `${type}, ${tries} tries: ${cause}`)),
  row(
    "actors",
    numbered(
      actors.reduce((sum, { count }) => sum + count, 0),
      actors.some(({ more }) => more)
    )
  ),
  ...actors.map(
    ({ type, state, count, more }) => `${"".padEnd(12)} ${numbered(count, more).padStart(9)}  ${type.padEnd(8)} ${state}`
  )
]

const row = (name: string, what: string, more = "") => `${name.padEnd(12)} ${more === "" ? what : `${what.padEnd(28)} ${more}`}`
/** "10000+": so many were counted, and there are more. */
const numbered = (count: number, more: boolean) => `${count}${more ? "+" : ""}`
const told = (body: unknown) => (body as { status?: string } | null)?.status ?? ""
const upOrDown = (up: boolean | null) => (up === null ? "not named" : up ? "answers" : "does not answer")
const lag = (millis: number | null) => (millis === null ? "nothing late" : `oldest due for ${lasting(millis)}`)

const lasting = (millis: number) => {
  const seconds = Math.round(millis / 1000)
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 120) return `${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 72 ? `${hours} h` : `${Math.round(hours / 24)} d`
}
