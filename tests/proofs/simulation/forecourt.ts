/** Cars that were sold, paid, registered and handed over: made once, by real orders, and copied for every batch of histories. */

import { cpSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SQL } from "bun"
import { countries } from "#integrations/registration/countries.ts"
import type { Country } from "#machines/vocabulary.ts"
import { scratchDatabase } from "#src/demo/database.ts"
import { persona } from "#src/demo/persona.ts"
import { startTown, type Town } from "#src/demo/town.ts"
import { newKey } from "#src/devstack/vehicle-keys.ts"
import { comesIn, type Identity, Person } from "./person.ts"

export interface Servers {
  readonly databaseUrl: string
  readonly natsUrl: string
  readonly redisUrl: string
}

/** A car that waits for its history. */
export interface Handed {
  readonly vin: string
  readonly country: Country
  readonly model: string
  readonly plan: "base" | "plus"
  readonly owner: number // Of the people.
}

export interface Opened {
  readonly town: Town
  readonly people: ReadonlyArray<Person>
  readonly sellers: ReadonlyMap<Country, Person>
  readonly support: Person
  readonly close: () => Promise<void>
}

export interface Forecourt {
  readonly cars: ReadonlyArray<Handed>
  /** A town of its own, in which nothing has happened to these cars yet. */
  readonly open: () => Promise<Opened>
  readonly close: () => Promise<void>
}

const triesToOpen = 4
const atOnce = 32 // Callers, while the cars are made.
const hashesAtOnce = 2 // Who come in: more passwords are not looked at, at a time.
const dealerships = { ES: "dea_madrid", DE: "dea_berlin", PT: "dea_porto" } as const
const places = ["ES", "DE", "ES", "PT"] as const
const countriesOf = Object.keys(dealerships) as ReadonlyArray<keyof typeof dealerships>
const asArray = (bytes: string) => new TextEncoder().encode(bytes)

export interface ForecourtOptions {
  /** The n-th car is for the n-th of them, and so on from the first. */
  readonly persons: number
  /** The one road that all cars are built for; without it, a fifth of them is behind the API IoT. */
  readonly link?: "nats"
}

