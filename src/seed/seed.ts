/** Fills a database with cars as the platform itself would have left them: a few dozen lives are really lived, and copied car by car. */
import { createHash } from "node:crypto"
import { SQL } from "bun"
import { Effect, Layer, Redacted } from "effect"
import { registry } from "#actors/registry.ts"
import { ActorStore } from "#actors/system/actor-store.ts"
import { partitions } from "#actors/system/partition.ts"
import { PostgresActorStore } from "#actors/system/postgres.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { carMaker } from "./cars.ts"
import { type Kind, liveSamples } from "./lived-samples.ts"
import { orderIdOf, serialOf } from "./marks.ts"
import { hireSellers } from "./people.ts"
import { type Sample, samples } from "./samples.ts"

const carsPerStatement = 400
const connections = 2 // Statements under way: one per core of a small machine.

export interface SeedOptions {
  /** The owner's address of the database, which is up to date. */
  readonly url: string
  readonly vehicles: number
  readonly seed: string
  readonly personsKey: Redacted.Redacted<Uint8Array>
  /** So many cars are written. */
  readonly progress: (cars: number) => void
  readonly say: (line: string) => void
}

/** Whatever stops it, what was written is whole: cars come in statements of their own. */
export const seedDatabase = async (options: SeedOptions): Promise<void> => {
  options.say("A few dozen lives are lived first")
  const kinds = await lives(options)
  options.progress(0)
  await writeCars(options, kinds)
  options.say("Postgres looks at what was written, so that it plans well")
  await once(options.url, (sql) => sql.unsafe("ANALYZE"))
}

/** Also makes the database ready for cars: sellers at its dealerships, and a first owner of its partitions, as whose the cars are written. */
export const lives = async (
  { url, personsKey }: Pick<SeedOptions, "url" | "personsKey">,
  lived: ReadonlyArray<Sample> = samples
): Promise<ReadonlyArray<Kind>> => {
  const [{ now, epoch }] = await once(
    url,
    (sql) => sql`
      SELECT floor(extract(epoch FROM now()) * 1000 + offset_ms)::float8 AS now, (SELECT min(epoch)::int FROM partitions) AS epoch
      FROM clock`
  )
  if (epoch === 0) await claim(url) // Nobody has run on it. A platform that does is not disturbed.
  return liveSamples(url, personsKey, await hireSellers(url, personsKey), now, lived)
}

export const writeCars = async (
  { url, vehicles, seed, personsKey, progress }: Omit<SeedOptions, "say">,
  kinds: ReadonlyArray<Kind>
): Promise<void> => {
  const [{ last }] = await once(
    url,
    (sql) => sql`SELECT max(path) AS last FROM actors WHERE path LIKE ${`order/${orderIdOf("")}%`}`
  )
  const first = last === null ? 1 : Number(last.slice(-serialOf(0).length)) + 1
  const make = carMaker(seed, personsKey)
  const rest = batches(kinds, { first, vehicles, seed })
  let written = 0
  const write = async (sql: SQL) => {
    await sql`SET synchronous_commit = off` // A crash of the server loses the last cars, and no part of one.
    for (const { kind, cars } of rest) {
      await sql.unsafe(kind.statement, [JSON.stringify(cars.map((car) => make(kind, car)))])
      progress((written += cars.length))
    }
  }
  await Promise.all(Array.from({ length: connections }, () => once(url, write)))
}

const once = async <A>(url: string, work: (sql: SQL) => Promise<A>): Promise<A> => {
  const sql = new SQL(url, { max: 1 })
  try {
    return await work(sql)
  } finally {
    await sql.close()
  }
}

const claim = (url: string) => {
  const store = PostgresActorStore(registry).pipe(Layer.provide(Postgres({ url: Redacted.make(url), connections: 1 })))
  return ActorStore.use((actors) => actors.claim(partitions, "seed")).pipe(Effect.provide(store), Effect.runPromise)
}

interface Batch {
  readonly kind: Kind
  readonly cars: ReadonlyArray<number>
}

/** The same seed deals the same lives to the same cars. */
function* batches(
  kinds: ReadonlyArray<Kind>,
  { first, vehicles, seed }: { first: number; vehicles: number; seed: string }
): Generator<Batch> {
  const all = kinds.reduce((sum, { share }) => sum + share, 0)
  const waiting = new Map<Kind, Array<number>>(kinds.map((kind) => [kind, []]))
  for (let car = first; car < first + vehicles; car++) {
    let dice = createHash("sha256").update(`${seed} ${car}`).digest().readUInt32BE() % all
    const kind = kinds.find(({ share }) => (dice -= share) < 0)!
    const cars = waiting.get(kind)!
    cars.push(car)
    if (cars.length === carsPerStatement) yield { kind, cars: cars.splice(0) }
  }
  for (const [kind, cars] of waiting) if (cars.length > 0) yield { kind, cars }
}
