/** The lamp of next year: its state `on` is called `lit`, it remembers one thing more, hears a new word and gives a new command. */
import { Effect, Schema } from "effect"
import { setup } from "xstate"
import { actorType } from "#actors/system/actor-type.ts"
import { behavior } from "#actors/system/behavior.ts"
import { message } from "#machines/vocabulary.ts"
import { glowMillis, Hands, LampMessage, lampBehavior } from "./lamp.ts"

const Dim = message("Dim", { percent: Schema.Int })
const Hum = message("Hum", {})

const bright = setup({
  types: {
    context: {} as { room: string; switched: number; percent: number },
    events: {} as { type: string; at: string },
    emitted: {} as { type: "Hum" } | { type: "Tally"; amountMinor: number; nested: { word: string } }
  },
  delays: { glow: glowMillis }
})
const brightMachine = bright.createMachine({
  id: "lamp",
  context: { room: "", switched: 0, percent: 100 },
  initial: "off",
  on: {
    BulbTested: { actions: bright.assign({ switched: ({ context }) => context.switched + 1 }) },
    Dim: { actions: [bright.assign({ percent: ({ event }) => (event as any).percent }), bright.emit({ type: "Hum" })] },
    NeighbourSaid: { actions: bright.emit({ type: "Tally", amountMinor: -1, nested: { word: "broken" } }) }
  },
  states: { off: { on: { SwitchOn: "lit" } }, lit: { after: { glow: "off" } } }
})

const BrightLamp = actorType("lamp", Schema.Union([...LampMessage.members, Dim]))

export const brightBehavior = behavior({
  ...lampBehavior,
  type: BrightLamp as any,
  machineVersion: 2,
  migrations: {
    1: ({ value, context, status }) => ({
      value: value === "on" ? "lit" : value,
      context: { room: context.room, switched: context.switched, percent: 100 },
      status
    })
  },
  machine: brightMachine,
  Command: Hum as any,
  perform: { Hum: (_: unknown, order: any) => Effect.asVoid(Hands.use((hands) => hands.perform("Hum", order))) } as any,
  lane: () => "hum"
})

export const dim = (percent: number) => Dim.make({ percent })