export const forecourt = async (servers: Servers, size: number, options: ForecourtOptions): Promise<Forecourt> => {
  const folder = mkdtempSync(join(tmpdir(), "caas-simulation-"))
  const template = await scratchDatabase(servers.databaseUrl)
  const books = join(folder, "books")
  const [PERSONS_KEY, INVOICE_SIGNING_KEY] = [newKey(), newKey()] // A copy of a town has its keys, too: its witness knows them.
  const clear = async () => {
    await template.drop()
    rmSync(folder, { recursive: true, force: true })
  }
  const opened = async (databaseUrl: string, books: string, tries = triesToOpen): Promise<Town> => {
    try {
      return await startTown({ ...servers, databaseUrl, folder: books, env: { PERSONS_KEY, INVOICE_SIGNING_KEY } })
    } catch (error) {
      if (tries === 1 || !/in use/.test(String(error))) throw error
      return opened(databaseUrl, books, tries - 1) // Among so many, somebody may take a port that was free a moment ago.
    }
  }

  try {
    const town = await opened(template.url, books)
    if (options.link !== undefined) town.world.fleet.buildFor(options.link)
    const made = await delivered(town, size, options.persons).finally(town.stop)
    let copies = 0
    const open = async (): Promise<Opened> => {
      const name = `${new URL(template.url).pathname.slice(1)}_${++copies}`
      const url = new URL(template.url)
      url.pathname = `/${name}`
      const drop = () => onServer(servers, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
      await onServer(servers, `CREATE DATABASE ${name} TEMPLATE ${new URL(template.url).pathname.slice(1)}`)
      const copy = join(folder, name)
      cpSync(books, copy, { recursive: true })
      const close = async () => {
        await drop()
        rmSync(copy, { recursive: true, force: true })
      }
      try {
        const town = await opened(url.href, copy)
        return {
          town,
          people: made.people.map((one) => new Person(one, town.publicUrl)),
          sellers: new Map([...made.sellers].map(([country, one]) => [country, new Person(one, town.intranetUrl)])),
          support: new Person(made.support, town.intranetUrl),
          close: () => town.stop().finally(close)
        }
      } catch (error) {
        await close()
        throw error
      }
    }
    return { cars: made.cars, open, close: clear }
  } catch (error) {
    await clear()
    throw error
  }
}

/** All of them side by side, a step at a time: from the desk of the dealer to the keys in hand. */
const delivered = async (town: Town, size: number, persons: number) => {
  const each = async <A, B>(all: ReadonlyArray<A>, act: (one: A, n: number) => Promise<B>, workers = atOnce) => {
    const done: Array<B> = []
    let next = 0
    const worker = async () => {
      for (let n = next++; n < all.length; n = next++) done[n] = await act(all[n]!, n)
    }
    await Promise.all(Array.from({ length: workers }, worker))
    await town.settled()
    return done
  }
  const names = Array.from({ length: persons }, (_, n) => `Owner ${n + 1}`)
  const people = await each(names, (name) => comesIn(town, persona(name), "customer", null), hashesAtOnce)
  const sellers = new Map<Country, Identity>()
  for (const country of countriesOf)
    sellers.set(country, await comesIn(town, persona(`Seller ${country}`), "seller", dealerships[country]))
  const support = await comesIn(town, persona("Operator 1"), "operator", null)
  // The clock is going to be moved by weeks, and nobody signs in anew.
  await town.sql`
    UPDATE sessions
    SET idle_seconds = 1000000000, expires_at = expires_at + interval '30 years', authenticated_at = authenticated_at + interval '30 years'`

  const { factory, transport } = town.world
  const wanted = Array.from({ length: size }, (_, n) => ({
    country: places[n % places.length]!,
    model: n % 3 === 0 ? "Modelo Dos" : "Modelo Uno",
    plan: n % 5 === 0 ? ("plus" as const) : ("base" as const),
    owner: n % persons
  }))
  const orders = await each(wanted, async ({ country, model, plan, owner }, n) => {
    const seller = new Person(sellers.get(country)!, town.intranetUrl)
    const { person } = people[owner]!
    const sale = { customer: person, model, plan, delivery: { kind: "home" }, consents: [], confirmDuplicate: true }
    const { orderId } = await seller.does("POST", "/api/dealer/sales", sale, `forecourt-${n}`)
    for (const { kind } of countries[country].papers)
      await seller.does(
        "POST",
        `/api/dealer/sales/${orderId}/documents?kind=${kind}`,
        asArray(`%PDF-1.7\n% ${kind} of ${orderId}\n%%EOF\n`)
      )
    return { orderId: orderId as string, customer: new Person(people[owner]!, town.publicUrl) }
  })
  const pay = (kind: string) =>
    each(orders, ({ orderId, customer }) =>
      customer.does("POST", `/api/me/orders/${orderId}/payments`, { kind, paymentMethod: "tok_ok" }, `${kind}-${orderId}`)
    )
  const tell = (act: (reference: string) => void) => each(orders, async ({ orderId }) => act(orderId))
  await pay("reservation")
  await tell(factory.start)
  await tell(factory.finish)
  await pay("final")
  await tell(factory.ship)
  await tell(transport.depart)
  await tell(transport.arrive)
  const rows = await town.sql`
    SELECT state -> 'context' ->> 'orderId' AS "orderId", state -> 'context' ->> 'vin' AS vin
    FROM actors WHERE type = 'vehicle' AND state -> 'context' ->> 'owner' IS NOT NULL`
  const vins = new Map<string, string>(rows.map((row: { orderId: string; vin: string }) => [row.orderId, row.vin]))
  const cars = wanted.map((one, n): Handed => {
    const vin = vins.get(orders[n]!.orderId)
    if (vin === undefined) throw new Error(`${orders[n]!.orderId} was not handed over`)
    return { ...one, vin }
  })
  return { cars, people, sellers, support }
}

const onServer = async ({ databaseUrl }: Servers, statement: string): Promise<void> => {
  const sql = new SQL(databaseUrl, { max: 1 })
  try {
    await sql.unsafe(statement)
  } finally {
    await sql.close()
  }
}
