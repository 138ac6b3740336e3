/** Whoever owns the broker owns nothing (F29, F64, F66): ten thousand forged, replayed, altered, expired and misdirected messages to cars and to us. */
import { expect, test } from "bun:test"
import { Effect, Metric } from "effect"
import type { FleetEntry } from "#integrations/fleet/entry.ts"
import { CarOwner } from "#src/demo/car-owner.ts"
import { until } from "#src/demo/patience.ts"
import { unfinished } from "#src/demo/unfinished.ts"
import { refusedReports } from "#src/ingress/reports.ts"
import { delivered, inTown, minute, type Town } from "../journeys/town.ts"
import { bytes, everyBit, everyByte, forgeries, type Overheard, payloadOf, type Rogue, startRogue } from "./rogue.ts"

const patience = 60_000 // Milliseconds, on a busy machine; it takes some ten seconds.
const seats = { option: "heated-seats", term: { kind: "permanent" }, paymentMethod: "tok_ok" }
const audio = { ...seats, option: "concert-audio" }

const text = (data: Uint8Array) => new TextDecoder().decode(data)
const envelopeOf = ({ data }: Overheard): { document: string; catalogue: string } => JSON.parse(text(data))
const refused = (town: Town) =>
  town.platform.runtime.runPromise(Effect.map(Metric.value(refusedReports), ({ count }) => Number(count)))

/** What must not move while the rogue speaks: what runs in the cars, what they did and why, and all that we ever wrote down. */
const everything = async ({ sql, world }: Town) => {
  const [row] = await sql`
    SELECT (SELECT count(*)::int FROM journal) AS turns, (SELECT count(*)::int FROM vehicle_reports) AS reports,
           (SELECT count(*)::int FROM evidence) AS evidence, (SELECT count(*)::int FROM outbox) AS commands,
           (SELECT count(*)::int FROM ledger) AS money`
  const did = (entry: FleetEntry) =>
    ["applied", "on", "off", "reboot"].includes(entry.kind) ||
    (entry.kind === "document" && entry.verdict !== "refused") ||
    ((entry.kind === "command" || entry.kind === "display" || entry.kind === "acknowledged") && entry.reason === null)
  return { ...row, flash: world.fleet.flash(), deeds: world.fleet.ledger().filter(did).length }
}

/** Until the cars have judged all that was said to them since `before`. */
const judged = (town: Town, before: number, count: number) =>
  until(
    "the cars' judgement",
    () => town.world.fleet.ledger().filter(({ kind }) => judgedKinds.has(kind)).length - before,
    (now) => now === count
  )
const judgedKinds = new Set(["document", "command", "display", "acknowledged"])
const judgements = ({ world }: Town) => world.fleet.ledger().filter(({ kind }) => judgedKinds.has(kind)).length

