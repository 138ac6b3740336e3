/** A carrier with lorries that exist on paper only. Shares no code with the client that calls it. */
import {
  type Call,
  type Office,
  type Reply,
  type Simulator,
  type SimulatorOptions,
  startPartner
} from "../http/simulated-partner.ts"

export interface TransportEntry {
  readonly at: string
  readonly kind: "booking" | "refusal" | "departed" | "delivered" | "customer_absent" | "arrived_at_dealership"
  readonly reference: string
  readonly transportId: string | null
  readonly vin: string
  readonly to: "customer" | "dealership"
  readonly proof: string | null
  readonly reason: string | null
}

/** The steps are for `manual`; each does nothing where the transport is not there yet. */
export interface CarrierSimulator extends Simulator<TransportEntry> {
  /** Scripts the door: nobody will open for this reference. Present where nothing is said. */
  readonly customerAbsent: (reference: string, absent?: boolean) => void
  readonly depart: (reference: string) => void
  /** The lorry reaches its goal: delivered, or customer_absent, or arrived_at_dealership. */
  readonly arrive: (reference: string) => void
}

export const startCarrierSimulator = async (options: SimulatorOptions = {}): Promise<CarrierSimulator> => {
  let depot!: Depot
  const simulator = await startPartner<TransportEntry>("transport", options, (office) => {
    depot = new Depot(office)
    return {
      answer: (call) => depot.answer(call),
      acts: {
        customerAbsent: (reference, detail) => depot.script(reference, detail.absent !== false),
        depart: (reference) => depot.depart(reference),
        arrive: (reference) => depot.arrive(reference)
      }
    }
  })
  return {
    ...simulator,
    customerAbsent: (reference, absent = true) => depot.script(reference, absent),
    depart: (reference) => depot.depart(reference),
    arrive: (reference) => depot.arrive(reference)
  }
}

class Depot {
  /** The last entry of each transport, by reference and goal. */
  private readonly transports = new Map<string, TransportEntry>()
  private readonly absent = new Set<string>()

  constructor(private readonly office: Office<TransportEntry>) {
    for (const entry of office.entries()) if (entry.kind !== "refusal") this.transports.set(nameOf(entry), entry)
    for (const entry of this.transports.values()) this.goOn(entry)
  }

  script(reference: string, absent: boolean) {
    if (absent) this.absent.add(reference)
    else this.absent.delete(reference)
  }

  answer({ method, path, body, decline }: Call): Reply {
    if (method !== "POST" || path[0] !== "transports" || path.length !== 1) return { status: 404, body: { error: "no such path" } }
    const { reference, vin, to, address, instructions } = body
    if (typeof reference !== "string" || typeof vin !== "string" || typeof address !== "object")
      return { status: 400, body: { error: "a field is missing" } }
    if (to !== "customer" && to !== "dealership") return { status: 400, body: { error: "to" } }
    const known = this.transports.get(`${reference} ${to}`)
    if (known !== undefined) {
      return known.vin === vin ? told(200, known) : { status: 409, body: { error: "this reference carries another car" } }
    }
    const entry = { at: this.office.instant(), reference, vin, to, proof: null } as const
    const careless = typeof instructions !== "string" || !instructions.includes("never leave it unattended")
    const reason = decline ?? (careless ? "instructions_missing" : null)
    if (reason !== null) {
      this.office.record({ ...entry, kind: "refusal", transportId: null, reason })
      return { status: 422, body: { reference, reason } }
    }
    const booked: TransportEntry = { ...entry, kind: "booking", transportId: `tr_${this.transports.size + 1}`, reason: null }
    this.office.record(booked)
    this.transports.set(nameOf(booked), booked)
    this.goOn(booked)
    return told(201, booked)
  }

  depart(reference: string) {
    for (const transport of this.of(reference)) if (transport.kind === "booking") this.step(transport, "departed", null)
  }

  arrive(reference: string) {
    for (const transport of this.of(reference)) {
      if (transport.kind === "customer_absent") this.step(transport, "arrived_at_dealership", null)
      if (transport.kind !== "departed") continue
      if (transport.to === "dealership") this.step(transport, "arrived_at_dealership", null)
      else if (this.absent.has(reference)) this.step(transport, "customer_absent", null)
      else this.step(transport, "delivered", `signature_${transport.transportId}`)
    }
  }

  private of(reference: string) {
    return [this.transports.get(`${reference} customer`), this.transports.get(`${reference} dealership`)].filter(
      (one) => one !== undefined
    )
  }

  private step(transport: TransportEntry, kind: TransportEntry["kind"], proof: string | null) {
    const entry: TransportEntry = { ...transport, at: this.office.instant(), kind, proof }
    this.office.record(entry)
    this.transports.set(nameOf(entry), entry)
    const { reference, transportId, at: occurredAt } = entry
    this.office.announce({ reference, transportId, status: kind, proof, occurredAt })
    this.goOn(entry)
  }

  private goOn({ kind, reference }: TransportEntry) {
    if (kind === "booking") this.office.soon(() => this.depart(reference))
    if (kind === "departed" || kind === "customer_absent") this.office.soon(() => this.arrive(reference))
  }
}

const nameOf = ({ reference, to }: TransportEntry) => `${reference} ${to}`
const told = (status: number, { transportId, reference, to }: TransportEntry): Reply => ({
  status,
  body: { transportId, reference, to }
})
