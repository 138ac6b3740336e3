/** A customer's own data: all of them to take along (GDPR art. 15 and 20), and gone for good (art. 17). */
import { Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import type { Erasure } from "#integrations/erasure/erasure.ts"
import type { Persons } from "#integrations/persons/persons.ts"
import type { PlatformTime } from "#integrations/postgres/time.ts"
import type { BundleSeal } from "#integrations/purchase-file/bundle-seal.ts"
import type { PushSubscriptions } from "#integrations/push/subscriptions.ts"
import type { RateLimits } from "#integrations/redis/limits.ts"
import type { SecondFactors } from "#integrations/second-factors/second-factors.ts"
import { changingProblems, readingProblems } from "../answers.ts"
import { Erased, ErasureAgreed, ErasurePreview, ErasureQuery, eraseNow, previewErasure } from "../erasure.ts"
import { answersBytes } from "../openapi.ts"
import type { HttpOptions } from "../options.ts"
import type { Run } from "../run.ts"
import { customer } from "../session.ts"
import { answering, strictly, takes } from "../strict.ts"
import { exportData } from "./data-export.ts"

type Needs =
  | Accounts
  | BundleSeal
  | Erasure
  | Persons
  | PlatformTime
  | PushSubscriptions
  | RateLimits
  | SecondFactors
  | SqlClient.SqlClient

const Agreement = Schema.Struct(ErasureAgreed).annotate({ identifier: "ErasureAgreement" })

export const privacy = (run: Run<Needs>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/me/privacy", tags: ["Privacy"] })
    .use(customer(run, options))
    .get("/export", ({ caller }) => run(exportData(caller.subjectId)), {
      response: { ...readingProblems, 429: readingProblems[404] },
      detail: {
        summary: "All that is kept about me, as one ZIP archive of JSON with a manifest of every hash; twice a day",
        ...answersBytes("application/zip")
      }
    })
    .get("/erasure", ({ caller, query }) => run(previewErasure(caller.subjectId, caller.subjectId, query)), {
      query: strictly(ErasureQuery),
      response: { 200: answering(ErasurePreview), ...readingProblems },
      detail: { summary: "What an erasure would take, what stays, how long and by which law, and what has to end first" }
    })
    .post("/erasure", ({ caller, query, body }) => run(eraseNow(caller, caller.subjectId, query, body.hash, null)), {
      query: strictly(ErasureQuery),
      ...takes(Agreement),
      response: { 200: answering(Erased), ...changingProblems },
      detail: { summary: "Erase me, as the preview with this hash has shown; for good, and every session ends" }
    })
