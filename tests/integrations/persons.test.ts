/** People are found, read and kept once, and their data lies nowhere in clear. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { randomBytes } from "node:crypto"
import { SQL } from "bun"
import { Cause, Effect, Exit, Layer, ManagedRuntime, Redacted, Result } from "effect"
import { personsKey } from "#integrations/persons/key.ts"
import { type PersonalData, Persons } from "#integrations/persons/persons.ts"
import { PersonsPostgres } from "#integrations/persons/postgres.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { PlatformTime } from "#integrations/postgres/time.ts"
import { SubjectId } from "#machines/vocabulary.ts"
import { type Database, freshDatabase } from "#tests/database.ts"

const noon = Date.parse("2026-03-02T12:00:00.000Z")
const Time = Layer.succeed(PlatformTime, PlatformTime.of({ now: () => noon, advance: () => Effect.void }))
const key = Redacted.make(new Uint8Array(randomBytes(32)))

const people = (url: string, under: Redacted.Redacted<Uint8Array>) =>
  ManagedRuntime.make(
    PersonsPostgres({ key: under }).pipe(Layer.provide([Postgres({ url: Redacted.make(url), connections: 4 }), Time]))
  )

const buyer = (changes: Partial<PersonalData> = {}): PersonalData => ({
  name: "Canary Surname",
  email: `canary-${crypto.randomUUID()}@mail.example`,
  phone: "+34600700800",
  nationalId: "12345678Z",
  address: { street: "Calle del Canario 7", city: "Madrid", postalCode: "28001", country: "ES" },
  language: "es",
  ...changes
})

let database: Database
let owner: SQL
let runtime: ReturnType<typeof people>

beforeAll(async () => {
  database = await freshDatabase()
  owner = new SQL(database.url, { max: 1 })
  runtime = people(database.url, key)
})
afterAll(async () => {
  await runtime.dispose()
  await owner.close()
  await database.drop()
})

const keep = (data: PersonalData) => runtime.runPromise(Persons.use((persons) => persons.keep(data, "system")))
const read = (subjectId: SubjectId) =>
  runtime.runPromise(Persons.use((persons) => persons.read(subjectId)).pipe(Effect.catch(Effect.succeed)))
const find = (email: string) => runtime.runPromise(Persons.use((persons) => persons.findByEmail(email)))

describe("a person", () => {
  test("is read as kept", async () => {
    const data = buyer()
    const { subjectId, known } = await keep(data)
    expect(known).toBe(false)
    expect(await read(subjectId)).toEqual(data)
    expect(await owner`SELECT created_by, created_at FROM persons WHERE subject_id = ${subjectId}`).toEqual([
      { created_by: "system", created_at: new Date(noon) }
    ])
  })

  test("is the same one by the same address in capitals and spaces, and keeps the first data (SO-19)", async () => {
    const data = buyer()
    const first = await keep(data)
    expect(await keep({ ...data, name: "Somebody Else", email: data.email.toUpperCase() })).toEqual({ ...first, known: true })
    expect(await read(first.subjectId)).toEqual(data)
    expect(await find(`  ${data.email.toUpperCase()} `)).toBe(first.subjectId)
    expect(await find(`x${data.email}`)).toBeNull()
  })

  test("is one person, however many dealers keep them at the same moment", async () => {
    const data = buyer()
    const kept = await Promise.all(Array.from({ length: 20 }, () => keep(data)))
    expect(new Set(kept.map(({ subjectId }) => subjectId)).size).toBe(1)
    expect(kept.filter(({ known }) => !known)).toHaveLength(1)
  })

  test("is unknown where there is none, and once erased, when only a row without data is left", async () => {
    const nobody = SubjectId.make("sub_nobody")
    expect(await read(nobody)).toMatchObject({ _tag: "PersonUnknown", subjectId: nobody })
    const data = buyer()
    const { subjectId } = await keep(data)
    await owner`
      UPDATE persons SET email_index = NULL, wrapped_key = NULL, nonce = NULL, ciphertext = NULL, erased_at = now()
      WHERE subject_id = ${subjectId}`
    expect(await read(subjectId)).toMatchObject({ _tag: "PersonUnknown", subjectId })
    expect(await find(data.email)).toBeNull()
    expect((await keep(data)).subjectId).not.toBe(subjectId)
  })

  test("is half erased in no row: the table refuses it", async () => {
    const { subjectId } = await keep(buyer())
    const attempt = owner`UPDATE persons SET wrapped_key = NULL WHERE subject_id = ${subjectId}`
    await expect(Promise.resolve(attempt)).rejects.toThrow(/violates check constraint/)
  })
})

describe("a person's data", () => {
  test("stands in no table in clear, in hex or in base64", async () => {
    const data = buyer()
    await keep(data)
    const tables = await owner`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`
    let dump = ""
    for (const { tablename } of tables) {
      const rows = await owner.unsafe(`SELECT coalesce(string_agg(row::text, E'\\n'), '') AS text FROM ${tablename} AS row`)
      dump += rows[0].text.toLowerCase()
    }
    expect(dump).toContain("dea_madrid") // The dump does hold the rows.
    for (const secret of [data.email, data.name, data.phone!, data.nationalId!, data.address!.street, data.email.split("@")[0]!])
      for (const form of [secret, Buffer.from(secret).toString("hex"), Buffer.from(secret).toString("base64").slice(0, -4)])
        expect(dump).not.toContain(form.toLowerCase())
  })

  test("differs in every byte that could be compared: same text, other key, other row", async () => {
    const same = { name: "Same", phone: null, nationalId: null, address: null }
    const [one, other] = [
      await keep(buyer({ ...same, email: "a1@mail.example" })),
      await keep(buyer({ ...same, email: "a2@mail.example" }))
    ]
    const rows =
      await owner`SELECT wrapped_key, nonce, ciphertext FROM persons WHERE subject_id IN (${one.subjectId}, ${other.subjectId})`
    for (const column of ["wrapped_key", "nonce", "ciphertext"])
      expect(Buffer.from(rows[0][column]).equals(Buffer.from(rows[1][column]))).toBe(false)
  })

  const opens = async (subjectId: SubjectId, under = runtime) => {
    const exit = await under.runPromiseExit(Persons.use((persons) => persons.read(subjectId)))
    return Exit.isSuccess(exit) ? "opens" : Cause.pretty(exit.cause)
  }

  test("opens under the key-encryption key alone, and the failure says nothing of it", async () => {
    const data = buyer()
    const { subjectId } = await keep(data)
    const stranger = people(database.url, Redacted.make(new Uint8Array(randomBytes(32))))
    const answer = await opens(subjectId, stranger)
    expect(answer).toContain("PERSONS_KEY is not the key that the people in this database were kept under") // It does not even start.
    expect(answer).not.toContain(data.email)
    await stranger.dispose()
    expect(await opens(subjectId)).toBe("opens")
  })

  test("does not open where a byte was changed, or where it was moved to another person", async () => {
    const [one, other] = [await keep(buyer()), await keep(buyer())]
    await owner`
      UPDATE persons SET (wrapped_key, nonce, ciphertext) =
        (SELECT wrapped_key, nonce, ciphertext FROM persons WHERE subject_id = ${other.subjectId})
      WHERE subject_id = ${one.subjectId}`
    expect(await opens(one.subjectId)).toContain("does not open")
    await owner`
      UPDATE persons SET ciphertext = set_byte(ciphertext, 3, get_byte(ciphertext, 3) # 1) WHERE subject_id = ${other.subjectId}`
    expect(await opens(other.subjectId)).toContain("does not open")
    const again = people(database.url, key) // A changed row is no wrong key.
    expect(await opens((await keep(buyer())).subjectId, again)).toBe("opens")
    await again.dispose()
  })
})

describe("the key-encryption key", () => {
  test("is 32 bytes in base64, and what it was instead is not repeated", () => {
    const good = randomBytes(32)
    expect(Result.map(personsKey(`${good.toString("base64")}\n`), Redacted.value)).toEqual(Result.succeed(new Uint8Array(good)))
    for (const bad of [
      "",
      "c2hvcnQ=",
      randomBytes(31).toString("base64"),
      randomBytes(33).toString("base64"),
      good.toString("hex"),
      "é".repeat(44)
    ]) {
      const read = personsKey(bad)
      expect(Result.isFailure(read)).toBe(true)
      if (Result.isFailure(read)) {
        expect(read.failure.message).toStartWith("PERSONS_KEY must be 32 bytes in base64")
        if (bad !== "") expect(`${read.failure.message}${JSON.stringify(read.failure)}`).not.toContain(bad)
      }
    }
  })

  test("does not show itself when printed", () => {
    const secret = randomBytes(32).toString("base64")
    expect(
      `${String(Result.getOrThrow(personsKey(secret)))}${JSON.stringify(Result.getOrThrow(personsKey(secret)))}`
    ).not.toContain(secret)
  })
})
