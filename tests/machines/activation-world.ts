/**
 * A small honest world around one activation: a car that has what the last document it took says, a bank that refuses what a
 * bank refuses, commands that wait in lanes and are performed at least once, and words that are late. A world is never
 * changed: each step gives a new one, so that every order of things can be tried.
 */

import type { StateValue } from "xstate"
import { activation as behavior } from "#actors/activation.ts"
import { decide, type State } from "#actors/system/decide.ts"
import { type ActivationCommand, type ActivationContext, activationMachine } from "#machines/activation.ts"
import * as w from "./activation-words.ts"
import { pathOf, type Said } from "./scenario.ts"

export interface AtTheBank {
  readonly status: "requires_action" | "authorised" | "captured" | "voided" | "declined" | "expired"
  readonly captured: number
  readonly refunded: number
  readonly captureBefore: string
  /** Its settlement failed: what was captured never came. */
  readonly bounced?: boolean
}
interface Waiting {
  readonly command: ActivationCommand
  /** Done outside, and not yet heard of: the answer. Undefined: not done yet. */
  readonly answer?: Said | null
}
export interface World {
  readonly state: State
  readonly clock: number
  readonly timers: Readonly<Record<string, number>>
  readonly lanes: Readonly<Record<string, ReadonlyArray<Waiting>>>
  readonly bank: Readonly<Record<string, AtTheBank>>
  /** `kind payment` of each double entry, and how support was called. */
  readonly records: ReadonlyArray<string>
  /** What the vehicle's actor has in its document; null: nothing. */
  readonly wanted: { readonly until: string | null } | null
  readonly car: {
    readonly on: { readonly until: string | null } | null
    readonly upToDate: boolean
    readonly confirmedOnce: boolean
  }
  /** What the vehicle's actor has said, and the activation has not heard yet. */
  readonly words: ReadonlyArray<Said>
}

/** How this bank answers a hold, and what else can happen while it does. */
export interface Bank {
  /** To the first hold that is asked for, to the second …; the last answer stands for all further ones. */
  readonly holds: ReadonlyArray<"held" | "requires_action" | "declined" | "cannot">
  readonly holdMillis: number
  /** An answer may be late, or lost, so that the same is done again. */
  readonly lateAnswers: boolean
  readonly events: ReadonlyArray<Event>
}

/** Who waits for longer than this waits in vain. */
const lastDay = Date.parse("2026-03-12T00:00:00.000Z")
const questionsAtMost = 1 // Each further one would be the same again, a minute later.
const morning = Date.parse(w.purchasedAt)
const instant = (clock: number) => new Date(clock).toISOString()

export const begin = (opening: Said): World =>
  hear(
    {
      state: null as unknown as State,
      clock: morning,
      timers: {},
      lanes: {},
      bank: {},
      records: [],
      wanted: null,
      car: { on: null, upToDate: true, confirmedOnce: false },
      words: []
    },
    opening
  )

/** The actor's turn: what it becomes, what it promises, what it waits for. */
export const hear = (world: World, message: Said): World => {
  const isRequest = behavior.requests.has(message.type)
  const heard = { at: instant(world.clock), ...message }
  const decision = decide(activationMachine, world.state, heard, isRequest)
  if (decision._tag !== "Accepted") {
    if (decision.reason === "NotExpectedNow") throw new Error(`${message.type} met silence in ${pathOf(world.state.value)}`)
    return world
  }
  const timers = { ...world.timers }
  delete timers[message.type]
  for (const change of decision.timers)
    if (change._tag === "Set") timers[change.timerId] = world.clock + change.afterMillis
    else delete timers[change.timerId]
  const lanes = { ...world.lanes }
  const records = [...world.records]
  for (const one of decision.emitted as ReadonlyArray<any>) {
    if (behavior.records[one.type] !== undefined) {
      const record = one.type === "ServiceTransfer" ? `${one.kind} ${one.paymentId}` : one.type
      if (records.includes(record)) throw new Error(`${record} was recorded twice`) // As the table would say.
      records.push(record)
    } else if (one.type !== "NotifyCustomer") {
      const lane = behavior.lane(one)
      lanes[lane] = [...(lanes[lane] ?? []), { command: one }]
    }
  }
  return { ...world, state: decision.state, timers, lanes, records: records.sort() }
}

// ── What can happen next ──────────────────────────────────────────────────────────────────────────────────────────

