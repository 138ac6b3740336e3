/**
 * A small honest world around one activation: a car that has what the last document it took says, a bank that refuses what a
 * bank refuses, commands that wait in lanes and are performed at least once, and words that are late. A world is never
 * changed: each step gives a new one, so that every order of things can be tried.
 */

import type { StateValue } from "xstate"
import { activation as behavior } from "#actors/activation.ts"
import { decide, type State } from "#actors/system/decide.ts"
import { type ActivationCommand, type ActivationContext, activationMachine } from "#machines/activation.ts"
import { wasTaken } from "#machines/activation-rules.ts"
import {
  alarmed,
  atRisk,
  type Books,
  balanceOf,
  empty,
  opened,
  posted,
  resolved,
  written,
  wrongInBooks
} from "./activation-books.ts"
import * as w from "./activation-words.ts"
import { pathOf, type Said } from "./scenario.ts"

export interface AtTheBank {
  readonly status: "requires_action" | "authorised" | "captured" | "voided" | "declined" | "expired"
  readonly amount: number
  /** Taken at once, and not held first. */
  readonly charge: boolean
  readonly captured: number
  /** Sent back; of it, what arrived nowhere is ours again. */
  readonly refunded: number
  readonly bouncedBack: number
  readonly captureBefore: string
  /** `failed`: what was captured never came. */
  readonly settlement: "pending" | "settled" | "failed"
  /** `open`, `lost`: the customer's bank has it. */
  readonly dispute: "none" | "open" | "won" | "lost"
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
  readonly books: Books
  readonly supportCases: number
  /** What finance has sent to the customer by bank transfer. */
  readonly paidOut: number
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
  /** To a charge: each of these may be the answer. */
  readonly charges?: ReadonlyArray<"captured" | "declined" | "requires_action">
  readonly events: ReadonlyArray<Event>
  /** Who waits for longer than this waits in vain. */
  readonly lastDay?: string
}

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
      books: empty,
      supportCases: 0,
      paidOut: 0,
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
  let { books, supportCases, paidOut } = world
  for (const one of decision.emitted as ReadonlyArray<any>) {
    if (one.type === "ServiceTransfer") {
      books = posted(books, one)
      if (one.kind === "refundPaidOut") paidOut += one.amountMinor
    } else if (one.type === "IssueInvoice") books = written(books, one)
    else if (one.type === "RiskCase") books = opened(books, one)
    else if (one.type === "RiskCaseResolution") books = resolved(books, one)
    else if (one.type === "RefundAlarm") books = alarmed(books, one)
    else if (one.type === "SupportCase") supportCases++
    else if (behavior.records[one.type] === undefined && !unheard.has(one.type)) {
      const lane = behavior.lane(one)
      lanes[lane] = [...(lanes[lane] ?? []), { command: one }]
    }
  }
  return { ...world, state: decision.state, timers, lanes, books, supportCases, paidOut }
}
/** Nobody answers these. */
const unheard: ReadonlySet<string> = new Set(["NotifyCustomer", "AcknowledgeWithdrawal", "SubmitEvidence"])

// ── What can happen next ──────────────────────────────────────────────────────────────────────────────────────────

