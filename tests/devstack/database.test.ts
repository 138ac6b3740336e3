/** The promise of tests/database.ts, on which every other test of tables rests. */

import { describe, expect, test } from "bun:test"
import { SQL } from "bun"
import { freshDatabase } from "#tests/database.ts"

describe("a fresh database", () => {
  test("is migrated, and its own: what one file writes another never sees", async () => {
    const [one, other] = await Promise.all([freshDatabase(), freshDatabase()])
    const [first, second] = [new SQL(one.url, { max: 1 }), new SQL(other.url, { max: 1 })]
    await first`UPDATE partitions SET epoch = 7`
    expect(await first`SELECT count(*)::int AS n FROM partitions WHERE epoch = 7`).toEqual([{ n: 64 }])
    expect(await second`SELECT count(*)::int AS n FROM partitions WHERE epoch = 7`).toEqual([{ n: 0 }])
    await Promise.all([first.close(), second.close()])
    await Promise.all([one.drop(), other.drop()])
  })

  test("is gone once dropped, also under a connection", async () => {
    const database = await freshDatabase()
    const open = new SQL(database.url, { max: 1, onclose: () => {} })
    await open`SELECT 1`
    await database.drop()
    const late = new SQL(database.url, { max: 1 })
    await expect(Promise.resolve(late`SELECT 1`)).rejects.toThrow(/does not exist/)
    await Promise.all([open.close(), late.close()])
  })
})
