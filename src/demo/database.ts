/** A database of its own on a real server, with a clock that may be moved; gone when the story is over. */
import { SQL } from "bun"
import { migrate } from "#integrations/postgres/migrations.ts"

export interface Scratch {
  /** The owner's. */
  readonly url: string
  /** Also while others are connected to it. */
  readonly drop: () => Promise<void>
}

/** `server` names any database of the server, as a role that may create databases. */
export const scratchDatabase = async (server: string): Promise<Scratch> => {
  const name = `caas_demo_${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`
  const url = new URL(server)
  url.pathname = `/${name}`
  const drop = () => asOwner(server, (sql) => sql.unsafe(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
  await asOwner(server, (sql) => sql.unsafe(`CREATE DATABASE ${name}`))
  try {
    await migrate(url.href)
    await letClockMove(url.href)
  } catch (error) {
    await drop()
    throw error
  }
  return { url: url.href, drop }
}

/** Before the platform starts: it asks once. The platform's own role could not do it where nobody does it for a database that matters. */
export const letClockMove = (url: string) => asOwner(url, (sql) => sql.unsafe("UPDATE clock SET movable = true"))

const asOwner = async (url: string, work: (sql: SQL) => Promise<unknown>): Promise<void> => {
  const sql = new SQL(url, { max: 1 })
  try {
    await work(sql)
  } finally {
    await sql.close()
  }
}
