/** A migrated database for one test file: cloned from a template that is made once, in some 50 ms. */

import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { SQL } from "bun"
import { migrate } from "#integrations/postgres/migrations.ts"

export type Database = {
  /** The owner's; the platform works under the restricted role by itself. */
  readonly url: string
  /** Also while others are connected to it. */
  readonly drop: () => Promise<void>
}

const lockKey = 1_668_178_291 // Any number, as long as every test process takes the same.

/** Needs DATABASE_URL, which `./caas test` sets, of a role that may create databases. */
export const freshDatabase = async (): Promise<Database> => {
  const server = serverUrl()
  const name = `caas_test_${crypto.randomUUID().replaceAll("-", "")}`
  await asAdmin(async (sql) => {
    template ??= makeTemplate()
    await untilFree(sql, `CREATE DATABASE ${name} TEMPLATE ${await template}`)
  })
  return {
    url: named(server, name),
    drop: () => asAdmin((sql) => sql.unsafe(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`).then(() => {}))
  }
}

let template: Promise<string> | undefined

/** Named by the migrations' text, so that a server that outlives the run never hands out old tables. */
const makeTemplate = () =>
  asAdmin(async (sql) => {
    const name = `caas_template_${fingerprint()}`
    const raw = `${name}_raw`
    await sql.unsafe(`SELECT pg_advisory_lock(${lockKey})`) // Another process may be making it; ends with the connection.
    const [found] = await sql.unsafe(`SELECT FROM pg_database WHERE datname = '${name}'`)
    if (found !== undefined) return name
    await sql.unsafe(`DROP DATABASE IF EXISTS ${raw} WITH (FORCE)`) // Of a run that was killed half-way.
    await sql.unsafe(`CREATE DATABASE ${raw}`)
    await migrate(named(serverUrl(), raw))
    await untilFree(sql, `ALTER DATABASE ${raw} RENAME TO ${name}`)
    return name
  })

const fingerprint = (): string => {
  const folder = join(import.meta.dir, "..", "integrations", "postgres", "migrations")
  const hash = new Bun.CryptoHasher("sha256")
  for (const file of readdirSync(folder).sort()) hash.update(file).update(readFileSync(join(folder, file)))
  return hash.digest("hex").slice(0, 12)
}

// A pool that has just closed may still be seen for some milliseconds; Postgres then refuses the template (55006).
const untilFree = async (sql: SQL, statement: string): Promise<void> => {
  for (let tries = 100; ; tries--) {
    try {
      await sql.unsafe(statement)
      return
    } catch (error) {
      if (tries === 0 || (error as { errno?: string }).errno !== "55006") throw error
      await Bun.sleep(20)
    }
  }
}

const asAdmin = async <A>(work: (sql: SQL) => Promise<A>): Promise<A> => {
  const sql = new SQL(serverUrl(), { max: 1 })
  try {
    return await work(sql)
  } finally {
    await sql.close()
  }
}

const serverUrl = (): string => {
  const url = process.env.DATABASE_URL
  if (!url) throw new Error("DATABASE_URL is not set: run tests through ./caas test [files]")
  return url
}

const named = (server: string, database: string): string => {
  const url = new URL(server)
  url.pathname = `/${database}`
  return url.href
}
