/** The Expediente de Compra: every paper a customer ever got from us, each kept by the SHA-256 of its bytes (S8, EX-01). */
import { Context, type Effect, Schema } from "effect"
import type { ActivationId, Country, DealershipId, OrderId, SubjectId, Vin } from "#machines/vocabulary.ts"
import type { StaffRole } from "../accounts/accounts.ts"

/** What a paper is. Registration papers lie with their order (`documents`), texts and manuals with their edition: the file shows them all. */
export const PaperKind = Schema.Literals(["invoice", "creditNote", "withdrawalAcknowledgement", "notification"])
export type PaperKind = typeof PaperKind.Type

export interface NewPaper {
  readonly subjectId: SubjectId
  /** Whose law says how long it is kept. */
  readonly country: Country
  readonly kind: PaperKind
  /** As the customer reads it: "Factura ES-2026-000042". No name of anybody; at most 200 characters. */
  readonly title: string
  readonly mediaType: "application/pdf" | "text/plain"
  /** At least one, at most 10 MiB. */
  readonly bytes: Uint8Array
  readonly orderId: OrderId | null
  readonly activationId: ActivationId | null
  readonly vin: Vin | null
}

/**
 * What was looked at. Of the file: `file`, `document`, `export`. Elsewhere: `sale` with the customer's name, `customers` as a list with addresses,
 * `case` of support, `debt`, `record`: what an actor remembers.
 */
export const Look = Schema.Literals(["file", "document", "export", "sale", "customers", "case", "debt", "record"])

/** A look of somebody in the company. `orderId`: what concerns this order alone could be seen. */
export interface FileRead {
  readonly customerId: SubjectId
  readonly by: SubjectId
  readonly role: StaffRole
  readonly dealershipId: DealershipId | null
  readonly orderId: OrderId | null
  readonly what: typeof Look.Type
  readonly documentId: string | null
}

export class PurchaseFile extends Context.Service<
  PurchaseFile,
  {
    /** Once per `id`, the command's: what is kept under it already stays as it is, and its hash comes back. Bytes need not be the same. */
    readonly keep: (paper: NewPaper, id: string) => Effect.Effect<{ readonly documentId: string; readonly sha256: string }>
    /** The bytes of a paper; null where there is none, and where its key is destroyed (erasure, or the end of its term). */
    readonly bytesOf: (documentId: string) => Effect.Effect<Uint8Array | null>
    /** The same for a registration paper, which lies with its order. */
    readonly registrationBytesOf: (paper: {
      readonly orderId: OrderId
      readonly kind: string
      readonly sha256: string
    }) => Effect.Effect<Uint8Array | null>
    /** Written before anything is shown: the customer may read it in the file itself (EX-09). */
    readonly noteRead: (read: FileRead) => Effect.Effect<void>
    /** The same for a list: in one statement, of any number of customers. */
    readonly noteReads: (reads: ReadonlyArray<FileRead>) => Effect.Effect<void>
  }
>()("integrations/PurchaseFile") {}
