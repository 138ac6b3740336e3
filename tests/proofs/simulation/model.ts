/**
 * What must be true of one car, its services and their money, said once more and in the shortest way: no statechart, no messages.
 * Where a race may end either way the model knows both ends, and takes the one that happened.
 */
import type { OptionTerms } from "#machines/option-terms.ts"
import { periodEnd } from "./period.ts"
import type { Phase, Seen, SeenService } from "./seen.ts"
import { beginning, flawsOf, isHeld, isOverdue, type Method, mayOwe, mostOf, type Service, termFlawsOf } from "./service.ts"

const under: ReadonlySet<Phase> = new Set<Phase>(["paying", "trying"])
const reserved: ReadonlySet<Phase> = new Set<Phase>(["paying", "trying", "active", "giving"])
const withdrawable: ReadonlySet<Phase> = new Set<Phase>(["paying", "trying", "active", "ended", "escalated", "giving"])

/** What happened between two looks, besides what was done on purpose. */
export interface Interval {
  readonly passed: number // Milliseconds.
  readonly quiet: number // Of these, after everybody had acted.
  /** The car could have obeyed and answered at some moment of it. */
  readonly couldObey: boolean
  /** So long, and in so many steps, that every try must have been made. */
  readonly everyTry: boolean
}

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const paymentWindow = 30 * minute
const young = 5 * minute // For which a door does not ask the workshops again.
const catchUp = 6 * hour + 10 * minute // The longest wait before a document is sent again.
const askAgain = hour + 5 * minute // And before the API IoT is asked again.
const slack = 90 * second // Between a click and its effect.
const exposureLimit = 5_000_00

type Possible = Map<Service, Set<Phase>>

export class Model {
  readonly services: Array<Service> = []
  awake = true
  inRange = true
  parked = true
  linked = false
  links = 0
  stolen = false
  overdue = false
  /** Others do something at the same time: what is answered may be either. */
  racing = false
  /** Its buyer has given the careful card's bank a mandate, and is not asked again. */
  private permitted = false
  private asked: { at: number; readonly overdue: boolean; readonly raced: boolean } | null = null
  /** The car may lag behind our document; and since when it does, though it obeys. */
  private lag: { excused: boolean; since: number | null } = { excused: true, since: null }
  private possible: Possible = new Map()

  constructor(
    readonly country: string,
    readonly model: string,
    readonly link: "nats" | "apiIot",
    public owner: number,
    public now: number
  ) {}

  // ── What is done on purpose, and how it may be answered: a reason, or null where it must be accepted ────────────

  purchase(terms: OptionTerms, method: Method | null, workshopsAnswer: boolean): ReadonlyArray<string | null> {
    const { option } = terms
    const gate = terms.maintenanceGated ? this.gate(workshopsAnswer) : [null] // Asked first, whatever else is wrong.
    if (this.stolen) return ["VehicleStolen"]
    if (this.has(option)) return ["OptionAlreadyOwned"]
    if (this.services.some((one) => one.terms.option === option && reserved.has(one.phase))) return ["PurchaseUnderWay"]
    const tried = this.tried(terms)
    if (tried === "yes") return ["TrialUsed"]
    const perhaps = tried === "perhaps" ? ["TrialUsed"] : []
    if (!terms.models.includes(this.model)) return ["NotForThisModel"]
    if (!terms.homologated) return ["NotHomologated"]
    const missing = terms.requires.find((other) => !this.has(other))
    if (missing !== undefined) return [`Requires:${missing}`]
    const rivals = this.services.filter(
      ({ phase, terms: other }) => reserved.has(phase) && (terms.excludes.includes(other.option) || other.excludes.includes(option))
    )
    if (rivals.length > 0) return [...perhaps, ...rivals.map((one) => `ConflictsWith:${one.terms.option}`)]
    const paid = terms.price.amountMinor > 0 || terms.term.kind === "recurring"
    const open = paid && method === null ? ["PaymentMethodMissing"] : paid ? this.trust(terms) : [null]
    return [...perhaps, ...gate.flatMap((reason) => (reason === null ? open : [reason]))]
  }
  has = (option: string) =>
    this.services.some((one) => one.terms.option === option && one.phase === "active" && (one.until ?? Infinity) > this.now)
  /** A trial counts from the car's word on; whether that came for one that was given up at the same moment, nobody here knows. */
  private tried({ option, term }: OptionTerms): "yes" | "perhaps" | "no" {
    const before = this.services.filter(
      ({ terms, customer }) => terms.option === option && terms.term.kind === "trial" && customer === this.owner
    )
    if (term.kind !== "trial" || before.length === 0) return "no"
    return before.some(({ until }) => until !== null) ? "yes" : "perhaps"
  }
  /** What its owner owes closes purchases (S12.3); and so does much of what is not settled, of which nobody here knows how much it is. */
  private trust({ price }: OptionTerms): ReadonlyArray<string | null> {
    const own = this.services.filter(({ customer, bundled }) => customer === this.owner && !bundled)
    if (own.some(isOverdue)) return ["PaymentOverdue"]
    const most = own.reduce((sum, one) => sum + mostOf(one, this.now), price.amountMinor)
    return [null, ...(own.some(mayOwe) ? ["PaymentOverdue"] : []), ...(most > exposureLimit ? ["ExposureLimitReached"] : [])]
  }
  private gate(workshopsAnswer: boolean): ReadonlyArray<string | null> {
    const known = this.asked !== null && this.now - this.asked.at < young ? this.asked : null
    // While the clock moves, nobody knows when they were asked.
    if (this.racing) this.asked = { at: Infinity, overdue: this.overdue, raced: true }
    if (this.racing || known?.raced === true) return [null, "MaintenanceOverdue", "MaintenanceUnknown"]
    if (known === null && !workshopsAnswer) return ["MaintenanceUnknown"]
    if (known === null) this.asked = { at: this.now, overdue: this.overdue, raced: false }
    return [(known ?? this).overdue ? "MaintenanceOverdue" : null]
  }