/** By name. Each may happen as often as it likes, and at any moment at which it could happen outside. */
export const stepsFrom = (world: World, bank: Bank): ReadonlyArray<readonly [name: string, next: World]> => {
  const steps: Array<readonly [string, World]> = []
  for (const [lane, [first]] of Object.entries(world.lanes)) {
    const done = first!.answer === undefined ? perform(world, lane, bank) : world
    const silent = done.lanes[lane]![0]!.answer === null
    if (first!.answer === undefined)
      steps.push([`perform ${first!.command.type}`, silent || !bank.lateAnswers ? answer(done, lane) : done])
    else {
      steps.push([`answer ${first!.command.type}`, answer(world, lane)])
      steps.push([`lose the answer of ${first!.command.type}`, headOf(world, lane, { command: first!.command })])
    }
  }
  const timer = nextTimer(world)
  if (timer !== null) steps.push([`wait: ${timer.split(".")[2]}`, wait(world, timer)])
  for (const event of bank.events) {
    const next = happen(world, event)
    if (next !== null) steps.push([event, next])
  }
  return steps
}

const headOf = (world: World, lane: string, head: Waiting): World => ({
  ...world,
  lanes: { ...world.lanes, [lane]: [head, ...world.lanes[lane]!.slice(1)] }
})
const answer = (world: World, lane: string): World => {
  const [first, ...others] = world.lanes[lane]!
  const { [lane]: _, ...lanes } = world.lanes
  const done = { ...world, lanes: others.length === 0 ? lanes : { ...lanes, [lane]: others } }
  return first!.answer === null ? done : hear(done, first!.answer!)
}
/** The first that is due; null where nothing is worth waiting for. */
export const nextTimer = ({ timers, state }: World): string | null => {
  const asked = (state.context as ActivationContext).questions >= questionsAtMost
  const [first] = Object.entries(timers)
    .filter(([id, due]) => due < lastDay && !(asked && id.includes(".paymentQuestion.")))
    .sort(([a, due], [b, other]) => due - other || a.localeCompare(b))
  return first?.[0] ?? null
}
export const wait = (world: World, timerId: string): World => {
  const clock = Math.max(world.clock, world.timers[timerId]!)
  const { on } = world.car
  const over = on !== null && on.until !== null && on.until <= instant(clock) // The car itself switches it off.
  return hear({ ...world, clock, car: over ? { ...world.car, on: null } : world.car }, { type: timerId })
}

export type Event =
  | "sent"
  | "reported"
  | "rejected"
  | "delayed"
  | "heard"
  | "withdraw"
  | "hold expired"
  | "settled"
  | "settlement failed"
  | "announced" // What became of a payment the customer had to confirm, or of a hold: the bank says it by itself, as often as it likes.
  | "customer confirms"
  | "customer refuses"
  | "resolved as a gift"
  | "resolved uncharged"
  | "stolen"
  | "sold"

/** Null where it cannot happen now. */
export const happen = (world: World, event: Event): World | null => {
  const { wanted, car, words } = world
  const say = (message: Said, more: Partial<World> = {}) => (words.length === 0 ? { ...world, words: [message], ...more } : null)
  switch (event) {
    case "sent": // The car takes the current document, and has what it says.
      return car.upToDate ? null : { ...world, car: { ...car, on: alive(wanted, world), upToDate: true } }
    case "reported":
      if (!car.upToDate || wanted === null || car.on === null) return null
      return say(w.confirmed(car.on.until), { car: { ...car, confirmedOnce: true } })
    case "rejected":
      return car.upToDate || wanted === null ? null : say(w.rejected())
    case "delayed":
      return car.upToDate || wanted === null ? null : say(w.delayed())
    case "heard":
      return words.length === 0 ? null : hear({ ...world, words: [] }, words[0]!)
    case "withdraw":
      return hear(world, w.withdrawn(instant(world.clock)))
    case "hold expired":
      return become(world, "authorised", "expired")
    case "settled":
      return announce(world, ({ captured }, n) => (captured > 0 ? w.settled(n) : null))
    case "settlement failed":
      return announce(bounced(world), ({ captured }, n) => (captured > 0 ? w.settlementFailed(n) : null))
    case "announced":
      return announce(world, ({ status }, n) =>
        status === "captured" || status === "requires_action" ? null : statement(n, world)
      )
    case "customer confirms":
      return become(world, "requires_action", "authorised")
    case "customer refuses":
      return become(world, "requires_action", "declined")
    case "resolved as a gift":
      return hear(world, w.resolved("gift"))
    case "resolved uncharged":
      return hear(world, w.resolved("uncharged"))
    case "stolen":
      return hear(world, w.stolen)
    case "sold":
      return hear(world, w.sold)
  }
}
const announce = (world: World, wordOf: (payment: AtTheBank, n: number) => Said | null): World | null => {
  const said = Object.entries(world.bank).flatMap(([id, payment]) => wordOf(payment, numberOf(id)) ?? [])
  return said.length === 0 ? null : said.reduce(hear, world)
}
const bounced = (world: World): World => ({
  ...world,
  bank: Object.fromEntries(Object.entries(world.bank).map(([id, one]) => [id, one.captured > 0 ? { ...one, bounced: true } : one]))
})
const numberOf = (id: string) => Number(id.split("-").at(-1))
const alive = (wanted: World["wanted"], { clock }: World) =>
  wanted === null || (wanted.until !== null && wanted.until <= instant(clock)) ? null : wanted
