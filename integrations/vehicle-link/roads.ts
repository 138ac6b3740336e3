/** Both roads behind the one port: which one leads to a car, the factory said. */
import { Effect, Layer } from "effect"
import type { PartnerOptions } from "../http/outbound.ts"
import { overApiIot } from "./api-iot.ts"
import { overNats } from "./nats.ts"
import { VehicleLink } from "./vehicle-link.ts"

export const VehicleLinkRoads = (apiIot: PartnerOptions) =>
  Layer.effect(
    VehicleLink,
    Effect.gen(function* () {
      const nats = yield* overNats
      const iot = overApiIot(apiIot)
      return VehicleLink.of({
        configure: Effect.fn("VehicleLink.configure")((vin, link, envelope, id) =>
          link === "nats" ? nats.configure(vin, envelope) : iot.configure(vin, envelope, id)
        ),
        command: nats.command,
        display: nats.display,
        acknowledge: nats.acknowledge,
        status: Effect.fn("VehicleLink.status")(iot.status)
      })
    })
  )
