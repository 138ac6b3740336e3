/** Papers, kept by the SHA-256 of their bytes. */
import { Context, type Effect, Schema } from "effect"
import type { Country, OrderId, Paper, SubjectId } from "#machines/vocabulary.ts"

export class Documents extends Context.Service<
  Documents,
  {
    /** At most 10 MiB; PDF, JPEG or PNG by their magic bytes, whatever the name says. Kept twice is kept once. */
    readonly keep: (paper: {
      readonly orderId: OrderId
      /** Whom it is about: the bytes lie sealed under a key of theirs. */
      readonly customerId: SubjectId
      readonly country: Country
      readonly kind: string
      readonly bytes: Uint8Array
      readonly by: SubjectId
    }) => Effect.Effect<Paper, DocumentRefused>
    readonly listOf: (
      orderId: OrderId
    ) => Effect.Effect<ReadonlyArray<Paper & { readonly at: string; readonly mediaType: string; readonly size: number }>>
  }
>()("integrations/Documents") {}

/** Not a paper we keep: too large, empty, or of another type. */
export class DocumentRefused extends Schema.TaggedError<DocumentRefused>()("DocumentRefused", { reason: Schema.String }) {}
