/** Cars in their world: thousands on one connection, some on connections of their own, some behind the API IoT, all of them still there after a restart. */
import { afterEach, beforeAll, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { connect, type NatsConnection } from "nats"
import { startApiIotSimulator } from "#integrations/fleet/api-iot-simulator.ts"
import { type Fleet, type FleetOptions, startFleet } from "#integrations/fleet/fleet.ts"
import { connectOptionsOf } from "#integrations/nats/nats.ts"
import { signJws, unverified } from "#integrations/vehicle-trust/jws.ts"
import { until } from "#src/demo/patience.ts"
import { config, day, envelope, heating, hour, minute, second, trust } from "./fleet-yard.ts"

const vinOf = (serial: number) => `VSSCAASZ1ZZ${String(serial).padStart(6, "0")}`
const [one, two, five] = [vinOf(1), vinOf(2), vinOf(5)]

let now = 0
const open: Array<{ stop: () => Promise<unknown> }> = []
const fleetOf = async (options: Partial<FleetOptions> = {}) => {
  const fleet = await startFleet({ trust, manual: true, now: () => now, ...options })
  open.push(fleet)
  return fleet
}
beforeAll(() => {
  now = Date.parse("2026-11-22T10:00:00.000Z")
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.stop()
})

/** A broker's space of its own, and a platform's ear in it. */
const onBroker = async () => {
  const natsSpace = `f${crypto.randomUUID().slice(0, 8)}`
  const natsUrl = process.env.NATS_URL!
  const nats: NatsConnection = await connect(connectOptionsOf(natsUrl))
  open.push({ stop: () => nats.close() })
  const heard: Array<{ readonly subject: string; readonly said: any }> = []
  nats.subscribe(`${natsSpace}.vehicles.>`, {
    callback: (_, message) => {
      const [, , vin, leaf] = message.subject.split(".")
      const text = leaf === "report" ? unverified(message.string())!.text : message.string()
      if (leaf === "report" || leaf === "telemetry") heard.push({ subject: `${vin} ${leaf}`, said: JSON.parse(text) })
    }
  })
  await nats.flush()
  const send = (vin: string, leaf: string, text: string) => nats.publish(`${natsSpace}.vehicles.${vin}.${leaf}`, text)
  const reports = (vin?: string) =>
    heard
      .filter(({ subject }) => (vin === undefined ? subject.endsWith(" report") : subject === `${vin} report`))
      .map(({ said }) => said)
  return { natsUrl, natsSpace, nats, heard, send, reports }
}
const runningIn = (fleet: Fleet, vin: string) => fleet.car(vin).flash.image.features.map(({ id }) => id)

const act = async (fleet: { readonly url: string }, body: object) =>
  (await (await fetch(`${fleet.url}/_simulator/acts`, { method: "POST", body: JSON.stringify(body) })).json()) as any

describe("a fleet on one connection", () => {
  test("has three thousand cars obey and answer, with one connection, four subscriptions and one report each", async () => {
    const { natsUrl, natsSpace, nats, send, reports } = await onBroker()
    const fleet = await fleetOf({ natsUrl, natsSpace })
    fleet.buildFor("nats")
    const vins = Array.from({ length: 3_000 }, (_, n) => vinOf(n + 1))
    for (const vin of vins) fleet.build(vin, "Modelo Uno", "ES")
    const said = await signed(vins)
    for (const vin of vins) send(vin, "config", said.get(vin)!)
    await nats.flush()
    await until(
      "all receipts",
      () => reports().length,
      (count) => count >= vins.length
    )
    expect(new Set(reports().map(({ vin }) => vin)).size).toBe(vins.length)
    expect(
      reports().filter(({ kind, cfgVersion, counter }) => kind === "receipt" && cfgVersion === 1 && counter === 1)
    ).toHaveLength(3_000)
    expect(fleet.flash().filter(({ features, cfgVersion }) => cfgVersion === 1 && features.length === 1)).toHaveLength(3_000)
    expect([fleet.broker!.connections(), fleet.broker!.subscriptions()]).toEqual([1, 4])
    const kinds = Map.groupBy(fleet.ledger(), ({ kind }) => kind)
    expect([...kinds].map(([kind, { length }]) => [kind, length])).toEqual([
      ["built", 3_000],
      ["document", 3_000],
      ["applied", 3_000],
      ["on", 3_000],
      ["report", 3_000]
    ])
    fleet.tick() // Five seconds have not passed.
    await nats.flush()
    expect(reports()).toHaveLength(3_000)
  }, 20_000)

  test("has only the car that is meant hear, and only while it can be reached; it says hello when it is back", async () => {
    const { natsUrl, natsSpace, nats, send, reports } = await onBroker()
    const fleet = await fleetOf({ natsUrl, natsSpace })
    for (const vin of [one, two]) fleet.build(vin, "Modelo Uno", "ES")
    await act(fleet, { act: "sleep", vin: two })
    const said = await signed([one, two])
    for (const vin of [one, two]) send(vin, "config", said.get(vin)!)
    await until(
      "a receipt",
      () => reports(one).length,
      (count) => count === 1
    )
    expect([runningIn(fleet, one), runningIn(fleet, two)]).toEqual([["Cabin.Seat.Heating"], []])
    send(two, "config", said.get(one)!) // Misdirected, and nobody listens.
    await nats.flush()
    await act(fleet, { act: "wake", vin: two })
    await until(
      "hello",
      () => reports(two).length,
      (count) => count === 1
    )
    expect(reports(two)).toMatchObject([{ kind: "hello", cfgVersion: 0 }])
    send(two, "config", said.get(one)!)
    await until(
      "a refusal",
      () => fleet.ledger().filter(({ vin }) => vin === two),
      (all) => all.some(({ kind }) => kind === "document")
    )
    expect(fleet.ledger().filter(({ vin, kind }) => vin === two && kind === "document")).toMatchObject([{ reason: "OtherVehicle" }])
  })

  test("measures while awake: no place, nothing about maintenance", async () => {
    const { natsUrl, natsSpace, heard } = await onBroker()
    const fleet = await fleetOf({ natsUrl, natsSpace })
    for (const vin of [one, two]) fleet.build(vin, "Modelo Uno", "ES")
    fleet.car(two).reach(false, true)
    fleet.measure()
    await until(
      "a sample",
      () => heard.length,
      (count) => count === 1
    )
    expect(heard).toMatchObject([{ subject: `${one} telemetry`, said: { parked: true, at: new Date(now).toISOString() } }])
    expect(Object.keys(heard[0]!.said).sort()).toEqual(["at", "cabinCelsius", "chargePercent", "odometerMetres", "parked"])
  })
})

describe("cars with credentials of their own", () => {
  test("hear what is for them, speak for themselves, and leave the broker when they sleep", async () => {
    const { natsUrl, natsSpace, send, reports } = await onBroker()
    const issuer = process.env.NATS_VEHICLE_ISSUER
    const fleet = await fleetOf({ natsUrl, natsSpace, connections: "perCar", ...(issuer === undefined ? {} : { issuer }) })
    for (const vin of [one, two]) fleet.build(vin, "Modelo Uno", "ES")
    await Promise.all([one, two].map((vin) => fleet.broker!.joined(vin)))
    expect(fleet.broker!.connections()).toBe(2)
    const said = await signed([one, two])
    for (const vin of [one, two]) send(vin, "config", said.get(vin)!)
    await until(
      "two receipts",
      () => reports().length,
      (count) => count === 2
    )
    fleet.car(two).reach(false, true)
    expect(fleet.broker!.connections()).toBe(1)
    fleet.car(two).reach(true, true)
    await until(
      "hello",
      () => reports(two).length,
      (count) => count === 2
    )
    expect(reports(two)[1]).toMatchObject({ kind: "hello", counter: 2, cfgVersion: 1 })
  })
})

describe("a car behind the API IoT", () => {
  const configure = (url: string, vehicleId: string, payload: unknown, key: string) =>
    fetch(`${url}/ota/configure`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify({ vehicleId, payload })
    })
  const behind = async (options: { readonly passesReports?: boolean } = {}) => {
    const fleet = await fleetOf()
    fleet.build(five, "Modelo Uno", "ES")
    const api = await startApiIotSimulator({ manual: true, now: () => now, fleet, ...options })
    open.push(api)
    const status = async () => (await (await fetch(`${api.url}/vehicles/${five}/status`)).json()) as any
    const send = async (version: number) =>
      configure(api.url, five, JSON.parse(await envelope(now, { vin: five, version })), `vehicle/${five}#${version}.0`)
    return { fleet, api, status, send }
  }

  test("obeys the very same documents; its last report is passed on as it was signed", async () => {
    const { fleet, status, send } = await behind()
    expect(await status()).toEqual({ vehicleId: five, online: true, lastSeenAt: null, configuration: null })
    expect((await send(1)).status).toBe(202)
    expect(runningIn(fleet, five)).toEqual(["Cabin.Seat.Heating"])
    const { configuration, lastSeenAt } = await status()
    expect(lastSeenAt).toBe(new Date(now).toISOString())
    expect(configuration).toEqual({ version: 1, report: fleet.car(five).newest!.text })
    expect(fleet.car(five).newest!.acknowledged).toBe(true) // The API keeps it: it need not be repeated.
  })

  test("is told what it missed when it wakes, in order, unless the API loses it", async () => {
    const { fleet, api, status, send } = await behind({ passesReports: false })
    fleet.car(five).reach(false, true)
    for (const version of [1, 2]) await send(version)
    expect(await status()).toMatchObject({ online: false, configuration: null })
    fleet.car(five).reach(true, true)
    expect(await status()).toMatchObject({ online: true, configuration: { version: 2, report: null } })
    api.loseNext(1)
    await send(3)
    expect(await status()).toMatchObject({ configuration: { version: 2 } })
    expect(api.ledger().map(({ kind }) => kind)).toEqual(["taken", "taken", "passedOn", "passedOn", "taken", "lost"])
    expect(fleet.ledger().flatMap((entry) => (entry.kind === "applied" ? [entry.cfgVersion] : []))).toEqual([1, 2])
  })

  test("is asked for twice under one key and hears it once; a stranger's car is unknown", async () => {
    const { fleet, api, send } = await behind()
    for (let n = 0; n < 2; n++) expect((await send(1)).status).toBe(202)
    expect(fleet.ledger().filter(({ kind }) => kind === "document")).toHaveLength(1)
    expect((await configure(api.url, one, {}, "k")).status).toBe(404)
    expect((await fetch(`${api.url}/vehicles/${one}/status`)).status).toBe(404)
  })
})

