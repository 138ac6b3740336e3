/** Many contracts in one town, round by round: everybody does something, replies and webhooks get lost, time passes, and each is held against its model. */
import { optionTermsOf } from "#integrations/catalogue/options.ts"
import type { OptionTerms, Term } from "#machines/option-terms.ts"
import { reconcile } from "#src/reconciliation/run.ts"
import { Dice } from "../dice.ts"
import { judged } from "../simulation/batch.ts"
import type { Forecourt, Handed, Opened } from "../simulation/forecourt.ts"
import { rest } from "../simulation/rest.ts"
import { buy, next } from "./acts.ts"
import { GatewayBooks, imbalances, lookAt, type SeenContract } from "./books.ts"
import { Contract, type Method } from "./contract.ts"
import { Life } from "./life.ts"
import { monthAfter, monthAt, startOfMonth } from "./months.ts"
import { met, type Tally } from "./situations.ts"

export interface TownOptions {
  readonly forecourt: Forecourt
  readonly seed: number
  /** The number of the first history, of all; and how many follow it. */
  readonly first: number
  readonly histories: number
  /** This one alone. */
  readonly only?: number
}
export interface TownResult {
  readonly wrong: ReadonlyArray<string>
  readonly acts: number
  readonly sold: number
  readonly checked: number
  readonly tally: Tally
}

export const contractsOfACar = 4
const atOnce = 48 // Callers.
const restMillis = 120_000 // Wall clock: hundreds of invoices are drawn at a month's end.
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const soon = 16 * minute // Until the gateway's list was read again.

/** What no car has to be looked after for, and none keeps the other out: its money is looked at here, not its car. */
const terms: Readonly<Record<string, ReadonlyArray<Term>>> = {
  "snow-mode": [
    { kind: "temporary", count: 7, unit: "day" },
    { kind: "temporary", count: 3, unit: "month" }
  ],
  "climate-ahead": [{ kind: "recurring" }, { kind: "recurring" }, { kind: "temporary", count: 1, unit: "month" }],
  "concert-audio": [{ kind: "temporary", count: 7, unit: "day" }, { kind: "permanent" }],
  "lane-keeping": [{ kind: "recurring" }, { kind: "recurring" }, { kind: "permanent" }]
}
const once: ReadonlyArray<Method> = [
  ...(["card", "card", "slowCard", "bouncingCard", "bouncingCard", "deadCard", "carefulCard", "jealousCard"] as const),
  ...(["closedCard", "account", "jealousAccount", "jealousAccount", "refusingAccount", "emptyAccount", "emptyAccount"] as const)
]
const monthly: ReadonlyArray<Method> = [
  ...(["card", "card", "slowCard", "bouncingCard", "bouncingCard", "deadCard", "carefulCard", "jealousCard"] as const),
  ...(["jealousCard", "closedCard", "account", "jealousAccount", "refusingAccount", "emptyAccount"] as const)
]

/** How far the clock goes between two rounds; null: to the first hours of the next month. Never to a whole number of days. */
const calendarOf = (dice: Dice) => {
  const passages = [74 * hour, null, 74 * hour, 5 * day + 3 * hour, 8 * day + hour, null, 9 * day + 2 * hour]
  return { start: dice.between(1, 20) * day + 5 * hour, passages: [...passages, ...(dice.throw() < 0.5 ? [null] : [])] }
}

export class MoneyTown {
  readonly lives: ReadonlyArray<Life>
  readonly tally: Tally = new Map()
  acts = 0
  private readonly gateway: GatewayBooks
  private readonly dice: Dice

  constructor(
    readonly opened: Opened,
    cars: ReadonlyArray<Handed>,
    { seed, first, histories, only }: TownOptions
  ) {
    this.gateway = new GatewayBooks(opened)
    this.dice = new Dice(seed + first)
    this.lives = Array.from({ length: histories }, (_, n) => {
      const handed = cars[Math.floor(n / contractsOfACar) % cars.length]!
      const dice = new Dice((seed + 1) * 7_919 + first + n)
      const [option, offers] = Object.entries(terms)[n % contractsOfACar]!
      const sold = optionTermsOf(option, dice.oneOf(offers), handed.country) as OptionTerms
      const method = dice.oneOf(sold.term.kind === "recurring" ? monthly : once)
      return new Life(first + n, seed, handed, new Contract(sold, handed.country, method), opened)
    }).filter(({ number }) => only === undefined || number === only)
  }

