/** What a car says, over the real broker: believed only under its own key, told only where it is news, and acknowledged after it was heard. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { createPublicKey, verify } from "node:crypto"
import { Effect, Metric } from "effect"
import { ActorQuarantined, ActorsUnavailable, Overloaded } from "#actors/system/letter.ts"
import { Telemetry } from "#integrations/telemetry/telemetry.ts"
import { signingKeyOf } from "#integrations/vehicle-trust/keys.ts"
import { hearReport } from "#src/ingress/report.ts"
import { refusedReports } from "#src/ingress/reports.ts"
import { Car, receiptOf, type Told } from "./car.ts"
import { type Road, road, until } from "./road.ts"
import { handled } from "./world.ts"

let world: Road
let serial = 0
const newCar = async () => {
  const car = new Car(++serial)
  await world.knows(car)
  return car
}
beforeAll(async () => {
  world = await road({ natsUrl: process.env.NATS_URL! })
})
afterAll(() => world.close())

const send = async (car: Car, ...texts: ReadonlyArray<string>) => {
  for (const text of texts) world.publish(car.vin, "report", text)
  await world.broker.flush()
  await world.quiet()
}
const refused = () => world.runtime.runPromise(Metric.value(refusedReports)).then(({ count }) => Number(count))

const running = { id: "Seat.Heating", option: "heated-seats", activationId: "act_1", until: "2026-04-02T09:00:00.000Z" }

describe("a report", () => {
  test("becomes a fact that its vehicle hears under the report's own name, and is acknowledged to the car", async () => {
    const car = await newCar()
    const report = car.report({ kind: "receipt", cfgVersion: 3, features: [running], done: ["cmd_1"] })
    const jws = car.sign(report)
    await send(car, jws)
    const { v: _, vin: __, kind: ___, at, ...same } = report
    expect(world.toldOf(car)).toEqual([
      {
        path: `vehicle/${car.vin}`,
        id: `car/${receiptOf(jws)}`,
        message: {
          ...same,
          type: "VehicleReported",
          evidence: "signedReceipt",
          receiptId: receiptOf(jws),
          carAt: at,
          bytes: jws
        } as never
      }
    ])
    const [acknowledged] = await until(
      "an acknowledgement",
      () => world.acknowledgedTo(car),
      ({ length }) => length > 0
    )
    const [header, body, signature] = acknowledged!.jws.split(".") as [string, string, string]
    const said = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString())
    const ours = signingKeyOf(world.keys.CONFIG_SIGNING_KEY)!
    expect(said(header)).toEqual({ alg: "EdDSA", typ: "caas-acknowledged+jws", kid: ours.kid })
    expect(said(body)).toEqual({ v: 1, vin: car.vin, counter: report.counter, receiptId: receiptOf(jws) })
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: ours.publicKey }, format: "jwk" })
    expect(verify(null, Buffer.from(`${header}.${body}`), key, Buffer.from(signature, "base64url"))).toBe(true)
  })

  test("that says nothing new wakes nobody, and is acknowledged all the same", async () => {
    const car = await newCar()
    const first = car.says()
    await send(car, first, first, car.says(), car.says({ at: "2026-03-02T10:00:00.000Z", kind: "hello" }))
    expect(world.toldOf(car)).toHaveLength(1)
    await until(
      "four acknowledgements",
      () => world.acknowledgedTo(car).length,
      (count) => count === 4
    )
    const lastSeen = await world.runtime.runPromise(Telemetry.use((telemetry) => telemetry.lastSeen(car.vin)))
    expect(Math.abs(Date.parse(lastSeen!) - Date.now())).toBeLessThan(60_000)
  })

  const changes: ReadonlyArray<readonly [string, Partial<Told>]> = [
    ["version", { cfgVersion: 1 }],
    ["features", { features: [running] as never }],
    ["boot", { bootId: "boot-2" }],
    ["waiting document", { waitingVersion: 2 }],
    ["refusals", { refused: [{ option: "heated-seats", activationId: "act_1", reason: "unknownFeature" }] }],
    ["pairing", { pairing: { hash: "a".repeat(64), seconds: 300 } }],
    ["commands carried out", { done: ["cmd_1"] }]
  ]
  test.each(changes)("with another %s is news", async (_, change) => {
    const car = await newCar()
    await send(car, car.says(), car.says(change))
    expect(world.toldOf(car)).toHaveLength(2)
  })

  test("is told in the order it was said, and an older one that comes later is worth nothing", async () => {
    const car = await newCar()
    const [first, second, third] = [1, 2, 3].map((cfgVersion) => car.says({ cfgVersion }))
    await send(car, first!, third!)
    await send(car, second!, first!)
    expect(world.toldOf(car).map(({ message }) => message.cfgVersion)).toEqual([1, 3])
    expect(world.acknowledgedTo(car)).toHaveLength(2)
  })

  test("of a car that comes back is told while a document waits for it, though it says nothing new", async () => {
    const car = await newCar()
    await send(car, car.says({ kind: "hello" }))
    const stateOf = (state: string) => world.sql`
      INSERT INTO actors (path, partition, version, epoch, machine_version, state, type, state_path, state_since, closed)
      VALUES (${`vehicle/${car.vin}`}, 0, 1, 0, 1, '{}', 'vehicle', ${state}, now(), false)
      ON CONFLICT (path) DO UPDATE SET state_path = excluded.state_path`
    await stateOf("custody.customer+configuration.synchronised")
    await send(car, car.says({ kind: "hello" }))
    expect(world.toldOf(car)).toHaveLength(1)
    await stateOf("custody.customer+configuration.waiting")
    const again = car.says({ kind: "hello" })
    await send(car, again, again)
    expect(world.toldOf(car)).toHaveLength(2)
  })

  test("is news of which a new process knows that it was told", async () => {
    const car = await newCar()
    const jws = car.says({ cfgVersion: 7 })
    await world.sql`
      INSERT INTO vehicle_reports (receipt_id, vin, evidence, cfg_version, state_hash, boot_id, counter, bytes, partition, path, version, position, at)
      VALUES (${receiptOf(jws)}, ${car.vin}, 'signedReceipt', 7, 'h', 'b', 1, ${jws}, 0, ${`vehicle/${car.vin}`}, 2, 0, now())`
    await send(car, jws, car.says({ cfgVersion: 7 }))
    expect(world.toldOf(car)).toHaveLength(0)
    await send(car, car.says({ cfgVersion: 8 }))
    expect(world.toldOf(car)).toHaveLength(1)
  })

  test("that two roads bring at the same time is not forgotten for the older one beside it", async () => {
    const car = await newCar()
    const [first, second, third] = [1, 2, 1].map((cfgVersion) => car.says({ cfgVersion }))
    const hear = (jws: string) => world.runtime.runPromise(hearReport(car.vin, jws))
    const commit = Promise.withResolvers<void>()
    world.vehicles.answer = (told) =>
      told.id === `car/${receiptOf(first!)}`
        ? Effect.andThen(
            Effect.promise(() => commit.promise),
            handled(told)
          )
        : handled(told)
    const slow = hear(first!)
    await until(
      "the first one on its way",
      () => world.toldOf(car).length,
      (count) => count === 1
    )
    await hear(second!)
    commit.resolve()
    await slow
    world.vehicles.answer = handled
    expect(await hear(third!)).toMatchObject({ as: "told" }) // What the first one said is news again.
  })

  test("brought by a phone is the same report, and the second arrival changes nothing", async () => {
    const car = await newCar()
    const jws = car.says({ cfgVersion: 1 })
    const bring = () => world.runtime.runPromise(hearReport(car.vin, jws))
    expect(await bring()).toMatchObject({ as: "told", receiptId: receiptOf(jws) as never })
    expect(await bring()).toMatchObject({ as: "known" })
    await send(car, jws)
    expect(world.toldOf(car)).toHaveLength(1)
  })
})

describe("a report that is not believed", () => {
  const cases: ReadonlyArray<readonly [string, string, (car: Car, other: Car) => string]> = [
    ["signed by another car", "BadSignature", (car, other) => other.sign(car.report())],
    ["of another car", "OtherVehicle", (car, other) => car.sign(other.report())],
    ["without a signature", "NotAReport", (car) => car.says().replace(/\.[^.]*$/, ".")],
    ["with alg none", "BadSignature", (car) => car.sign(car.report(), { alg: "none" })],
    ["with another alg", "BadSignature", (car) => car.sign(car.report(), { alg: "HS256" })],
    ["with our own documents' type", "BadSignature", (car) => car.sign(car.report(), { typ: "caas-config+jws" })],
    ["that names another key", "BadSignature", (car) => car.sign(car.report(), { kid: "0123456789abcdef" })],
    [
      "that brings its own key",
      "BadSignature",
      (car, other) => other.sign(car.report(), { jwk: { kty: "OKP", crv: "Ed25519", x: other.publicKey } })
    ],
    ["with a header we would have to understand", "BadSignature", (car) => car.sign(car.report(), { crit: ["b64"], b64: false })],
    ["that is no JSON", "NotAReport", (car) => car.sign("{")],
    ["that begins with a byte order mark", "NotAReport", (car) => car.sign(`\uFEFF${JSON.stringify(car.report())}`)],
    ["that is JSON and nothing of ours", "NotAReport", (car) => car.sign([1, 2])],
    ["with a month 13", "NotAReport", (car) => car.says({ at: "2026-13-45T99:00:00.000Z" as never })],
    ["with a version that no table holds", "NotAReport", (car) => car.says({ cfgVersion: 2 ** 40 })],
    ["with a version below zero", "NotAReport", (car) => car.says({ cfgVersion: -1 })],
    ["with a NUL in a text", "NotAReport", (car) => car.says({ bootId: "boot\0" })],
    [
      "with half a letter",
      "NotAReport",
      (car) => car.sign(JSON.stringify(car.report({ bootId: "x" })).replace('"x"', '"\\ud800"'))
    ],
    ["with an option that is none", "NotAReport", (car) => car.says({ features: [{ ...running, option: "DROP TABLE" }] as never })],
    ["of 17 KiB", "TooLong", (car) => car.says({ done: ["x".repeat(17 * 1024)] })],
    ["that is not even ASCII", "NotAReport", () => "ñ€\u0000\uffff"],
    ["that is empty", "NotAReport", () => ""]
  ]
  test.each(cases)("because it is %s is counted, never comes again, and wakes nobody (%s)", async (_, reason, say) => {
    const car = await newCar()
    const other = await newCar()
    const text = say(car, other)
    const no = await world.runtime.runPromise(Effect.flip(hearReport(car.vin, text)))
    expect(no).toMatchObject({ _tag: "ReportNotBelieved", reason })
    const before = await refused()
    await send(car, text)
    expect(await refused()).toBe(before + 1)
    expect([...world.toldOf(car), ...world.toldOf(other), ...world.acknowledgedTo(car)]).toEqual([])
    await send(car, car.says())
    expect(world.toldOf(car)).toHaveLength(1)
  })

  test("because a bit of it was changed, whichever", async () => {
    const car = await newCar()
    const jws = car.says({ cfgVersion: 1, features: [running] as never })
    const altered = Array.from({ length: jws.length }, (_, at) => {
      const bytes = Buffer.from(jws, "latin1")
      bytes[at]! ^= 1 << (at % 7)
      return bytes.toString("latin1")
    })
    const results = await world.runtime.runPromise(
      Effect.forEach(altered, (text) => Effect.result(hearReport(car.vin, text)), { concurrency: 16 })
    )
    expect(results.filter(({ _tag }) => _tag === "Success")).toEqual([])
    expect(world.toldOf(car)).toEqual([])
    // Four bits of the last letter mean nothing: still, only the letter that was sent is the report.
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for (const letter of letters) {
      const text = `${jws.slice(0, -1)}${letter}`
      const result = await world.runtime.runPromise(Effect.result(hearReport(car.vin, text)))
      expect([letter, result._tag]).toEqual([letter, text === jws ? "Success" : "Failure"])
    }
  })

  test("because nobody knows the car, is believed as soon as somebody does", async () => {
    const car = new Car(++serial)
    const jws = car.says()
    const before = await refused()
    await send(car, jws)
    expect(await refused()).toBe(before + 1)
    await world.knows(car)
    await send(car, jws)
    expect(world.toldOf(car)).toHaveLength(1)
  })

  test("because no car has such a name", async () => {
    const before = await refused()
    for (const name of ["x", "vsszzz5fzjr000001", "OOOOOOOOOOOOOOOOO"]) world.publish(name, "report", "hello")
    await world.broker.flush()
    await world.quiet()
    expect(await refused()).toBe(before + 3)
  })

  test("of one MiB does not even get into the stream, and the next one does", async () => {
    const car = await newCar()
    const before = await refused()
    world.publish(car.vin, "report", "x".repeat(1024 * 1024)) // As much as the broker takes from anybody.
    await world.broker.flush()
    expect([await world.left(), await refused()]).toEqual([0, before])
    await send(car, car.says())
    expect(world.toldOf(car)).toHaveLength(1)
  })

  test("is one of thousands, and the true ones among them are heard within seconds", async () => {
    const [car, rogue] = [await newCar(), new Car(++serial)]
    const before = await refused()
    for (let i = 0; i < 2_000; i++) {
      const vin = i % 3 === 0 ? car.vin : new Car(500_000 + (i % 40)).vin
      world.publish(vin, "report", i % 2 === 0 ? rogue.sign(car.report()) : "rubbish")
      if (i % 400 === 0) await world.broker.flush()
    }
    await send(car, car.says({ counter: 1_000_000 }))
    expect(world.toldOf(car)).toHaveLength(1)
    expect(await refused()).toBeGreaterThan(before + 100) // Of each car only the newest wait: the broker itself forgets the rest.
  })
})

describe("a report that cannot be told now", () => {
  const troubles = [
    ["its owner is being replaced", () => new ActorsUnavailable({ reason: "PartitionLost" })],
    ["its mailbox is full", () => new Overloaded({ path: "vehicle/x", retryAfterSeconds: 1 })]
  ] as const
  test.each(troubles)("because %s comes again under the same name, and is acknowledged only then", async (_, trouble) => {
    const car = await newCar()
    let tries = 0
    world.vehicles.answer = (told) => (told.path.endsWith(car.vin) && ++tries === 1 ? Effect.fail(trouble()) : handled(told))
    const jws = car.says()
    world.publish(car.vin, "report", jws)
    await until(
      "a first try",
      () => tries,
      (seen) => seen === 1
    )
    expect(world.acknowledgedTo(car)).toEqual([])
    await world.quiet()
    expect(world.toldOf(car).map(({ id }) => id)).toEqual([`car/${receiptOf(jws)}`, `car/${receiptOf(jws)}`])
    await until(
      "an acknowledgement",
      () => world.acknowledgedTo(car).length,
      (count) => count === 1
    )
    world.vehicles.answer = handled
  })

  test("because its actor is in quarantine does not hold up the other cars", async () => {
    const [ill, well] = [await newCar(), await newCar()]
    world.vehicles.answer = (told) =>
      told.path.endsWith(ill.vin) ? Effect.fail(new ActorQuarantined({ path: told.path })) : handled(told)
    world.publish(ill.vin, "report", ill.says())
    world.publish(well.vin, "report", well.says())
    await until(
      "the other car",
      () => world.toldOf(well).length,
      (count) => count === 1
    )
    expect(world.acknowledgedTo(ill)).toEqual([])
    await until("the other report answered", world.left, (messages) => messages === 1) // Told first, answered then.
    world.vehicles.answer = handled
  })

  test("because its car has another one every millisecond waits, and the other cars do not", async () => {
    const [mad, sane] = [await newCar(), await newCar()]
    for (let boot = 0; boot < 3_000; boot++) {
      world.publish(mad.vin, "report", mad.says({ bootId: `boot-${boot}` }))
      if (boot % 5 === 0) await Bun.sleep(1)
    }
    await world.broker.flush()
    const jws = sane.says()
    world.publish(sane.vin, "report", jws)
    await until(
      "the other car",
      () => world.acknowledgedTo(sane).length,
      (count) => count === 1
    )
    expect(world.toldOf(mad).length).toBeGreaterThan(0)
    expect(world.toldOf(mad).length).toBeLessThanOrEqual(120)
    expect(await world.left()).toBeLessThanOrEqual(1 + 8) // Of the one in quarantine, and its newest.
  })
})