  bought(activationId: string, terms: OptionTerms, method: Method | null, customer: number, bundled = false) {
    const { now, racing } = this
    const careful = method === "carefulCard"
    const phase = bundled ? "trying" : beginning(terms, method, this.permitted)
    const flags = {
      gift: false,
      escalated: false,
      withdrawn: false,
      cancelled: false,
      seen: false,
      settledInRace: false,
      failedTries: 0,
      jumped: 0
    }
    const dates = { purchasedAt: now, since: now, triedSince: now, until: null }
    const known = this.services.find((one) => one.activationId === activationId) // In the other order of a race.
    const service: Service = known ?? { activationId, terms, method, customer, bundled, phase, money: "unseen", ...dates, ...flags }
    if (known === undefined) this.services.push(service)
    this.becomes(service, phase, ...(racing ? (["paying"] as const) : []), ...(racing && careful ? (["trying"] as const) : []))
    if (careful && terms.term.kind === "recurring") this.permitted = true
  }

  withdrawal({ phase, withdrawn, purchasedAt, bundled }: Service): string | null {
    if (withdrawn) return null // The same click again.
    if (!withdrawable.has(phase)) return "AlreadyClosed"
    return this.now < periodEnd(purchasedAt, this.country, bundled) ? null : "WithdrawalPeriodExpired"
  }
  cancellation({ phase, cancelled, terms }: Service): string | null {
    if (cancelled) return null
    if (["escalated", "giving", "closed"].includes(phase)) return "NotActive"
    if (!under.has(phase) && phase !== "active") return "AlreadyClosed"
    return terms.term.kind === "recurring" ? null : "NotRecurring"
  }

  /** This service is now in one of these phases, whatever it was before. */
  becomes(service: Service, ...phases: ReadonlyArray<Phase>) {
    this.possible.set(service, new Set(phases))
  }
  /** Whatever was not confirmed yet is over. */
  stolenNow() {
    this.stolen = true
    this.each((_, phase) => (under.has(phase) ? "cancelled" : phase))
  }
  /** And what recurs ends with its owner. */
  soldTo(buyer: number) {
    this.owner = buyer
    this.linked = false
    this.permitted = false
    const endsWithOwner = ({ terms }: Service, phase: Phase) => phase === "active" && terms.term.kind === "recurring"
    this.each((service, phase) => (under.has(phase) ? "cancelled" : endsWithOwner(service, phase) ? "ended" : phase))
  }
  private each(to: (service: Service, phase: Phase) => Phase) {
    for (const [service, phases] of this.possible) this.possible.set(service, new Set([...phases].map((one) => to(service, one))))
  }

  /** Two things at once: in each order, and with or without the car's word between them. */
  atOnce(first: () => void, second: () => void) {
    const before = copyOf(this.possible)
    const together: Possible = new Map()
    for (const [one, other] of [
      [first, second],
      [second, first]
    ] as const) {
      this.possible = copyOf(before)
      one()
      for (const phases of this.possible.values()) if (phases.has("trying") || phases.has("giving")) phases.add("active")
      other()
      for (const [service, phases] of this.possible) together.set(service, phases.union(together.get(service) ?? new Set()))
    }
    this.possible = together
  }
  /** While things are done, the clock goes on by so much: what waits for an hour may have come before, or may come after. */
  mayAge(millis: number) {
    for (const [service, phases] of this.possible) {
      const { until } = service
      if (phases.has("trying")) for (const phase of ["active", "escalated"] as const) phases.add(phase)
      if (phases.has("trying") && this.outlivesHolds(service, this.now + millis)) phases.add("declined")
      if (phases.has("paying") && millis >= paymentWindow - slack) phases.add("declined")
      if (phases.has("active") && until !== null && until <= this.now + millis) phases.add("ended")
    }
  }
  /** Its hold will not have lasted, and a second one would not either; or its customer was asked anew, and did not confirm. */
  private outlivesHolds = (service: Service, at: number) => isHeld(service) && at - service.purchasedAt > 6 * day

  /** Something happened to the car, its road or its flash, after which it may lag behind. */
  mayLag() {
    this.lag.excused = true
  }

  // ── What must be seen ───────────────────────────────────────────────────────────────────────────────────────────

