/** Access and portability (GDPR art. 15 and 20): every row of the holdings that is somebody's, as JSON in one sealed archive, written while it is sent. */
import { Cause, Effect, Option, Stream } from "effect"
import { type Exported, holdings } from "#integrations/erasure/holdings.ts"
import { ownRows } from "#integrations/erasure/own-rows.ts"
import { Persons } from "#integrations/persons/persons.ts"
import { customerSees } from "#integrations/postgres/seen-by.ts"
import { iso, PlatformTime } from "#integrations/postgres/time.ts"
import { BundleSeal } from "#integrations/purchase-file/bundle-seal.ts"
import { PushSubscriptions } from "#integrations/push/subscriptions.ts"
import { RateLimits } from "#integrations/redis/limits.ts"
import type { SubjectId } from "#machines/vocabulary.ts"
import { dataBundle } from "#src/bundle/data-bundle.ts"
import { beforeAll } from "#src/views/file-documents.ts"
import { type AfterTurn, inWords, turnsOf } from "#src/views/file-timeline.ts"

const exportsPerDay = 2 // Each reads all there is.
const page = 200 // Rows in memory at once.

const exported = holdings.flatMap(({ table, exported }) => (typeof exported === "string" ? [] : [{ table, exported }]))

/** Of what is not exported row by row, why. */
const elsewhere = holdings.flatMap(({ table, exported }) => (typeof exported === "string" ? [{ table, why: exported }] : []))

export const exportData = Effect.fn("customers.exportData")(function* (subjectId: SubjectId) {
  const time = yield* PlatformTime
  yield* RateLimits.use((limits) => limits.consume(`data-export/${subjectId}`, exportsPerDay, 24 * 3600))
  const person = yield* Persons.use((persons) => persons.read(subjectId))
  const devices = yield* PushSubscriptions.use((subscriptions) => subscriptions.of(subjectId))
  const madeAt = iso(time.now())
  const { seal } = yield* BundleSeal

  const lists = exported.map(({ table, exported }) => ({
    name: `data/${exported.file}.json`,
    rows: rowsOf(table, exported, subjectId)
  }))
  const timeline = {
    name: "timeline.json",
    rows: Stream.paginate({ ...beforeAll, path: "", version: 0 } as AfterTurn, (after) =>
      Effect.map(customerSees(subjectId)(turnsOf({ customerId: subjectId, orderId: null }, after, page)), (rows) => {
        const last = rows.length < page ? undefined : rows.at(-1)!
        const next = last === undefined ? Option.none<AfterTurn>() : Option.some({ ...last, at: last.at.toISOString() })
        return [[rows.map((row) => inWords(row, person.language))], next] as const
      })
    )
  }
  const contents = {
    "person.json": person,
    "devices.json": devices.map(({ subscriptionId, createdAt, subscription: { endpoint } }) => ({
      subscriptionId,
      createdAt,
      endpoint
    })),
    "contents.json": {
      customerId: subjectId,
      madeAt,
      files: exported.map(({ table, exported: { file, called } }) => ({ name: `data/${file}.json`, table, called })),
      notInRows: elsewhere,
      documents: "GET /api/me/purchase-file/export"
    }
  }
  const archive = dataBundle({ customerId: subjectId, madeAt, contents, lists: [...lists, timeline], seal }).pipe(
    Stream.tapCause((cause) =>
      Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.logError("An export of somebody's data broke off", cause)
    )
  )
  return new Response(yield* Stream.toReadableStreamEffect(archive), {
    headers: {
      "content-type": "application/zip",
      "content-disposition": `attachment; filename="my-data-${madeAt.slice(0, 10)}.zip"`
    }
  })
})

/** Page by page; each page is the rows without their keys. */
const rowsOf = (table: string, exported: Exported, subjectId: SubjectId) =>
  Stream.paginate("", (after) =>
    Effect.map(ownRows(table, exported, subjectId, after, page), (rows) => {
      const next = rows.length < page ? Option.none<string>() : Option.some(rows.at(-1)!.key)
      return [[rows.map(({ row }) => row)], next] as const
    })
  )