const become = (world: World, from: AtTheBank["status"], to: AtTheBank["status"]): World | null => {
  const some = Object.entries(world.bank).filter(([, { status }]) => status === from)
  if (some.length === 0) return null
  return { ...world, bank: { ...world.bank, ...Object.fromEntries(some.map(([id, one]) => [id, { ...one, status: to }])) } }
}

// ── Performing a command: what the world outside does, however often it is asked ─────────────────────────────────

const perform = (world: World, lane: string, bank: Bank): World => {
  const { command } = world.lanes[lane]![0]!
  const [next, said] = act(world, command, bank)
  return headOf(next, lane, { command, answer: said })
}

const act = (world: World, command: ActivationCommand, bank: Bank): readonly [World, Said | null] => {
  if (command.type === "NotifyCustomer" || command.type === "AcknowledgeWithdrawal") return [world, null]
  if (command.type === "IssueInvoice" || command.type === "SubmitEvidence") return [world, null]
  if (command.type === "WantOption") {
    const { until } = command
    const same = world.wanted !== null && world.wanted.until === until
    return [{ ...world, wanted: { until }, car: { ...world.car, upToDate: same && world.car.upToDate } }, null]
  }
  if (command.type === "DropOption")
    return [{ ...world, wanted: null, car: { ...world.car, upToDate: world.car.on === null && world.car.upToDate } }, null]

  const id = command.paymentId
  const n = numberOf(id)
  const found = world.bank[id]
  const captureBefore = instant(world.clock + bank.holdMillis)
  const booked = (status: AtTheBank["status"], change: Partial<AtTheBank> = {}): World => ({
    ...world,
    bank: { ...world.bank, [id]: { captured: 0, refunded: 0, captureBefore, ...found, status, ...change } }
  })
  const price = w.price.amountMinor
  switch (command.type) {
    case "AuthorisePayment": {
      const holds = bank.holds[Math.min(n, bank.holds.length) - 1]!
      if (holds === "cannot") return [world, w.cannotBeHeld(n)]
      const next = found === undefined ? booked(holds === "held" ? "authorised" : holds) : world
      return [next, statement(n, next)]
    }
    case "AskPayment":
      return [world, found === undefined ? null : statement(n, world)]
    case "SetUpMandate":
      return [world, w.granted(n)]
    case "CapturePayment":
      if (!world.car.confirmedOnce) throw new Error("captured, and no car had confirmed")
      if (found?.status === "authorised") return [booked("captured", { captured: price }), w.captured(n)]
      return [world, found?.status === "captured" ? w.captured(n) : w.captureFailed(n)]
    case "ChargePayment":
      if (!world.car.confirmedOnce) throw new Error("charged, and no car had confirmed")
      return [found === undefined ? booked("captured", { captured: price }) : world, w.captured(n)]
    case "VoidPayment":
      if (found?.status === "captured") return [world, w.captured(n)]
      return [
        found === undefined || found.status === "declined" || found.status === "expired" ? world : booked("voided"),
        w.voided(n)
      ]
    case "ReturnPayment":
      if (found?.captured !== price) throw new Error(`${id} is to go back, and was never taken`)
      return [booked(found.status, { refunded: price }), w.returned(n)]
  }
}

/** A payment by the bank's own record. */
const statement = (n: number, { bank }: World): Said => {
  const { status, captureBefore } = bank[w.paymentId(n)]!
  switch (status) {
    case "authorised":
      return w.authorised(n, captureBefore)
    case "requires_action":
      return w.actionRequired(n)
    case "captured":
      return w.captured(n)
    case "declined":
      return w.declined(n)
    case "voided":
    case "expired":
      return w.voided(n)
  }
}

// ── What may be asked of every world ──────────────────────────────────────────────────────────────────────────────

