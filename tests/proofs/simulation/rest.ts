/** When nothing is under way in a town: the moment in which models are held against what is seen. */
import { Effect } from "effect"
import { Nats } from "#integrations/nats/nats.ts"
import { unfinished } from "#src/demo/unfinished.ts"
import type { Opened } from "./forecourt.ts"

/** Milliseconds that are passed where somebody waits for a clock: so soon the API IoT is asked, and a car repeats itself. */
export const breath = 5_000
const patienceMillis = 30_000 // Wall clock, for the town to come to rest, where nobody says otherwise.
const lookMillis = 25
const stillLooks = 3 // In a row: between the broker and a car there is a moment that nobody sees.
const silenceMillis = 400 // After which a report that nobody acknowledged must have been lost.

/** A car whose report or whose acknowledgement was lost says it again, when its clock goes on. Throws where it takes too long. */
export const rest = async ({ town }: Opened, patience = patienceMillis) => {
  const { sql, world } = town
  let still = 0
  let silentSince = performance.now()
  for (const end = silentSince + patience; still < stillLooks; await Bun.sleep(lookMillis)) {
    const [{ busy }] = await sql`
      SELECT EXISTS (SELECT FROM outbox WHERE state = 'waiting') OR EXISTS (
        SELECT FROM timers, clock WHERE due_at <= clock_timestamp() + offset_ms * interval '1 millisecond'
      ) AS busy`
    const { reports: _, ...seen } = busy ? { reports: 0, busy: 1 } : await unfinished(sql, world)
    if (!busy) await town.platform.runtime.runPromise(brokerHasHeard)
    const quiet = Object.values(seen).every((count) => count === 0)
    const silent = world.fleet.cars().filter(isUnheard)
    still = quiet && silent.length === 0 ? still + 1 : 0
    const now = performance.now()
    if (now > end) throw new Error(`No rest: ${JSON.stringify({ ...seen, silent: silent.map(({ vin }) => vin) })}`)
    if (!quiet || silent.length === 0) silentSince = now
    else if (now - silentSince > silenceMillis) {
      await town.pass(breath)
      silentSince = now
    }
  }
}

/** Whatever we have said to cars. */
const brokerHasHeard = Nats.use(({ connection }) => Effect.flatMap(connection, (nats) => Effect.promise(() => nats.flush())))

type Car = ReturnType<Opened["town"]["world"]["fleet"]["car"]>

/** It has said something, and waits to be heard. Whose words are lost on purpose is not waited for. */
const isUnheard = ({ online, link, newest, losing, losingReports }: Car) =>
  online && link === "nats" && newest?.acknowledged === false && losing + losingReports === 0
