/** Customers, dealers and cars who ask at a rate of their own, whatever befalls the platform, and who ask again until they know. */
import { createHash } from "node:crypto"
import { partitionOf } from "#actors/system/partition.ts"
import { countries } from "#integrations/registration/countries.ts"
import { SubjectId } from "#machines/vocabulary.ts"
import { persona } from "#src/demo/persona.ts"
import { orderIdOf } from "#src/http/dealers/new-sale.ts"
import type { Dice } from "../dice.ts"
import type { OwnedCar } from "../service-stories.ts"
import type { Answer, StubbornCaller } from "../stubborn-caller.ts"
import type { History, Kind, Operation } from "./history.ts"
import type { Site } from "./site.ts"

const tickMillis = 20
const openAtMost = 2_000 // Operations without an answer; whoever comes then goes away again, and is counted.
const againMillis = 1_000
const probeAgainMillis = 100
const patienceMillis = 120_000 // Wall clock: longer than any fault. Then somebody was left without an answer.
const reportMillis = 5_000 // Within which a report is acknowledged "at the first asking", as a request is by its caller's patience.
const lookMillis = 25

/** Shares of the load. Cars and options have limits of their own: thirty commands a minute, one purchase of each option. */
const shares: ReadonlyArray<readonly [Kind, number]> = [
  ["sale", 0.17],
  ["paper", 0.48],
  ["payment", 0.07],
  ["cancellation", 0.1],
  ["report", 0.12],
  ["command", 0.03],
  ["purchase", 0.03]
]
const week = { kind: "temporary", count: 7, unit: "day" }
const month = { kind: "temporary", count: 1, unit: "month" }
const wishes = [
  { option: "heated-seats", term: { ...month, count: 3 } },
  { option: "streaming", term: month },
  { option: "snow-mode", term: week },
  { option: "concert-audio", term: week },
  { option: "climate-ahead", term: month }
]
const encoder = new TextEncoder()

interface Sale {
  readonly orderId: string
  readonly customer: StubbornCaller
  readonly papers: Array<string>
  awaited: number // Papers that nobody has confirmed yet.
}

export class Load {
  heldBack = 0
  private readonly open = new Set<Promise<unknown>>()
  private readonly sales: Array<Sale> = [] // Registered; some papers are missing.
  private readonly complete: Array<Sale> = [] // Nothing is decided about them yet.
  private readonly purchases: Array<{ readonly car: OwnedCar; readonly wish: (typeof wishes)[number] }>
  private readonly driven: ReadonlyArray<OwnedCar> // Their apps command them, and services are bought for them.
  private readonly restless: ReadonlyArray<OwnedCar> // They restart and report.
  private readonly customers: ReadonlyArray<StubbornCaller>
  private readonly seller: StubbornCaller
  private readonly timer: ReturnType<typeof setInterval>
  private readonly failed = Promise.withResolvers<never>()
  private keys = 0

  /** Begins at once. */
  constructor(
    private readonly site: Site,
    private readonly history: History,
    private readonly dice: Dice,
    cars: ReadonlyArray<OwnedCar>,
    perSecond: number
  ) {
    this.failed.promise.catch(() => {})
    this.driven = cars.filter((_, n) => n % 2 === 0)
    this.restless = cars.filter((_, n) => n % 2 === 1)
    this.customers = [...new Set(cars.map(({ customer }) => customer))]
    this.purchases = wishes.flatMap((wish) => this.driven.map((car) => ({ car, wish })))
    this.seller = site.stories.seller
    const begin = performance.now()
    let asked = 0
    this.timer = setInterval(() => {
      for (const due = ((performance.now() - begin) / 1000) * perSecond; asked < due; asked++)
        if (this.open.size < openAtMost) this.launch()
        else this.heldBack++
    }, tickMillis)
  }

  /** Throws as soon as somebody was left without an answer. */
  get failure(): Promise<never> {
    return this.failed.promise
  }

