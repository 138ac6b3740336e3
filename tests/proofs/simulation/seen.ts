/** What is looked at between two rounds of a simulation: each service with us, at the gateway and at support; and each car's own flash. */
import type { World } from "#src/simulated.ts"
import type { Opened } from "./forecourt.ts"

/** Where a service stands, as coarsely as its customer cares. */
export type Phase =
  | "paying" // The bank, or the customer at the bank, has not said yes.
  | "trying" // The car has not confirmed yet.
  | "active"
  | "escalated" // Support has an open case.
  | "giving" // A gift waits for its car.
  | "closed" // Support closed the case uncharged.
  | "ended"
  | "withdrawn"
  | "cancelled"
  | "declined"

export interface SeenService {
  readonly activationId: string
  readonly phase: Phase
  readonly money: string
  readonly purchasedAt: number
  readonly activeSince: number | null
  readonly until: number | null
  readonly failedTries: number
  /** The car has the document, and is being driven. */
  readonly waitsForParking: boolean
  /** Taken, less what was given back or failed to settle, in the gateway's own books. */
  readonly netMinor: number
  readonly unsettled: boolean
  readonly supportCase: "none" | "open" | "uncharged" | "gift" | "withdrawn"
}

/** One car and its services, when everything had come to rest. */
export interface Seen {
  readonly at: number
  readonly services: ReadonlyArray<SeenService>
  /** Milliseconds that the car's own clock is behind: nobody can tell it, where it hears nobody. */
  readonly clockBehind: number
  /** What runs in the car. */
  readonly running: ReadonlyArray<{ readonly activationId: string; readonly until: number | null }>
  /** The car runs the newest document. */
  readonly inStep: boolean
  /** It hears, stands parked, loses nothing, and its last word was heard. */
  readonly obeys: boolean
  readonly link: "nats" | "apiIot"
}

const phaseOf = (service: string): Phase => {
  const [state, step] = service.split(".")
  if (state === "pending") return step === "paying" ? "paying" : "trying"
  if (state === "retry") return "trying"
  if (state === "escalated") return step === "open" ? "escalated" : (step as Phase)
  return state as Phase
}
const millis = (instant: string | null) => (instant === null ? null : Date.parse(instant))

interface Account {
  readonly netMinor: number
  readonly unsettled: boolean
}
const nothing: Account = { netMinor: 0, unsettled: false }

/** The gateway's books, by activation, read on from where they were read last. */
export class Books {
  private readonly accounts = new Map<string, Account>()
  private read = 0

  constructor(private readonly world: World) {}

  of(activationId: string): Account {
    const entries = this.world.payments.ledger()
    for (; this.read < entries.length; this.read++) this.enter(entries[this.read]!)
    return this.accounts.get(activationId.slice("act_".length)) ?? nothing
  }

  private enter({ kind, reference, amountMinor }: ReturnType<World["payments"]["ledger"]>[number]) {
    const [, activation] = /-([A-Za-z0-9]+)-service-\d+$/.exec(reference) ?? []
    if (activation === undefined) return
    const { netMinor, unsettled } = this.accounts.get(activation) ?? nothing
    const failed = kind === "settlement_failed"
    const sign = kind === "charge" || kind === "capture" ? 1 : kind === "refund" || failed ? -1 : 0
    this.accounts.set(activation, { netMinor: netMinor + sign * amountMinor, unsettled: unsettled || failed })
  }
}

export const obeys = (world: World, vin: string) => {
  const { online, parked, losing, losingReports, slowMillis, failsBeforeAnswering, newest } = world.fleet.car(vin)
  return online && parked && losing + losingReports + slowMillis === 0 && !failsBeforeAnswering && newest?.acknowledged !== false
}

/** By VIN. */
export const lookAround = async ({ town }: Opened, books: Books): Promise<ReadonlyMap<string, Seen>> => {
  const { sql, world } = town
  const [vehicles, services] = await Promise.all([
    sql`SELECT vin, (state -> 'context' ->> 'cfgVersion')::int AS "cfgVersion" FROM actors WHERE type = 'vehicle'`,
    sql`
      SELECT a.vin, split_part(a.path, '/', 3) AS "activationId", substring(state_path FROM 'service[.]([^+]+)') AS service,
             substring(state_path FROM 'money[.]([^+]+)') AS money, state -> 'context' ->> 'purchasedAt' AS "purchasedAt",
             state -> 'context' ->> 'activeSince' AS "activeSince", state -> 'context' ->> 'until' AS until,
             jsonb_array_length(state -> 'context' -> 'tries') AS "failedTries", c.case_id AS "caseId", r.resolution
      FROM actors a
      LEFT JOIN support_cases c ON c.activation_id = split_part(a.path, '/', 3)
      LEFT JOIN support_case_resolutions r USING (case_id)
      WHERE a.type = 'activation'
      ORDER BY a.path`
  ])
  const byCar = Map.groupBy(services as ReadonlyArray<any>, ({ vin }) => vin)
  const at = town.now()
  return new Map(
    vehicles.map(({ vin, cfgVersion }: { vin: string; cfgVersion: number }): [string, Seen] => {
      const { image } = world.fleet.car(vin).flash
      const seen = (byCar.get(vin) ?? []).map(
        ({ service, caseId, resolution, ...row }): SeenService => ({
          ...row,
          phase: phaseOf(service),
          purchasedAt: Date.parse(row.purchasedAt),
          activeSince: millis(row.activeSince),
          until: millis(row.until),
          waitsForParking: service.endsWith("waitingForParking"),
          ...books.of(row.activationId),
          supportCase: caseId === null ? "none" : (resolution ?? "open")
        })
      )
      const running = image.features.map(({ activationId, until }) => ({ activationId, until: millis(until) }))
      const { link, time } = world.fleet.car(vin)
      const clockBehind = Math.max(0, at - time)
      return [
        vin,
        { at, services: seen, clockBehind, running, inStep: image.cfgVersion === cfgVersion, obeys: obeys(world, vin), link }
      ]
    })
  )
}
