/** A lamp: the smallest actor that does everything an actor may do. It has a timer, commands in two lanes, a record, refusals, remarks, and a way to break. */
import { Context, Effect, Schema } from "effect"
import { setup } from "xstate"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { actorType } from "#actors/system/actor-type.ts"
import { behavior, type CommandOrder, wordsOf } from "#actors/system/behavior.ts"
import { CommandParked, type Heard, message } from "#machines/vocabulary.ts"

const Install = message("Install", { room: Schema.String })
const SwitchOn = message("SwitchOn", { amountMinor: Schema.Int })
const SwitchOff = message("SwitchOff", {})
const Break = message("Break", {})
const BulbTested = message("BulbTested", { text: Schema.String })
const Announced = message("Announced", { by: Schema.String })
const NeighbourSaid = message("NeighbourSaid", { what: Schema.String })

const LampRequest = Schema.Union([Install, SwitchOn, SwitchOff, Break])
export const LampMessage = Schema.Union([...LampRequest.members, BulbTested, Announced, NeighbourSaid, CommandParked])
export type LampMessage = typeof LampMessage.Type

const Announce = message("Announce", { on: Schema.Boolean })
const Mail = message("Mail", {})
const TellNeighbour = message("TellNeighbour", { room: Schema.String })
const LampCommand = Schema.Union([Announce, Mail, TellNeighbour])

export const glowMillis = 60_000

const lamp = setup({
  types: {
    input: {} as Heard<typeof Install.Type>,
    context: {} as { room: string; switched: number; announced: number; parked: Array<string>; last: string; due: string },
    events: {} as Heard<LampMessage>,
    emitted: {} as
      | typeof LampCommand.Type
      | { type: "Refused"; reason: string }
      | { type: "Recorded"; reason: string }
      | { type: "Tally"; amountMinor: number; nested: { word: string } }
  },
  delays: { glow: glowMillis }
})
const announce = (on: boolean) => lamp.emit({ type: "Announce", on })

export const lampMachine = lamp.createMachine({
  id: "lamp",
  context: ({ input }) => ({ room: input.room, switched: 0, announced: 0, parked: [], last: "", due: "" }),
  initial: "off",
  on: {
    Install: { actions: lamp.emit({ type: "Refused", reason: "AlreadyInstalled" }) },
    Break: {
      actions: () => {
        throw new Error("the lamp broke")
      }
    },
    BulbTested: { actions: lamp.emit({ type: "Recorded", reason: "Works" }) },
    Announced: { actions: lamp.assign({ announced: ({ context }) => context.announced + 1 }) },
    NeighbourSaid: { actions: lamp.assign({ last: ({ event }) => (event as typeof NeighbourSaid.Type).what }) },
    CommandParked: {
      actions: lamp.assign({ parked: ({ context, event }) => [...context.parked, (event as typeof CommandParked.Type).command] })
    }
  },
  states: {
    off: {
      on: {
        SwitchOn: {
          target: "on",
          actions: [
            lamp.assign({ switched: ({ context }) => context.switched + 1 }),
            lamp.emit(({ event }) => ({
              type: "Tally",
              amountMinor: (event as typeof SwitchOn.Type).amountMinor,
              nested: { word: "on" }
            }))
          ]
        },
        SwitchOff: { actions: lamp.emit({ type: "Refused", reason: "AlreadyOff" }) }
      }
    },
    on: {
      entry: [
        announce(true),
        lamp.emit({ type: "Mail" }),
        lamp.emit(({ context }) => ({ type: "TellNeighbour", room: context.room }))
      ],
      after: {
        glow: { target: "off", actions: lamp.assign({ due: ({ event }) => `${(event as any).due} ${(event as any).at}` }) }
      },
      on: {
        SwitchOff: { target: "off", actions: announce(false) },
        SwitchOn: { target: "on", reenter: true } // Cancels its timer, and sets it again under the same name.
      }
    }
  }
})

/** What the lamp's hands do is the test's to say. */
export class Hands extends Context.Service<
  Hands,
  { perform: (type: string, order: CommandOrder) => Effect.Effect<void, unknown> }
>()("tests/Hands") {}

export const Lamp = actorType("lamp", LampMessage)

export const lampBehavior = behavior({
  type: Lamp,
  opensWith: "Install",
  machineVersion: 1,
  machine: lampMachine,
  requests: wordsOf(LampRequest),
  Command: LampCommand,
  perform: {
    Announce: (_command, order) =>
      Effect.as(
        Hands.use((hands) => hands.perform("Announce", order)),
        Announced.make({ by: order.id })
      ),
    Mail: (_command, order) => Hands.use((hands) => hands.perform("Mail", order)),
    TellNeighbour: Effect.fnUntraced(function* ({ room }, { id, path, version }) {
      if (room === "alone") return
      const actors = yield* ActorSystem
      yield* actors.tell(Lamp.at(room), NeighbourSaid.make({ what: id }), { id, sender: { path, version } })
    })
  },
  lane: ({ type }) => (type === "TellNeighbour" ? "neighbour" : type),
  records: {
    Tally: {
      table: "tallies",
      columns: { amount_minor: { type: "bigint", field: "amountMinor" }, word: { type: "text", field: "nested.word" } }
    }
  },
  facets: ({ value, context }) => {
    if (context.last === "unspeakable") throw new Error("no facets for this")
    return { closed: value === "off", country: null, dealershipId: null, subjectId: null, vin: null }
  }
})

export const say = {
  install: Install.make({ room: "alone" }),
  next: (room: string) => Install.make({ room }),
  on: SwitchOn.make({ amountMinor: 5 }),
  onFor: (amountMinor: number) => SwitchOn.make({ amountMinor }),
  off: SwitchOff.make({}),
  break: Break.make({}),
  tested: (text: string) => BulbTested.make({ text }),
  said: (what: string) => NeighbourSaid.make({ what })
}
