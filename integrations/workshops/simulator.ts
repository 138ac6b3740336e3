/** The approved workshops' common records, in a box: every car is in order until somebody says otherwise. Shares no code with the client. */
import {
  type Call,
  type Office,
  type Reply,
  type Simulator,
  type SimulatorOptions,
  startPartner
} from "../http/simulated-partner.ts"

/** `question`: somebody asked, and was told this. `overdue` and `current`: what the workshops wrote down themselves. */
export interface WorkshopsEntry {
  readonly at: string
  readonly kind: "question" | "overdue" | "current"
  readonly vin: string
  readonly status: "current" | "overdue"
  readonly due: ReadonlyArray<string>
}

/** Nothing is sent to the platform: whoever wants to know asks. */
export interface WorkshopsSimulator extends Simulator<WorkshopsEntry> {
  /** A date went by: `due` are the codes of what was missed. */
  readonly overdue: (vin: string, due?: ReadonlyArray<string>) => void
  /** The car was looked after. */
  readonly current: (vin: string) => void
}

export const startWorkshopsSimulator = async (options: Omit<SimulatorOptions, "webhook"> = {}): Promise<WorkshopsSimulator> => {
  let records!: Records
  const acts = {
    overdue: (vin: string, due: ReadonlyArray<string> = ["annual_service"]) => records.write(vin, due),
    current: (vin: string) => records.write(vin, [])
  }
  const simulator = await startPartner<WorkshopsEntry>("workshops", options, (office) => {
    records = new Records(office)
    return {
      answer: (call) => records.answer(call),
      acts: {
        overdue: (vin, { due }) => acts.overdue(vin, Array.isArray(due) ? due.map(String) : undefined),
        current: (vin) => acts.current(vin)
      }
    }
  })
  return { ...simulator, ...acts }
}

class Records {
  private readonly known = new Map<string, WorkshopsEntry>()

  constructor(private readonly office: Office<WorkshopsEntry>) {
    for (const entry of office.entries()) if (entry.kind !== "question") this.known.set(entry.vin, entry)
  }

  write(vin: string, due: ReadonlyArray<string>) {
    const kind = due.length > 0 ? "overdue" : "current"
    const entry: WorkshopsEntry = { at: this.office.instant(), kind, vin, status: kind, due }
    this.office.record(entry)
    this.known.set(vin, entry)
  }

  answer({ method, path }: Call): Reply {
    const [root, vin = "", noun] = path
    if (root !== "vehicles" || noun !== "maintenance" || path.length !== 3) return { status: 404, body: { error: "no such path" } }
    if (method !== "GET") return { status: 405, body: { error: "these records are written by workshops alone" } }
    if (!/^[A-HJ-NPR-Z0-9]{17}$/.test(vin)) return { status: 400, body: { error: "not a VIN" } }
    const known = this.known.get(vin)
    const { status, due } = known ?? { status: "current" as const, due: [] }
    const at = this.office.instant()
    this.office.record({ at, kind: "question", vin, status, due })
    return { status: 200, body: { vin, status, due, workshop: known === undefined ? null : "Taller Norte", answeredAt: at } }
  }
}
