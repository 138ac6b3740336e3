/** What the things we sell are called on paper. */
import { options } from "../catalogue/options-data.ts"
import type { Language } from "./figures.ts"

/** Of an option's code, its name; a model is called what it is called everywhere, and so is what the catalogue has forgotten. */
export const nameOf = (item: string, language: Language): string =>
  Object.hasOwn(options, item) ? options[item]!.name[language] : item
