/** The signed-in customer. */
import { Effect, Schema } from "effect"
import { Elysia } from "elysia"
import { type Accounts, type Caller, Role } from "#integrations/accounts/accounts.ts"
import { Persons } from "#integrations/persons/persons.ts"
import { SubjectId } from "#machines/vocabulary.ts"
import { readingProblems } from "../answers.ts"
import type { HttpOptions } from "../options.ts"
import type { Run } from "../run.ts"
import { customer } from "../session.ts"
import { answering } from "../strict.ts"

const Me = Schema.Struct({
  subjectId: SubjectId,
  role: Role,
  name: Schema.String,
  email: Schema.String,
  phone: Schema.NullOr(Schema.String),
  language: Schema.Literals(["es", "en"])
}).annotate({ identifier: "Me" })

export const me = (run: Run<Accounts | Persons>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/me", tags: ["Me"] }).use(customer(run, options)).get("", ({ caller }) => run(read(caller)), {
    response: { 200: answering(Me), ...readingProblems },
    detail: { summary: "Who I am" }
  })

const read = Effect.fn("customers.me")(function* ({ subjectId, role }: Caller) {
  const persons = yield* Persons
  const { name, email, phone, language } = yield* persons.read(subjectId)
  return { subjectId, role, name, email, phone, language }
})
