/** Verify finds nothing where somebody was erased as it should be, and finds each thing of theirs that was left behind (I65). */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { TOTP } from "otpauth"
import { Accounts } from "#integrations/accounts/accounts.ts"
import { AccountsPostgres } from "#integrations/accounts/postgres.ts"
import { Erasure } from "#integrations/erasure/erasure.ts"
import { ErasurePostgres } from "#integrations/erasure/postgres.ts"
import { type InvoiceRequest, Invoices } from "#integrations/invoices/invoices.ts"
import { InvoicesPostgres } from "#integrations/invoices/postgres.ts"
import { PaperVaultPostgres } from "#integrations/paper-vault/postgres.ts"
import { PapersPdf } from "#integrations/papers/pdf.ts"
import { Persons } from "#integrations/persons/persons.ts"
import { PersonsPostgres } from "#integrations/persons/postgres.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { PlatformTime } from "#integrations/postgres/time.ts"
import { PurchaseFilePostgres } from "#integrations/purchase-file/postgres.ts"
import { type NewPaper, PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import { destroyWhatIsOver } from "#integrations/retention/clock.ts"
import { SecondFactors } from "#integrations/second-factors/second-factors.ts"
import { signingKeyOf } from "#integrations/vehicle-trust/keys.ts"
import { ActivationId, PaymentId, type SubjectId, Vin } from "#machines/vocabulary.ts"
import { newKey } from "#src/devstack/vehicle-keys.ts"
import type { Report } from "#src/verify/findings.ts"
import { noLedgers } from "#src/verify/partner-ledgers.ts"
import { type Database, freshDatabase } from "#tests/database.ts"
import { erasurePlants, type GoodErasure } from "./erasure-plants.ts"
import { isFound, look, violated } from "./plants.ts"

const person = (name: string) => ({
  name,
  email: `${name.toLowerCase()}@mail.example`,
  phone: null,
  nationalId: null,
  address: { street: "Calle del Canario 7", city: "Madrid", postalCode: "28001", country: "ES" as const },
  language: "es" as const
})
const vin = Vin.make("VSSZZZ6K000000042")
const invoiceOf = (customerId: SubjectId, paymentId: string): InvoiceRequest => ({
  ...{ kind: "invoice", customerId, country: "ES", orderId: null, activationId: ActivationId.make("act_1"), vin },
  ...{ paymentId: PaymentId.make(paymentId), currency: "EUR" },
  lines: [{ item: "snow-mode", term: "temporary", from: null, to: null, grossMinor: 14_00, vatPercent: 21 }]
})
const letterTo = (subjectId: SubjectId): NewPaper => ({
  ...{ subjectId, country: "ES", orderId: null, activationId: null, vin, title: "Aviso" },
  ...{ kind: "notification", mediaType: "text/plain", bytes: Buffer.from("Hola, Canary") }
})

let database: Database
let good: GoodErasure
let clean: Report

/** A password by a link, and a code from paper where an app was asked for: each good once. */
const cameIn = Effect.fnUntraced(function* (subjectId: SubjectId) {
  const accounts = yield* Accounts
  const factors = yield* SecondFactors
  const link = yield* accounts.issueLink(subjectId, { evenIfSet: false })
  yield* accounts.setPassword(link!, "a car that learns by itself")
  const { secret } = yield* factors.enrolTotp(subjectId, "canary@mail.example")
  const codes = yield* factors.confirmTotp({ subjectId, sessionId: "ses_none" }, new TOTP({ secret }).generate())
  expect(yield* factors.show(subjectId, { recoveryCode: codes[0]! })).toBe(true)
})

/** Two customers with an invoice and a letter each; one of them is erased, an invoice comes afterwards, and half a year. */
const erasedOne = async (): Promise<GoodErasure> => {
  const key = Redacted.make(new Uint8Array(32).fill(7))
  const Time = Layer.succeed(PlatformTime, PlatformTime.of({ now: () => Date.now(), advance: () => Effect.void }))
  const Made = Layer.mergeAll(PapersPdf({ key: Redacted.make(signingKeyOf(newKey())!) }), PurchaseFilePostgres)
  const runtime = ManagedRuntime.make(
    Layer.mergeAll(InvoicesPostgres, AccountsPostgres({ key }), ErasurePostgres).pipe(
      Layer.provideMerge(Made),
      Layer.provideMerge(Layer.mergeAll(PersonsPostgres({ key }), PaperVaultPostgres({ key }))),
      Layer.provideMerge(Layer.mergeAll(Postgres({ url: Redacted.make(database.url), connections: 4 }), Time))
    )
  )
  try {
    return await runtime.runPromise(
      Effect.gen(function* () {
        const persons = yield* Persons
        const file = yield* PurchaseFile
        const invoices = yield* Invoices
        const erasure = yield* Erasure
        const customer = Effect.fnUntraced(function* (name: string) {
          const { subjectId } = yield* persons.keep(person(name), "system")
          yield* Accounts.use((accounts) =>
            accounts.provision({ subjectId, role: "customer", dealershipId: null, createdBy: "system" })
          )
          yield* invoices.issue(invoiceOf(subjectId, `pay_${name}`), `${name}#1.0`)
          yield* file.keep(letterTo(subjectId), `${name}#2.0`)
          return subjectId
        })
        const [erased, other] = [yield* customer("Canary"), yield* customer("Other")]
        for (const subjectId of [erased, other]) yield* cameIn(subjectId)
        yield* erasure.erase(erased, (yield* erasure.preview(erased)).hash, null)
        yield* invoices.issue(invoiceOf(erased, "pay_late"), "Canary#3.0")
        const inSummer = { now: () => Date.now() + 200 * 24 * 3600 * 1000, advance: () => Effect.void }
        yield* destroyWhatIsOver().pipe(Effect.provideService(PlatformTime, PlatformTime.of(inSummer)))
        return { url: database.url, ledgers: noLedgers, options: {}, erased, other }
      })
    )
  } finally {
    await runtime.dispose()
  }
}

describe("verify of erasures", () => {
  beforeAll(async () => {
    database = await freshDatabase()
    good = await erasedOne()
    clean = await look(good.url, {})
  })
  afterAll(() => database?.drop())

  test("finds nothing where somebody is gone and the invoices' chain goes on, and has looked", () => {
    expect(clean.invariants.flatMap(({ id, violations }) => violations.map((violation) => `${id} ${violation}`))).toEqual([])
    expect(violated(clean)).toEqual([])
    const looked = (id: string) => clean.invariants.find((one) => one.id === id)!.checked
    expect(looked("I64")).toBeGreaterThan(0)
    expect(looked("I65")).toBe(2) // One person, and the key of their letter.
    expect(looked("I52")).toBe(3) // Two invoices of before, and the one that came to nobody.
  })

  test.each(erasurePlants.map((plant) => [plant.what, plant] as const))("finds %s", (_, plant) => isFound(good, clean, plant))
})
