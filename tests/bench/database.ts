/** An empty database on the bench's own durable server. */
import { SQL } from "bun"

let made = 0

export const newDatabase = async (server: string): Promise<string> => {
  const name = `bench_${process.pid}_${made++}`
  const sql = new SQL(server)
  await sql.unsafe(`CREATE DATABASE ${name}`)
  await sql.close()
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}
