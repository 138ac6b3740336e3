/** What tests of invoices stand on: a database, people, papers under a key of their own, and a clock that is set by hand. */
import { randomBytes } from "node:crypto"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { type InvoiceLine, type InvoiceRequest, Invoices } from "#integrations/invoices/invoices.ts"
import { InvoicesPostgres } from "#integrations/invoices/postgres.ts"
import { PaperVaultPostgres } from "#integrations/paper-vault/postgres.ts"
import { PapersPdf } from "#integrations/papers/pdf.ts"
import { type PersonalData, Persons } from "#integrations/persons/persons.ts"
import { PersonsPostgres } from "#integrations/persons/postgres.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { PlatformTime } from "#integrations/postgres/time.ts"
import { PurchaseFilePostgres } from "#integrations/purchase-file/postgres.ts"
import { PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import { type SigningKey, signingKeyOf } from "#integrations/vehicle-trust/keys.ts"
import { ActivationId, PaymentId, SubjectId, Vin } from "#machines/vocabulary.ts"

const newKey = (): SigningKey => signingKeyOf(randomBytes(32).toString("base64"))!

export class Accounting {
  now = Date.parse("2026-03-31T12:00:00.000Z")
  readonly key = newKey()
  readonly #runtime
  #payments = 0

  constructor(url: string, connections = 6) {
    const Time = Layer.succeed(PlatformTime, PlatformTime.of({ now: () => this.now, advance: () => Effect.void }))
    const Ground = Layer.mergeAll(Postgres({ url: Redacted.make(url), connections }), Time)
    const key = Redacted.make(new Uint8Array(32).fill(7))
    const People = PersonsPostgres({ key })
    const Made = Layer.mergeAll(PapersPdf({ key: Redacted.make(this.key) }), PurchaseFilePostgres).pipe(
      Layer.provideMerge(Layer.mergeAll(People, PaperVaultPostgres({ key })))
    )
    this.#runtime = ManagedRuntime.make(InvoicesPostgres.pipe(Layer.provideMerge(Made), Layer.provideMerge(Ground)))
  }

  get run() {
    return this.#runtime.runPromise
  }

  keep(data: Partial<PersonalData> = {}): Promise<SubjectId> {
    const whole: PersonalData = {
      name: "Canary Surname",
      email: `canary-${crypto.randomUUID()}@mail.example`,
      phone: null,
      nationalId: "12345678Z",
      address: { street: "Calle del Canario 7", city: "Madrid", postalCode: "28001", country: "ES" },
      language: "es",
      ...data
    }
    return this.run(Persons.use((persons) => persons.keep(whole, "system"))).then(({ subjectId }) => subjectId)
  }

  /** What is answered; or, as data, why not. */
  issue(request: InvoiceRequest, id: string = crypto.randomUUID()) {
    return this.run(Invoices.use((invoices) => invoices.issue(request, id)).pipe(Effect.catch(Effect.succeed)))
  }

  /** A paper as its customer reads it. */
  bytesOf(documentId: string): Promise<Uint8Array> {
    return this.run(PurchaseFile.use((file) => file.bytesOf(documentId))).then((bytes) => bytes!)
  }

  /** The number of what is issued. */
  async number(request: InvoiceRequest, id?: string): Promise<string> {
    const answer = await this.issue(request, id)
    if (!("number" in answer)) throw new Error(answer._tag)
    return answer.number
  }

  /** An invoice for a service, paid by a payment of its own. */
  request(changes: Partial<InvoiceRequest> = {}): InvoiceRequest {
    return {
      kind: "invoice",
      customerId: SubjectId.make("sub_nobody"),
      country: "ES",
      orderId: null,
      activationId: ActivationId.make(`act_${"a".repeat(32)}`),
      vin: Vin.make("VSSCAASZ1ZZ000001"),
      paymentId: PaymentId.make(`pay_invoice-${++this.#payments}`),
      lines: [line()],
      currency: "EUR",
      ...changes
    }
  }

  credit(invoice: InvoiceRequest, grossMinor?: number): InvoiceRequest {
    const lines = grossMinor === undefined ? invoice.lines : [line({ grossMinor })]
    return { ...invoice, kind: "creditNote", lines }
  }

  stop() {
    return this.#runtime.dispose()
  }
}

export const line = (changes: Partial<InvoiceLine> = {}): InvoiceLine => ({
  item: "snow-mode",
  term: "temporary",
  from: null,
  to: null,
  grossMinor: 14_00,
  vatPercent: 21,
  ...changes
})
