/** A factory that builds cars out of nothing, with its own ledger and its own opinions. It shares no code with the client that calls it. */
import {
  type Call,
  type Office,
  type Reply,
  type Simulator,
  type SimulatorOptions,
  startPartner
} from "../http/simulated-partner.ts"

export interface FactoryEntry {
  readonly at: string
  readonly kind: "order" | "refusal" | "in_progress" | "ready" | "shipped" | "cancelled"
  readonly reference: string
  readonly factoryOrderId: string | null // Null with a refusal.
  readonly model: string
  readonly country: string
  readonly vin: string | null
  readonly key: CarKey | null // With the VIN.
  readonly reason: string | null
}

/** What a car will sign with (its public half), and the road to it. */
export interface CarKey {
  readonly publicKey: string
  readonly link: "nats" | "apiIot"
}

export interface FactorySimulatorOptions extends SimulatorOptions {
  /** What it builds. */
  readonly models?: ReadonlyArray<string>
  /** The first three characters of its VINs (world manufacturer identifier). */
  readonly vinPrefix?: string
  /** Makes the car itself, and its key; where there is none, it builds cars that say nothing. */
  readonly build?: (vin: string, model: string, country: string) => CarKey
}

/** The four steps are for `manual`; each does nothing where it is not the order's turn. */
export interface FactorySimulator extends Simulator<FactoryEntry> {
  readonly start: (reference: string) => void
  readonly finish: (reference: string) => void
  readonly ship: (reference: string) => void
  readonly cancel: (reference: string, reason: string) => void
}

export const startFactorySimulator = async (options: FactorySimulatorOptions = {}): Promise<FactorySimulator> => {
  let plant!: Plant
  const simulator = await startPartner<FactoryEntry>("factory", options, (office) => {
    const { models = ["Modelo Uno", "Modelo Dos"], vinPrefix = "VSS", build = () => null } = options
    plant = new Plant(office, models, vinPrefix, build)
    return {
      answer: (call) => plant.answer(call),
      acts: {
        start: (reference) => plant.step(reference, "in_progress"),
        finish: (reference) => plant.step(reference, "ready"),
        ship: (reference) => plant.step(reference, "shipped"),
        cancel: (reference, detail) => plant.step(reference, "cancelled", String(detail.reason ?? "cancelled_by_order"))
      }
    }
  })
  return {
    ...simulator,
    start: (reference) => plant.step(reference, "in_progress"),
    finish: (reference) => plant.step(reference, "ready"),
    ship: (reference) => plant.step(reference, "shipped"),
    cancel: (reference, reason) => plant.step(reference, "cancelled", reason)
  }
}

type Step = "in_progress" | "ready" | "shipped" | "cancelled"
const next: Partial<Record<string, Step>> = { order: "in_progress", in_progress: "ready", ready: "shipped" }
const buildMillis = 14 * 24 * 3600 * 1000 // What it promises, not what it takes.

class Plant {
  /** The last entry of each order. */
  private readonly orders = new Map<string, FactoryEntry>()
  private readonly promised = new Map<string, string>()
  private vins = 0

  constructor(
    private readonly office: Office<FactoryEntry>,
    private readonly models: ReadonlyArray<string>,
    private readonly vinPrefix: string,
    private readonly build: (vin: string, model: string, country: string) => CarKey | null
  ) {
    for (const entry of office.entries()) this.remember(entry)
    for (const reference of this.orders.keys()) this.goOn(reference)
  }

  answer({ method, path, body, decline }: Call): Reply {
    if (method === "GET" && path[0] === "orders" && path.length === 2) {
      const reference = path[1]!
      return this.orders.has(reference) ? this.tell(200, reference) : { status: 404, body: { reference, reason: "unknown_order" } }
    }
    if (method === "POST" && path.length === 1 && path[0] === "orders") return this.place(body, decline)
    return { status: 404, body: { error: "no such path" } }
  }

  step(reference: string, to: Step, reason: string | null = null) {
    const order = this.orders.get(reference)
    if (
      order === undefined ||
      (to === "cancelled" ? order.kind === "shipped" || order.kind === "cancelled" : next[order.kind] !== to)
    )
      return
    const vin = to === "ready" ? this.makeVin(order.model) : order.vin
    const key = to === "ready" ? this.build(vin!, order.model, order.country) : order.key
    const entry: FactoryEntry = { ...order, at: this.office.instant(), kind: to, vin, key, reason }
    this.record(entry)
    const { factoryOrderId, at: occurredAt } = entry
    this.office.announce({ reference, factoryOrderId, status: to, vin, reason, occurredAt, ...(to === "ready" ? { key } : {}) })
    this.goOn(reference)
  }

  /** One order per reference, for ever: a second one is answered with the first, unless it asks for something else. */
  private place(body: Record<string, unknown>, decline: string | null): Reply {
    const { reference, model, country } = body
    if (typeof reference !== "string" || !/^[\w-]{1,100}$/.test(reference)) return { status: 400, body: { error: "no reference" } }
    if (typeof model !== "string" || typeof country !== "string") return { status: 400, body: { error: "no model or country" } }
    const known = this.orders.get(reference)
    if (known !== undefined) {
      const same = known.model === model && known.country === country
      return same ? this.tell(200, reference) : { status: 409, body: { error: "this reference ordered something else" } }
    }
    const at = this.office.instant()
    const entry = { at, reference, model, country, vin: null, key: null }
    const reason = decline ?? (this.models.includes(model) ? null : "unknown_model")
    if (reason !== null) {
      this.record({ ...entry, kind: "refusal", factoryOrderId: null, reason })
      return { status: 422, body: { reference, reason } }
    }
    this.record({ ...entry, kind: "order", factoryOrderId: `fo_${this.orders.size + 1}`, reason: null })
    this.goOn(reference)
    return this.tell(201, reference)
  }

  private tell(status: number, reference: string): Reply {
    const { factoryOrderId, kind, model, vin, key, reason } = this.orders.get(reference)!
    const expectedAt = this.promised.get(reference)!
    return {
      status,
      body: {
        factoryOrderId,
        reference,
        model,
        status: kind === "order" ? "accepted" : kind,
        vin,
        expectedAt,
        reason,
        key: key ?? null
      }
    }
  }

  private goOn(reference: string) {
    const to = next[this.orders.get(reference)!.kind]
    if (to !== undefined) this.office.soon(() => this.step(reference, to))
  }

  private record(entry: FactoryEntry) {
    this.office.record(entry)
    this.remember(entry)
  }

  private remember(entry: FactoryEntry) {
    if (entry.kind === "refusal") return
    if (entry.kind === "order") this.promised.set(entry.reference, new Date(Date.parse(entry.at) + buildMillis).toISOString())
    if (entry.kind === "ready") this.vins++
    this.orders.set(entry.reference, entry)
  }

  /** 17 characters: maker, descriptor, model, and a serial number of its own ledger. No I, O or Q. */
  private makeVin(model: string) {
    const variant = "123456789ABCDEFGH"[this.models.indexOf(model)] ?? "Z"
    return `${this.vinPrefix}CAASZ${variant}ZZ${String(this.vins + 1).padStart(6, "0")}`
  }
}
