/** When everybody acts, and when time passes: one clock for all histories of a batch. */
import { Dice } from "../dice.ts"

export interface Round {
  /** Everybody does the next thing of his history. */
  readonly acts: boolean
  /** Milliseconds the clock is moved by, step by step; what is due comes to rest after each. */
  readonly steps: ReadonlyArray<number>
  /** The clock moves while everybody acts. */
  readonly together: boolean
  readonly workshopsDown: boolean
  /** NATS loses all it keeps, while everybody acts. */
  readonly wipe: boolean
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** Longer than every try and every wait of any option, one after the other. */
export const everyTry = [6, 20, 6, 75, 6, 300, 6, 80, 6].map((minutes) => minutes * minute)

/** Longer than a bank holds money, twice, and in the middle of the tries. */
const absence = [8 * day, 2 * hour, 8 * day, 2 * hour]
const passages = [2 * minute, 10 * minute, hour, hour, day, day, 8 * day, 8 * day, 14 * day, 14 * day, 15 * day, 32 * day].map(
  (millis) => [millis]
)
const quiet = { acts: false, steps: [] as ReadonlyArray<number>, together: false, workshopsDown: false, wipe: false }

/** So many rounds of acts, and about half as many of time. */
export const calendar = (seed: number, acts: number): ReadonlyArray<Round> => {
  const dice = new Dice(seed)
  const silence = dice.between(Math.floor(acts / 3), acts - 2) // After this round nothing but time passes for an evening.
  const away = dice.between(1, acts - 2)
  const wiped = seed % 2 === 0 ? dice.between(1, acts - 1) : -1
  return Array.from({ length: acts }, (_, n): ReadonlyArray<Round> => {
    const together = n > 1 && dice.throw() < 0.2
    const steps = together ? [dice.oneOf([6 * minute, 6 * minute, hour, 8 * day])] : []
    const act = { acts: true, steps, together, workshopsDown: dice.throw() < 0.15, wipe: n === wiped }
    if (n === silence) return [act, { ...quiet, steps: everyTry }]
    if (n === away) return [act, { ...quiet, steps: absence }]
    return dice.throw() < 0.45 ? [act, { ...quiet, steps: dice.oneOf(passages) }] : [act]
  }).flat()
}
