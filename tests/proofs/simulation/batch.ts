/** One town, its histories and its calendar; and in the end what customers read, what was rare, and every invariant. */
import { invariants } from "#src/demo/invariants.ts"
import type { Round } from "./calendar.ts"
import type { Command } from "./commands.ts"
import type { Forecourt, Opened } from "./forecourt.ts"
import type { Life } from "./life.ts"
import { type Difference, Lockstep } from "./lockstep.ts"
import { rest } from "./rest.ts"
import type { Tally } from "./situations.ts"

export interface BatchOptions {
  readonly forecourt: Forecourt
  /** One for each car, at most. */
  readonly histories: ReadonlyArray<Iterable<Command>>
  readonly calendar: ReadonlyArray<Round>
  readonly natsUrl: string
  /** The place of the first one's car in the forecourt. */
  readonly from?: number
  /** Whether the invariants are looked at in the end. */
  readonly verified?: boolean
}

export interface BatchResult {
  readonly differences: ReadonlyArray<Difference>
  readonly acts: number
  readonly services: number
  readonly checked: number
  readonly violations: ReadonlyArray<string>
  readonly tally: Tally
}

export const batch = async (options: BatchOptions): Promise<BatchResult> => {
  const { forecourt, histories, calendar, natsUrl, from = 0, verified = true } = options
  const opened = await forecourt.open()
  try {
    const lockstep = new Lockstep(opened, forecourt.cars.slice(from), histories, natsUrl)
    let differences = await lockstep.begin()
    for (const [n, round] of calendar.entries()) {
      if (differences.length > 0) break
      differences = await lockstep.round(round, n)
    }
    const { lives, tally, acts } = lockstep
    if (differences.length === 0) differences = await throughTheDoors(lives)
    await rest(opened)
    await count(opened, tally)
    const report = verified ? await judged(opened) : { checked: 0, invariants: [] }
    return {
      differences,
      acts,
      services: lives.reduce((sum, { model }) => sum + model.services.length, 0),
      checked: report.checked,
      violations: report.invariants.flatMap(({ id, violations }) => violations.map((violation) => `${id} ${violation}`)),
      tally
    }
  } finally {
    await opened.close()
  }
}

/** Time goes on by itself, and somebody may be asking a car just now: what is wrong is wrong twice. */
export const judged = async (opened: Opened) => {
  const { town } = opened
  await fetch(`${town.world.env.PAYMENTS_URL}/payments?reference=none`) // The bank looks at its clock when somebody calls.
  const report = await invariants(town)
  if (report.violated === 0) return report
  await rest(opened)
  return invariants(town)
}

/** What customers read of all this is the same. */
const throughTheDoors = async (lives: ReadonlyArray<Life>): Promise<ReadonlyArray<Difference>> => {
  const found = await Promise.all(
    lives.map(async ({ model, vin, told, owner, number: history }) => {
      const { activations } = await owner.does("GET", `/api/me/vehicles/${vin}/activations?limit=100`)
      const { options } = await owner.does("GET", `/api/me/vehicles/${vin}/options`)
      const shown = new Map<string, string>(activations.map((one: any) => [one.activationId, one.state]))
      const wrong = model.services
        .filter(({ customer }) => customer === model.owner)
        .filter(({ activationId, phase }) => !stateShown[phase].includes(shown.get(activationId) ?? "nothing"))
        .map(({ activationId, phase, terms }) => `${terms.option} is ${phase}, and shown as ${shown.get(activationId)}`)
      for (const { option, eligible } of options)
        if (eligible && (model.stolen || model.has(option))) wrong.push(`${option} is offered`)
      return { history, round: -1, wrong, told }
    })
  )
  return found.filter(({ wrong }) => wrong.length > 0)
}
const stateShown = {
  paying: ["pending"],
  trying: ["pending", "retry"],
  active: ["active"],
  escalated: ["escalated"],
  giving: ["escalated"],
  closed: ["escalated"],
  ended: ["ended"],
  withdrawn: ["withdrawn"],
  cancelled: ["cancelled"],
  declined: ["declined"]
}

/** What is seen best when all is over. */
const count = async ({ town }: Opened, tally: Tally) => {
  const [row] = await town.sql`
    SELECT (SELECT count(*)::int FROM support_cases) AS cases,
           (SELECT count(*)::int FROM journal WHERE type = 'OptionConfirmed' AND outcome = 'recorded: TooLate') AS late,
           count(*) FILTER (WHERE context ->> 'renewed' = 'true')::int AS renewed,
           count(*) FILTER (WHERE context ->> 'closedBecause' = 'HoldTooShort')::int AS short,
           count(*) FILTER (WHERE context ->> 'closedBecause' = 'TermEnded')::int AS ended,
           count(*) FILTER (WHERE context ->> 'supportCase' = 'gift' AND context ->> 'activeSince' IS NOT NULL)::int AS gifts,
           count(*) FILTER (WHERE state_path LIKE '%money.owed%')::int AS owed,
           count(*) FILTER (WHERE state_path LIKE '%service.active%' AND context -> 'tries' -> 0 IS NOT NULL)::int AS later,
           count(*) FILTER (WHERE (
             SELECT bool_or(payment.value ->> 'status' = 'lost') AND bool_or(payment.value ->> 'status' = 'captured')
             FROM jsonb_each(context -> 'payments') payment
           ))::int AS anew
    FROM (SELECT state_path, state -> 'context' AS context FROM actors WHERE type = 'activation') services`
  tally.met("every try failed, and a case was opened", row.cases)
  tally.met("the car's word after it was given up", row.late)
  tally.met("hold renewed", row.renewed)
  tally.met("hold that would not have lasted", row.short)
  tally.met("term ended", row.ended)
  tally.met("case closed with a gift, and the car got it", row.gifts)
  tally.met("money owed by an empty account", row.owed)
  tally.met("confirmed in a later try", row.later)
  tally.met("hold lost, and the money taken anew", row.anew)
}
