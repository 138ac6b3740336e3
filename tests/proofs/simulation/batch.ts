/** Many histories at once, in lockstep: everybody acts, the town comes to rest, and each car is held against its model. */
import { connect } from "nats"
import { optionsFor } from "#integrations/catalogue/options.ts"
import { connectOptionsOf } from "#integrations/nats/nats.ts"
import type { OptionTerms } from "#machines/option-terms.ts"
import { invariants } from "#src/demo/invariants.ts"
import { unfinished } from "#src/demo/unfinished.ts"
import { everyTry, type Round } from "./calendar.ts"
import type { Command } from "./commands.ts"
import type { Forecourt, Opened } from "./forecourt.ts"
import { Life } from "./life.ts"
import { type Interval, Model } from "./model.ts"
import { Books, lookAround, type Seen } from "./seen.ts"
import { Tally } from "./situations.ts"

export interface BatchOptions {
  readonly forecourt: Forecourt
  /** One for each car, at most. */
  readonly histories: ReadonlyArray<Iterable<Command>>
  readonly calendar: ReadonlyArray<Round>
  readonly natsUrl: string
  /** Of the first history, for its place in the forecourt. */
  readonly from?: number
  /** Whether the invariants are looked at in the end. */
  readonly verified?: boolean
}

export interface Difference {
  readonly history: number
  readonly round: number
  readonly wrong: ReadonlyArray<string>
  readonly told: ReadonlyArray<string>
}

export interface BatchResult {
  readonly differences: ReadonlyArray<Difference>
  readonly acts: number
  readonly services: number
  readonly checked: number
  readonly violations: ReadonlyArray<string>
  readonly tally: Tally
}

const breath = 5_000 // Milliseconds that every round takes: so often the API IoT is asked, and a car repeats itself.
const patienceMillis = 30_000 // Wall clock, for the town to come to rest.
const lookMillis = 20
const silenceMillis = 400 // After which a report that nobody acknowledged must have been lost.