  /** Answers what is wrong; and what is seen is true from now on. */
  see(seen: Seen, interval: Interval): ReadonlyArray<string> {
    this.now = seen.at
    if (this.asked?.at === Infinity) this.asked.at = seen.at
    const wrong: Array<string> = []
    const bought = new Set(this.services.map(({ activationId }) => activationId))
    for (const { activationId } of seen.services) if (!bought.has(activationId)) wrong.push(`${activationId}: nobody bought it`)
    for (const service of this.services) {
      const found = seen.services.find(({ activationId }) => activationId === service.activationId)
      if (found === undefined) {
        wrong.push(`${service.terms.option}: bought, and never begun`)
        continue
      }
      const may = this.mayBe(service, found, seen, interval)
      const { phase } = found
      if (!may.has(phase))
        wrong.push(`${service.terms.option} is ${phase}, and may be ${[...may].join(" or ") || "none of it all"}`)
      wrong.push(...this.take(service, found, interval).map((what) => `${service.terms.option} (${phase}): ${what}`))
    }
    wrong.push(...this.inTheCar(seen))
    this.possible = new Map(this.services.map((one) => [one, new Set([one.phase])]))
    return wrong
  }

  /** What time, the bank and the car may have led to. */
  private mayBe(
    service: Service,
    found: SeenService,
    seen: Seen,
    { passed, quiet, couldObey, everyTry }: Interval
  ): ReadonlySet<Phase> {
    const may = new Set(this.possible.get(service) ?? [service.phase])
    const { at, obeys, inStep, link, running } = seen
    if (service.method !== "carefulCard") may.delete("paying") // A bank that asks nobody has answered by now.
    if (may.has("paying") && at - service.since >= paymentWindow - slack) {
      may.add("declined")
      if (at - service.since > paymentWindow + slack + passed) may.delete("paying")
    }
    if (may.has("trying")) {
      const patience = service.terms.acknowledgementSeconds * second
      if (at - service.triedSince > patience / 2) may.add("escalated") // How many tries it takes is looked at below.
      if (this.outlivesHolds(service, at)) {
        may.add("declined")
        if (service.method === "carefulCard") may.add("paying")
      }
    }
    const runs = running.some(({ activationId }) => activationId === service.activationId)
    if ((couldObey || runs) && (may.has("trying") || may.has("giving"))) may.add("active") // Now, or long ago and only heard now.
    if (obeys && inStep && runs && (link === "nats" || quiet > askAgain))
      for (const one of ["trying", "giving"] as const) may.delete(one)
    if (everyTry && !found.waitsForParking) may.delete("trying")
    if (may.has("active") && found.until !== null) {
      if (at >= found.until) may.add("ended")
      if (at >= found.until + slack) may.delete("active")
    }
    return may
  }

  /** The service is what was seen; and what else was seen of it has to fit. */
  private take(service: Service, found: SeenService, { passed }: Interval): ReadonlyArray<string> {
    const before = service.phase
    const { phase, money, until, purchasedAt, failedTries } = found
    const isLate = !service.bundled && Math.abs(purchasedAt - service.purchasedAt) > slack + passed
    const prolonged = until !== service.until
    if (under.has(before) || before === "giving") service.jumped += passed
    if (phase !== before || !service.seen) service.since = this.now
    if (phase === "escalated") service.escalated = true
    if (failedTries !== service.failedTries || !service.seen) service.triedSince = this.now
    Object.assign(service, { phase, money, until, purchasedAt, failedTries, seen: true })
    return [
      ...(isLate ? ["bought on another day"] : []),
      ...flawsOf(service, found, this.now),
      ...(prolonged ? termFlawsOf(service, found) : [])
    ]
  }

  /** The car runs what we say, as soon as it can know; and what has an end, has ended by itself. */
  private inTheCar({ running, clockBehind, inStep, obeys, link, at }: Seen): ReadonlyArray<string> {
    const wrong: Array<string> = []
    for (const { activationId, until } of running)
      if (until !== null && until + slack + clockBehind < at) wrong.push(`the car still runs ${activationId}, which has ended`)
    if (inStep || !obeys) {
      this.lag = { excused: !inStep || !obeys, since: null }
    } else {
      if (!this.lag.excused) wrong.push("the car obeys, and does not have our document")
      const since = (this.lag.since ??= at)
      if (at - since > catchUp) wrong.push("the car never got our document")
    }
    if (!obeys || !inStep) return wrong
    const runs = new Set(running.map(({ activationId }) => activationId))
    for (const { activationId, phase, until, terms } of this.services) {
      const on = runs.delete(activationId)
      const may = phase === "active" || (link === "apiIot" && (phase === "trying" || phase === "giving"))
      if (on && !may) wrong.push(`the car runs ${terms.option}, which is ${phase}`)
      if (!on && phase === "active" && (until === null || until > at))
        wrong.push(`the car does not run ${terms.option}, which is active`)
    }
    for (const activationId of runs) wrong.push(`the car runs ${activationId}, which nobody bought`)
    return wrong
  }
}

const copyOf = (possible: Possible): Possible => new Map([...possible].map(([service, phases]) => [service, new Set(phases)]))
