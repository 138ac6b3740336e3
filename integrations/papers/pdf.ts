/** Papers as PDFs under the platform's own key: people and catalogue are asked at the moment of writing. */
import { Effect, Layer, Redacted } from "effect"
import type { SubjectId } from "#machines/vocabulary.ts"
import { Persons } from "../persons/persons.ts"
import type { SecretKey } from "../vehicle-trust/keys.ts"
import { acknowledgementTitle, drawAcknowledgement, recordOf } from "./acknowledgement-paper.ts"
import { drawInvoice, invoiceTitle } from "./invoice-paper.ts"
import { Papers } from "./papers.ts"
import { type Claims, seal } from "./seal.ts"
import type { Sheet } from "./sheet.ts"

/** `key`: INVOICE_SIGNING_KEY. */
export const PapersPdf = (options: { readonly key: SecretKey }) =>
  Layer.effect(
    Papers,
    Effect.gen(function* () {
      const persons = yield* Persons
      const key = Redacted.value(options.key)
      /** Null where their data was erased meanwhile. */
      const person = (id: SubjectId) => persons.read(id).pipe(Effect.catchTag("PersonUnknown", () => Effect.succeed(null)))
      const sealed = (sheet: Sheet, claims: Claims) =>
        Effect.promise(() => sheet.bytes()).pipe(Effect.flatMap((pdf) => Effect.promise(() => seal(key, pdf, claims))))

      return Papers.of({
        invoice: Effect.fn("Papers.invoice")(function* (paper) {
          const customer = yield* person(paper.customerId)
          const { number, hash } = paper.record
          const sheet = yield* Effect.promise(() => drawInvoice(paper, customer))
          return {
            title: invoiceTitle(paper, customer?.language ?? "es"),
            filename: `${number}.pdf`,
            bytes: yield* sealed(sheet, { paper: paper.kind, reference: number, hash })
          }
        }),
        acknowledgement: Effect.fn("Papers.acknowledgement")(function* (paper) {
          const customer = yield* person(paper.customerId)
          const { activationId, hash } = recordOf(paper)
          const sheet = yield* Effect.promise(() => drawAcknowledgement(paper, customer))
          return {
            title: acknowledgementTitle(paper, customer?.language ?? "es"),
            filename: `${activationId}.pdf`,
            bytes: yield* sealed(sheet, { paper: "withdrawalAcknowledgement", reference: activationId, hash })
          }
        })
      })
    })
  )