/** By name. Each may happen as often as it likes, and at any moment at which it could happen outside. */
export const stepsFrom = (world: World, bank: Bank): ReadonlyArray<readonly [name: string, next: World]> => {
  const steps: Array<readonly [string, World]> = []
  for (const [lane, [first]] of Object.entries(world.lanes)) {
    if (first!.answer === undefined) {
      const { type } = first!.command
      for (const charged of type === "ChargePayment" ? (bank.charges ?? [always]) : ([always] as const)) {
        const done = perform(world, lane, bank, charged)
        const silent = done.lanes[lane]![0]!.answer === null
        steps.push([`perform ${type}: ${charged}`, silent || !bank.lateAnswers ? answer(done, lane) : done])
      }
    } else {
      steps.push([`answer ${first!.command.type}`, answer(world, lane)])
      steps.push([`lose the answer of ${first!.command.type}`, headOf(world, lane, { command: first!.command })])
    }
  }
  const timer = nextTimer(world, bank)
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
export const nextTimer = (
  { timers, state }: World,
  { lastDay = "2026-03-12T00:00:00.000Z" }: Pick<Bank, "lastDay">
): string | null => {
  const asked = (state.context as ActivationContext).questions >= questionsAtMost
  const [first] = Object.entries(timers)
    .filter(([id, due]) => due < Date.parse(lastDay) && !(asked && id.includes(".paymentQuestion.")))
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
  | "disputed"
  | "dispute won"
  | "dispute lost"
  | "refund failed"
  | "paid by another method"
  | "cancelled"
  | "written off"
  | "paid out"
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
      return tell(world, isTaken, () => ({ settlement: "settled" }), w.settled)
    case "settlement failed":
      return tell(world, isTaken, () => ({ settlement: "failed" }), w.settlementFailed)
    case "disputed": // Months later, as a rule: of money that we have heard of.
      return tell(
        world,
        (one) => isDisputable(one) && hasHeardOf(world, one),
        () => ({ dispute: "open" }),
        w.disputed
      )
    case "dispute won":
      return tell(
        world,
        isInDispute,
        () => ({ dispute: "won" }),
        (n, amount) => w.disputeClosed("won", n, amount)
      )
    case "dispute lost":
      return tell(
        world,
        isInDispute,
        () => ({ dispute: "lost" }),
        (n, amount) => w.disputeClosed("lost", n, amount)
      )
    case "refund failed":
      return tell(world, mayComeBack, ({ refunded }) => ({ bouncedBack: refunded }), w.refundFailed)
    case "paid by another method":
      return hear(world, w.payDebt)
    case "cancelled":
      return hear(world, w.cancelled)
    case "written off":
    case "paid out":
      return Object.keys(world.books.cases).reduce(
        (now, caseId) => hear(now, { ...w.riskResolved(event === "paid out" ? "paidOut" : "writtenOff"), caseId } as Said),
        world
      )
    case "announced":
      return announce(world, ({ status }, n) =>
        status === "captured" || status === "requires_action" ? null : statement(n, world)
      )
    case "customer confirms":
      return confirm(world)
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
/** Something becomes of every payment that it can become of, and the bank tells. */
const tell = (
  world: World,
  canBe: (payment: AtTheBank) => boolean,
  become: (payment: AtTheBank) => Partial<AtTheBank>,
  word: (n: number, amount: w.Amount) => Said
): World | null => {
  const some = Object.entries(world.bank).filter(([, one]) => canBe(one))
  if (some.length === 0) return null
  const changed = Object.fromEntries(some.map(([id, one]) => [id, { ...one, ...become(one) }]))
  return some.reduce((now, [id, { amount }]) => hear(now, word(numberOf(id), euros(amount))), {
    ...world,
    bank: { ...world.bank, ...changed }
  })
}
const euros = (amountMinor: number): w.Amount => ({ amountMinor, currency: "EUR" })
const isTaken = ({ captured, settlement }: AtTheBank) => captured > 0 && settlement === "pending"
const isDisputable = ({ captured, dispute, settlement }: AtTheBank) => captured > 0 && dispute === "none" && settlement !== "failed"
const hasHeardOf = ({ bank, state }: World, payment: AtTheBank) =>
  Object.entries((state.context as ActivationContext).payments).some(([id, one]) => bank[id] === payment && wasTaken(one))
const isInDispute = ({ dispute }: AtTheBank) => dispute === "open"
/** Accepted, and told to have arrived, perhaps; it did not. */
const mayComeBack = ({ refunded, bouncedBack }: AtTheBank) => refunded > bouncedBack
const numberOf = (id: string) => Number(id.split("-").at(-1))
const alive = (wanted: World["wanted"], { clock }: World) =>
  wanted === null || (wanted.until !== null && wanted.until <= instant(clock)) ? null : wanted
/** What was to be held is held, and what was to be charged is taken. */
const confirm = (world: World): World | null => {
  const some = Object.entries(world.bank).filter(([, { status }]) => status === "requires_action")
  if (some.length === 0) return null
  const confirmed = some.map(([id, one]) => [
    id,
    one.charge ? { ...one, status: "captured", captured: one.amount } : { ...one, status: "authorised" }
  ])
  return { ...world, bank: { ...world.bank, ...Object.fromEntries(confirmed) } }
}
const become = (world: World, from: AtTheBank["status"], to: AtTheBank["status"]): World | null => {
  const some = Object.entries(world.bank).filter(([, { status }]) => status === from)
  if (some.length === 0) return null
  return { ...world, bank: { ...world.bank, ...Object.fromEntries(some.map(([id, one]) => [id, { ...one, status: to }])) } }
}

// ── Performing a command: what the world outside does, however often it is asked ─────────────────────────────────

const always = "captured"
type Charged = NonNullable<Bank["charges"]>[number]

const perform = (world: World, lane: string, bank: Bank, charged: Charged = always): World => {
  const { command } = world.lanes[lane]![0]!
  const [next, said] = act(world, command, bank, charged)
  return headOf(next, lane, { command, answer: said })
}

const act = (world: World, command: ActivationCommand, bank: Bank, charged: Charged): readonly [World, Said | null] => {
  if (command.type === "WantOption") {
    const { until } = command
    const same = world.wanted !== null && world.wanted.until === until
    return [{ ...world, wanted: { until }, car: { ...world.car, upToDate: same && world.car.upToDate } }, null]
  }
  if (command.type === "DropOption")
    return [{ ...world, wanted: null, car: { ...world.car, upToDate: world.car.on === null && world.car.upToDate } }, null]

  if (!("paymentId" in command)) return [world, null]
  const id = command.paymentId
  const n = numberOf(id)
  const found = world.bank[id]
  const captureBefore = instant(world.clock + bank.holdMillis)
  const booked = (status: AtTheBank["status"], change: Partial<AtTheBank> = {}): World => ({
    ...world,
    bank: {
      ...world.bank,
      [id]: {
        ...untouched,
        charge: command.type === "ChargePayment",
        amount: amountOf(command),
        captureBefore,
        ...found,
        status,
        ...change
      }
    }
  })
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
      if (found?.status === "authorised") return [booked("captured", { captured: found.amount }), w.captured(n)]
      return [world, found?.status === "captured" ? w.captured(n) : w.captureFailed(n)]
    case "ChargePayment":
      if (!world.car.confirmedOnce) throw new Error("charged, and no car had confirmed")
      if (found === undefined) {
        const { amountMinor } = command.amount
        const next = booked(charged, charged === "captured" ? { captured: amountMinor } : {})
        return [next, statement(n, next)]
      }
      return [world, statement(n, world)]
    case "VoidPayment":
      if (found?.status === "captured") return [world, statement(n, world)]
      return [
        found === undefined || found.status === "declined" || found.status === "expired" ? world : booked("voided"),
        w.voided(n)
      ]
    case "ReturnPayment":
      if (found?.captured !== command.amount.amountMinor) throw new Error(`${id} is to go back, and was never taken`)
      return [booked(found.status, { refunded: found.captured }), w.returned(n, command.amount)]
    default:
      return [world, null]
  }
}
const untouched = { captured: 0, refunded: 0, bouncedBack: 0, settlement: "pending", dispute: "none" } as const
const amountOf = (command: ActivationCommand) => ("amount" in command ? command.amount!.amountMinor : 0)

/** A payment by the bank's own record. */
const statement = (n: number, { bank }: World): Said => {
  const { status, captureBefore, amount } = bank[w.paymentId(n)]!
  switch (status) {
    case "authorised":
      return w.authorised(n, captureBefore)
    case "requires_action":
      return w.actionRequired(n)
    case "captured":
      return w.captured(n, euros(amount))
    case "declined":
      return w.declined(n)
    case "voided":
    case "expired":
      return w.voided(n)
  }
}

// ── What may be asked of every world ──────────────────────────────────────────────────────────────────────────────

export const moneyOf = ({ state }: World) => (state.value as { readonly money: string }).money
export const serviceOf = ({ state }: World) => pathOf((state.value as { readonly service: StateValue }).service)
const sumOf = ({ bank }: World, of: (payment: AtTheBank) => number) => Object.values(bank).reduce((sum, one) => sum + of(one), 0)
/** With the customer, as far as the gateway took it and gave it back. */
const netOf = (world: World) => sumOf(world, ({ captured, refunded, bouncedBack }) => captured - refunded + bouncedBack)
/** Counted as taken, and not ours: it never came, or the customer's bank has it. */
const lostOf = (world: World) =>
  sumOf(world, ({ captured, settlement, dispute }) =>
    settlement === "failed" || dispute === "open" || dispute === "lost" ? captured : 0
  )
/** Nothing is on its way: no command, no word, no document, and the service waits for nobody. */
export const isAtRest = (world: World) =>
  Object.keys(world.lanes).length === 0 &&
  world.words.length === 0 &&
  world.car.upToDate &&
  !/^(pending|retry|escalated\.giving)/.test(serviceOf(world)) &&
  !/^(charging|confirming)$/.test(moneyOf(world))

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
    const timer = nextTimer(now, bank)
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
  const wrong: Array<string> = [...wrongInBooks(world.books)]
  if (Object.values(world.bank).some(({ captured, refunded }) => refunded > captured)) wrong.push("more was given back than taken")
  return wrong
}
/** Where the bank says yes to every charge: else one that is let go, and taken after all, may meet the next one for a while. */
export const tookTooMuch = (world: World): ReadonlyArray<string> =>
  netOf(world) - lostOf(world) > w.price.amountMinor ? ["more was taken than it costs"] : []

