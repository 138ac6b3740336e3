/** What the workshops say of a car, asked before an offer and at a purchase (MG-04), and told to the car's actor. */
import { Effect } from "effect"
import { Vehicle } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { iso, PlatformTime } from "#integrations/postgres/time.ts"
import { Workshops, WorkshopsUnreachable } from "#integrations/workshops/workshops.ts"
import type { OptionTerms } from "#machines/option-terms.ts"
import { MaintenanceChecked } from "#machines/vehicle.ts"
import type { ActivationId, Instant, SubjectId, Vin } from "#machines/vocabulary.ts"

const young = 5 * 60_000 // Milliseconds for which an answer is not asked for again.
const outdated = 24 * 60 * 60_000 // By their own word: what they knew before that, out of some cache on the way, is no answer (F44).
const remembered = 10_000 // Cars; the one asked for longest ago goes first.

export interface MaintenanceAnswer {
  readonly status: (typeof MaintenanceChecked.Type)["status"]
  readonly due: ReadonlyArray<string>
  readonly askedAt: Instant
}

export type AskMaintenance = (vin: Vin) => Effect.Effect<MaintenanceAnswer, never, Workshops | PlatformTime>

/** Asks, and remembers what was answered. Silence is not remembered: the next offer asks again. */
export const maintenanceDesk = (): AskMaintenance => {
  const answers = new Map<Vin, MaintenanceAnswer>()
  return Effect.fn("http.maintenance")(function* (vin: Vin) {
    const time = yield* PlatformTime
    const workshops = yield* Workshops
    const known = answers.get(vin)
    const now = time.now()
    if (known !== undefined && now - Date.parse(known.askedAt) < young) return known
    const answer = yield* workshops.maintenance(vin).pipe(
      Effect.filterOrFail(
        ({ answeredAt }) => now - Date.parse(answeredAt) <= outdated,
        ({ answeredAt }) => new WorkshopsUnreachable({ cause: `the answer is of ${answeredAt}` })
      ),
      Effect.map(({ status, due }): MaintenanceAnswer => ({ status, due, askedAt: iso(now) })),
      Effect.catchTag("WorkshopsUnreachable", (cause) =>
        Effect.as(Effect.logWarning("The workshops did not answer", cause), {
          status: "unavailable" as const,
          due: [],
          askedAt: iso(now)
        })
      )
    )
    answers.delete(vin)
    if (answer.status !== "unavailable") answers.set(vin, answer)
    if (answers.size > remembered) answers.delete(answers.keys().next().value!)
    return answer
  })
}

/** Where the answer is another one than the car's actor has: its warranty may hang on it. */
export const tellNews = Effect.fnUntraced(function* (vin: Vin, known: MaintenanceAnswer | null, answer: MaintenanceAnswer) {
  if (answer.status === "unavailable") return
  if (known !== null && known.status === answer.status && Bun.deepEquals(known.due, answer.due)) return
  const actors = yield* ActorSystem
  yield* actors.tell(Vehicle.at(vin), MaintenanceChecked.make({ ...answer, terms: null, subjectId: null }), {
    id: `workshops/${vin}/${answer.askedAt}`
  })
})

interface Wanted {
  readonly terms: OptionTerms
  readonly subjectId: SubjectId
  readonly activationId: ActivationId
}

/**
 * Before a purchase of a gated service: whether it was open to its buyer is kept, whatever comes of it (MG-11). An answer that has grown old on
 * its way to the car is asked for once more.
 */
export const tellForPurchase = Effect.fnUntraced(function* (ask: AskMaintenance, vin: Vin, purchase: Wanted) {
  const time = yield* PlatformTime
  const { askedAt } = yield* told(vin, yield* ask(vin), purchase)
  if (time.now() - Date.parse(askedAt) >= young) yield* told(vin, yield* ask(vin), purchase)
})

const told = Effect.fnUntraced(function* (vin: Vin, answer: MaintenanceAnswer, { terms, subjectId, activationId }: Wanted) {
  const actors = yield* ActorSystem
  yield* actors.tell(Vehicle.at(vin), MaintenanceChecked.make({ ...answer, terms, subjectId }), {
    id: `workshops/${vin}/${answer.askedAt}/${activationId}`
  })
  return answer
})
