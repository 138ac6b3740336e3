/** Ours: each object is an actor, its follow-up a command that the outbox's relay performs. */
import { Effect, Layer, ManagedRuntime, Redacted, Schedule, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { setup } from "xstate"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { actorType } from "#actors/system/actor-type.ts"
import { behavior, wordsOf } from "#actors/system/behavior.ts"
import { ActorHost } from "#actors/system/host.ts"
import { InProcessActorSystem } from "#actors/system/in-process.ts"
import { OutboxRelay } from "#actors/system/outbox.ts"
import { PostgresActorStore } from "#actors/system/postgres.ts"
import { PostgresRelay } from "#actors/system/postgres-relay.ts"
import { PlatformTimePostgres } from "#integrations/postgres/clock.ts"
import { migrate } from "#integrations/postgres/migrations.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { CommandParked, type Heard, message } from "#machines/vocabulary.ts"
import { onlyErrors } from "../house.ts"
import { objects, type Peer, race } from "./race.ts"

const connections = 12 // As the platform has unless told otherwise.

const Install = message("Install", {})
const Count = message("Count", { amount: Schema.Int })
const Announce = message("Announce", { total: Schema.Int })
const CounterMessage = Schema.Union([Install, Count, CommandParked])

const counter = setup({
  types: {
    context: {} as { total: number; parked: number },
    events: {} as Heard<typeof CounterMessage.Type>,
    emitted: {} as typeof Announce.Type
  }
})
const machine = counter.createMachine({
  id: "counter",
  context: { total: 0, parked: 0 },
  initial: "counting",
  states: {
    counting: {
      on: {
        Count: {
          actions: [
            counter.assign({ total: ({ context, event }) => context.total + (event as typeof Count.Type).amount }),
            counter.emit(({ context }) => ({ type: "Announce", total: context.total }))
          ]
        },
        CommandParked: { actions: counter.assign({ parked: ({ context }) => context.parked + 1 }) }
      }
    }
  }
})

let performed = 0
const Counter = actorType("counter", CounterMessage)
const counterBehavior = behavior({
  type: Counter,
  opensWith: "Install",
  machineVersion: 1,
  machine,
  requests: wordsOf(Schema.Union([Install, Count])),
  Command: Schema.Union([Announce]),
  perform: { Announce: () => Effect.sync(() => void performed++) },
  lane: () => "world",
  records: {},
  facets: () => ({ closed: false, country: null, dealershipId: null, subjectId: null, vin: null })
})

const open = async (): Promise<Peer> => {
  const url = process.env.DATABASE_URL!
  await migrate(url)
  const runtime = ManagedRuntime.make(
    OutboxRelay([counterBehavior]).pipe(
      Layer.provideMerge(InProcessActorSystem),
      Layer.provideMerge(ActorHost.layer([counterBehavior])),
      Layer.provideMerge(Layer.mergeAll(PostgresActorStore([counterBehavior]), PostgresRelay, PlatformTimePostgres)),
      Layer.provideMerge(Postgres({ url: Redacted.make(url), connections })),
      Layer.provideMerge(onlyErrors)
    )
  )
  const actors = await runtime.runPromise(ActorSystem)
  const at = (object: number) => Counter.at(`counter-${object}`)
  await runtime.runPromise(
    Effect.forEach(
      Array.from({ length: objects }, (_, object) => object),
      (object) => actors.tell(at(object), Install.make({}), { id: "race/install" }),
      { concurrency: "unbounded", discard: true }
    )
  )
  return {
    change: (object, id) => runtime.runPromise(actors.tell(at(object), Count.make({ amount: 1 }), { id: `race/${id}` })),
    performed: () => performed,
    stored: () =>
      runtime.runPromise(
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const [waiting] = yield* sql<{ rows: number }>`SELECT count(*)::int AS rows FROM outbox WHERE state <> 'done'`
          if (waiting!.rows > 0) return yield* Effect.fail("under way")
          const [stored] = yield* sql<{ changes: number; followUps: number }>`
            SELECT (SELECT sum((state->'context'->>'total')::int)::int FROM actors) AS changes,
                   (SELECT count(*)::int FROM outbox WHERE state = 'done') AS "followUps"`
          return stored!
        }).pipe(Effect.retry(Schedule.spaced("100 millis").pipe(Schedule.upTo({ times: 50 }))))
      ),
    close: () => runtime.dispose()
  }
}

await race(open)
