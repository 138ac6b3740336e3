/** Straight to the broker the car listens to. Core NATS: who is not there hears nothing, and says hello when it is back. */
import { Effect } from "effect"
import type { Vin } from "#machines/vocabulary.ts"
import { Nats } from "../nats/nats.ts"
import { type ConfigEnvelope, VehicleLinkDown } from "./vehicle-link.ts"

/** What goes down to a car; only that car may listen there. */
type Word = "config" | "command" | "display" | "acknowledged"

export const overNats = Effect.gen(function* () {
  const { connection, space } = yield* Nats
  const say = (word: Word) => (vin: Vin, text: string) =>
    Effect.flatMap(connection, (nats) => Effect.try(() => nats.publish(`${space}vehicles.${vin}.${word}`, text))).pipe(
      Effect.mapError((cause) => new VehicleLinkDown({ cause }))
    )
  return {
    configure: (vin: Vin, envelope: ConfigEnvelope) => say("config")(vin, JSON.stringify(envelope)),
    command: say("command"),
    display: say("display"),
    acknowledge: say("acknowledged")
  }
})
