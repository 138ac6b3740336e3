/** Requests for erasure that come by letter: the same look and the same word as the customer's own, with a reason and a name of ours. */
import { Effect, Schema } from "effect"
import { Elysia } from "elysia"
import type { Accounts, Caller } from "#integrations/accounts/accounts.ts"
import type { Erasure } from "#integrations/erasure/erasure.ts"
import type { Persons } from "#integrations/persons/persons.ts"

import type { PlatformTime } from "#integrations/postgres/time.ts"
import type { PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import type { SecondFactors } from "#integrations/second-factors/second-factors.ts"

import { SubjectId } from "#machines/vocabulary.ts"
import { changingProblems, readingProblems } from "../answers.ts"
import { Erased, ErasureAgreed, ErasurePreview, ErasureQuery, eraseNow, previewErasure } from "../erasure.ts"
import { KeptReason } from "../kept-reason.ts"
import { noteLooks } from "../looks.ts"
import type { HttpOptions } from "../options.ts"
import type { Run } from "../run.ts"
import { staff } from "../session.ts"
import { answering, strictly, takes } from "../strict.ts"

const Named = Schema.Struct({ customerId: SubjectId })
const ByLetter = Schema.Struct({ ...ErasureAgreed, reason: KeptReason }).annotate({ identifier: "ErasureByLetter" })

type Needs = Accounts | Erasure | Persons | PlatformTime | PurchaseFile | SecondFactors

export const erasures = (run: Run<Needs>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/operator/customers/:customerId/erasure", tags: ["Support"] })
    .use(staff(run, options))
    .get("", ({ caller, params, query }) => run(preview(caller, params.customerId, query)), {
      params: strictly(Named),
      query: strictly(ErasureQuery),
      response: { 200: answering(ErasurePreview), ...readingProblems },
      detail: { summary: "What an erasure would take from a customer, what stays and why, and what has to end first" }
    })
    .post(
      "",
      ({ caller, params, query, body: { hash, reason } }) => run(eraseNow(caller, params.customerId, query, hash, reason)),
      {
        params: strictly(Named),
        query: strictly(ErasureQuery),
        ...takes(ByLetter),
        response: { 200: answering(Erased), ...changingProblems },
        detail: { summary: "Erase a customer who asked by letter; for good" }
      }
    )

const preview = Effect.fn("operators.erasurePreview")(function* (
  caller: Caller,
  customerId: SubjectId,
  query: typeof ErasureQuery.Type
) {
  const seen = yield* previewErasure(customerId, caller.subjectId, query) // Fails where there is nobody to look at.
  yield* noteLooks(caller, "record", [{ customerId }])
  return seen
})
