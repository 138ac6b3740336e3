/** A town for sample lives: the platform's own actors, performers and tables in a database that goes, a clock that we move, and partners who say yes. */
import { createHash } from "node:crypto"
import { Effect, Layer, ManagedRuntime, Redacted, References, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Vehicle } from "#actors/addresses.ts"
import { registry } from "#actors/registry.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { type Tagged, typeName } from "#actors/system/actor-type.ts"
import type { AnyBehavior, CommandOrder } from "#actors/system/behavior.ts"
import { ActorHost } from "#actors/system/host.ts"
import { InProcessActorSystem } from "#actors/system/in-process.ts"
import { commandId, type Entry, Outbox } from "#actors/system/outbox.ts"
import { PostgresActorStore } from "#actors/system/postgres.ts"
import { PostgresRelay } from "#actors/system/postgres-relay.ts"
import { Timers, timerLetter } from "#actors/system/timers.ts"
import { Doors } from "#integrations/accounts/doors.ts"
import { AccountsPostgres } from "#integrations/accounts/postgres.ts"
import { EvidencePostgres } from "#integrations/evidence/postgres.ts"
import { Invoices } from "#integrations/invoices/invoices.ts"
import { deliveries } from "#integrations/notifications/deliveries.ts"
import { Notifications } from "#integrations/notifications/notifications.ts"
import { Papers } from "#integrations/papers/papers.ts"
import { PersonsPostgres } from "#integrations/persons/postgres.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { iso, PlatformTime } from "#integrations/postgres/time.ts"
import { PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import type { CarReport, ConfigDocument } from "#integrations/vehicle-trust/vehicle-trust.ts"
import { WebhooksPostgres } from "#integrations/webhooks/postgres.ts"
import { type WebhookSource, Webhooks } from "#integrations/webhooks/webhooks.ts"
import { VehicleReported } from "#machines/vehicle.ts"
import { applyWebhook } from "#src/ingress/application.ts"
import { bytesMark, receiptMark, vinOf } from "./marks.ts"
import { type Arrivals, agreeablePartners } from "./partners.ts"

const performing = 2_000 // Milliseconds from a promise to its deed.
const obeying = 30_000 // From a document to the car's report.
const atOnce = 256 // Commands, and timers, per look.

/** What a sample's car said, as its own car of each copy will say it. */
export interface SaidReport {
  readonly report: CarReport
  readonly receipt: string
  readonly bytes: string
}

/** A number is given once, and a seal is over one paper: neither can be copied car by car. Seeded lives have no papers. */
const NoPapers = Layer.mergeAll(
  Layer.succeed(Invoices, {
    issue: (_, id) => Effect.succeed({ number: id, issuedAt: new Date(0).toISOString(), sha256: "" })
  }),
  Layer.succeed(Papers, {
    invoice: ({ paymentId }) => Effect.succeed({ title: paymentId, filename: "paper.pdf", bytes: new Uint8Array() }),
    acknowledgement: ({ activationId }) => Effect.succeed({ title: activationId, filename: "paper.pdf", bytes: new Uint8Array() })
  }),
  Layer.succeed(PurchaseFile, {
    keep: (_, id) => Effect.succeed({ documentId: id, sha256: "" }),
    bytesOf: () => Effect.succeed(null),
    registrationBytesOf: () => Effect.succeed(null),
    noteRead: () => Effect.void,
    noteReads: () => Effect.void
  })
)

export type TownServices = Layer.Success<ReturnType<typeof townLayer>>

class Clock {
  now = 0
}

const townLayer = (url: string, personsKey: Redacted.Redacted<Uint8Array>, clock: Clock, arrivals: Arrivals) => {
  const Time = Layer.succeed(PlatformTime, {
    now: () => clock.now,
    advance: (millis: number) => Effect.sync(() => void (clock.now += millis))
  })
  const Database = Layer.provideMerge(Time, Postgres({ url: Redacted.make(url), connections: 4 }))
  const Memory = Layer.mergeAll(PostgresRelay, PostgresActorStore(registry), WebhooksPostgres, EvidencePostgres)
  const People = AccountsPostgres({ key: personsKey }).pipe(Layer.provideMerge(PersonsPostgres({ key: personsKey })))
  /** Kept in the purchase file, and sent to nobody. */
  const Notices = Layer.effect(
    Notifications,
    Effect.map(deliveries, ({ keep }) => Notifications.of({ send: (notice, id) => keep(notice, id, []) }))
  )
  return InProcessActorSystem.pipe(
    Layer.provideMerge(ActorHost.layer(registry)),
    Layer.provideMerge(Layer.mergeAll(Memory, People, Notices, NoPapers)),
    Layer.provideMerge(agreeablePartners(arrivals, () => clock.now)),
    Layer.provideMerge(Layer.succeed(Doors, { publicUrl: "https://seed.example", intranetUrl: "https://intranet.seed.example" })),
    Layer.provideMerge(Database),
    Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "Warn"))
  )
}

