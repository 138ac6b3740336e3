/** The workshops' records over HTTP: `GET /vehicles/{vin}/maintenance`, and nothing else (S10, S11). */
import { Effect, Layer } from "effect"
import { believe, get, type PartnerOptions } from "../http/outbound.ts"
import { Maintenance, Workshops, WorkshopsUnreachable } from "./workshops.ts"

const timeoutMillis = 1_500 // Somebody looks at an offer meanwhile.
const dueAtMost = 50
const workshopLengthAtMost = 200

/** An answer that contradicts itself is none: what is due is not `current`. */
export const WorkshopsHttp = (options: PartnerOptions): Layer.Layer<Workshops> =>
  Layer.succeed(Workshops, {
    maintenance: Effect.fn("Workshops.maintenance")((vin) =>
      get({ timeoutMillis, ...options }, `/vehicles/${encodeURIComponent(vin)}/maintenance`).pipe(
        Effect.flatMap(
          believe(Maintenance, (told) => {
            if (told.vin !== vin) return "vin"
            if (told.due.length > dueAtMost || (told.status === "current" && told.due.length > 0)) return "due"
            return (told.workshop?.length ?? 0) > workshopLengthAtMost ? "workshop" : null
          })
        ),
        Effect.mapError((cause) => new WorkshopsUnreachable({ cause }))
      )
    )
  })
