/** Registration papers, as raw bytes: kept by their SHA-256, and the order is told. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import { Order } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import { Documents } from "#integrations/documents/documents.ts"
import { type OrderContext, SupplyPapers } from "#machines/order.ts"
import { Paper } from "#machines/vocabulary.ts"
import { changingProblems } from "../answers.ts"
import { readBytes } from "../bytes.ts"
import type { HttpOptions } from "../options.ts"
import { wrongMediaType } from "../problem.ts"
import type { Run } from "../run.ts"
import { dealer, type Seller } from "../session.ts"
import { standingOf } from "../standing.ts"
import { answering, strictly } from "../strict.ts"
import { NamedSale, saleOf } from "./sales.ts"

const limit = { bytes: 10 * 1024 * 1024, words: "10 MiB" }
const readable = ["application/pdf", "image/jpeg", "image/png"]

/** `identityDocument`, `insuranceCertificate` …: by the names of integrations/registration/countries.ts. */
const Kind = Schema.Struct({ kind: Schema.String.check(Schema.isPattern(/^[a-z][A-Za-z0-9]{0,63}$/)) })
const Supplied = Schema.Struct({ paper: Paper, state: Schema.String }).annotate({ identifier: "SuppliedPaper" })

export const documents = (run: Run<Accounts | ActorSystem | Documents | SqlClient.SqlClient>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/dealer/sales", tags: ["Sales"] }).use(dealer(run, options)).post(
    "/:orderId/documents",
    async ({ seller, params, query, request, status }) => {
      const mediaType = (request.headers.get("content-type") ?? "").toLowerCase()
      if (!readable.includes(mediaType)) throw wrongMediaType(readable.join(", "))
      const { context } = await run(saleOf(seller, params.orderId)) // Before ten megabytes are read for a stranger.
      const bytes = await readBytes(request, limit)
      return status(201, await run(supply(seller, context, query.kind, bytes)))
    },
    {
      parse: "none",
      params: strictly(NamedSale),
      query: strictly(Kind),
      response: { 201: answering(Supplied), ...changingProblems },
      detail: {
        summary: "Hand in a registration paper: PDF, JPEG or PNG by its magic bytes, at most 10 MiB",
        requestBody: {
          required: true,
          content: Object.fromEntries(readable.map((type) => [type, { schema: { type: "string", format: "binary" } }]))
        }
      }
    }
  )

/** The same paper is the same request until the authority has been asked again: after a refusal it may be handed in once more. */
const supply = Effect.fn("dealers.supplyPapers")(function* (
  seller: Seller,
  { orderId, customerId, country, registration }: OrderContext,
  kind: string,
  bytes: Uint8Array
) {
  const documents = yield* Documents
  const actors = yield* ActorSystem
  const by = seller.subjectId
  const paper = yield* documents.keep({ orderId, customerId, country, kind, bytes, by })
  const standing = yield* actors.tell(Order.at(orderId), SupplyPapers.make({ papers: [paper], by }), {
    id: `${by}/papers/${orderId}/${kind}/${paper.sha256}/${registration.attempts}`
  })
  return { paper, state: standingOf(orderId, standing).state }
})
