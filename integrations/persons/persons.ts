/** People's data, encrypted with a key per person; everywhere else a person is a SubjectId (architecture: no name in any message). */
import { Context, type Effect, Schema } from "effect"
import { Country, SubjectId } from "#machines/vocabulary.ts"

export const PersonalData = Schema.Struct({
  name: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200)),
  email: Schema.String.check(Schema.isPattern(/^[^\s@]{1,64}@[^\s@]{1,190}\.[^\s@]{2,}$/)),
  phone: Schema.NullOr(Schema.String.check(Schema.isPattern(/^\+[0-9]{6,15}$/))),
  /** DNI, Ausweisnummer, NIF …: what the country of registration asks for. */
  nationalId: Schema.NullOr(Schema.String.check(Schema.isMaxLength(32))),
  address: Schema.NullOr(
    Schema.Struct({
      street: Schema.String.check(Schema.isMaxLength(200)),
      city: Schema.String.check(Schema.isMaxLength(100)),
      postalCode: Schema.String.check(Schema.isMaxLength(16)),
      country: Country
    })
  ),
  language: Schema.Literals(["es", "en"])
})
export type PersonalData = typeof PersonalData.Type

export class Persons extends Context.Service<
  Persons,
  {
    /**
     * Keeps a person. The same e-mail (trimmed, lower case) is the same person: its SubjectId comes back, its data stays as it is (SO-19).
     * `createdBy` is the employee or "system".
     */
    readonly keep: (
      data: PersonalData,
      createdBy: string
    ) => Effect.Effect<{ readonly subjectId: SubjectId; readonly known: boolean }>
    readonly read: (subjectId: SubjectId) => Effect.Effect<PersonalData, PersonUnknown>
    /** The same, and who kept it: an employee, or "system". */
    readonly kept: (subjectId: SubjectId) => Effect.Effect<{ readonly data: PersonalData; readonly by: string }, PersonUnknown>
    /** False where the address is somebody's already. All else of the person stays as it is. */
    readonly changeEmail: (subjectId: SubjectId, email: string) => Effect.Effect<boolean, PersonUnknown>
    /** By keyed hash: the address itself is nowhere in clear. */
    readonly findByEmail: (email: string) => Effect.Effect<SubjectId | null>
    /** That keyed hash (32 bytes), of a known or an unknown address: what sign-in tries are counted by. */
    readonly indexOf: (email: string) => Uint8Array
  }
>()("integrations/Persons") {}

/** Nobody by this id, or erased. */
export class PersonUnknown extends Schema.TaggedError<PersonUnknown>()("PersonUnknown", { subjectId: SubjectId }) {}
