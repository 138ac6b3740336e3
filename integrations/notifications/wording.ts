/** From an occasion and its facts to what somebody reads: no sentence goes out with a gap in it. */
import { Result, Schema } from "effect"
import { optionNameOf } from "../catalogue/options.ts"
import type { PersonalData } from "../persons/persons.ts"
import { english, englishLabels } from "./english.ts"
import { type Fact, type Facts, facts, type Occasion, occasions } from "./occasions.ts"
import { spanish, spanishLabels } from "./spanish.ts"

export type Language = PersonalData["language"]

/** A notice lacks a fact that its words, or the law, name. It is a mistake of ours: no half sentence is sent, and an operator sees the command. */
export class FactMissing extends Schema.TaggedError<FactMissing>()("FactMissing", { reason: Schema.String }) {}

const templates = { es: spanish, en: english }
const labels = { es: spanishLabels, en: englishLabels }
const greetings = { es: "Hola", en: "Hello" }

export interface Wording {
  readonly subject: string
  readonly text: string
  /** Below the text, in the order of the labels: what the notice is about. */
  readonly lines: ReadonlyArray<readonly [fact: Fact, label: string, value: string]>
}

export const wordingOf = (occasion: Occasion, brought: Facts, language: Language): Result.Result<Wording, FactMissing> => {
  const [subject, text] = templates[language][occasion]
  const missing = [...occasions[occasion].needs, ...namedIn(subject), ...namedIn(text)].find((fact) => !brought[fact as Fact])
  if (missing !== undefined) return Result.fail(new FactMissing({ reason: `${occasion} does not bring its ${missing}` }))
  const filled = (template: string) => template.replace(placeholder, (_, fact: Fact) => read(fact, brought[fact]!, language))
  return Result.succeed({
    subject: filled(subject),
    text: filled(text),
    lines: (Object.keys(labels[language]) as Array<Fact>)
      .filter((fact) => brought[fact] !== undefined)
      .map((fact) => [fact, labels[language][fact], read(fact, brought[fact]!, language)])
  })
}

/** The facts that a sentence names. */
export const namedIn = (template: string): ReadonlyArray<string> => [...template.matchAll(placeholder)].map(([, fact]) => fact!)
const placeholder = /\{(\w*)\}/g

/** The whole mail. The one place where a name meets the words. */
export const mailOf = ({ subject, text, lines }: Wording, { name, language }: Pick<PersonalData, "name" | "language">) => ({
  subject,
  text: `${greetings[language]} ${name}:\n\n${text}\n\n${lines.map(([, label, value]) => `${label}: ${value}\n`).join("")}`
})

/** What was brought, without what nobody could read. */
export const factsOf = (values: Readonly<Record<string, unknown>>): Facts =>
  Object.fromEntries(facts.flatMap((fact) => (typeof values[fact] === "string" ? [[fact, values[fact]]] : [])))

const read = (fact: Fact, value: string, language: Language): string => {
  if (fact === "option") return optionNameOf(value)?.[language] ?? value
  if (fact !== "amount") return value
  const [minor, currency] = value.split(" ")
  return new Intl.NumberFormat(language, { style: "currency", currency: currency! }).format(Number(minor) / 100)
}