const story = async (town: Town) => {
  const { fleet } = town.world
  fleet.buildFor("nats")
  const one = await delivered(town, { name: "Customer 1" })
  const two = await delivered(town, { name: "Customer 2", seller: one.seller })
  const [mine, other] = [fleet.car(one.vin), fleet.car(two.vin)]
  const [owner, neighbour] = [new CarOwner(one.customer, one.vin), new CarOwner(two.customer, two.vin)]
  const rogue: Rogue = await startRogue(process.env.NATS_URL!, town.platform.settings.natsSpace)
  try {
    // Days like any other, which somebody overhears: a service on each car, a phone linked, doors locked.
    for (const [who, wanted] of [
      [owner, seats],
      [neighbour, audio]
    ] as const)
      await who.sees((await who.buys(wanted)).body.activationId, "active captured")
    const code = mine.showPairingCode()
    await town.settled()
    expect((await owner.linksPhone(code)).status).toBeLessThan(300)
    const lock = await one.customer.ask("POST", `/api/me/vehicles/${one.vin}/commands`, {
      body: { type: "lockDoors" },
      key: "lock-0001"
    })
    expect(lock.status).toBeLessThan(300)
    await until(
      "locked doors",
      () => mine.done.length,
      (done) => done === 1
    )
    await town.settled()

    // What a car has not taken yet, and what the platform has not heard yet: both genuine, both in the wrong hands.
    mine.losing = 1
    const wanted = await owner.buys(audio)
    const withheld = await until(
      "a document on its way",
      () => rogue.overheard.findLast(({ vin, leaf, data }) => vin === one.vin && leaf === "config" && text(data).length > 0)!,
      (found) => payloadOf(envelopeOf(found).document).cfgVersion > mine.flash.image.cfgVersion
    )
    await until(
      "a lost message",
      () => mine.losing,
      (left) => left === 0
    )
    other.losingReports = Number.POSITIVE_INFINITY // Whatever it is asked, nobody hears its answer.
    other.showPairingCode()
    const unheard = bytes(other.newest!.text)
    rogue.stopsListening()
    expect(new Set(rogue.overheard.map(({ leaf }) => leaf))).toEqual(
      new Set(["config", "report", "acknowledged", "display", "command"])
    )

    const before = await everything(town)
    const [heardBefore, refusedBefore] = [judgements(town), await refused(town)]
    const { document, catalogue } = envelopeOf(withheld)
    const whole = text(withheld.data)
    const rangeOf = (part: string) => [whole.indexOf(part), whole.indexOf(part) + part.length] as const

    // Altered: every bit of a document, a bit in each byte of its catalogue, every bit of a report.
    await rogue.toCar(one.vin, "config", everyBit(withheld.data, rangeOf(document)))
    await rogue.toCar(one.vin, "config", everyByte(withheld.data, rangeOf(catalogue)))
    await rogue.toPlatform(two.vin, everyBit(unheard, [0, unheard.length]))
    const altered = { ...rogue.said }
    expect(altered.toCars).toBe(document.length * 8 + catalogue.length)

    // Forged: every word there is, to each car, under every signature that can be made without a key.
    for (const { vin, leaf, data } of rogue.overheard.slice(-400)) {
      if (leaf === "report") {
        for (const to of [one.vin, two.vin])
          await rogue.toPlatform(to, forgeries(text(data), { vin: to, cfgVersion: 99, counter: 99 }).map(bytes))
        continue
      }
      const genuine = leaf === "config" ? envelopeOf({ vin, leaf, data }).document : text(data)
      for (const to of [one.vin, two.vin]) {
        const forged = forgeries(genuine, { vin: to, cfgVersion: 99, commandId: "cmd_99", counter: fleet.car(to).newest!.counter })
        await rogue.toCar(
          to,
          leaf,
          forged.map((jws) => bytes(leaf === "config" ? JSON.stringify({ document: jws, catalogue }) : jws))
        )
        // Genuine words under another name: a command is no document, and no notice is a command.
        for (const elsewhere of ["command", "display", "acknowledged"].filter((name) => name !== leaf))
          await rogue.toCar(to, elsewhere, [bytes(genuine)])
        if (leaf !== "config") await rogue.toCar(to, "config", [bytes(JSON.stringify({ document: genuine, catalogue }))])
      }
    }
    // A catalogue of its own, under a genuine document.
    const features = { "Powertrain.Power.Boost": { models: ["Modelo Uno"], parameters: { percent: { values: [500] } } } }
    for (const forged of forgeries(catalogue, { edition: 99, features }))
      await rogue.toCar(one.vin, "config", [bytes(JSON.stringify({ document, catalogue: forged }))])

    // Replayed, to whom it was for; misdirected, to whom it was not.
    for (const { vin, leaf, data } of rogue.overheard) {
      const elsewhere = vin === one.vin ? two.vin : one.vin
      if (leaf === "report") {
        await rogue.toPlatform(vin, [data])
        await rogue.toPlatform(elsewhere, [data])
      } else if (data !== withheld.data) {
        await rogue.toCar(vin, leaf, [data])
        await rogue.toCar(elsewhere, leaf, [data])
      } else await rogue.toCar(elsewhere, leaf, [data])
    }
    expect(rogue.said.toCars + rogue.said.toPlatform).toBeGreaterThan(10_000)
    await judged(town, heardBefore, rogue.said.toCars)
    expect(await everything(town)).toEqual(before)
    const replays = rogue.overheard.filter(({ leaf }) => leaf === "report").length // Genuine, and old.
    expect((await refused(town)) - refusedBefore).toBe(rogue.said.toPlatform - replays)
    expect((await owner.sees(wanted.body.activationId, "pending authorised")).money.takenMinor).toBe(0)

    // Expired: the genuine document, a quarter of an hour later, in a car that has been started again since.
    mine.losing = Number.POSITIVE_INFINITY
    await town.pass(16 * minute)
    await until(
      "the documents that were due",
      () => unfinished(town.sql, town.world),
      ({ commands, timers }) => commands === 0 && timers === 0
    )
    mine.losing = 0
    mine.losingReports = Number.POSITIVE_INFINITY // Whoever hears that it has started again sends a document for this start.
    mine.reboot()
    const runs = mine.flash.image
    await rogue.toCar(one.vin, "config", [withheld.data])
    const verdict = await until(
      "a verdict",
      () => fleet.ledger().findLast(({ vin, kind }) => vin === one.vin && kind === "document"),
      (entry) => entry?.kind === "document" && entry.reason === "Expired"
    )
    expect(verdict).toMatchObject({ verdict: "refused", reason: "Expired", namesThisBoot: false })
    expect(mine.flash.image).toBe(runs)

    // And what is genuine works: the car says hello, is told again, obeys, and only now is money taken.
    mine.losingReports = 0
    mine.repeat()
    await owner.sees(wanted.body.activationId, "active captured")
    expect(mine.flash.image.features.map(({ option }) => option).sort()).toEqual(["concert-audio", "heated-seats"])
    other.losingReports = 0
    other.repeat()
    await town.settled()
  } finally {
    await rogue.stop()
  }
}

test("a broker in the wrong hands switches nothing on, and is believed nothing", inTown(story), patience)
