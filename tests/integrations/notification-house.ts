/** Everything that a notice passes on its way, with sinks that keep their own books, in a database of its own and by a clock that the test sets. */
import { SQL } from "bun"
import { Effect, Layer, ManagedRuntime, Redacted, References } from "effect"
import { MailSmtp } from "#integrations/mail/smtp.ts"
import { Nats } from "#integrations/nats/nats.ts"
import { LateNotifications } from "#integrations/notifications/late.ts"
import { type Notice, Notifications } from "#integrations/notifications/notifications.ts"
import { NotificationsPostgres } from "#integrations/notifications/postgres.ts"
import { NotificationPreferencesPostgres } from "#integrations/notifications/postgres-preferences.ts"
import { NotificationPreferences, type Preferences, usual } from "#integrations/notifications/preferences.ts"
import { type PersonalData, Persons } from "#integrations/persons/persons.ts"
import { PersonsPostgres } from "#integrations/persons/postgres.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { PlatformTime } from "#integrations/postgres/time.ts"
import { PushSubscriptionsPostgres } from "#integrations/push/postgres.ts"
import { PushSubscriptions } from "#integrations/push/subscriptions.ts"
import { vapidKeyOf } from "#integrations/push/vapid.ts"
import { PushWeb } from "#integrations/push/web-push.ts"
import { SmsHttp } from "#integrations/sms/http.ts"
import { VehicleLinkRoads } from "#integrations/vehicle-link/roads.ts"
import { signingKeyOf } from "#integrations/vehicle-trust/keys.ts"
import { VehicleTrustPostgres } from "#integrations/vehicle-trust/postgres.ts"
import type { SubjectId } from "#machines/vocabulary.ts"
import { persona } from "#src/demo/persona.ts"
import { carsTrust, vehicleKeys } from "#src/devstack/vehicle-keys.ts"
import { startWorld } from "#src/simulated.ts"
import { freshDatabase } from "../database.ts"

export type NotificationHouse = Awaited<ReturnType<typeof notificationHouse>>

const vapid = vapidKeyOf(Buffer.alloc(32, 3).toString("base64"))!
const personsKey = Redacted.make(new Uint8Array(32).fill(7))

export const notificationHouse = async () => {
  const database = await freshDatabase()
  const space = `n${crypto.randomUUID().slice(0, 8)}`
  const keys = await vehicleKeys()
  const natsUrl = process.env.NATS_URL!
  const time = { now: Date.parse("2026-06-10T10:00:00.000Z") } // Noon in Madrid.
  const world = await startWorld({
    platform: "http://127.0.0.1:9",
    secrets: { factory: "", payments: "", transport: "" },
    vehicles: { trust: carsTrust(keys), natsUrl, natsSpace: space },
    manual: true,
    now: () => time.now
  })
  const Ports = Layer.mergeAll(NotificationsPostgres, LateNotifications).pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        NotificationPreferencesPostgres,
        PushSubscriptionsPostgres({ key: personsKey }),
        VehicleTrustPostgres({
          signingKey: Redacted.make(signingKeyOf(keys.CONFIG_SIGNING_KEY)!),
          catalogue: keys.SIGNED_CATALOGUE
        }),
        PersonsPostgres({ key: personsKey })
      )
    ),
    Layer.provideMerge(
      Layer.mergeAll(
        MailSmtp({ url: world.mail.url, timeoutMillis: 1000 }),
        SmsHttp({ url: world.sms.url, timeoutMillis: 1000 }),
        PushWeb({ key: Redacted.make(vapid), services: [world.push.url], timeoutMillis: 1000 }),
        VehicleLinkRoads({ url: world.apiIot.url })
      )
    ),
    Layer.provideMerge(Nats.layer({ url: natsUrl, name: "notifications", space })),
    Layer.provideMerge(
      Layer.succeed(PlatformTime, {
        now: () => time.now,
        advance: (millis: number) => Effect.sync(() => void (time.now += millis))
      })
    ),
    Layer.provideMerge(Postgres({ url: Redacted.make(database.url), connections: 6 })),
    Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "Error"))
  )
  const runtime = ManagedRuntime.make(Ports)
  await runtime.runPromise(Effect.void)
  const sql = new SQL(database.url, { max: 2 })
  let people = 0
  let notices = 0

  return {
    world,
    runtime,
    sql,
    time,
    /** Somebody new: with a phone and so many devices, where it is said. */
    person: async ({ devices = 0, ...data }: Partial<PersonalData> & { devices?: number } = {}) => {
      const who = { ...persona(`Customer ${++people}`), email: `customer-${people}-${space}@story.example`, ...data }
      const { subjectId } = await runtime.runPromise(Persons.use((persons) => persons.keep(who, "system")))
      const subscribed = Array.from({ length: devices }, () => world.push.subscribe(vapid.publicKey))
      for (const device of subscribed)
        await runtime.runPromise(PushSubscriptions.use((subscriptions) => subscriptions.keep(subjectId, device)))
      return { subjectId, email: who.email, phone: who.phone, devices: subscribed }
    },
    prefer: (subjectId: SubjectId, some: Partial<Preferences>) =>
      runtime.runPromise(NotificationPreferences.use((preferences) => preferences.keep(subjectId, { ...usual, ...some }))),
    newId: () => `activation/V/act_${++notices}#2.0`,
    send: (notice: Notice, id: string) => runtime.runPromise(Notifications.use((notifications) => notifications.send(notice, id))),
    refused: (notice: Notice, id: string) =>
      runtime.runPromise(Effect.flip(Notifications.use((notifications) => notifications.send(notice, id)))),
    /** Channel → state, as it is kept. */
    states: async (id: string): Promise<Record<string, string>> =>
      Object.fromEntries(
        (await sql`SELECT channel, state FROM notification_deliveries WHERE notice_id = ${id} ORDER BY channel`).map(
          ({ channel, state }: Record<string, string>) => [channel, state]
        )
      ),
    mails: (email: string) => world.mail.messages().filter(({ to }) => to.includes(email)),
    close: async () => {
      await runtime.dispose()
      await sql.close()
      await world.stop()
      await database.drop()
    }
  }
}
