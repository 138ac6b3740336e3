/** A bounded mailbox whose letters become one batch: whoever waits while the last batch is written travels in the next. */
import { Effect } from "effect"
import { ActorsUnavailable, type Answer, type Letter, Overloaded } from "./letter.ts"

const lettersPerBatch = 1000
const bytesPerBatch = 1024 * 1024 // Of message bodies.
const lettersPerLane = 8192 // Waiting; beyond that the teller is told to come back.
const bytesPerLane = 16 * 1024 * 1024 // Of message bodies, waiting: many large letters count like many letters.
const lettersPerActor = 256 // Waiting; one busy actor may not fill the lane.
const retryAfterSeconds = 1

export interface Envelope {
  readonly letter: Letter
  readonly body: string // JSON: the message without its type, as the journal keeps it.
  readonly reply: (answer: Answer) => void
  /** How often it met a snapshot that was no longer true. */
  readonly reloads: number
  /** It was in a draft that a table refused: next time it travels by itself. */
  readonly alone: boolean
}

export class Lane {
  #envelopes: Array<Envelope> = []
  readonly #perActor = new Map<string, number>()
  #bytes = 0
  #wake: (() => void) | null = null
  #closed = false

  get waiting() {
    return this.#envelopes.length
  }

  offer(letter: Letter, reply: (answer: Answer) => void) {
    const { path } = letter
    const before = this.#perActor.get(path) ?? 0
    if (this.#closed) return reply(new ActorsUnavailable({ reason: "Stopping" }))
    if (this.#envelopes.length >= lettersPerLane || this.#bytes >= bytesPerLane || before >= lettersPerActor)
      return reply(new Overloaded({ path, retryAfterSeconds }))
    const body = bodyOf(letter)
    this.#perActor.set(path, before + 1)
    this.#bytes += body.length
    this.#envelopes.push({ letter, body, reply, reloads: 0, alone: false })
    this.#stir()
  }

  /** Ahead of everyone who waits, in the order given. They have waited before. */
  again(envelopes: ReadonlyArray<Envelope>) {
    if (envelopes.length === 0) return
    if (this.#closed) {
      for (const { reply } of envelopes) reply(new ActorsUnavailable({ reason: "Stopping" }))
      return
    }
    for (const { letter, body } of envelopes) {
      this.#perActor.set(letter.path, (this.#perActor.get(letter.path) ?? 0) + 1)
      this.#bytes += body.length
    }
    this.#envelopes = [...envelopes, ...this.#envelopes]
    this.#stir()
  }

  /** Waits for the first letter, then takes all that fit. */
  readonly take: Effect.Effect<ReadonlyArray<Envelope>> = Effect.callback((resume) => {
    const go = () => {
      this.#wake = null
      resume(Effect.sync(() => this.#cut()))
    }
    if (this.#envelopes.length > 0) return go()
    this.#wake = go
    return Effect.sync(() => {
      this.#wake = null
    })
  })

  close() {
    this.#closed = true
    for (const { reply } of this.#envelopes.splice(0)) reply(new ActorsUnavailable({ reason: "Stopping" }))
  }

  #stir() {
    if (this.#wake !== null) queueMicrotask(() => this.#wake?.()) // Tellers of this very moment travel together.
  }

  #cut() {
    let count = 0
    let bytes = 0
    for (const { body, alone } of this.#envelopes) {
      if (count > 0 && (alone || count === lettersPerBatch || bytes + body.length > bytesPerBatch)) break
      count++
      bytes += body.length
      if (alone) break
    }
    const batch = this.#envelopes.splice(0, count)
    this.#bytes -= bytes
    for (const { letter } of batch) {
      const left = this.#perActor.get(letter.path)! - 1
      if (left === 0) this.#perActor.delete(letter.path)
      else this.#perActor.set(letter.path, left)
    }
    return batch
  }
}

const bodyOf = ({ message, timer }: Letter) => {
  if (timer !== null) return JSON.stringify({ due: timer.due })
  const { type: _, ...body } = message
  return JSON.stringify(body)
}