  /** Nobody asks anew; answers when everybody knows. */
  async end(): Promise<void> {
    clearInterval(this.timer)
    await Promise.race([Promise.all(this.open), this.failed.promise])
  }

  /** Asks an actor of this partition until it answers: how many milliseconds that took. */
  async probe(partition: number): Promise<number> {
    const begin = performance.now()
    const asked = this.sell(partition, probeAgainMillis)
    this.keep(asked)
    await asked
    return performance.now() - begin
  }

  private launch() {
    const fate = this.dice.throw()
    let sum = 0
    const kind = shares.find(([, share]) => (sum += share) > fate)?.[0] ?? "sale"
    this.keep(this.asks(kind))
  }

  private keep(asked: Promise<unknown>) {
    const settled = asked.catch((error) => this.failed.reject(error)).finally(() => this.open.delete(settled))
    this.open.add(settled)
  }

  private asks(kind: Kind): Promise<unknown> {
    switch (kind) {
      case "paper":
        return this.supplies()
      case "payment":
        return this.decides("payment")
      case "cancellation":
        return this.decides("cancellation")
      case "report":
        return this.reports()
      case "command":
        return this.commands()
      case "purchase":
        return this.buys()
      default:
        return this.sell()
    }
  }

  /** A sale is where its key leads: into any partition, or into a certain one. */
  private async sell(partition: number | null = null, again = againMillis): Promise<void> {
    const subjectId = SubjectId.make(this.seller.subjectId)
    let key = this.newKey("sale")
    while (partition !== null && partitionOf(`order/${orderIdOf(subjectId, key)}`) !== partition) key = this.newKey("sale")
    const orderId = orderIdOf(subjectId, key)
    const customer = this.dice.oneOf(this.customers)
    const body = {
      customer: persona(nameOf(customer.email)),
      plan: "base",
      delivery: { kind: "home" },
      consents: [{ text: "terms-of-sale", edition: 1 }],
      model: "Modelo Uno",
      confirmDuplicate: true
    }
    const asked = this.history.invoke("sale", `order/${orderId}`, `${subjectId}/sell/${orderId}`)
    await this.until(asked, again, () => this.seller.ask("POST", "/api/dealer/sales", { body, key, once: true }))
    if (asked.saw !== "ok") throw new Error(`${orderId} was refused`)
    const papers = countries.ES.papers.map(({ kind }) => kind)
    this.sales.push({ orderId, customer, papers, awaited: papers.length })
  }

  private async supplies(): Promise<void> {
    const sale = this.sales[0]
    const kind = sale?.papers.shift()
    if (sale === undefined || kind === undefined) return this.sell()
    if (sale.papers.length === 0) this.sales.shift()
    const { orderId } = sale
    const bytes = encoder.encode(`%PDF-1.7\n% ${kind} of ${orderId}\n%%EOF\n`)
    const sha256 = createHash("sha256").update(bytes).digest("hex")
    // The 0: the authority was not asked yet.
    const id = `${this.seller.subjectId}/papers/${orderId}/${kind}/${sha256}/0`
    const path = `/api/dealer/sales/${orderId}/documents?kind=${kind}`
    const asked = this.history.invoke("paper", `order/${orderId}`, id)
    await this.until(asked, againMillis, () => this.seller.ask("POST", path, { bytes, once: true }))
    if (--sale.awaited === 0) this.complete.push(sale)
  }

  /** The deposit, with all that follows from it; or a change of mind. */
  private async decides(what: "payment" | "cancellation"): Promise<void> {
    const sale = this.complete.shift()
    if (sale === undefined) return this.sell()
    const { orderId, customer } = sale
    const key = this.newKey("pay")
    const pays = what === "payment"
    const id = pays ? `${customer.subjectId}/pay/${orderId}/${key}` : `${customer.subjectId}/cancel/${orderId}`
    const path = `/api/me/orders/${orderId}/${pays ? "payments" : "cancellation"}`
    const body = pays ? { kind: "reservation", paymentMethod: "tok_ok_deposit" } : {}
    const asked = this.history.invoke(what, `order/${orderId}`, id)
    await this.until(asked, againMillis, () => customer.ask("POST", path, { body, key, once: true }))
  }