  /** Answers what went otherwise than the model says. */
  async live(): Promise<ReadonlyArray<string>> {
    await this.rest()
    const { start, passages } = calendarOf(this.dice)
    await this.pass(start)
    for (const [n, passage] of passages.entries()) {
      const wrong = await this.round(n, passage)
      if (wrong.length > 0) return wrong
    }
    await this.count()
    return []
  }

  private async round(n: number, passage: number | null) {
    const { opened, lives } = this
    const { payments } = opened.town.world
    this.disturb()
    await this.each(lives, async (life) => {
      const buyInRound = life.number % 7 < 5 ? 0 : (life.number % 3) + 1
      const act = life.activationId === "" ? (n === buyInRound ? buy : null) : next
      if (act === null) return
      life.told.push(`[${n}]`)
      this.acts++
      try {
        const situation = await act(life)
        if (situation !== null) met(this.tally, situation)
      } catch (error) {
        life.wrong.push(`it broke: ${error}`)
      }
    })
    await Bun.sleep(keptBackMillis + 50)
    await this.rest()
    payments.behave()
    await this.pass(soon)
    await this.reconciled()
    await this.rest()
    const wrong = await this.compare(n)
    if (wrong.length > 0) return wrong
    const { now } = opened.town
    await this.pass(passage ?? startOfMonth(monthAfter(monthAt(now(), "PT")), "PT") + 4 * hour + soon - now())
    for (const { told } of lives) told.push(`… ${new Date(now()).toISOString().slice(0, 16)}`)
    return this.compare(n)
  }

  /** Says who keeps it from resting. */
  private async rest() {
    try {
      await rest(this.opened, restMillis)
    } catch (error) {
      const { sql, world } = this.opened.town
      const waiting = await sql`SELECT type, path, attempts, cause FROM outbox WHERE state = 'waiting' LIMIT 10`
      const timers = await sql`
        SELECT path, timer_id, tries, cause FROM timers LEFT JOIN defects USING (path), clock
        WHERE due_at <= clock_timestamp() + offset_ms * interval '1 millisecond' LIMIT 10`
      const unheard = world.payments.webhooks().filter(({ tries, delivered }) => tries > 0 && !delivered)
      throw new Error(`${error} ${JSON.stringify([waiting, timers, unheard.slice(0, 5)])}`)
    }
  }

  private async pass(millis: number) {
    await this.opened.town.pass(millis)
    await this.rest()
    for (const { contract } of this.lives) if (contract.phase !== "unsold") contract.tick(this.opened.town.now())
  }

  /** On the way there and back, for as long as this round lasts. */
  private disturb() {
    const { dice } = this
    const { payments } = this.opened.town.world
    const times = Math.ceil(this.lives.length / 100)
    const skip = () => dice.between(0, 20)
    payments.misbehave(
      ...(["dropReply", "loseRequest", "error500"] as const).map((fault) => ({ fault, times, skip: skip() })),
      { fault: "garbage", form: dice.oneOf(["html", "truncated", "wrongTypes"] as const), times, skip: skip() },
      { fault: "loseWebhook", times: 2 * times, skip: skip() },
      { fault: "duplicate", times: 2 * times, skip: skip() },
      { fault: "reorder", times: 3 * times, ms: keptBackMillis, skip: skip() },
      { fault: "delayWebhook", times, ms: keptBackMillis, skip: skip() }
    )
  }

  /** Until the gateway's list was read to its end since the clock was moved. */
  private async reconciled() {
    const { platform, sql } = this.opened.town
    for (;;) {
      await platform.runtime.runPromise(reconcile(15))
      const [row] = await sql`
        SELECT claim_id IS NULL AND due_at > clock_timestamp() + offset_ms * interval '1 millisecond' AS over
        FROM reconciliation_schedule, clock`
      if (row.over) return
      await Bun.sleep(50)
    }
  }

  private async each<A>(all: ReadonlyArray<A>, act: (one: A) => Promise<void>) {
    let begun = 0
    const caller = async () => {
      for (let n = begun++; n < all.length; n = begun++) await act(all[n]!)
    }
    await Promise.all(Array.from({ length: atOnce }, caller))
  }

