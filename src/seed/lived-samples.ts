/** The sample lives, lived: by the platform's own code, in a database that goes when their rows are read. */
import { SQL } from "bun"
import { Effect, type Redacted } from "effect"
import { scratchDatabase } from "#src/demo/database.ts"
import { carColumns, type LivedSample, marksOf } from "./cars.ts"
import { copyStatement } from "./copying.ts"
import { markOf } from "./marks.ts"
import type { Sellers } from "./people.ts"
import { building, lifeIn } from "./sample-life.ts"
import { sampleRows } from "./sample-rows.ts"
import { sampleTown } from "./sample-town.ts"
import type { Sample } from "./samples.ts"
import { serviceEnds } from "./service-ends.ts"

const day = 24 * 3_600_000

/** A lived sample, and the statement that writes cars like it. */
export interface Kind extends LivedSample {
  readonly share: number
  readonly statement: string
}

/** In a database of their own on the server of `url`, so that a platform that runs on this one notices nothing. They end at `now`, platform time. */
export const liveSamples = async (
  url: string,
  personsKey: Redacted.Redacted<Uint8Array>,
  sellers: Sellers,
  now: number,
  samples: ReadonlyArray<Sample>
): Promise<ReadonlyArray<Kind>> => {
  const scratch = await scratchDatabase(url)
  const sql = new SQL(scratch.url, { max: 1, connection: { timezone: "UTC" } })
  const town = sampleTown(scratch.url, personsKey)
  try {
    const lived: Array<Omit<Kind, "statement" | "ends">> = []
    for (const [n, { life, share }] of samples.entries()) {
      const mark = markOf(n)
      let customerId = ""
      const story = Effect.gen(function* () {
        customerId = yield* lifeIn(town, mark, sellers.get(life.dealershipId)!, life)
        yield* town.until(now)
      })
      const said = await town.live(mark, now - life.builtDaysAgo * day - building, story)
      lived.push({ mark, country: life.country, customerId, said, share })
    }
    const marks = new Map(lived.flatMap((one) => [one.mark, one.customerId].map((mark) => [mark, one] as const)))
    const pattern = new RegExp([...marks.keys()].join("|"))
    const rows = await sampleRows(sql, (texts) => marks.get(pattern.exec(texts)?.[0] ?? ""))
    const ends = await serviceEnds(sql)
    return lived.map((one) => {
      const sample = { ...one, ends: ends.filter(({ path }) => path.includes(one.mark)) }
      return { ...sample, statement: copyStatement(rows.get(one)!, marksOf(sample), carColumns(sample)) }
    })
  } finally {
    await town.close()
    await sql.close()
    await scratch.drop()
  }
}
