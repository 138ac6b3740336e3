/** What is still under way in a world: nothing of it is left when a story has come to rest. */
import type { SQL } from "bun"
import type { World } from "#src/simulated.ts"

/** Commands that wait, webhooks not applied, timers and messages that are due, webhooks and cars' reports on their way. Parked commands are not waited for. */
export const unfinished = async (sql: SQL, world: World) => {
  const [row] = await sql`
    SELECT (SELECT count(*)::int FROM outbox WHERE state = 'waiting') AS commands,
           (SELECT count(*)::int FROM webhooks WHERE state = 'received') AS webhooks,
           (SELECT count(*)::int FROM timers WHERE due_at <= clock_timestamp() + offset_ms * interval '1 millisecond') AS timers,
           (SELECT count(*)::int FROM notification_deliveries
            WHERE state = 'waiting' AND due_at <= clock_timestamp() + offset_ms * interval '1 millisecond') AS messages
    FROM clock`
  const sent = [world.factory, world.payments, world.transport].flatMap((partner) => partner.webhooks())
  const onTheWay = sent.filter(({ tries, delivered }) => tries > 0 && !delivered).length // One that was never tried was lost.
  // Behind the API IoT a car says nothing by itself: it is asked, when its time has come.
  const unheard = world.fleet
    .cars()
    .filter(({ online, link, newest }) => online && link === "nats" && newest?.acknowledged === false)
  return { ...(row as Record<"commands" | "webhooks" | "timers" | "messages", number>), onTheWay, reports: unheard.length }
}
