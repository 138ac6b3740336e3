/** People in Postgres, sealed before they get there. */
import { Effect, Layer, type Redacted, Result } from "effect"
import { SqlClient } from "effect/sql"
import { SubjectId } from "#machines/vocabulary.ts"
import { PlatformTime } from "../postgres/time.ts"
import { envelope, type Sealed } from "./envelope.ts"
import { PersonsKeyWrong } from "./key.ts"
import { type PersonalData, Persons, PersonUnknown } from "./persons.ts"

const tried = 8 // People at the start: one changed row among them must not pass for a wrong key.

/** `key`: the key-encryption key, 32 bytes (`personsKey`). Dies at the start where it is another than yesterday's (PersonsKeyWrong). */
export const PersonsPostgres = (options: { readonly key: Redacted.Redacted<Uint8Array> }) =>
  Layer.effect(
    Persons,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const time = yield* PlatformTime
      const { seal, open, indexOf } = envelope(options.key)

      const kept = yield* Effect.orDie(sql<Sealed & { subjectId: SubjectId }>`
        SELECT subject_id AS "subjectId", wrapped_key AS "wrappedKey", nonce, ciphertext
        FROM persons
        WHERE erased_at IS NULL
        LIMIT ${tried}`)
      const opens = (row: (typeof kept)[number]) => Result.isSuccess(Result.try(() => open(row.subjectId, row)))
      if (kept.length > 0 && !kept.some(opens)) yield* Effect.die(new PersonsKeyWrong({ variable: "PERSONS_KEY" }))

      const findByIndex = Effect.fnUntraced(function* (index: Uint8Array) {
        const [row] = yield* sql<{ subject_id: SubjectId }>`SELECT subject_id FROM persons WHERE email_index = ${index}`
        return row?.subject_id ?? null
      }, Effect.orDie)

      const keep = Effect.fn("Persons.keep")(function* (data: PersonalData, createdBy: string) {
        const index = indexOf(data.email)
        const known = yield* findByIndex(index)
        if (known !== null) return { subjectId: known, known: true }
        const subjectId = SubjectId.make(`sub_${crypto.randomUUID()}`)
        const { wrappedKey, nonce, ciphertext } = seal(subjectId, JSON.stringify({ ...data, email: data.email.trim() }))
        const [kept] = yield* Effect.orDie(sql`
          INSERT INTO persons (subject_id, email_index, wrapped_key, nonce, ciphertext, created_by, created_at)
          VALUES (${subjectId}, ${index}, ${wrappedKey}, ${nonce}, ${ciphertext}, ${createdBy}, ${new Date(time.now())})
          ON CONFLICT (email_index) DO NOTHING
          RETURNING subject_id`)
        if (kept !== undefined) return { subjectId, known: false }
        const other = yield* findByIndex(index) // Somebody kept the same person at the same moment.
        return other === null
          ? yield* Effect.die(new Error("A person was erased while being kept"))
          : { subjectId: other, known: true }
      })

      const readKept = Effect.fn("Persons.kept")(function* (subjectId: SubjectId) {
        const [row] = yield* Effect.orDie(sql<Sealed & { readonly by: string }>`
          SELECT wrapped_key AS "wrappedKey", nonce, ciphertext, created_by AS "by"
          FROM persons
          WHERE subject_id = ${subjectId} AND erased_at IS NULL`)
        if (row === undefined) return yield* new PersonUnknown({ subjectId })
        // The text was decoded at the door and is authenticated since: parsing it again could only leak it into an error.
        const data = yield* Effect.try({
          try: () => JSON.parse(open(subjectId, row)) as PersonalData,
          catch: () => new Error(`The data of ${subjectId} does not open: another PERSONS_KEY, or a changed row`)
        }).pipe(Effect.orDie)
        return { data, by: row.by }
      })

      const changeEmail = Effect.fn("Persons.changeEmail")(function* (subjectId: SubjectId, email: string) {
        const data = (yield* readKept(subjectId)).data
        const { wrappedKey, nonce, ciphertext } = seal(subjectId, JSON.stringify({ ...data, email: email.trim() }))
        const index = indexOf(email)
        const [changed] = yield* Effect.orDie(
          sql<{ changed: boolean }>`SELECT change_person(${subjectId}, ${index}, ${wrappedKey}, ${nonce}, ${ciphertext}) AS changed`
        )
        return changed!.changed
      })

      return Persons.of({
        keep,
        kept: readKept,
        read: (subjectId) => Effect.map(readKept(subjectId), ({ data }) => data),
        changeEmail,
        findByEmail: (email) => findByIndex(indexOf(email)),
        indexOf
      })
    })
  )
