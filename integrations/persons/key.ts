/** The key-encryption key of people's data, as it comes from the environment (`PERSONS_KEY`). */
import { Redacted, Result, Schema } from "effect"

/** Reads `openssl rand -base64 32`: exactly 32 bytes in base64. The error names the variable, never its value. */
export const personsKey = (base64: string): Result.Result<Redacted.Redacted<Uint8Array>, PersonsKeyInvalid> => {
  const bytes = Buffer.from(base64.trim(), "base64")
  return bytes.length === 32 && bytes.toString("base64") === base64.trim()
    ? Result.succeed(Redacted.make(new Uint8Array(bytes), { label: "PERSONS_KEY" }))
    : Result.fail(new PersonsKeyInvalid({ variable: "PERSONS_KEY" }))
}

/** The people in this database were kept under another key. With this one nobody would be found, and everybody be kept a second time. */
export class PersonsKeyWrong extends Schema.TaggedError<PersonsKeyWrong>()("PersonsKeyWrong", { variable: Schema.String }) {
  override get message() {
    return `${this.variable} is not the key that the people in this database were kept under. Bring that one back, or name another database`
  }
}

/** Not 32 bytes in base64. Set it with `openssl rand -base64 32`; a lost key is lost data. */
export class PersonsKeyInvalid extends Schema.TaggedError<PersonsKeyInvalid>()("PersonsKeyInvalid", { variable: Schema.String }) {
  override get message() {
    return `${this.variable} must be 32 bytes in base64, as printed by: openssl rand -base64 32`
  }
}
