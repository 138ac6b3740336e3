/** Golden journals: a handful of different lives per version of a machine, kept for ever, so that every later version is tried on them. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { typeName } from "#actors/system/actor-type.ts"
import type { Life } from "./life.ts"

const livesKept = 8 // Per version of a machine,
const bytesKept = 40_000 // and characters.
const candidatesKept = 500 // Lives of a shape of their own, while there is still a choice.

export class Golden {
  readonly #candidates = new Map<string, Map<string, string>>() // "order-2" → shape → the shortest such life.

  offer(life: Life) {
    const name = `${typeName(life.path)}-${life.machineVersion}`
    const kept = this.#candidates.get(name) ?? new Map<string, string>()
    this.#candidates.set(name, kept)
    const shape = [...traitsOf(life)].sort().join(" ")
    const line = JSON.stringify(life)
    const known = kept.get(shape)
    if (known === undefined ? kept.size < candidatesKept : line.length < known.length) kept.set(shape, line)
  }

  /** Answers what was written. The lives of a version that is there already are not replaced: journals may have begun with them. */
  write(folder: string): ReadonlyArray<string> {
    mkdirSync(folder, { recursive: true })
    return [...this.#candidates].flatMap(([name, candidates]) => {
      const file = join(folder, `${name}.jsonl`)
      if (existsSync(file)) return []
      writeFileSync(file, `${different(candidates).join("\n")}\n`)
      return [file]
    })
  }
}

/** What makes a life different: what it heard and how that ended, what it promised, where it is. */
const traitsOf = ({ heard, commands, state }: Life) =>
  new Set([
    ...heard.map(({ type, outcome }) => `${type}/${outcome}`),
    ...commands.map(({ type }) => type),
    JSON.stringify(state.value)
  ])

/** Again and again the one that adds most that the others have not, per character. */
const different = (candidates: ReadonlyMap<string, string>): ReadonlyArray<string> => {
  const left = new Map([...candidates].map(([shape, line]) => [line, shape.split(" ")]))
  const had = new Set<string>()
  const chosen: Array<string> = []
  let bytes = 0
  while (chosen.length < livesKept) {
    const fitting = [...left].filter(([line]) => bytes + line.length <= bytesKept)
    const worth = ([line, traits]: [string, Array<string>]) => traits.filter((trait) => !had.has(trait)).length / line.length
    const best = fitting.reduce<[string, Array<string>] | null>(
      (most, one) => (most === null || worth(one) > worth(most) ? one : most),
      null
    )
    if (best === null || worth(best) === 0) break
    const [line, traits] = best
    left.delete(line)
    for (const trait of traits) had.add(trait)
    chosen.push(line)
    bytes += line.length
  }
  return chosen
}
