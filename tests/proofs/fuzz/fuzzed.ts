/** What every target of the fuzz answers, and how far it has come. */

export interface FuzzOptions {
  readonly seed: number
  readonly inputs: number
  /** One chapter of it alone, by its number, as a failure names it. */
  readonly at?: number
  /** Called with how many more inputs are judged. */
  readonly did?: (inputs: number) => void
}

export interface Fuzzed {
  readonly inputs: number
  /** What went wrong, each with the input and how to have it again. */
  readonly wrong: ReadonlyArray<string>
  /** How often something was met: kinds of answers, of inputs. */
  readonly met: Readonly<Record<string, number>>
  readonly seconds: number
  /** Of an answer. */
  readonly slowestMillis: number
  readonly memory: MemoryUse
}

export interface MemoryUse {
  readonly secondFifthMiB: number
  readonly lastFifthMiB: number
  readonly growthMiB: number
}

const looks = 25 // At the memory, on the way.
const wrongKept = 50

/** Counts along, looks at the memory on the way, and keeps what went wrong. */
export class Tally {
  readonly #begin = performance.now()
  readonly #met = new Map<string, number>()
  readonly #memory: Array<readonly [done: number, MiB: number]> = []
  readonly wrong: Array<string> = []
  done = 0
  slowestMillis = 0
  #nextLook = 0

  constructor(
    readonly target: string,
    readonly options: FuzzOptions
  ) {}

  meets(what: string, times = 1) {
    this.#met.set(what, (this.#met.get(what) ?? 0) + times)
  }

  /** `at`: the chapter that meets it again. */
  fails(at: number, what: string) {
    this.meets("wrong")
    const { seed } = this.options
    if (this.wrong.length < wrongKept)
      this.wrong.push(`${what}\n    alone: ./caas fuzz --only ${this.target} --seed ${seed} --at ${at}`)
  }

  judged(inputs: number) {
    this.done += inputs
    this.options.did?.(inputs)
    if (this.done < this.#nextLook) return
    this.#nextLook = this.done + this.options.inputs / looks
    Bun.gc(true)
    this.#memory.push([this.done, process.memoryUsage.rss() / 2 ** 20])
  }

  end(): Fuzzed {
    const fifth = (n: number) => {
      const theirs = this.#memory.filter(([done]) => Math.min(4, Math.floor((5 * done) / this.done)) === n)
      return Math.round(theirs.reduce((sum, [, size]) => sum + size, 0) / Math.max(1, theirs.length))
    }
    const [secondFifthMiB, lastFifthMiB] = [fifth(1), fifth(4)]
    return {
      inputs: this.done,
      wrong: this.wrong,
      met: Object.fromEntries([...this.#met].sort(([one], [other]) => (one < other ? -1 : 1))),
      seconds: Math.round((performance.now() - this.#begin) / 100) / 10,
      slowestMillis: Math.round(this.slowestMillis),
      memory: { secondFifthMiB, lastFifthMiB, growthMiB: lastFifthMiB - secondFifthMiB }
    }
  }
}