/** In the database at `url`, which is empty and nobody else's. */
export const sampleTown = (url: string, personsKey: Redacted.Redacted<Uint8Array>) => {
  const clock = new Clock()
  const arrivals: Arrivals = { documents: [], tokens: [] }
  const runtime = ManagedRuntime.make(townLayer(url, personsKey, clock, arrivals))
  const behaviors = new Map<string, AnyBehavior>(registry.map((behavior) => [behavior.type.name, behavior]))
  let mark = ""
  let said: Array<SaidReport> = []

  const perform = Effect.fnUntraced(function* (entry: Entry) {
    const { path, version, type, body, attempts: attempt, correlation, traceId, at } = entry
    const behavior = behaviors.get(typeName(path))!
    const id = commandId(entry)
    const performer: (command: Tagged, order: CommandOrder) => Effect.Effect<unknown, unknown, TownServices> =
      behavior.perform[type]
    const answer = yield* performer({ type, ...body }, { id, path, version, attempt, correlation, traceId, at: iso(at) })
    if (!Schema.is(behavior.type.Message)(answer)) return
    const actors = yield* ActorSystem
    yield* actors.tell({ type: behavior.type, path }, answer, { id, cause: id, correlation, traceId })
  })

  /** All features of the document, and nothing else: a car that obeys. */
  const obey = Effect.fnUntraced(function* ({ vin, cfgVersion, features }: ConfigDocument) {
    const running = features.map(({ id, option, activationId, until }) => ({ id, option, activationId, until }))
    const number = said.length + 1
    const report: CarReport = {
      v: 1,
      vin,
      kind: "receipt",
      cfgVersion,
      features: running,
      refused: [],
      waitingVersion: null,
      stateHash: createHash("sha256").update(JSON.stringify(running)).digest("hex"),
      bootId: `boot-${mark}`,
      counter: number,
      at: iso(clock.now),
      pairing: null,
      done: []
    }
    const [bytes, receipt] = [bytesMark(mark, number), receiptMark(mark, number)]
    const { at: carAt, v: _v, vin: _vin, kind: _kind, ...facts } = report
    const fact = yield* Schema.decodeUnknownEffect(VehicleReported)({
      ...facts,
      type: "VehicleReported",
      receiptId: receipt,
      evidence: "signedReceipt",
      carAt,
      bytes
    })
    const actors = yield* ActorSystem
    const id = `car/${receipt}`
    yield* actors.tell(Vehicle.at(vin), fact, { id, cause: id, correlation: id })
    said.push({ report, receipt, bytes })
  })

  /** Until nothing is promised any more. */
  const settle = Effect.gen(function* () {
    const outbox = yield* Outbox
    for (;;) {
      const entries = yield* outbox.take(clock.now, atOnce)
      if (entries.length === 0) return
      for (const entry of entries) {
        clock.now += performing
        yield* perform(entry)
        yield* outbox.done([entry], clock.now)
      }
      const newest = arrivals.documents.splice(0).at(-1) // An older one would be refused.
      if (newest === undefined) continue
      clock.now += obeying
      yield* obey(newest)
    }
  })

  /** Lets time pass, and every timer fire at its moment. */
  const until = Effect.fnUntraced(function* (instant: number) {
    const sql = yield* SqlClient.SqlClient
    const timers = yield* Timers
    const host = yield* ActorHost
    for (;;) {
      yield* settle
      const [next] = yield* sql<{ due: number | null }>`
        SELECT ceil(extract(epoch FROM min(due_at)) * 1000)::float8 AS due FROM timers`
      if (next?.due == null || next.due > instant) break
      clock.now = Math.max(clock.now, next.due)
      for (const timer of yield* timers.take(clock.now, atOnce)) yield* host.deliver(timerLetter(timer))
    }
    clock.now = Math.max(clock.now, instant)
  })

  /** As the partner's signed webhook would have been kept, and applied. */
  const webhook = Effect.fnUntraced(function* (source: WebhookSource, name: string, body: object) {
    const webhooks = yield* Webhooks
    const webhookId = `${mark}-${name}`
    const bytes = new TextEncoder().encode(JSON.stringify(body))
    yield* webhooks.keep({ source, webhookId, body: bytes, rejected: null })
    yield* applyWebhook({ source, webhookId, body: bytes, state: "received" })
    yield* settle
  })

  return {
    clock,
    settle,
    until,
    webhook,
    /** Of the links mailed since the last look. */
    tokens: () => arrivals.tokens.splice(0),
    /** One life, from `at` on; answers what its car has said. */
    live: async (
      sampleMark: string,
      at: number,
      life: Effect.Effect<unknown, any, TownServices>
    ): Promise<ReadonlyArray<SaidReport>> => {
      clock.now = at
      mark = sampleMark
      said = []
      await runtime.runPromise(life)
      return said
    },
    vin: () => vinOf(mark),
    close: () => runtime.dispose()
  }
}
export type Town = ReturnType<typeof sampleTown>
