/** Letters to one destination: whoever writes while calls are under way travels in the next one. */
import { Effect } from "effect"
import { type Answer, type Letter, Overloaded } from "./letter.ts"

const lettersPerCall = 256
const bytesPerCall = 512 * 1024
const lettersWaiting = 8192 // Beyond that the teller is told to come back.
const bytesWaiting = 16 * 1024 * 1024
const retryAfterSeconds = 1

export interface Parcel {
  readonly letter: Letter
  readonly text: string // The letter as it travels.
  readonly reply: (answer: Answer) => void
  /** Of this process's clock, milliseconds: until then it is tried. */
  readonly until: number
}

export class Courier {
  #waiting: Array<Parcel> = []
  #bytes = 0
  #calls = 0
  #stirred = false

  /** `call` takes a batch to the destination, and has answered or passed on each parcel when it ends. It does not fail. */
  constructor(
    readonly callsAtOnce: number,
    readonly call: (parcels: ReadonlyArray<Parcel>) => Effect.Effect<void>,
    readonly run: (call: Effect.Effect<void>) => void
  ) {}

  get idle() {
    return this.#calls === 0 && this.#waiting.length === 0
  }

  take(parcel: Parcel) {
    if (this.#waiting.length >= lettersWaiting || this.#bytes >= bytesWaiting)
      return parcel.reply(new Overloaded({ path: parcel.letter.path, retryAfterSeconds }))
    this.#waiting.push(parcel)
    this.#bytes += parcel.text.length
    this.#stir()
  }

  #stir() {
    if (this.#stirred || this.#calls >= this.callsAtOnce) return
    this.#stirred = true
    queueMicrotask(() => {
      // Tellers of this very moment travel together.
      this.#stirred = false
      while (this.#waiting.length > 0 && this.#calls < this.callsAtOnce) this.#go(this.#cut())
    })
  }

  #go(parcels: ReadonlyArray<Parcel>) {
    this.#calls++
    const back = Effect.sync(() => {
      this.#calls--
      this.#stir()
    })
    this.run(Effect.ensuring(this.call(parcels), back))
  }

  #cut() {
    let count = 0
    let bytes = 0
    for (const { text } of this.#waiting) {
      if (count > 0 && (count === lettersPerCall || bytes + text.length > bytesPerCall)) break
      count++
      bytes += text.length
    }
    this.#bytes -= bytes
    return this.#waiting.splice(0, count)
  }
}
