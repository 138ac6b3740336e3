/** The API IoT of an earlier project, as we read it: it passes payloads on to the cars behind it, keeps them for who sleeps, and knows what each car said last. */
import { type Simulator, type SimulatorOptions, startPartner } from "../http/simulated-partner.ts"
import type { Fleet } from "./fleet.ts"
import { objectOf, sha256 } from "./jws.ts"

export interface ApiIotEntry {
  readonly at: string
  /** `lost`: taken, and never passed on, as it was told to. */
  readonly kind: "taken" | "passedOn" | "lost" | "refusal"
  readonly reference: string // The vehicle's id.
  /** SHA-256 of the payload as JSON; null with a refusal. */
  readonly payload: string | null
}

export interface ApiIotOptions extends SimulatorOptions {
  /** The cars behind it. */
  readonly fleet: Fleet
  /** Whether it passes a car's own signed report on; true where it is not said. */
  readonly passesReports?: boolean
}

export interface ApiIotSimulator extends Simulator<ApiIotEntry> {
  /** How many of the next payloads are taken and never passed on. */
  readonly loseNext: (count: number) => void
}

const queueAtMost = 100 // Payloads for one car; the oldest goes first.

export const startApiIotSimulator = async (options: ApiIotOptions): Promise<ApiIotSimulator> => {
  const { fleet, passesReports = true } = options
  const queues = new Map<string, Array<string>>()
  const last = new Map<string, { readonly at: string; readonly report: string }>()
  const behind = new Set<string>()
  const online = new Set<string>()
  let losing = 0

  const simulator = await startPartner<ApiIotEntry>("apiIot", options, (office) => {
    const record = (kind: ApiIotEntry["kind"], reference: string, payload: string | null) =>
      office.record({ at: office.instant(), kind, reference, payload: payload === null ? null : sha256(payload) })
    const passOn = (vin: string) => {
      const queue = queues.get(vin) ?? []
      while (online.has(vin) && queue.length > 0) {
        const payload = queue.shift()!
        record("passedOn", vin, payload)
        fleet.deliver(vin, "config", payload, "apiIot")
      }
    }
    const configure = (vin: string, payload: unknown) => {
      if (typeof payload !== "object" || payload === null) return { status: 400, body: { error: "no payload" } }
      if (!behind.has(vin)) {
        record("refusal", vin, null)
        return { status: 404, body: { error: "no such vehicle" } }
      }
      const text = JSON.stringify(payload)
      record("taken", vin, text)
      if (losing > 0) {
        losing--
        record("lost", vin, text)
      } else {
        queues.set(vin, [...(queues.get(vin) ?? []), text].slice(-queueAtMost))
        passOn(vin)
      }
      return { status: 202, body: { vehicleId: vin, status: "accepted" } }
    }
    const status = (vin: string) => {
      if (!behind.has(vin)) return { status: 404, body: { error: "no such vehicle" } }
      const said = last.get(vin)
      const version = said === undefined ? null : objectOf(Buffer.from(said.report.split(".")[1]!, "base64url"))?.cfgVersion
      const configuration = said === undefined ? null : { version, report: passesReports ? said.report : null }
      return { status: 200, body: { vehicleId: vin, online: online.has(vin), lastSeenAt: said?.at ?? null, configuration } }
    }
    fleet.attach("apiIot", {
      reaches: (vin, reachable) => {
        behind.add(vin)
        if (reachable) online.add(vin)
        else online.delete(vin)
        passOn(vin)
      },
      send: (vin, leaf, text) => {
        if (leaf === "report") last.set(vin, { at: office.instant(), report: text })
        return true
      }
    })
    return {
      answer: ({ method, path, body }) => {
        if (method === "POST" && path.join("/") === "ota/configure") return configure(String(body.vehicleId), body.payload)
        if (method === "GET" && path[0] === "vehicles" && path[2] === "status" && path.length === 3) return status(path[1]!)
        return { status: 404, body: { error: "no such path" } }
      },
      acts: {
        loseNext: (_, { count }) => {
          losing = typeof count === "number" ? count : 1
        }
      }
    }
  })
  return {
    ...simulator,
    loseNext: (count) => {
      losing = count
    }
  }
}
