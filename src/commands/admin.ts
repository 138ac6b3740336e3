/** Lets the first administrator in: whoever may start this command on the server is trusted to name one (S13, S22.5). */
import { parseArgs } from "node:util"
import { Effect, Layer, Redacted, Result, Schema } from "effect"
import { Accounts } from "#integrations/accounts/accounts.ts"
import { passwordLink } from "#integrations/accounts/doors.ts"
import { AccountsPostgres } from "#integrations/accounts/postgres.ts"
import { personsKey } from "#integrations/persons/key.ts"
import { PersonalData, Persons } from "#integrations/persons/persons.ts"
import { PersonsPostgres } from "#integrations/persons/postgres.ts"
import { PlatformTimePostgres } from "#integrations/postgres/clock.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"

export const summary = "admin create --email ADDRESS [--name NAME] [--again]: an administrator, and the link to set a password"

const usage = `Usage: ./caas admin create --email ADDRESS [--name NAME] [--again] [--database-url URL]

  --again   a new link although the account has a password: the old password works until the link is used
  From the environment: DATABASE_URL, PERSONS_KEY, INTRANET_URL (default http://127.0.0.1:8081)`

/** 0: an administrator, whose link is on the standard output unless there is a password; 1: something of the installation is missing; 2: called wrongly. The address is never repeated. */
export const run = async (args: string[]): Promise<number> => {
  const said = Result.try(() =>
    parseArgs({
      args,
      allowPositionals: true,
      options: {
        email: { type: "string" },
        name: { type: "string", default: "Administrator" },
        again: { type: "boolean", default: false },
        "database-url": { type: "string" }
      }
    })
  )
  if (Result.isFailure(said) || said.success.positionals.join() !== "create") return complain(2, usage)
  const { email, name, again, "database-url": given } = said.success.values
  const data = { name, email: email?.trim(), phone: null, nationalId: null, address: null, language: "en" }
  if (!Schema.is(PersonalData)(data))
    return complain(2, `--email is missing or no e-mail address, or --name is empty or too long.\n\n${usage}`)

  const url = given ?? process.env.DATABASE_URL
  if (!url)
    return complain(1, "DATABASE_URL is not set: start the platform with ./caas up, or name its database with --database-url.")
  const key = personsKey(process.env.PERSONS_KEY ?? "")
  if (Result.isFailure(key)) return complain(1, `${key.failure.message}. It must be the key the platform itself runs with.`)

  const database = Layer.provideMerge(PlatformTimePostgres, Postgres({ url: Redacted.make(url), connections: 2 }))
  const people = AccountsPostgres({ key: key.success }).pipe(
    Layer.provideMerge(PersonsPostgres({ key: key.success })),
    Layer.provide(database)
  )
  return Effect.runPromise(
    Effect.gen(function* () {
      const persons = yield* Persons
      const accounts = yield* Accounts
      const { subjectId } = yield* persons.keep(data, "system")
      yield* accounts.provision({ subjectId, role: "administrator", dealershipId: null, createdBy: "system" })
      const token = yield* accounts.issueLink(subjectId, { evenIfSet: again })
      if (token === null) {
        console.log(`${subjectId} is an administrator, with a password already. For a new link: --again.`)
        return 0
      }
      const intranet = (process.env.INTRANET_URL || "http://127.0.0.1:8081").replace(/\/+$/, "")
      console.log(`${subjectId} is an administrator. This link is shown once and works once, for 24 hours:`)
      console.log(passwordLink(intranet, token))
      return 0
    }).pipe(
      Effect.provide(people),
      Effect.catchDefect((defect) =>
        Effect.sync(() => complain(1, `The database refused (${whatItSaid(defect)}). Was it brought up to date with ./caas up?`))
      )
    )
  )
}

const complain = (code: 1 | 2, words: string) => {
  console.error(words)
  return code
}

/** The innermost message: Postgres' own words, which name tables and servers, not people. */
const whatItSaid = (defect: unknown): string => {
  if (!(defect instanceof Error)) return String(defect)
  const inner = "reason" in defect ? defect.reason : defect.cause
  return inner instanceof Error ? whatItSaid(inner) : defect.message
}
