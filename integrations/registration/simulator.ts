/** Five registration authorities behind one counter, with their own ledger and their own rules. Shares no code with the client that calls it. */
import {
  type Call,
  type Office,
  type Reply,
  type Simulator,
  type SimulatorOptions,
  startPartner
} from "../http/simulated-partner.ts"

export interface RegistrationEntry {
  readonly at: string
  readonly kind: "registration" | "refusal" | "papers_missing"
  readonly reference: string
  readonly registrationId: string | null
  readonly country: string
  readonly vin: string
  readonly plate: string | null
  readonly reason: string | null
}

export type RegistrationSimulator = Simulator<RegistrationEntry>

export const startRegistrationSimulator = (options: SimulatorOptions = {}): Promise<RegistrationSimulator> =>
  startPartner<RegistrationEntry>("registration", options, (office) => {
    const counter = new Counter(office)
    return { answer: (call) => counter.answer(call), acts: {} }
  })

/** What the officers ask for, from their own handbook. */
const handbook: Record<string, { papers: Array<string>; idAsked: boolean; plate: (n: number) => string }> = {
  ES: {
    papers: ["identityDocument", "roadTaxReceipt", "registrationTaxForm"],
    idAsked: true,
    plate: (n) => `${digits(n % 10_000, 4)} ${letters(Math.floor(n / 10_000), 3, "BCDFGHJKLMNPRSTVWXYZ", "MBB")}`
  },
  DE: {
    papers: ["identityDocument", "insuranceConfirmation", "taxDirectDebit"],
    idAsked: true,
    plate: (n) => `B-${letters(Math.floor(n / 9_000), 2, "ABCDEFGHJKLMNPRSTUVWXYZ", "CA")} ${1_000 + (n % 9_000)}`
  },
  FR: {
    papers: ["identityDocument", "proofOfAddress", "insuranceCertificate", "registrationRequest"],
    idAsked: false,
    plate: (n) => `GA-${digits(1 + (n % 999), 3)}-${letters(Math.floor(n / 999), 2, "ABCDEFGHJKLMNPQRTVWXYZ", "AA")}` // Without S, so never SS.
  },
  PT: {
    papers: ["identityDocument", "registrationTaxReceipt", "registrationRequest"],
    idAsked: true,
    plate: (n) => `BA ${digits(n % 100, 2)} ${letters(Math.floor(n / 100), 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "AA")}`
  },
  IT: {
    papers: ["identityDocument", "registrationRequest", "certificateOfConformity"],
    idAsked: true,
    plate: (n) => `GA ${digits(n % 1_000, 3)} ${letters(Math.floor(n / 1_000), 2, "ABCDEFGHJKLMNPRSTVWXYZ", "AA")}`
  }
}

class Counter {
  private readonly byReference = new Map<string, RegistrationEntry>()
  private readonly byVin = new Map<string, string>()
  private readonly issued = new Map<string, number>()

  constructor(private readonly office: Office<RegistrationEntry>) {
    for (const entry of office.entries()) this.remember(entry)
  }

  answer({ method, path, body, decline }: Call): Reply {
    if (path[0] !== "registrations" || path.length > 2) return { status: 404, body: { error: "no such path" } }
    if (method === "GET" && path.length === 2) {
      const known = this.byReference.get(path[1]!)
      return known === undefined ? { status: 404, body: { reference: path[1], reason: "unknown_registration" } } : told(200, known)
    }
    return method === "POST" && path.length === 1 ? this.register(body, decline) : { status: 404, body: { error: "no such path" } }
  }

  private register(body: Record<string, unknown>, decline: string | null): Reply {
    const { reference, country, vin } = body
    const rules = typeof country === "string" ? handbook[country] : undefined
    if (typeof reference !== "string" || rules === undefined || typeof country !== "string")
      return { status: 400, body: { error: "a field is missing" } }
    if (typeof vin !== "string" || vin.length !== 17 || /[^A-Z0-9]|[IOQ]/.test(vin))
      return { status: 400, body: { error: "no such VIN" } }
    const known = this.byReference.get(reference)
    if (known !== undefined) {
      return known.vin === vin && known.country === country
        ? told(200, known)
        : { status: 409, body: { error: "this reference registered another car" } }
    }
    const entry = { at: this.office.instant(), reference, country, vin, registrationId: null, plate: null, reason: null }
    const reason = decline ?? (this.byVin.has(vin) ? "vehicle_already_registered" : null)
    if (reason !== null) {
      this.office.record({ ...entry, kind: "refusal", reason })
      return { status: 422, body: { reference, reason } }
    }
    const missing = [...missingPapers(rules.papers, body.papers), ...missingFields(rules.idAsked, body.holder)]
    if (missing.length > 0) {
      this.office.record({ ...entry, kind: "papers_missing", reason: missing.join(" ") })
      return { status: 422, body: { reference, missing } }
    }
    const number = this.issued.get(country) ?? 0
    const registered: RegistrationEntry = {
      ...entry,
      kind: "registration",
      registrationId: `reg_${country}_${number + 1}`,
      plate: rules.plate(number)
    }
    this.office.record(registered)
    this.remember(registered)
    return told(201, registered)
  }

  private remember(entry: RegistrationEntry) {
    if (entry.kind !== "registration") return
    this.byReference.set(entry.reference, entry)
    this.byVin.set(entry.vin, entry.reference)
    this.issued.set(entry.country, (this.issued.get(entry.country) ?? 0) + 1)
  }
}

const told = (status: number, { registrationId, reference, plate }: RegistrationEntry): Reply => ({
  status,
  body: { registrationId, reference, plate }
})

const missingPapers = (asked: ReadonlyArray<string>, papers: unknown) => {
  const brought = new Set(
    Array.isArray(papers) ? papers.filter((paper) => /^[0-9a-f]{64}$/.test(paper?.sha256)).map((paper) => paper.kind) : []
  )
  return asked.filter((kind) => !brought.has(kind))
}

const missingFields = (idAsked: boolean, holder: unknown) => {
  const given = (typeof holder === "object" && holder !== null ? holder : {}) as Record<string, unknown>
  const asked = ["name", "street", "postalCode", "city", ...(idAsked ? ["nationalId"] : [])]
  return asked.filter((field) => typeof given[field] !== "string" || given[field] === "").map((field) => `holder.${field}`)
}

const digits = (value: number, places: number) => String(value).padStart(places, "0")

/** The n-th combination after `first`, in the given alphabet. */
const letters = (n: number, places: number, alphabet: string, first: string) => {
  let value = [...first].reduce((total, letter) => total * alphabet.length + alphabet.indexOf(letter), 0) + n
  let text = ""
  for (let place = 0; place < places; place++) {
    text = alphabet[value % alphabet.length]! + text
    value = Math.floor(value / alphabet.length)
  }
  return text
}
