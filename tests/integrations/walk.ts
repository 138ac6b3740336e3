/** A walk through the whole platform that makes it say every statement it knows: a sale, a service, every page of every door, every loop. */
import { expect } from "bun:test"
import { Effect, Layer, ManagedRuntime, Redacted, Schema } from "effect"
import { registry } from "#actors/registry.ts"
import { ActorStore } from "#actors/system/actor-store.ts"
import { Outbox } from "#actors/system/outbox.ts"
import { PostgresActorStore } from "#actors/system/postgres.ts"
import { archiveClosed } from "#actors/system/postgres-archive.ts"
import { PostgresRelay } from "#actors/system/postgres-relay.ts"
import { Timers } from "#actors/system/timers.ts"
import { Accounts } from "#integrations/accounts/accounts.ts"
import { Erasure } from "#integrations/erasure/erasure.ts"
import { Evidence } from "#integrations/evidence/evidence.ts"
import { EvidencePostgres } from "#integrations/evidence/postgres.ts"
import { InvoiceRequest, Invoices } from "#integrations/invoices/invoices.ts"
import { deliveries } from "#integrations/notifications/deliveries.ts"
import { Notifications, type Occasion } from "#integrations/notifications/notifications.ts"
import { sealAllClear } from "#integrations/paper-vault/clear.ts"
import { PaperVaultPostgres } from "#integrations/paper-vault/postgres.ts"
import { Persons } from "#integrations/persons/persons.ts"
import { PlatformTimePostgres } from "#integrations/postgres/clock.ts"
import { Postgres, PostgresOwner } from "#integrations/postgres/postgres.ts"
import { customerSees } from "#integrations/postgres/seen-by.ts"
import { PurchaseFilePostgres } from "#integrations/purchase-file/postgres.ts"
import { PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import { ReconciliationPostgres } from "#integrations/reconciliation/postgres.ts"
import { Reconciliation } from "#integrations/reconciliation/reconciliation.ts"
import { Redis } from "#integrations/redis/redis.ts"
import { RefusedWithdrawalsPostgres } from "#integrations/refused-withdrawals/postgres.ts"
import { RefusedWithdrawals } from "#integrations/refused-withdrawals/refused-withdrawals.ts"
import { destroyWhatIsOver } from "#integrations/retention/clock.ts"
import { TelemetrySlices } from "#integrations/telemetry/slices.ts"
import { TelemetryStore } from "#integrations/telemetry/store.ts"
import { Telemetry } from "#integrations/telemetry/telemetry.ts"
import { WebhooksPostgres } from "#integrations/webhooks/postgres.ts"
import { Webhooks } from "#integrations/webhooks/webhooks.ts"
import { ActivationId, ReceiptId, SubjectId, Vin } from "#machines/vocabulary.ts"
import { documentOf } from "#src/commands/openapi.ts"
import { CarOwner } from "#src/demo/car-owner.ts"
import { until } from "#src/demo/patience.ts"
import { startTown, type Town } from "#src/demo/town.ts"
import type { Visitor } from "#src/demo/visitor.ts"
import { hasBegun } from "#src/views/activations.ts"
import { platformStanding } from "#src/views/platform-standing.ts"
import { delivered, minute } from "#tests/journeys/town.ts"
import { identities } from "./identity-walk.ts"

/** `databaseUrl`: migrated, its clock movable, all of it over the wire that listens. */
export const walk = async (databaseUrl: string) => {
  const town = await startTown({
    databaseUrl,
    natsUrl: process.env.NATS_URL!,
    redisUrl: process.env.REDIS_URL!,
    env: { COMMAND_ATTEMPTS: "2" }
  })
  try {
    await doors(town)
  } finally {
    await town.stop()
  }
  await loops(databaseUrl)
}

const doors = async (town: Town) => {
  const [seller, operator, administrator] = await Promise.all([
    town.seller("Seller 1"),
    town.operator("Operator 1"),
    town.administrator("Administrator 1")
  ])
  town.world.fleet.buildFor("nats")
  const { customer, vin, orderId } = await delivered(town, { seller, name: "Customer 1" })
  const owner = new CarOwner(customer, vin)
  const code = town.world.fleet.car(vin).showPairingCode()
  await town.settled()
  expect(await owner.linksPhone(code)).toMatchObject({ status: 200 })
  const term = { kind: "temporary", count: 7, unit: "day" }
  const { activationId } = (await owner.buys({ option: "snow-mode", term, paymentMethod: "tok_ok" })).body
  await owner.sees(activationId, "active captured")
  await owner.withdraws(activationId)
  expect(await town.platform.runtime.runPromise(Accounts.use((accounts) => accounts.holderOf(new Uint8Array(32))))).toBeNull()
  await owner.sees(activationId, "withdrawn refunded")
  await customer.ask("GET", `/api/me/vehicles/${vin}/activations/act_${"0".repeat(32)}`)
  await town.settled()

  // Two mails that the server refuses, twice each: one command is tried again, one is given up.
  town.world.mail.misbehave({ fault: "refuse", times: 4 })
  for (const name of ["Customer 2", "Customer 3"]) await seller.sells({ customer: town.customer(name).person })
  expect((await sellsAgain(town, seller)).body.reason).toBe("DuplicateSale")
  const parked = await until(
    "two parked commands",
    () => operator.does("GET", "/api/operator/outbox"),
    ({ commands }) => commands.length === 2
  )
  const reason = { body: { reason: "as the walk wants it" } }
  for (const [n, act] of ["retry", "discard"].entries())
    await operator.does("POST", `/api/operator/outbox/${encodeURIComponent(parked.commands[n].commandId)}/${act}`, reason)
  await operator.ask("POST", "/api/operator/reconciliation/999/resolution", reason)
  for (const state of ["open", "resolved"]) await operator.does("GET", `/api/operator/risk-cases?state=${state}`)
  await operator.ask("POST", "/api/operator/risk-cases/risk_0/resolution", {
    body: { resolution: "dismissed", reason: "as the walk wants it" }
  })
  await operator.ask("POST", "/api/operator/outbox/order%2Ford_0%231.0/retry", reason)
  await town.sql`
    INSERT INTO defects (path, message_id, type, tries, cause, first_at, last_at)
    VALUES (${`order/${orderId}`}, 'test/1', 'Boom', 5, 'a bug', now(), now())`
  await operator.does("POST", `/api/operator/quarantine/${encodeURIComponent(`order/${orderId}`)}/release`, reason)

  const { subjectId } = await customer.does("GET", "/api/me")
  await told(town, customer, SubjectId.make(subjectId), Vin.make(vin))
  await seller.ask("POST", `/api/dealer/customers/${subjectId}/credentials`, { body: {} })
  for (const query of [
    "type=order",
    "state=delivered",
    "closed=true",
    "q=dea_madrid",
    `type=order&state=paid&closed=false&q=${vin}`
  ])
    await operator.does("GET", `/api/operator/actors?${query}`)
  for (const query of [`subject=${subjectId}&object=${orderId}`, "from=2020-01-01T00:00:00.000Z&to=2020-02-01T00:00:00.000Z"])
    await administrator.does("GET", `/api/auditor/audit?${query}`)
  for (const state of ["waiting", "done", "discarded"]) await operator.does("GET", `/api/operator/outbox?state=${state}`)
  for (const state of ["open", "resolved"]) await operator.does("GET", `/api/operator/support-cases?state=${state}`)

  await town.pass(2 * minute) // Longer than a session is believed to have been seen just now.
  const documentId = await everyDocument(town, customer, orderId)
  const text = { text: "privacy", edition: "1", language: "en" }
  const named = { orderId, vin, activationId, documentId, customerId: subjectId }
  const names = { ...named, ...text, subjectId, type: "order", id: orderId, caseId: "case_0" }
  await everyPage("public", [customer], names)
  await everyPage("intranet", [seller, operator, administrator], names)
  await customer.does("POST", `/api/me/vehicles/${vin}/theft`, { body: {} })
  await operator.does("POST", `/api/operator/vehicles/${vin}/theft/end`, reason)
  await customer.ask("DELETE", `/api/me/vehicles/${vin}/link`)
  expect(await seller.sellFromStock(vin, { customer: customer.person })).not.toMatchObject({ status: 201 }) // It has an owner.
  await erased(town, customer, vin)
  await customer.does("DELETE", "/api/auth/sessions/current")
  await invoices(town, { customerId: subjectId, activationId, vin })
  await identities(town, administrator, seller)
  await town.settled()
}

/** One of each kind in somebody's purchase file; answers one that the dealership may read, too. */
const everyDocument = async (town: Town, customer: Visitor, orderId: string): Promise<string> => {
  const { subjectId } = await customer.does("GET", "/api/me")
  await town.sql`
    INSERT INTO purchase_papers (document_id, command_id, subject_id, kind, title, media_type, size, sha256, bytes, order_id, at)
    VALUES (${`doc_${"0".repeat(32)}`}, 'walk#1.0', ${subjectId}, 'invoice', 'Factura', 'text/plain', 4, encode(sha256('walk'), 'hex'), 'walk', ${orderId}, now())`
  await town.sql`
    INSERT INTO documents (order_id, kind, sha256, bytes, media_type, size, by, at)
    VALUES (${orderId}, 'identityDocument', encode(sha256('%PDF walk'), 'hex'), '%PDF walk', 'application/pdf', 9, 'sub_walk', now())`
  await town.platform.runtime.runPromise(sealAllClear(null))
  expect([...(await town.sql`SELECT 1 FROM documents WHERE bytes IS NOT NULL`)]).toEqual([])
  const { documents } = await customer.does("GET", "/api/me/purchase-file/documents")
  const kinds = new Set(documents.map(({ kind }: { readonly kind: string }) => kind))
  for (const kind of ["contractText", "invoice", "registrationPaper"]) expect(kinds).toContain(kind)
  for (const { documentId } of documents) await customer.does("GET", `/api/me/purchase-file/documents/${documentId}`)
  return documents.find((document: { readonly orderId: string }) => document.orderId === orderId).documentId
}

/** Refused where a car is theirs, and done for somebody whom nothing holds. What is over is destroyed, too. */
const erased = async (town: Town, customer: Visitor, vin: string) => {
  const { hash } = await customer.does("GET", "/api/me/privacy/erasure")
  expect(await customer.ask("POST", "/api/me/privacy/erasure", { body: { hash } })).toMatchObject({ status: 409 })
  await customer.does("GET", `/api/me/vehicles/${vin}/data/export?format=csv`)
  await town.platform.runtime.runPromise(
    Effect.gen(function* () {
      const persons = yield* Persons
      const erasure = yield* Erasure
      const papers = yield* PurchaseFile
      const { subjectId } = yield* persons.keep({ ...town.customer("Customer 9").person, email: "walk@mail.example" }, "system")
      const about = { subjectId, country: "ES", mediaType: "text/plain", orderId: null, activationId: null, vin: null } as const
      yield* papers.keep({ ...about, kind: "notification", title: "Walk", bytes: Buffer.from("walk") }, "walk-letter#1.0")
      yield* papers.keep({ ...about, kind: "invoice", title: "Walk", bytes: Buffer.from("walk") }, "walk-tax#1.0")
      yield* erasure.erase(subjectId, (yield* erasure.preview(subjectId)).hash, null)
    })
  )
  await town.sql`UPDATE paper_keys SET kept_until = '2000-01-01' WHERE destroyed_at IS NULL AND subject_id IN (SELECT subject_id FROM erasures)`
  await town.sql`
    INSERT INTO account_links (token_hash, subject_id, issued_at, expires_at, used_at)
    SELECT sha256('walk'), subject_id, '2000-01-01', '2000-01-02', '2000-01-01' FROM erasures`
  await town.sql`
    INSERT INTO sessions (token_hash, session_id, subject_id, role, door, created_at, authenticated_at, last_seen_at, idle_seconds, expires_at)
    SELECT sha256('walk'), 'ses_walk', subject_id, 'customer', 'public', '2000-01-01', '2000-01-01', '2000-01-01', 1800, '2000-01-02'
    FROM accounts WHERE role = 'customer' LIMIT 1`
  await town.platform.runtime.runPromise(destroyWhatIsOver())
}

/** An invoice, its credit note, and a credit note of nothing. */
const invoices = (town: Town, about: { customerId: string; activationId: string; vin: string }) => {
  const line = { item: "snow-mode", term: "temporary", from: null, to: null, grossMinor: 14_00, vatPercent: 21 }
  const request = (kind: InvoiceRequest["kind"], paymentId: string) =>
    Schema.decodeUnknownSync(InvoiceRequest)({
      kind,
      ...about,
      country: "ES",
      orderId: null,
      paymentId,
      lines: [line],
      currency: "EUR"
    })
  return town.platform.runtime.runPromise(
    Effect.gen(function* () {
      const { issue } = yield* Invoices
      for (const _ of ["issued", "known"]) yield* issue(request("invoice", "pay_walk"), "walk-invoice#1.0")
      yield* issue(request("creditNote", "pay_walk"), "walk-invoice#2.0")
      expect(yield* Effect.flip(issue(request("creditNote", "pay_none"), "walk-invoice#3.0"))).toMatchObject({
        _tag: "InvoiceMissing"
      })
    })
  )
}

/** Every road of a notice: to a device that is gone, to a mailbox that is full, to the next channel, and at last to nobody. */
const told = async (town: Town, customer: Visitor, subjectId: SubjectId, vin: Vin) => {
  const { applicationServerKey } = await customer.does("GET", "/api/me/push-subscriptions")
  const subscribe = () =>
    customer.does("POST", "/api/me/push-subscriptions", { body: town.world.push.subscribe(applicationServerKey) })
  const { subscriptionId } = await subscribe()
  await customer.does("DELETE", `/api/me/push-subscriptions/${subscriptionId}`)
  await subscribe()
  const wanted = await customer.does("GET", "/api/me/notification-preferences")
  await customer.does("PUT", "/api/me/notification-preferences", { body: { ...wanted, contract: ["mail"] } })
  const send = (occasion: Occasion, id: string) =>
    town.platform.runtime.runPromise(
      Effect.exit(
        Notifications.use((notifications) =>
          notifications.send(
            {
              subjectId,
              occasion,
              card: "walk",
              facts: { vin, option: "snow-mode", activationId: "act_1", at: "2026-01-01T00:00:00.000Z" },
              orderId: null,
              activationId: null,
              vin,
              attachments: []
            },
            id
          )
        )
      )
    )
  await send("ServiceRetrying", "walk/1#1.0")
  town.world.push.misbehave({ fault: "busy" })
  await send("PurchaseConfirmed", "walk/1#2.0") // The mail has it; the device will have it later.
  town.world.mail.misbehave({ fault: "refuse", times: 1 })
  town.world.push.misbehave({ fault: "gone" })
  await send("TheftEnded", "walk/1#3.0")
  town.world.mail.misbehave({ fault: "refuse", times: 1 })
  await send("TheftEnded", "walk/1#3.0")
  town.world.mail.behave()
  await send("WarrantyLost", "walk/1#4.0") // Nothing else is left, and the mailbox takes it again.
  await town.settled()
}

/** The same sale once more, with another key. */
const sellsAgain = (town: Town, seller: Visitor) =>
  seller.ask("POST", "/api/dealer/sales", {
    body: {
      customer: town.customer("Customer 3").person,
      plan: "base",
      model: "Modelo Uno",
      delivery: { kind: "home" },
      consents: [{ text: "terms-of-sale", edition: 1 }]
    },
    key: "walk-sale-again"
  })

/** Every GET of the API, by whoever of these may: no page is left out, nor one that comes later. */
const everyPage = async (door: "public" | "intranet", callers: ReadonlyArray<Visitor>, names: Readonly<Record<string, string>>) => {
  const { paths } = (await documentOf(door)) as { paths: Record<string, object> }
  for (const [path, operations] of Object.entries(paths)) {
    if (!("get" in operations)) continue
    const concrete = path.replace(/\{(\w+)\}/g, (_, name) => names[name]!)
    const answers = await Promise.all(callers.map((caller) => caller.ask("GET", concrete)))
    const wanted = path.endsWith("{caseId}") ? 404 : 200
    expect([path, answers.map(({ status }) => status)]).toEqual([path, expect.arrayContaining([wanted])])
  }
}

/** What only happens on bad days, or once an hour. */
const loops = async (databaseUrl: string) => {
  const url = Redacted.make(databaseUrl)
  const Ports = Layer.mergeAll(
    PostgresActorStore(registry),
    PostgresRelay,
    WebhooksPostgres,
    PurchaseFilePostgres,
    ReconciliationPostgres,
    EvidencePostgres,
    RefusedWithdrawalsPostgres,
    TelemetryStore,
    TelemetrySlices({ days: 30 })
  ).pipe(
    Layer.provideMerge(PaperVaultPostgres({ key: Redacted.make(new Uint8Array(32).fill(7)) })),
    Layer.provideMerge(PlatformTimePostgres),
    Layer.provideMerge(Layer.mergeAll(Postgres({ url, connections: 2 }), Redis.layer({ url: process.env.REDIS_URL! })))
  )
  const runtime = ManagedRuntime.make(Ports)
  try {
    await runtime.runPromise(
      Effect.gen(function* () {
        const [path, at] = ["order/ord_walk", Date.now()]
        const store = yield* ActorStore
        yield* store.heard([{ path, id: "x" }])
        yield* store.defect({ path, messageId: "x", type: "Boom", cause: "a bug", at })
        const entry = {
          path,
          version: 1,
          position: 0,
          type: "Notify",
          body: {},
          attempts: 1,
          rounds: 0,
          at,
          correlation: "x",
          traceId: null
        }
        yield* Outbox.use((outbox) => outbox.hold([entry], at))
        yield* Timers.use((timers) => timers.drop({ path, timerId: "x", setVersion: 1, due: at }))
        const webhooks = yield* Webhooks
        const key = { source: "factory", webhookId: "evt_walk" } as const
        const kept = (body: string) => webhooks.keep({ ...key, body: Buffer.from(body), rejected: null })
        expect([yield* kept("{}"), yield* kept("{}"), yield* kept("[]")]).toEqual(["new", "known", "conflicting"])
        yield* webhooks.postpone(key, { reason: "Overloaded", seconds: 1 })
        const vin = Vin.make(`VSSWALK${"0".repeat(10)}`)
        const sample = { at: new Date(at).toISOString(), odometerMetres: 1, chargePercent: 1, parked: true, cabinCelsius: 1 }
        const telemetry = yield* Telemetry
        expect([yield* telemetry.last(vin), yield* telemetry.lastSeen(vin)]).toEqual([null, null]) // Redis does not know it either.
        yield* telemetry.keep([{ vin, heardAt: sample.at, sample }])
        const about = { orderId: null, activationId: null, vin: null }
        const letter = {
          kind: "notification",
          country: "ES",
          title: "Walk",
          mediaType: "text/plain",
          bytes: Buffer.from("walk"),
          ...about
        } as const
        const papers = yield* PurchaseFile
        for (const _ of ["kept", "known"]) yield* papers.keep({ subjectId: SubjectId.make("sub_walk"), ...letter }, `${path}#1.0`)
        yield* booksCompared
        // What is only said where somebody is early, or a mailbox full: said here, whoever was quicker above.
        yield* customerSees(SubjectId.make("sub_walk"))(hasBegun(vin, ActivationId.make("act_walk")))
        const notices = yield* deliveries
        yield* notices.add("walk/1#1.0", { channel: "sms", state: "sending", due: at })
        yield* notices.reopen("walk/1#1.0")
        yield* notices.mark(SubjectId.make("sub_walk"), "sms", "550")
        const receipt = ReceiptId.make(`rep_${"0".repeat(64)}`)
        yield* Effect.ignore(Evidence.use((evidence) => evidence.reportOf(receipt, ActivationId.make("act_walk"))))
        const late = {
          activationId: ActivationId.make("act_walk"),
          vin,
          customerId: SubjectId.make("sub_walk"),
          step: "look"
        } as const
        yield* RefusedWithdrawals.use((withdrawals) => withdrawals.keep({ ...late, submittedAt: sample.at }))
        yield* archiveClosed({ closedBefore: 0, limit: 1, pause: 0 })
      })
    )
  } finally {
    await runtime.dispose()
  }
  await Effect.runPromise(platformStanding().pipe(Effect.provide(PostgresOwner({ url }))))
}

/** All that a comparison with the gateway's books asks, and writes down. */
const booksCompared = Effect.gen(function* () {
  const books = yield* Reconciliation
  const at = "2026-03-02T09:00:00.000Z"
  const claim = (yield* books.claim) ?? { claimId: "walk", since: at, takenSince: at }
  yield* Effect.ignore(books.prolong(claim))
  const payment = {
    id: "gw_walk",
    reference: "pay_walk-final-1",
    status: "captured",
    amountMinor: 1,
    capturedMinor: 1,
    refundedMinor: 0,
    currency: "EUR",
    reason: null,
    settlement: null,
    settlementReason: null,
    refunds: [],
    disputes: [],
    changedAt: at
  } as const
  yield* books.keep([payment])
  yield* books.ours([{ paymentId: payment.reference, path: "order/ord_walk", partition: 1 }])
  yield* books.untold({ since: at, until: at, after: "", limit: 1 })
  yield* books.broken({ before: at, after: "", limit: 1 })
  yield* books.judge(
    [payment.reference],
    [{ paymentId: payment.reference, gatewayId: "gw_walk", kind: "notRecorded", ours: 0, theirs: 1, currency: "EUR" }]
  )
  const run = { startedAt: at, payments: 1, told: 0, opened: 1, closed: 0, readUntil: at, failure: null }
  yield* books.finish(claim, run, 15)
})