describe("a fleet", () => {
  test("builds one car in five for the API IoT, by its serial number, and the same car once", async () => {
    const fleet = await fleetOf()
    const roads = [1, 2, 3, 4, 5, 6].map((serial) => fleet.build(vinOf(serial), "Modelo Uno", "ES").link)
    expect(roads).toEqual(["nats", "nats", "nats", "nats", "apiIot", "nats"])
    expect(fleet.build(one, "Modelo Uno", "ES")).toEqual(fleet.build(one, "Modelo Dos", "DE"))
    fleet.buildFor("apiIot")
    expect(fleet.build(vinOf(7), "Modelo Uno", "ES").link).toBe("apiIot")
    expect(fleet.ledger()).toHaveLength(7)
  })

  test("is there again after a restart, with its keys, its flash, its counters and its book", async () => {
    const folder = mkdtempSync(join(tmpdir(), "fleet-"))
    try {
      const files = { file: join(folder, "fleet.jsonl"), carsFile: join(folder, "cars.jsonl") }
      const before = await startFleet({ trust, manual: true, now: () => now, ...files })
      const built = before.build(one, "Modelo Uno", "ES")
      const end = new Date(now + day).toISOString()
      before.car(one).hear("config", await envelope(now, { vin: one, version: 3, features: [{ ...heating, until: end }] }), "nats")
      const [flash, ledger] = [before.flash(), [...before.ledger()]]
      await before.stop()

      const after = await fleetOf(files)
      expect(after.flash()).toEqual(flash)
      expect(after.ledger()).toEqual(ledger)
      expect(after.build(one, "Modelo Uno", "ES")).toEqual(built)
      const car = after.car(one)
      car.hear("config", await envelope(now, { vin: one, version: 3 }), "nats")
      expect(after.ledger().findLast(({ kind }) => kind === "document")).toMatchObject({ reason: "OldVersion" })
      expect(car.newest!.counter).toBe(2)
      now += day
      after.tick()
      expect(runningIn(after, one)).toEqual([])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test("obeys other processes over HTTP", async () => {
    const fleet = await fleetOf()
    fleet.build(one, "Modelo Uno", "ES")
    const paper = JSON.parse(await envelope(now, { vin: one }))
    await act(fleet, { act: "drive", vin: one })
    const { receipt } = await act(fleet, { act: "carry", vin: one, envelope: paper })
    expect(JSON.parse(unverified(receipt)!.text)).toMatchObject({ waitingVersion: 1 })
    await act(fleet, { act: "park", vin: one })
    expect((await act(fleet, { act: "showPairingCode", vin: one })).code).toMatch(/^\d{6}$/)
    expect(await act(fleet, { act: "park", vin: two })).toEqual({ error: "no such car" })
    expect(await act(fleet, { act: "explode", vin: one })).toEqual({ error: "no such thing" })
    const flash = (await (await fetch(`${fleet.url}/_simulator/flash`)).json()) as ReadonlyArray<object>
    expect(flash).toMatchObject([
      { vin: one, cfgVersion: 1, highestVersion: 1, parked: true, online: true, features: [{ id: "Cabin.Seat.Heating" }] }
    ])
    expect((await (await fetch(`${fleet.url}/_simulator/ledger`)).json()) as unknown).toEqual(fleet.ledger())
  })

  test("that lives by itself drives, parks, sleeps and wakes, and says so; car 1 stays where it is", async () => {
    const { natsUrl, natsSpace, heard, reports } = await onBroker()
    let at = now
    const fleet = await fleetOf({ natsUrl, natsSpace, manual: false, lively: true, now: () => at })
    fleet.buildFor("nats")
    for (let serial = 1; serial <= 20; serial++) fleet.build(vinOf(serial), "Modelo Uno", "ES")
    const seen = { driving: new Set<string>(), asleep: new Set<string>(), parked: new Set<string>() }
    for (; at < now + 31 * minute; at += 10 * second) {
      fleet.second()
      for (const { vin, parked, online } of fleet.flash()) seen[online ? (parked ? "parked" : "driving") : "asleep"].add(vin)
    }
    expect([seen.driving.size, seen.asleep.size, seen.parked.size]).toEqual([19, 19, 20])
    expect(seen.driving.has(one) || seen.asleep.has(one)).toBe(false)
    await until(
      "reports of all",
      () => new Set(reports().map(({ vin }) => vin)).size,
      (count) => count === 20
    )
    await until(
      "samples of all",
      () => new Set(heard.map(({ subject }) => subject)).size,
      (count) => count === 40
    )
    expect(heard.filter(({ subject }) => subject.endsWith("telemetry")).length).toBeLessThan(20 * 80) // 75 in a day of half an hour.
    now += hour
  })
})

/** A document for each, by one signature of the catalogue. */
const signed = async (vins: ReadonlyArray<string>): Promise<ReadonlyMap<string, string>> => {
  const { document, catalogue } = JSON.parse(await envelope(now))
  const body = JSON.parse(unverified(document)!.text)
  const each = vins.map(async (vin) => {
    const own = await signJws(config, "caas-config+jws", { ...body, vin })
    return [vin, JSON.stringify({ document: own, catalogue })] as const
  })
  return new Map(await Promise.all(each))
}
