/** The texts to be agreed to, and the words on the buttons that bind: what an app or a seller shows before somebody says yes. */
import { Schema } from "effect"
import { Elysia } from "elysia"
import type { Accounts, Door } from "#integrations/accounts/accounts.ts"
import { buttonWords } from "#integrations/texts/button-words.ts"
import { contractText, contractTexts } from "#integrations/texts/contract-texts.ts"
import { readingProblems } from "./answers.ts"
import { answersBytes } from "./openapi.ts"
import type { HttpOptions } from "./options.ts"
import { notFound } from "./problem.ts"
import type { Run } from "./run.ts"
import { session } from "./session.ts"
import { answering, strictly } from "./strict.ts"

const Language = Schema.Literals(["en", "es"])
const Words = Schema.Struct({ en: Schema.String, es: Schema.String })
const Listed = Schema.Struct({ language: Language, title: Schema.String, size: Schema.Natural, sha256: Schema.String })
const Texts = Schema.Struct({
  /** The newest edition of each text is the one to show. */
  texts: Schema.Array(Schema.Struct({ text: Schema.String, edition: Schema.Natural, pages: Schema.Array(Listed) })),
  buttons: Schema.Struct({ order: Words, withdraw: Words, confirmWithdrawal: Words })
}).annotate({ identifier: "ContractTexts" })
const Named = Schema.Struct({
  text: Schema.String,
  edition: Schema.String.check(Schema.isPattern(/^[1-9]\d{0,4}$/)),
  language: Language
})

export const texts = (run: Run<Accounts>, options: HttpOptions, door: Door) =>
  new Elysia({ prefix: "/api/texts", tags: ["Texts"] })
    .use(session(run, options, door))
    .get("", () => listed, {
      response: { 200: answering(Texts), ...readingProblems },
      detail: { summary: "Every text that can be agreed to, by name and edition, and the words on the buttons" }
    })
    .get("/:text/:edition/:language", ({ params }) => read(params), {
      params: strictly(Named),
      response: readingProblems,
      detail: { summary: "One text, word for word", ...answersBytes("text/markdown") }
    })

const listed: typeof Texts.Type = {
  texts: Object.entries(contractTexts).flatMap(([text, editions]) =>
    editions.map((pages, n) => ({
      text,
      edition: n + 1,
      pages: Language.literals.map((language) => {
        const { title, size, sha256 } = pages[language]
        return { language, title, size, sha256 }
      })
    }))
  ),
  buttons: buttonWords
}

const read = ({ text, edition, language }: typeof Named.Type): Response => {
  const page = contractText(text, Number(edition))?.[language]
  if (page === undefined) throw notFound()
  return new Response(Buffer.from(page.bytes), {
    headers: { "content-type": "text/markdown; charset=utf-8", etag: `"${page.sha256}"` }
  })
}