  private async compare(round: number): Promise<ReadonlyArray<string>> {
    const { opened, lives } = this
    const [seen, unbalanced] = await Promise.all([lookAt(opened, this.gateway), imbalances(opened)])
    const differences = lives.flatMap((life) => {
      const found = seen.get(life.activationId)
      const wrong = [...life.wrong.splice(0), ...(found === undefined ? [] : differencesOf(life, found))]
      life.openCases = found?.openCases ?? []
      if (life.activationId !== "" && found === undefined) wrong.push("nobody knows it")
      return wrong.length === 0
        ? []
        : [`History ${life.number}, round ${round}: ${wrong.join("; ")}`, ...life.told.map((line) => `    ${line}`)]
    })
    return [...unbalanced, ...differences]
  }

  /** What is seen best when all is over. */
  private async count() {
    const [row] = await this.opened.town.sql`
      SELECT (SELECT count(*)::int FROM ledger WHERE kind = 'monthBilled') AS months,
             (SELECT count(*)::int FROM risk_cases WHERE kind = 'unpaid') AS unpaid,
             (SELECT count(*)::int FROM journal WHERE message_id LIKE 'reconcile/%') AS found`
    met(this.tally, "a month that was billed", row.months)
    met(this.tally, "a debt that finance got", row.unpaid)
    met(this.tally, "a webhook that was lost, and found in the gateway's list", row.found)
  }
}
const keptBackMillis = 150

/** Paid, owed, returned and written off; payment by payment; the cases, the papers and the letter. */
const differencesOf = ({ contract }: Life, seen: SeenContract): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  const { sums } = contract
  for (const [name, minor] of Object.entries(sums))
    if (seen.sums[name as keyof typeof sums] !== minor)
      wrong.push(`${name} is ${seen.sums[name as keyof typeof sums]}, and should be ${minor}`)
  const known = contract.payments.map((payment) => [nameOf(payment.number), contract.at(payment)] as const)
  const due = new Map(known)
  const [ours, theirs] = [seen.ours, seen.theirs].map(
    (books) => new Map([...books].map(([name, minor]) => [numberIn(name), minor]))
  )
  for (const name of new Set([...due.keys(), ...ours!.keys(), ...theirs!.keys()])) {
    const three = [due.get(name) ?? 0, ours!.get(name) ?? 0, theirs!.get(name) ?? 0]
    if (new Set(three).size > 1)
      wrong.push(`payment ${name}: ${three[0]} should be there, we say ${three[1]}, the gateway says ${three[2]}`)
  }
  const cases = (all: ReadonlyArray<{ readonly kind: string }>) =>
    all
      .map(({ kind }) => kind)
      .sort()
      .join(", ")
  if (cases(contract.cases) !== cases(seen.openCases))
    wrong.push(`open are "${cases(seen.openCases)}", and should be "${cases(contract.cases)}"`)
  if (seen.invoiced !== sums.earned) wrong.push(`${seen.invoiced} is invoiced, and ${sums.earned} was earned`)
  const letters = contract.phase === "withdrawn" ? 1 : 0
  if (seen.acknowledged !== letters) wrong.push(`it was acknowledged ${seen.acknowledged} times`)
  return wrong.length === 0
    ? wrong
    : [...wrong, `it is ${seen.state}, ${contract.phase} by ${contract.method}, of ${contract.terms.price.amountMinor}`]
}
const nameOf = (number: number) => String(number)
const numberIn = (paymentId: string) => paymentId.slice(paymentId.lastIndexOf("-") + 1)

export const liveInTown = async (options: TownOptions): Promise<TownResult> => {
  const opened = await options.forecourt.open()
  try {
    const town = new MoneyTown(opened, options.forecourt.cars, options)
    const wrong = await town.live()
    const sold = town.lives.filter(({ activationId }) => activationId !== "").length
    const result = { acts: town.acts, sold, tally: town.tally }
    if (wrong.length > 0) return { ...result, wrong, checked: 0 }
    const report = await judged(opened)
    const violations = report.invariants.flatMap(({ id, violations }) => violations.map((violation) => `${id} ${violation}`))
    const breaks = await opened.town.sql`SELECT payment_id, kind, ours, theirs FROM reconciliation_breaks WHERE closed_at IS NULL`
    const unexplained = breaks.map((one: object) => `Nobody can explain ${JSON.stringify(one)}`)
    return { ...result, wrong: [...violations, ...unexplained], checked: report.checked }
  } finally {
    await opened.close()
  }
}
