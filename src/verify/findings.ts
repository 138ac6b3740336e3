/** What a look at the invariants has found so far. */
import { type InvariantId, invariants } from "./invariants.ts"

export interface Finding {
  readonly id: InvariantId
  readonly text: string
  readonly checked: number
  readonly violations: ReadonlyArray<string>
  /** Why it could not be looked at, or not wholly. */
  readonly skipped?: string
}

export interface Report {
  /** Invariants that were looked at. */
  readonly checked: number
  /** Invariants that do not hold. */
  readonly violated: number
  readonly invariants: ReadonlyArray<Finding>
}

const violationsKept = 100 // Per invariant; beyond that they are counted only.

export class Findings {
  readonly #found = new Map(
    (Object.keys(invariants) as Array<InvariantId>).map((id) => [
      id,
      { checked: 0, violations: [] as Array<string>, more: 0, skipped: null as string | null }
    ])
  )

  /** So many things were looked at. */
  checked(id: InvariantId, count: number) {
    this.#found.get(id)!.checked += count
  }

  violated(id: InvariantId, sentence: string) {
    const found = this.#found.get(id)!
    if (found.violations.length < violationsKept) found.violations.push(sentence)
    else found.more++
  }

  skipped(id: InvariantId, why: string) {
    this.#found.get(id)!.skipped ??= why
  }

  report(): Report {
    const all = [...this.#found].map(
      ([id, { checked, violations, more, skipped }]): Finding => ({
        id,
        text: invariants[id],
        checked,
        violations: more === 0 ? violations : [...violations, `and ${more} more`],
        ...(skipped === null ? {} : { skipped })
      })
    )
    return {
      checked: all.filter(({ checked }) => checked > 0).length,
      violated: all.filter(({ violations }) => violations.length > 0).length,
      invariants: all
    }
  }
}
