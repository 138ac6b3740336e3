/** The few dozen lives that a seeded database is made of, and how many of a thousand cars live each. */
import type { Term } from "#machines/option-terms.ts"
import { type Country, DealershipId } from "#machines/vocabulary.ts"
import type { Life, Purchase } from "./sample-life.ts"

export const dealerships: ReadonlyArray<readonly [Country, DealershipId]> = [
  ["ES", DealershipId.make("dea_madrid")],
  ["DE", DealershipId.make("dea_berlin")],
  ["FR", DealershipId.make("dea_lyon")],
  ["PT", DealershipId.make("dea_porto")],
  ["IT", DealershipId.make("dea_torino")],
  ["ES", DealershipId.make("dea_valencia")]
]
const permanent: Term = { kind: "permanent" }
const recurring: Term = { kind: "recurring" }
const months = (count: number): Term => ({ kind: "temporary", count, unit: "month" })
const trial = (count: number): Term => ({ kind: "trial", count, unit: "day" })

type Chapter = Pick<Life, "plan" | "end" | "builtDaysAgo" | "purchases"> & { readonly share: number }

const bought = (...purchases: ReadonlyArray<Purchase>) => purchases

/** Shares of a thousand, together. No temporary service has ended yet: a month is bought within the month. */
const chapters: ReadonlyArray<Chapter> = [
  { share: 390, plan: "base", end: "delivered", builtDaysAgo: 430, purchases: [] },
  { share: 100, plan: "plus", end: "delivered", builtDaysAgo: 9, purchases: [] },
  {
    share: 120,
    plan: "base",
    end: "delivered",
    builtDaysAgo: 210,
    purchases: bought(
      { option: "heated-seats", term: permanent, daysAfter: 20 },
      { option: "streaming", term: recurring, daysAfter: 45 }
    )
  },
  {
    share: 60,
    plan: "base",
    end: "delivered",
    builtDaysAgo: 90,
    purchases: bought(
      { option: "snow-mode", term: months(3), daysAfter: 70 },
      { option: "streaming", term: trial(14), daysAfter: 82 }
    )
  },
  {
    share: 30,
    plan: "base",
    end: "delivered",
    builtDaysAgo: 150,
    purchases: bought({ option: "concert-audio", term: permanent, daysAfter: 10, withdrawn: true })
  },
  { share: 100, plan: "base", end: "forfeited", builtDaysAgo: 60, purchases: [] },
  { share: 150, plan: "base", end: "ready", builtDaysAgo: 5, purchases: [] },
  { share: 50, plan: "plus", end: "onItsWay", builtDaysAgo: 3, purchases: [] }
]

export interface Sample {
  readonly life: Life
  /** Out of all samples' shares. */
  readonly share: number
}

/** Each chapter at every second dealership, in turns; a model for every other of these. */
export const samples: ReadonlyArray<Sample> = chapters.flatMap(({ share, ...chapter }, c) =>
  dealerships
    .filter((_, d) => (c + d) % 2 === 0)
    .map(([country, dealershipId], n) => ({
      share,
      life: {
        ...chapter,
        country,
        dealershipId,
        model: (c + n) % 2 === 0 ? "Modelo Uno" : "Modelo Dos",
        builtDaysAgo: chapter.builtDaysAgo + (chapter.builtDaysAgo >= 150 ? n * 6 : 0) // Not all dealerships hand over on one day.
      }
    }))
)