  private async buys(): Promise<void> {
    const next = this.purchases.shift()
    if (next === undefined) return this.sell()
    const { car, wish } = next
    const { vin, customer } = car
    const key = this.newKey("service")
    const body = { ...wish, paymentMethod: "tok_ok", consents: [{ text: "service-terms", edition: 1 }] }
    const asked = this.history.invoke("purchase", `vehicle/${vin}`, `${customer.subjectId}/purchase/${vin}/${key}`)
    const path = `/api/me/vehicles/${vin}/activations`
    await this.until(asked, againMillis, () => customer.ask("POST", path, { body, key, once: true }))
  }

  private async commands(): Promise<void> {
    const { vin, customer } = this.dice.oneOf(this.driven)
    const key = this.newKey("command")
    const asked = this.history.invoke("command", `vehicle/${vin}`, `${customer.subjectId}/command/${vin}/${key}`)
    const path = `/api/me/vehicles/${vin}/commands`
    await this.until(asked, againMillis, () => customer.ask("POST", path, { body: { type: "flashLights" }, key, once: true }))
  }

  /** A car restarts, and says so until it hears that it was heard. What it says later makes this one void: then nobody knows. */
  private async reports(): Promise<void> {
    const { fleet } = this.site.world
    const quiet = this.restless.map(({ vin }) => fleet.car(vin)).filter(({ newest }) => newest?.acknowledged !== false)
    if (quiet.length === 0) return this.sell()
    const car = this.dice.oneOf(quiet)
    car.reboot()
    const said = car.newest!
    const asked = this.history.invoke("report", `vehicle/${car.vin}`, `car/${said.receiptId}`)
    const begin = performance.now()
    for (; !said.acknowledged && car.newest === said; await Bun.sleep(lookMillis)) {
      if (asked.first === null && performance.now() - begin > reportMillis) this.history.saw(asked, "info")
      if (performance.now() - begin > patienceMillis) throw new Error(`${car.vin} was never heard: ${said.receiptId}`)
    }
    this.history.saw(asked, said.acknowledged ? "ok" : "info")
  }

  private async until(asked: Operation, again: number, ask: () => Promise<Answer | null>): Promise<void> {
    for (const end = performance.now() + patienceMillis; ; await Bun.sleep(again)) {
      const answer = await ask()
      this.history.saw(asked, answer === null ? "info" : answer.status < 300 ? "ok" : "fail")
      if (answer !== null) return
      if (performance.now() > end) throw new Error(`${asked.messageId} to ${asked.path} was never answered`)
    }
  }

  private newKey(what: string) {
    return `${what}-load-${String(++this.keys).padStart(7, "0")}`
  }
}

/** Cars in their owners' hands, by whole stories; every second one obeys its owner's app. Each has an owner of its own: of two first links the later mail may hold the earlier. */
export const ownedCars = async (site: Site, count: number): Promise<ReadonlyArray<OwnedCar>> => {
  const names = Array.from({ length: count }, (_, n) => `Customer ${n + 1}`)
  const cars = await Promise.all(names.map((name) => site.stories.deliver(name)))
  await Promise.all(cars.filter((_, n) => n % 2 === 0).map((car) => links(site, car)))
  return cars
}

const links = async ({ world }: Site, { vin, customer }: OwnedCar) => {
  const car = world.fleet.car(vin)
  const pairingCode = car.showPairingCode()
  while (car.newest?.acknowledged !== true) await Bun.sleep(lookMillis)
  const { status, body } = await customer.ask("POST", `/api/me/vehicles/${vin}/link`, { body: { pairingCode } })
  if (status !== 200) throw new Error(`${vin} was not linked: ${JSON.stringify(body)}`)
}

/** "customer.1@story.example" → "Customer 1". */
const nameOf = (email: string) => email.slice(0, email.indexOf("@")).replace("customer.", "Customer ")
