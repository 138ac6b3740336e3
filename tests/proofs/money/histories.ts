/** Random histories of money in towns of many contracts; a history that goes wrong is named, and can be lived alone. */
import { forecourt, type Servers } from "../simulation/forecourt.ts"
import { met, type Situation, situations, type Tally } from "./situations.ts"
import { contractsOfACar, liveInTown } from "./town.ts"

export interface HistoriesOptions {
  readonly servers: Servers
  readonly seed: number
  readonly histories: number
  /** Contracts in one town. */
  readonly size: number
  /** One history alone, by its number. */
  readonly only?: number
  readonly say: (line: string) => void
}
export interface MoneyHistories {
  readonly histories: number
  readonly towns: number
  readonly acts: number
  readonly contracts: number
  readonly checked: number
  /** Empty where everything was as the model says, the books agreed, and every invariant held. */
  readonly wrong: ReadonlyArray<string>
  readonly situations: Readonly<Record<string, number>>
  readonly missing: ReadonlyArray<Situation>
}

const lanes = 2 // Towns at once: one lives while the other waits.
const carsOfAPerson = 2

export const moneyHistories = async (options: HistoriesOptions): Promise<MoneyHistories> => {
  const { servers, seed, histories, size, only, say } = options
  const cars = Math.ceil(Math.min(size, histories) / contractsOfACar)
  const court = await forecourt(servers, cars, { persons: Math.ceil(cars / carsOfAPerson), link: "nats" })
  say(`${court.cars.length} cars are handed over`)
  const total = { histories: 0, towns: 0, acts: 0, contracts: 0, checked: 0, wrong: [] as ReadonlyArray<string> }
  const tally: Tally = new Map()
  const first = Array.from({ length: Math.ceil(histories / size) }, (_, n) => n * size).filter(
    (n) => only === undefined || (n <= only && only < n + size)
  )
  let begun = 0
  const lane = async () => {
    for (let n = begun++; n < first.length && total.wrong.length === 0; n = begun++) {
      const count = Math.min(size, histories - first[n]!)
      const alone = only === undefined ? {} : { only }
      const town = await liveInTown({ forecourt: court, seed, first: first[n]!, histories: count, ...alone })
      total.histories += only === undefined ? count : 1
      total.towns++
      total.acts += town.acts
      total.contracts += town.sold
      total.checked = Math.max(total.checked, town.checked)
      total.wrong = [...total.wrong, ...town.wrong]
      for (const [situation, times] of town.tally) met(tally, situation, times)
      say(
        `${total.histories} histories, ${total.acts} acts, ${total.contracts} contracts: ${town.wrong.length} lines of what went wrong`
      )
    }
  }
  try {
    const ended = await Promise.allSettled(Array.from({ length: lanes }, lane)) // Nobody is cut off: they share the forecourt.
    const broken = ended.flatMap((one) => (one.status === "rejected" ? [`A town broke: ${one.reason}`] : []))
    const wrong = [...total.wrong, ...broken]
    return {
      ...total,
      wrong:
        wrong.length === 0
          ? wrong
          : [...wrong, `One of them alone: ./caas simulate --money --seed ${seed} --histories ${histories} --only N`],
      situations: Object.fromEntries(situations.map((one) => [one, tally.get(one) ?? 0])),
      missing: situations.filter((one) => !tally.has(one) || tally.get(one) === 0)
    }
  } finally {
    await court.close()
  }
}
