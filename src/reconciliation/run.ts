/** One comparison of the gateway's books with ours: page by page, telling what was missed, and never asking for money twice. */
import { Effect } from "effect"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { ActorsUnavailable } from "#actors/system/letter.ts"
import { partitionOf } from "#actors/system/partition.ts"
import { type ListedPayment, Payments } from "#integrations/payments/payments.ts"
import { iso, PlatformTime } from "#integrations/postgres/time.ts"
import { type Break, type Claim, Reconciliation, type RunSummary } from "#integrations/reconciliation/reconciliation.ts"
import { factOf, payerOf } from "../ingress/payment-facts.ts"
import { type Comparison, compare, unknownThere } from "./comparison.ts"

const graceMillis = 10 * 60_000 // What changed since is still on its way to us by itself (F46, F56).
const pageOfOurs = 100
const tellersAtOnce = 8
const tellTimeout = "10 seconds"
const againMinutes = 1 // After a run that failed.

interface Soundings {
  payments: number
  told: number
  opened: number
  closed: number
  readUntil: string | null
}

/** Null: it is not due, or somebody else is at it. A run that failed is written down, and due again in a minute. */
export const reconcile = Effect.fn("reconcile")(function* (minutes: number) {
  const memory = yield* Reconciliation
  const time = yield* PlatformTime
  const claim = yield* memory.claim
  if (claim === null) return null
  const startedAt = iso(time.now())
  const soundings: Soundings = { payments: 0, told: 0, opened: 0, closed: 0, readUntil: null }
  const failure = yield* whole(claim, startedAt, soundings).pipe(
    Effect.as(null),
    Effect.catch((error) => Effect.succeed(error._tag as string))
  )
  const summary: RunSummary = { ...soundings, startedAt, failure }
  if (failure !== "ClaimLost") yield* memory.finish(claim, summary, failure === null ? minutes : againMinutes)
  return summary
})

const whole = Effect.fnUntraced(function* (claim: Claim, startedAt: string, soundings: Soundings) {
  yield* theirList(claim, soundings)
  yield* ourTakings(claim, startedAt, soundings)
  yield* openBreaks(claim, startedAt, soundings)
})

/** What changed there. */
const theirList = Effect.fnUntraced(function* (claim: Claim, soundings: Soundings) {
  const payments = yield* Payments
  const memory = yield* Reconciliation
  let cursor: string | null = null
  do {
    const page: { readonly payments: ReadonlyArray<ListedPayment>; readonly cursor: string | null } = yield* payments.list({
      since: claim.since,
      cursor
    })
    yield* memory.prolong(claim)
    yield* compareAll(page.payments, soundings)
    for (const { changedAt } of page.payments)
      if (soundings.readUntil === null || changedAt > soundings.readUntil) soundings.readUntil = changedAt
    cursor = page.cursor
  } while (cursor !== null)
})

/** What we took, and they never told of. */
const ourTakings = Effect.fnUntraced(function* (claim: Claim, startedAt: string, soundings: Soundings) {
  const memory = yield* Reconciliation
  const until = iso(Date.parse(startedAt) - graceMillis)
  for (let after = ""; ; ) {
    const names = yield* memory.untold({ since: claim.takenSince, until, after, limit: pageOfOurs })
    yield* memory.prolong(claim)
    yield* lookAt(names, soundings)
    if (names.length < pageOfOurs) return
    after = names.at(-1)!
  }
})

/** What did not agree before, and did not change there since. */
const openBreaks = Effect.fnUntraced(function* (claim: Claim, startedAt: string, soundings: Soundings) {
  const memory = yield* Reconciliation
  for (let after = ""; ; ) {
    const names = yield* memory.broken({ before: startedAt, after, limit: pageOfOurs })
    yield* memory.prolong(claim)
    yield* lookAt(names, soundings)
    if (names.length < pageOfOurs) return
    after = names.at(-1)!
  }
})