/** Of a world at rest: active (or lived to its end) and paid once, or owed; or inactive and net zero: in the car, at the bank and in our own ledger. */
export const wrongAtRest = (world: World): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  const { books, bank } = world
  const { payments, supportCase, terms, way, debt, bills } = world.state.context as ActivationContext
  const stands = serviceOf(world)
  const served = stands === "active" || stands === "ended"
  if ((world.car.on !== null) !== (stands === "active"))
    wrong.push(`${stands}, and in the car it is ${world.car.on === null ? "off" : "on"}`)
  for (const [id, { status }] of Object.entries(bank))
    if (status === "authorised" || status === "requires_action") wrong.push(`${id} is still ${status}`)
  if (Object.values(payments).some(({ status }) => status === "asked" || status === "held"))
    wrong.push("a question to the bank is open")
  if (world.supportCases !== (supportCase === "none" ? 0 : 1)) wrong.push(`${world.supportCases} support cases`)

  // The books are the bank's, and what finance has is what is missing.
  const ours = netOf(world) - lostOf(world) - world.paidOut
  if (balanceOf(books, "gateway", "bank") !== ours)
    wrong.push(`${balanceOf(books, "gateway", "bank")} is in the ledger, and ${ours} at the bank`)
  if (Object.keys(books.held).length > 0) wrong.push(`${Object.keys(books.held).join()} waits to be posted or voided`)
  const dunned = debt !== null && !Object.values(books.cases).some(({ paymentId }) => paymentId === debt.paymentId)
  const owed = atRisk(books, "unpaid", "settlementFailed") + (dunned ? debt.amountMinor : 0)
  if (balanceOf(books, "receivables") !== owed) wrong.push(`${balanceOf(books, "receivables")} is owed, and finance has ${owed}`)
  if (debt !== null && moneyOf(world) !== "owed" && dunned) wrong.push("a debt that nobody asks for, and no case")
  if (-balanceOf(books, "refundsDue") !== atRisk(books, "refundFailed"))
    wrong.push(`${-balanceOf(books, "refundsDue")} is owed to the customer, and finance has ${atRisk(books, "refundFailed")}`)
  if (
    balanceOf(books, "disputes") !==
    sumOf(world, ({ captured, dispute, settlement }) => (dispute === "open" && settlement !== "failed" ? captured : 0))
  )
    wrong.push(`${balanceOf(books, "disputes")} is in dispute`)

  const sold = -balanceOf(books, "serviceSales")
  const billed = bills.reduce(
    (sum, { status, amount }) => sum + (status === "waived" || status === "returning" ? 0 : amount.amountMinor),
    0
  )
  const price = way === "free" || supportCase === "gift" ? 0 : terms.term.kind === "recurring" ? billed : w.price.amountMinor
  if (served && sold !== price) wrong.push(`${stands}, and ${sold} is sold`)
  const never = balanceOf(books, "badDebts", "receivables", "disputes")
  if (!served && sold > never) wrong.push(`${stands}, and ${sold} is sold, of which ${never} never came`)
  return wrong
}

/** Two worlds of one digest have the same future. What only history will ask for is left out. */
export const digestOf = ({ state, clock, timers, lanes, bank, books, paidOut, wanted, car, words }: World) => {
  const { payments, paymentId, renewed, attempt, wantedUntil, until, receiptId, supportCase, debt, bills, refundSince } =
    state.context as ActivationContext
  return JSON.stringify([
    state.value,
    [payments, paymentId, renewed, attempt, wantedUntil, until, receiptId, supportCase, debt, bills, refundSince],
    [clock, timers, bank, textOf(books), paidOut, wanted, car, words],
    Object.entries(lanes)
      .map(([lane, waiting]) => [lane, waiting.map(({ command, answer: said }) => [command, said])])
      .sort()
  ])
}
/** Most steps leave the books as they are. */
const textOf = (books: Books): string => {
  const known = texts.get(books)
  if (known !== undefined) return known
  const text = JSON.stringify(books)
  texts.set(books, text)
  return text
}
const texts = new WeakMap<Books, string>()