export const batch = async ({
  forecourt,
  histories,
  calendar,
  natsUrl,
  from = 0,
  verified = true
}: BatchOptions): Promise<BatchResult> => {
  const opened = await forecourt.open()
  try {
    const { town } = opened
    const { world } = town
    const books = new Books(world)
    const tally = new Tally()
    let workshopsAnswer = true
    const offers = new Map<string, ReadonlyArray<OptionTerms>>()
    const lives = histories.map((_, n) => {
      const handed = forecourt.cars[(from + n) % forecourt.cars.length]!
      const { country, model, owner, vin } = handed
      if (!offers.has(country))
        offers.set(
          country,
          optionsFor(country).flatMap((one) => one.offers)
        )
      const around = { opened, tally, offers: offers.get(country)!, workshopsAnswer: () => workshopsAnswer }
      return new Life(n, handed, new Model(country, model, world.fleet.car(vin).link, owner, town.now()), around)
    })
    await rest(opened)
    await bundles(opened, lives)
    const look = async (interval: Omit<Interval, "couldObey">, before: ReadonlySet<Life>, round: number) => {
      const seen = await lookAround(opened, books)
      return lives.flatMap((life): ReadonlyArray<Difference> => {
        const couldObey = before.has(life) || couldHear(life)
        const wrong = [...life.wrong.splice(0), ...life.model.see(seen.get(life.vin)!, { ...interval, couldObey })]
        life.carried = false
        return wrong.length === 0 ? [] : [{ history: life.number, round, wrong, told: [...life.told] }]
      })
    }

    const queues = histories.map((history) => history[Symbol.iterator]())
    let acts = 0
    let differences: ReadonlyArray<Difference> = await look({ passed: 0, quiet: 0, everyTry: false }, new Set(lives), 0)
    for (const [n, round] of calendar.entries()) {
      if (differences.length > 0) break
      if (round.workshopsDown) world.workshops.misbehave({ fault: "down", ms: 600_000 })
      workshopsAnswer = !round.workshopsDown
      const before = new Set(lives.filter(couldHear))
      const steps = round.together ? [] : round.steps
      if (round.acts) {
        const [move = 0] = round.together ? round.steps : []
        const acting = lives.map(async (life, number) => {
          const { model } = life
          const command = next(queues[number]!, model)
          if (command === null) return
          life.told.push(`[${n}]`)
          model.racing = round.together
          if (round.together) model.mayAge(move)
          acts++
          await command.run(model, life)
          model.racing = false
        })
        if (round.wipe) await forget(natsUrl, opened, tally)
        if (round.together) await town.pass(move)
        await Promise.all(acting)
        for (const life of lives) if (life.carried || couldHear(life)) before.add(life)
        await rest(opened)
        await town.pass(breath)
        await rest(opened)
        differences = await look({ passed: move + breath, quiet: breath, everyTry: false }, before, n)
      }
      world.workshops.behave()
      if (steps.length === 0 || differences.length > 0) continue
      const silent = new Set(lives.filter(couldHear))
      for (const millis of [...steps, breath]) {
        await town.pass(millis)
        await rest(opened)
      }
      for (const life of lives) life.told.push(`… ${steps.map((millis) => millis / 60_000).join(", ")} minutes`)
      const passed = steps.reduce((sum, one) => sum + one, 0)
      differences = await look({ passed, quiet: passed, everyTry: steps === everyTry }, silent, n)
    }
    if (differences.length === 0) differences = await throughTheDoors(lives)
    await rest(opened)
    await count(opened, tally)
    const report = verified ? await invariants(town) : { checked: 0, invariants: [] }
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

const couldHear = ({ car }: Life) => car.online && car.parked

/** The next thing that can be done at all. */
const next = (queue: Iterator<Command>, model: Model): Command | null => {
  for (let { value, done } = queue.next(); !done; { value, done } = queue.next()) if (value.check(model)) return value
  return null
}

/** Until nothing is under way. A car whose report or whose acknowledgement is lost says it again, when its clock goes on. */
const rest = async (opened: Opened) => {
  const { sql, world } = opened.town
  const unheard = () =>
    world.fleet
      .cars()
      .filter(
        (car) => car.online && car.link === "nats" && car.newest?.acknowledged === false && car.losing + car.losingReports === 0
      )
  let still = 0
  let silentSince = performance.now()
  for (const end = silentSince + patienceMillis; still < 2; await Bun.sleep(lookMillis)) {
    const [{ busy }] = await sql`
      SELECT EXISTS (SELECT FROM outbox WHERE state = 'waiting') OR EXISTS (
        SELECT FROM timers, clock WHERE due_at <= clock_timestamp() + offset_ms * interval '1 millisecond'
      ) AS busy`
    const { reports: _, ...seen } = busy ? { reports: 0, busy: 1 } : await unfinished(sql, world)
    const quiet = Object.values(seen).every((count) => count === 0)
    const silent = unheard()
    still = quiet && silent.length === 0 ? still + 1 : 0
    const now = performance.now()
    if (now > end)
      throw new Error(`The town did not come to rest: ${JSON.stringify({ ...seen, silent: silent.map(({ vin }) => vin) })}`)
    if (!quiet || silent.length === 0) silentSince = now
    else if (now - silentSince > silenceMillis) {
      await opened.town.pass(breath)
      silentSince = now
    }
  }
}

/** What the price of a car included: the models begin with it. */
const bundles = async (opened: Opened, lives: ReadonlyArray<Life>) => {
  const rows = await opened.town.sql`SELECT vin, state -> 'context' AS context FROM actors WHERE type = 'activation'`
  for (const { vin, context } of rows) {
    const model = lives.find((life) => life.vin === vin)?.model
    model?.bought(context.activationId, context.terms, null, model.owner, true)
  }
}

/** What customers read of all this is the same. */
const throughTheDoors = async (lives: ReadonlyArray<Life>): Promise<ReadonlyArray<Difference>> => {
  const found: Array<Difference> = []
  await Promise.all(
    lives.map(async (life) => {
      const { model, vin, told } = life
      const path = `/api/me/vehicles/${vin}`
      const { activations } = await life.owner.does("GET", `${path}/activations?limit=100`)
      const { options } = await life.owner.does("GET", `${path}/options`)
      const shown = new Map<string, string>(activations.map((one: any) => [one.activationId, one.state]))
      const wrong = model.services
        .filter(({ customer }) => customer === model.owner)
        .filter(({ activationId, phase }) => !stateShown[phase].includes(shown.get(activationId) ?? "nothing"))
        .map(({ activationId, phase, terms }) => `${terms.option} is ${phase}, and shown as ${shown.get(activationId)}`)
      for (const { option, eligible } of options)
        if (eligible && (model.stolen || model.has(option))) wrong.push(`${option} is offered`)
      if (wrong.length > 0) found.push({ history: life.number, round: -1, wrong, told })
    })
  )
  return found
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

/** JetStream loses its streams, while reports are on their way. */
const forget = async (natsUrl: string, { town }: Opened, tally: Tally) => {
  const nats = await connect(connectOptionsOf(natsUrl))
  try {
    const manager = await nats.jetstreamManager()
    const ours = `${town.platform.settings.natsSpace}`
    for await (const { config } of manager.streams.list())
      if (config.subjects.some((subject) => subject.startsWith(ours))) await manager.streams.delete(config.name)
    tally.met("NATS forgot everything")
  } finally {
    await nats.close()
  }
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
           count(*) FILTER (WHERE (SELECT bool_or(p.value ->> 'status' = 'lost') AND bool_or(p.value ->> 'status' = 'captured') FROM jsonb_each(context -> 'payments') p))::int AS anew
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

export type { Seen }