const lookAt = Effect.fnUntraced(function* (names: ReadonlyArray<string>, soundings: Soundings) {
  const payments = yield* Payments
  const memory = yield* Reconciliation
  const found = yield* Effect.forEach(names, (name) => payments.look(name), { concurrency: tellersAtOnce })
  yield* compareAll(
    found.filter((one) => one !== null),
    soundings
  )
  const unknown = names.filter((_, n) => found[n] === null)
  if (unknown.length === 0) return
  const ours = yield* memory.ours(unknown.map(aboutOf))
  yield* judge(
    unknown,
    ours.flatMap((our) => (our.taken > 0 ? unknownThere(our).breaks : [])),
    soundings
  )
})

const compareAll = Effect.fnUntraced(function* (listed: ReadonlyArray<ListedPayment>, soundings: Soundings) {
  const memory = yield* Reconciliation
  const time = yield* PlatformTime
  if (listed.length === 0) return
  yield* memory.keep(listed)
  const settledDown = listed.filter(({ changedAt }) => Date.parse(changedAt) <= time.now() - graceMillis)
  const ours = new Map(
    (yield* memory.ours(settledDown.map(({ reference }) => aboutOf(reference)))).map((our) => [our.paymentId, our])
  )
  const compared = yield* Effect.forEach(
    settledDown,
    (theirs) => tellMissed(theirs, compare(theirs, ours.get(theirs.reference)!), soundings),
    { concurrency: tellersAtOnce }
  )
  soundings.payments += listed.length
  // Whoever was told something now is judged by the next run, in the light of it.
  const judged = compared.filter((one) => one.told === 0)
  yield* judge(
    judged.map(({ reference }) => reference),
    compared.flatMap(({ breaks }) => breaks),
    soundings
  )
})

const tellMissed = Effect.fnUntraced(function* (theirs: ListedPayment, { missed, breaks }: Comparison, soundings: Soundings) {
  const actors = yield* ActorSystem
  const more = (kind: "unknownReference" | "notHeard"): Break => ({
    paymentId: theirs.reference,
    gatewayId: theirs.id,
    kind,
    ours: null,
    theirs: theirs.amountMinor,
    currency: theirs.currency
  })
  let told = 0
  const found = [...breaks]
  for (const { id, said } of missed) {
    const fact = factOf(said)
    if (typeof fact === "string") {
      found.push(more("unknownReference"))
      break
    }
    const answer = yield* actors.tell(fact.to, fact.fact, { id, cause: id, correlation: id }).pipe(
      Effect.timeoutOrElse({
        duration: tellTimeout,
        orElse: () => Effect.fail(new ActorsUnavailable({ reason: "StoreUnreachable" }))
      }),
      Effect.as("heard" as const),
      Effect.catchTags({
        ActorNotFound: () => Effect.succeed("unknownReference" as const),
        ActorQuarantined: () => Effect.succeed("notHeard" as const),
        MessageRefused: () => Effect.succeed("notHeard" as const)
      })
    )
    if (answer !== "heard") {
      found.push(more(answer))
      break
    }
    told++
    yield* Effect.logWarning("The gateway's list told what no webhook had").pipe(
      Effect.annotateLogs({ path: fact.to.path, message: id, fact: fact.fact.type })
    )
  }
  soundings.told += told
  return { reference: theirs.reference, told, breaks: found }
})

const judge = Effect.fnUntraced(function* (names: ReadonlyArray<string>, breaks: ReadonlyArray<Break>, soundings: Soundings) {
  const memory = yield* Reconciliation
  const { opened, closed } = yield* memory.judge(names, breaks)
  soundings.opened += opened
  soundings.closed += closed
})

/** What nobody sold lives nowhere. */
const aboutOf = (paymentId: string) => {
  const path = payerOf(paymentId) ?? ""
  return { paymentId, path, partition: partitionOf(path) }
}