export const serviceOf = ({ state }: World) => pathOf((state.value as { readonly service: StateValue }).service)
const netOf = ({ bank }: World) => Object.values(bank).reduce((sum, { captured, refunded }) => sum + captured - refunded, 0)
/** Counted as taken, and it never came: nobody gives that back. */
const lostOf = ({ bank }: World) =>
  Object.values(bank).reduce((sum, one) => sum + (one.bounced === true ? one.captured - one.refunded : 0), 0)

/** Nothing is on its way: no command, no word, no document, and the service waits for nobody. */
export const isAtRest = (world: World) =>
  Object.keys(world.lanes).length === 0 &&
  world.words.length === 0 &&
  world.car.upToDate &&
  !/^(pending|retry|escalated\.giving)/.test(serviceOf(world))

/** All that was promised is done and answered, lane by lane. */
export const carryOut = (world: World, bank: Bank): World => {
  let now = world
  for (let [lane] = Object.keys(now.lanes); lane !== undefined; [lane] = Object.keys(now.lanes))
    now = answer(now.lanes[lane]![0]!.answer === undefined ? perform(now, lane, bank) : now, lane)
  return now
}

/** Everybody does what they were asked to, and time goes by, until nothing is on its way. */
export const comeToRest = (world: World, bank: Bank): World => {
  let now = world
  for (let steps = 0; !isAtRest(now); steps++) {
    if (steps > 200) throw new Error(`never comes to rest: ${digestOf(now)}`)
    now = carryOut(now, bank)
    const timer = nextTimer(now)
    if (isAtRest(now)) return now
    if (now.words.length > 0) now = happen(now, "heard")!
    else if (!now.car.upToDate) now = happen(now, "sent")!
    else if (timer !== null) now = wait(now, timer)
    else throw new Error(`waits for nothing: ${digestOf(now)}`)
  }
  return now
}

/** What may never be so, whatever is still on its way. */
export const wrongAnywhere = (world: World): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  if (netOf(world) > w.price.amountMinor) wrong.push("more was taken than it costs")
  if (world.bank !== undefined && Object.values(world.bank).some(({ captured, refunded }) => refunded > captured))
    wrong.push("more was given back than taken")
  return wrong
}

/** Of a world at rest: active (or lived to its end) and paid once, or inactive and net zero; in the car, at the bank and in our own ledger. */
export const wrongAtRest = (world: World): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  const { payments, supportCase, terms, way } = world.state.context as ActivationContext
  const stands = serviceOf(world)
  const served = stands === "active" || stands === "ended"
  const owes = served && way !== "free" && supportCase !== "gift" && terms.term.kind !== "recurring"
  if (netOf(world) - (owes ? w.price.amountMinor : lostOf(world)) !== 0) wrong.push(`${stands}, and ${netOf(world)} is taken`)
  if ((world.car.on !== null) !== (stands === "active"))
    wrong.push(`${stands}, and in the car it is ${world.car.on === null ? "off" : "on"}`)
  for (const [id, { status }] of Object.entries(world.bank))
    if (status === "authorised" || status === "requires_action") wrong.push(`${id} is still ${status}`)
  const booked = (kind: string) => world.records.filter((record) => record.startsWith(`${kind} `)).length
  const taken = booked("serviceCaptured") + booked("lateServicePayment") - booked("serviceReturned")
  if (taken * w.price.amountMinor !== netOf(world)) wrong.push("the ledger says something else than the bank")
  if (booked("lateServicePayment") + booked("serviceReturnOrdered") !== booked("serviceReturned")) wrong.push("a return is owed")
  if (booked("serviceCaptured") > 1) wrong.push("it was captured twice")
  const cases = world.records.filter((record) => record === "SupportCase").length
  if (cases !== (supportCase === "none" ? 0 : 1)) wrong.push(`${cases} support cases`)
  if (Object.values(payments).some(({ status }) => status === "asked" || status === "held"))
    wrong.push("a question to the bank is open")
  return wrong
}

/** Two worlds of one digest have the same future. What only history will ask for is left out. */
export const digestOf = ({ state, clock, timers, lanes, bank, records, wanted, car, words }: World) => {
  const { payments, paymentId, renewed, attempt, wantedUntil, until, receiptId, supportCase } = state.context as ActivationContext
  return JSON.stringify([
    state.value,
    [payments, paymentId, renewed, attempt, wantedUntil, until, receiptId, supportCase],
    [clock, timers, bank, records, wanted, car, words],
    Object.entries(lanes)
      .map(([lane, waiting]) => [lane, waiting.map(({ command, answer: said }) => [command, said])])
      .sort()
  ])
}
