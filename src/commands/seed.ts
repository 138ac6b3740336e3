/** Fills a database with as many cars as somebody wants to try the platform with. */
import { parseArgs } from "node:util"
import { SQL } from "bun"
import { Redacted, Result } from "effect"
import { personsKey } from "#integrations/persons/key.ts"
import { demoPassword } from "#src/demo-people.ts"
import { expectFitDatabase } from "#src/fitness.ts"
import { progressBar } from "#src/seed/progress.ts"
import { seedDatabase } from "#src/seed/seed.ts"

export const summary =
  "[--vehicles N] [--seed S] [--yes]: cars with their orders, owners and services, as the platform would have left them"

const usage = `Usage: ./caas seed [--vehicles N] [--seed S] [--yes]

  --vehicles N   from 1 to 5,000,000 (default 10,000)
  --seed S       the same seed deals the same lives to the same cars (default 1)
  --yes          although the database is not empty, or not on this machine
  From the environment: DATABASE_URL (the owner's), PERSONS_KEY; both of what ./caas up runs, unless they are set`

const most = 5_000_000 // As many number plates as the smallest country has.

/** 0: written; 1: something is missing, or this database had better be left alone; 2: called wrongly, or the database does not tell. */
export const run = async (args: string[]): Promise<number> => {
  const said = Result.try(() =>
    parseArgs({
      args,
      options: {
        vehicles: { type: "string", default: "10000" },
        seed: { type: "string", default: "1" },
        yes: { type: "boolean", default: false }
      }
    })
  )
  const vehicles = Result.isSuccess(said) ? Number(said.success.values.vehicles.replaceAll(/[,_]/g, "")) : Number.NaN
  if (Result.isFailure(said) || !Number.isInteger(vehicles) || vehicles < 1 || vehicles > most) return complain(2, usage)
  const { seed, yes } = said.success.values

  const url = process.env.DATABASE_URL
  if (!url) return complain(1, "Set DATABASE_URL to the owner's address of a database, or start ./caas up in this folder first.")
  const key = personsKey(process.env.PERSONS_KEY ?? "")
  if (Result.isFailure(key)) return complain(1, `${key.failure.message}. It must be the key the platform itself runs with.`)
  if (!yes && !isHere(url))
    return complain(1, "This database is not on this machine. Should it be filled with invented cars, say --yes.")
  await expectFitDatabase(Redacted.make(url))
  const actors = await actorsIn(url)
  if (!yes && actors > 0)
    return complain(
      1,
      `This database has ${actors.toLocaleString("en")} actors already. Should invented cars join them, say --yes.`
    )

  const progress = progressBar(vehicles, process.stderr)
  await seedDatabase({ url, vehicles, seed, personsKey: key.success, progress, say: (line) => console.error(line) })
  console.log(
    `${vehicles.toLocaleString("en")} cars are there. Their owners sign in as customer.000000001@seed.example and so on, with ${demoPassword}.`
  )
  console.log("Partners know nothing of them: beside simulated ones, ./caas verify names whatever they should have in their books.")
  return 0
}

const complain = (code: 1 | 2, words: string) => {
  console.error(words)
  return code
}

const isHere = (url: string) => ["localhost", "127.0.0.1", "[::1]", ""].includes(new URL(url).hostname)

/** An estimate would do, but not where nobody has looked yet. */
const actorsIn = async (url: string): Promise<number> => {
  const sql = new SQL(url, { max: 1 })
  try {
    const [{ actors }] = await sql.unsafe("SELECT count(*)::int AS actors FROM actors")
    return actors
  } finally {
    await sql.close()
  }
}
