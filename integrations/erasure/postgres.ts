/** Erasure in Postgres: keys and rows go in one transaction; what has to stay was sealed apart before. */
import { createHash } from "node:crypto"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { SubjectId } from "#machines/vocabulary.ts"
import { sealAllClear } from "../paper-vault/clear.ts"
import { PaperVault } from "../paper-vault/paper-vault.ts"
import { iso, PlatformTime } from "../postgres/time.ts"
import { type PaperClass, retention } from "../retention/retention.ts"
import { blockersOf } from "./blockers.ts"
import { Erasure, ErasureBlocked, NobodyToErase, type Preview, PreviewOutdated } from "./erasure.ts"
import { fatesOf, type KeptPapers } from "./fates.ts"
import { holdings } from "./holdings.ts"

const deleted = holdings.filter(({ onErasure }) => onErasure === "deleted").map(({ table }) => table)
const going = (Object.keys(retention) as Array<PaperClass>).filter((one) => retention[one].onErasure === "gone")

export const ErasurePostgres = Layer.effect(
  Erasure,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const time = yield* PlatformTime
    const vault = yield* PaperVault
    const seal = (subjectId: SubjectId) =>
      sealAllClear(subjectId).pipe(Effect.provideService(SqlClient.SqlClient, sql), Effect.provideService(PaperVault, vault))
    const blockers = (subjectId: SubjectId) => Effect.provideService(blockersOf(subjectId), SqlClient.SqlClient, sql)

    const look = Effect.fnUntraced(function* (subjectId: SubjectId) {
      const papers = yield* sql<KeptPapers>`
        SELECT paper_class AS "paperClass", country, max(kept_until) AS until
        FROM paper_keys
        WHERE subject_id = ${subjectId} AND destroyed_at IS NULL
        GROUP BY paper_class, country`
      const shown = { customerId: subjectId, fates: fatesOf(papers), blockers: yield* blockers(subjectId) }
      return { ...shown, hash: createHash("sha256").update(JSON.stringify(shown)).digest("hex") } satisfies Preview
    })

    const somebody = Effect.fnUntraced(function* (subjectId: SubjectId) {
      const [row] = yield* sql`SELECT 1 AS there FROM persons WHERE subject_id = ${subjectId} AND erased_at IS NULL`
      if (row === undefined) return yield* new NobodyToErase({ subjectId })
    })

    const erase = Effect.fn("Erasure.erase")(
      function* (subjectId: SubjectId, hash: string, by: { readonly operatorId: SubjectId; readonly reason: string } | null) {
        yield* somebody(subjectId)
        yield* Effect.orDie(seal(subjectId))
        const now = new Date(time.now())
        const preview = yield* Effect.gen(function* () {
          // Accounts come first, as with links and sign-ins: who signs in at this moment was let in before, and that session goes below, or is not.
          yield* sql`
            UPDATE accounts SET password_hash = NULL, disabled_at = coalesce(disabled_at, ${now}) WHERE subject_id = ${subjectId}`
          // The row is locked from here on: of two at once, the second finds nobody.
          const [gone] = yield* sql<{ erased: boolean }>`SELECT erase_person(${subjectId}, ${now}) AS erased`
          if (!gone!.erased) return yield* new NobodyToErase({ subjectId })
          const shown = yield* look(subjectId)
          if (shown.hash !== hash) return yield* new PreviewOutdated({ subjectId })
          if (shown.blockers.length > 0) return yield* new ErasureBlocked({ reasons: shown.blockers.map(({ reason }) => reason) })
          for (const table of deleted) yield* sql.unsafe(`DELETE FROM ${table} WHERE subject_id = $1`, [subjectId])
          yield* sql`
            SELECT destroy_paper_key(key_id, 'erasure')
            FROM paper_keys
            WHERE subject_id = ${subjectId} AND destroyed_at IS NULL AND ${sql.in("paper_class", going)}`
          yield* sql`
            INSERT INTO erasures (subject_id, at, by_subject_id, reason, preview_hash, preview)
            VALUES (${subjectId}, ${now}, ${by?.operatorId ?? null}, ${by?.reason ?? null}, ${hash}, ${JSON.stringify(shown)}::jsonb)`
          return shown
        }).pipe(sql.withTransaction)
        // An id, and no name: after a restore these are erased once more (docs/runbook.md).
        yield* Effect.logInfo("Somebody was erased").pipe(Effect.annotateLogs({ subject: subjectId, at: iso(now.getTime()) }))
        return { at: iso(now.getTime()), kept: preview.fates.filter(({ outcome }) => outcome === "kept") }
      },
      Effect.catchTag("SqlError", Effect.die)
    )

    return Erasure.of({
      preview: Effect.fn("Erasure.preview")(
        function* (subjectId: SubjectId) {
          yield* somebody(subjectId)
          return yield* look(subjectId)
        },
        Effect.catchTag("SqlError", Effect.die)
      ),
      erase
    })
  })
)
