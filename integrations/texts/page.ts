/** A page as it is given to somebody: its bytes never change, so its hash says which page it was. */
import { createHash } from "node:crypto"
import type { PersonalData } from "../persons/persons.ts"

export type Language = PersonalData["language"]

export interface Page {
  /** Its heading. */
  readonly title: string
  readonly bytes: Uint8Array
  readonly size: number
  readonly sha256: string
}

export type Pages = Readonly<Record<Language, Page>>

/** Markdown that begins with its heading. */
const pageOf = (markdown: string): Page => {
  const bytes = Buffer.from(markdown)
  const title = markdown.slice("# ".length, markdown.indexOf("\n"))
  return { title, bytes, size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") }
}

export const pagesOf = (en: string, es: string): Pages => ({ en: pageOf(en), es: pageOf(es) })

/** By name: its editions, the first one first. What every object has is no name. */
export type Editions = Readonly<Record<string, ReadonlyArray<Pages>>>

export const editionOf = (editions: Editions, name: string, edition: number): Pages | null =>
  (Object.hasOwn(editions, name) ? editions[name]![edition - 1] : undefined) ?? null
