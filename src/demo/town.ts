/** A platform with a simulated outside world and a clock that can be moved: where stories happen, and are tested. */
import { SQL } from "bun"
import { Effect, Layer, Logger, References } from "effect"
import { Accounts, type Role } from "#integrations/accounts/accounts.ts"
import type { PersonalData } from "#integrations/persons/persons.ts"
import { Persons } from "#integrations/persons/persons.ts"
import { PlatformTime } from "#integrations/postgres/time.ts"
import { dropReports } from "#integrations/vehicle-link/reports.ts"
import { dropStream } from "#integrations/webhooks/stream.ts"
import type { Country } from "#machines/vocabulary.ts"
import { DealershipId } from "#machines/vocabulary.ts"
import { freePort } from "../devstack/port.ts"
import { carsTrust, newKey, publicKeysOf, vehicleKeys } from "../devstack/vehicle-keys.ts"
import { serve } from "../main.ts"
import { startWorld } from "../simulated.ts"
import { Customer } from "./customer.ts"
import { Mailbox } from "./mailbox.ts"
import { until } from "./patience.ts"
import { persona } from "./persona.ts"
import { Seller } from "./seller.ts"
import { unfinished } from "./unfinished.ts"
import { Visitor } from "./visitor.ts"

export interface TownOptions {
  /** The owner's, migrated, with a movable clock (`letClockMove`). */
  readonly databaseUrl: string
  readonly natsUrl: string
  readonly redisUrl: string
  /** Milliseconds between the steps of a partner's work; without it, steps happen when told. */
  readonly pace?: number
  /** Where partners and cars keep their books: a town can be opened again where an earlier one was left. */
  readonly folder?: string
  /** More of the platform's environment, COMMAND_ATTEMPTS for one. */
  readonly env?: Readonly<Record<string, string>>
}

export type Town = Awaited<ReturnType<typeof startTown>>

const secretOf = () => `whsec_${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64")}`

/** Throws what the platform throws at its start; nothing is left running then. */
export const startTown = async (options: TownOptions) => {
  const space = `town${crypto.randomUUID().replaceAll("-", "").slice(0, 10)}`
  const [publicPort, intranetPort] = await Promise.all([freePort(), freePort()])
  const publicUrl = `http://127.0.0.1:${publicPort}`
  const intranetUrl = `http://127.0.0.1:${intranetPort}`
  const secrets = { factory: secretOf(), payments: secretOf(), transport: secretOf() }
  let moved = 0 // Milliseconds the clock is ahead of everybody else's.

  await using floors = new AsyncDisposableStack()
  const keys = await vehicleKeys()
  const callsKey = newKey()
  const world = await startWorld({
    ...(options.folder === undefined ? {} : { folder: options.folder }),
    platform: publicUrl,
    secrets,
    vehicles: { trust: carsTrust(keys), natsUrl: options.natsUrl, natsSpace: space },
    callers: publicKeysOf(callsKey),
    ...(options.pace === undefined ? { manual: true } : { pace: options.pace }),
    now: () => Date.now() + moved
  })
  floors.defer(world.stop)
  const redisUrl = new URL(options.redisUrl)
  redisUrl.searchParams.set("keyPrefix", `${space}:`) // Nobody else's counts are touched, and nobody's touch ours.
  const env = {
    ...keys,
    ...world.env,
    DATABASE_URL: options.databaseUrl,
    NATS_URL: options.natsUrl,
    NATS_SPACE: space,
    REDIS_URL: redisUrl.href,
    PUBLIC_PORT: String(publicPort),
    INTRANET_PORT: String(intranetPort),
    PERSONS_KEY: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64"),
    VAPID_PRIVATE_KEY: newKey(),
    INVOICE_SIGNING_KEY: newKey(),
    CALLS_SIGNING_KEY: callsKey,
    PIN_SECRET: secretOf(),
    FACTORY_WEBHOOK_SECRET: secrets.factory,
    PAYMENTS_WEBHOOK_SECRET: secrets.payments,
    TRANSPORT_WEBHOOK_SECRET: secrets.transport,
    ...options.env
  }
  const platform = await serve(env, { logging: onlyErrors })
  floors.defer(platform.stop)
  for (const drop of [dropStream, dropReports]) floors.defer(() => platform.runtime.runPromise(Effect.ignore(drop)))
  const sql = new SQL(options.databaseUrl, { max: 2 })
  floors.defer(() => sql.close())
  const all = floors.move()

  const mailbox = new Mailbox(world.mail.messages)
  const person = (name: string, country?: Country) => persona(name, country)

  /** An account without a password, as `./caas admin create` makes one: answers the token of its link. */
  const provision = (who: PersonalData, role: Role, dealershipId: string | null) =>
    platform.runtime.runPromise(
      Effect.gen(function* () {
        const persons = yield* Persons
        const accounts = yield* Accounts
        const { subjectId } = yield* persons.keep(who, "system")
        const dealership = dealershipId === null ? null : DealershipId.make(dealershipId)
        yield* accounts.provision({ subjectId, role, dealershipId: dealership, createdBy: "system" })
        return (yield* accounts.issueLink(subjectId, { evenIfSet: true }))!
      })
    )

  return {
    world,
    platform,
    databaseUrl: options.databaseUrl,
    publicUrl,
    intranetUrl,
    mailbox,
    /** What our calls to partners are signed by: for those who play another of theirs. */
    callsKey,
    /** The owner's look at the database: for those who judge, never for those who act. */
    sql,
    now: () => Date.now() + moved,
    /** Moves every clock in town forward. */
    pass: async (millis: number) => {
      moved += millis
      await platform.runtime.runPromise(PlatformTime.use((time) => time.advance(millis)))
      world.fleet.tick() // Cars look at their clocks too.
    },
    /**
     * Until nothing is under way, twice in a row (between a broker and a car there is a moment that nobody sees): no command, no webhook,
     * no report, no timer that is due. Parked commands are not waited for. Throws NotInTime.
     */
    settled: async () => {
      let still = 0
      await until(
        "a quiet town",
        async () => {
          const seen = await unfinished(sql, world)
          if (seen.reports > 0) world.fleet.tick() // A report that was lost on its way comes again after five seconds.
          return seen
        },
        (seen) => {
          still = Object.values(seen).every((count) => count === 0) ? still + 1 : 0
          return still === 2
        }
      )
    },
    /** Somebody without an account yet. */
    customer: (name: string, country?: Country, carries?: "bearer" | "cookie") =>
      new Customer(person(name, country), publicUrl, mailbox, carries),
    /** Whoever starts the platform names the first administrator; everybody else is provisioned by one. */
    administrator: async (name: string) => {
      const administrator = new Visitor(persona(name), intranetUrl)
      await administrator.choosePassword(await provision(persona(name), "administrator", null))
      return administrator
    },
    /** A seller with a password, without the administrator's part of it. */
    seller: async (name: string, dealershipId = "dea_madrid") => {
      const seller = new Seller(persona(name), intranetUrl, dealershipId)
      await seller.choosePassword(await provision(persona(name), "seller", dealershipId))
      return seller
    },
    operator: async (name: string) => {
      const operator = new Visitor(persona(name), intranetUrl)
      await operator.choosePassword(await provision(persona(name), "operator", null))
      return operator
    },
    stop: () => all.disposeAsync()
  }
}

/** Warnings belong to these stories; what is left says that something is wrong, and not on the standard output. */
const onlyErrors = Layer.mergeAll(Layer.succeed(References.MinimumLogLevel, "Error"), Layer.succeed(Logger.LogToStderr, true))
