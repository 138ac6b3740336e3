/** Random histories in batches: drawn, lived in lockstep, judged; and where one ends otherwise than the model knows, made as short as time allows. */
import fc from "fast-check"
import { type BatchResult, batch } from "./batch.ts"
import { calendar } from "./calendar.ts"
import { type Command, history } from "./commands.ts"
import { forecourt, type Servers } from "./forecourt.ts"
import type { Difference } from "./lockstep.ts"
import { Tally } from "./situations.ts"

export interface SimulationOptions {
  readonly servers: Servers
  readonly seed: number
  readonly histories: number
  /** Histories in one town, each with a car of its own. */
  readonly size: number
  /** Things that each history does. */
  readonly acts: number
  /** Milliseconds of the wall clock for making a history shorter. */
  readonly shrinkMillis: number
  readonly say: (line: string) => void
}

export interface Simulation {
  readonly histories: number
  readonly batches: number
  readonly acts: number
  readonly services: number
  readonly checked: number
  /** Empty where everything was as the model says, and every invariant held. */
  readonly wrong: ReadonlyArray<string>
  readonly tally: Tally
}

const lanes = 4 // Towns at once: one lives while the other waits.
const drawn = 10 // Commands per act: what cannot be done just now is passed over, and some histories are short.

export const simulate = async (options: SimulationOptions): Promise<Simulation> => {
  const { servers, seed, histories, size, acts, say } = options
  const cars = Math.min(size, histories)
  const court = await forecourt(servers, cars, { persons: 2 * cars }) // One who buys it new, and one who may buy it used.
  say(`${court.cars.length} cars are handed over`)
  const total = {
    histories: 0,
    batches: 0,
    acts: 0,
    services: 0,
    checked: 0,
    wrong: [] as ReadonlyArray<string>,
    tally: new Tally()
  }
  const batches = Math.ceil(histories / size)
  let begun = 0
  let failed: { readonly number: number; readonly own: number } | null = null
  const lane = async () => {
    for (let n = begun++; n < batches && total.wrong.length === 0; n = begun++) {
      const own = seed + n
      const count = Math.min(size, histories - n * size)
      const result = await batch({
        forecourt: court,
        histories: fc.sample(history(drawn * acts), { seed: own, numRuns: count }),
        calendar: calendar(own, acts),
        natsUrl: servers.natsUrl
      })
      total.histories += count
      total.batches++
      total.acts += result.acts
      total.services += result.services
      total.checked = Math.max(total.checked, result.checked)
      total.tally.add(result.tally)
      total.wrong = [...total.wrong, ...result.differences.flatMap((one) => inWords(one, own)), ...result.violations]
      const [first] = result.differences
      if (first !== undefined) failed ??= { number: first.history, own }
      say(`${total.histories} histories, ${total.acts} acts, ${total.services} services; seed ${own}: ${verdict(result)}`)
    }
  }
  try {
    const ended = await Promise.allSettled(Array.from({ length: lanes }, lane)) // Nobody is cut off: they share the forecourt.
    const broken = ended.flatMap((one) => (one.status === "rejected" ? [`A town broke: ${one.reason}`] : []))
    total.wrong = [...total.wrong, ...broken]
    return failed === null ? total : { ...total, wrong: [...total.wrong, ...(await shortest(failed))] }
  } finally {
    await court.close()
  }

  /** The same history alone, and shorter ones, for as long as they go wrong too. */
  async function shortest({ number, own }: { readonly number: number; readonly own: number }): Promise<ReadonlyArray<string>> {
    say(`history ${number} of seed ${own} is made shorter`)
    let last: ReadonlyArray<string> = []
    const goesWrong = fc.asyncProperty(history(drawn * acts), async (commands: Iterable<Command>) => {
      const alone = { forecourt: court, histories: [commands], from: number, natsUrl: servers.natsUrl, verified: false }
      const { differences } = await batch({ ...alone, calendar: calendar(own, acts) })
      if (differences.length > 0) last = differences.flatMap((one) => inWords(one, own))
      return differences.length === 0
    })
    const limits = { interruptAfterTimeLimit: options.shrinkMillis, markInterruptAsFailure: true }
    const run = await fc.check(goesWrong, { seed: own, path: String(number), numRuns: 1, ...limits })
    if (last.length === 0) return ["Alone it goes right: it takes the others' company, or another order of the same moments"]
    return [
      `Made shorter (seed ${own}, path ${run.counterexamplePath ?? number}): ${String(run.counterexample?.[0] ?? "")}`,
      ...last
    ]
  }
}

const verdict = ({ differences, violations, checked }: BatchResult) =>
  differences.length + violations.length === 0
    ? `as the model says, ${checked} invariants hold`
    : `${differences.length} histories differ, ${violations.length} violations`

const inWords = ({ history, round, wrong, told }: Difference, seed: number): ReadonlyArray<string> => [
  `History ${history} of seed ${seed}, round ${round}: ${wrong.join("; ")}`,
  ...told.map((line) => `    ${line}`)
]
