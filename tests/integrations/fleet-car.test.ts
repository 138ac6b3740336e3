/** What a simulated car believes, obeys and answers: every rule of it, with documents that the platform's own code has signed. */
import { describe, expect, test } from "bun:test"
import { signJws } from "#integrations/vehicle-trust/jws.ts"
import {
  catalogue,
  config,
  day,
  envelope,
  hashOf,
  heating,
  hour,
  minute,
  offline,
  second,
  stranger,
  streaming,
  vin,
  type Wording,
  yard
} from "./fleet-yard.ts"

describe("a parked car", () => {
  test("obeys what is signed for it, and answers with a receipt that the platform believes", async () => {
    const { car, hears, lastReport, of, verdict } = yard()
    await hears({ version: 4, features: [streaming, heating] })
    expect(verdict()).toBe("applied")
    const { features } = await lastReport()
    expect(await lastReport()).toMatchObject({
      kind: "receipt",
      vin,
      cfgVersion: 4,
      counter: 1,
      bootId: car.bootId,
      waitingVersion: null
    })
    expect(features.map(({ id }) => id)).toEqual(["Cabin.Seat.Heating", "Infotainment.Streaming"])
    expect((await lastReport()).stateHash).toBe(hashOf(JSON.stringify(features)))
    expect(of("on").map(({ feature, why }) => [feature, why])).toEqual([
      ["Cabin.Seat.Heating", "document"],
      ["Infotainment.Streaming", "document"]
    ])
    expect(car.flash.image.features[0]!.parameters).toEqual({ level: 2 })
  })

  test("switches off what the next document does not name, and touches nothing else", async () => {
    const { hears, of, running } = yard()
    await hears({ version: 1, features: [heating, streaming] })
    await hears({ version: 2, features: [streaming] })
    expect(running()).toEqual(["Infotainment.Streaming"])
    expect(of("off")).toMatchObject([{ feature: "Cabin.Seat.Heating", why: "document", cfgVersion: 2 }])
    expect(of("on")).toHaveLength(2)
  })

  const refusals: ReadonlyArray<readonly [reason: string, wording: Wording]> = [
    ["UnknownKey", { by: stranger }],
    ["UnknownKey", { by: offline }], // The key of catalogues signs no documents,
    ["CatalogueUnknownKey", { catalogueBy: config }], // nor the other way round.
    ["BadSignature", { by: { ...stranger, kid: config.kid } }],
    ["WrongType", { typ: "caas-command+jws" }],
    ["OtherVehicle", { vin: "VSSCAASZ1ZZ000008" }],
    ["OldVersion", { version: 0 }],
    ["Expired", { issuedAt: Date.parse("2026-11-22T09:00:00.000Z") }],
    ["NotADocument", { more: { features: [heating, heating] } }],
    ["NotADocument", { more: { onlyWhileParked: false } }],
    ["NotADocument", { more: { expiresAt: "tomorrow" } }],
    ["NotADocument", { more: { cfgVersion: 1.5 } }],
    ["OtherCatalogue", { more: { catalogueHash: hashOf("another") } }]
  ]
  test.each(refusals)("refuses a document: %s", async (reason, wording) => {
    const { car, hears, of, running, verdict } = yard()
    await hears(wording)
    expect(verdict()).toBe(reason)
    expect(running()).toEqual([])
    expect(of("applied")).toEqual([])
    expect(car.element.state.highestVersion).toBe(0)
    await hears()
    expect(verdict()).toBe("applied") // Nothing of it has stuck.
  })

  test("refuses what is no envelope, whatever it is", () => {
    const { car, of } = yard()
    const nonsense = [
      "",
      "null",
      "[]",
      "{",
      '{"document":1,"catalogue":2}',
      '{"document":"a.b.c","catalogue":"x"}',
      "x".repeat(70_000)
    ]
    for (const text of nonsense) car.hear("config", text, "nats")
    expect(of("document").map(({ reason }) => reason)).toEqual([...Array(5).fill("NotAnEnvelope"), "NotSigned", "TooLong"])
  })

  test("takes no version twice, and none below the highest it ever took; who asks again is told again", async () => {
    const { hears, said, verdict } = yard()
    await hears({ version: 5 })
    const receipt = said.at(-1)!
    for (const version of [5, 4, 1]) {
      await hears({ version, features: [] })
      expect(verdict()).toBe("OldVersion")
      expect(said.at(-1)).toBe(receipt) // The same bytes.
    }
    expect(said).toHaveLength(4)
  })

  test("refuses one feature alone: one the catalogue does not know, not for this model, or set to what it does not allow", async () => {
    const { hears, lastReport, running, verdict } = yard()
    const boost = {
      ...heating,
      id: "Powertrain.Power.Boost",
      option: "power-plus",
      activationId: "act_3",
      parameters: { percent: 50 }
    }
    const unknown = { ...heating, id: "Engine.Off", option: "unheard-of", activationId: "act_4" }
    await hears({ features: [{ ...heating, parameters: { level: 9 } }, boost, streaming, unknown] })
    expect(verdict()).toBe("applied")
    expect(running()).toEqual(["Infotainment.Streaming"])
    expect((await lastReport()).refused as ReadonlyArray<unknown>).toEqual([
      { option: "seat-heating", activationId: "act_1", reason: "ParameterNotAllowed" },
      { option: "unheard-of", activationId: "act_4", reason: "UnknownFeature" },
      { option: "power-plus", activationId: "act_3", reason: "NotForThisModel" }
    ])
    await hears({ version: 2, features: [{ ...heating, parameters: { level: 2, toString: 1 } }] })
    expect((await lastReport()).refused).toMatchObject([{ reason: "ParameterNotAllowed" }])
  })

  test("does not go back to an older edition of the catalogue", async () => {
    const { hears, verdict } = yard()
    await hears()
    await hears({ version: 2, catalogue: { ...catalogue, edition: 2 } })
    expect(verdict()).toBe("OldCatalogue")
    await hears({ version: 2, catalogue: { ...catalogue, edition: 4 } })
    expect(verdict()).toBe("applied")
  })

  test("is told of nothing by a changed spare bit of a signature, although the bytes mean the same", async () => {
    const { car, now, of } = yard()
    const { document, catalogue } = JSON.parse(await envelope(now()))
    const last = document.at(-1)!
    const twin = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"].find(
      (letter) => letter !== last && Buffer.from(`A${letter}`, "base64url").equals(Buffer.from(`A${last}`, "base64url"))
    )
    car.hear("config", JSON.stringify({ document: document.slice(0, -1) + twin, catalogue }), "nats")
    expect(of("document")).toMatchObject([{ reason: "NotSigned" }])
  })
})

describe("a car on the road", () => {
  test("says that it waits, and obeys when it is parked; the newest document counts", async () => {
    const { car, hears, lastReport, of, running, said, verdict } = yard()
    car.drive()
    await hears({ version: 1 })
    expect(verdict()).toBe("waiting")
    expect(await lastReport()).toMatchObject({ kind: "receipt", cfgVersion: 0, waitingVersion: 1, features: [] })
    await hears({ version: 1 }) // Sent once more: said once more.
    expect(said[1]).toBe(said[0]!)
    await hears({ version: 2, features: [streaming] })
    expect(await lastReport()).toMatchObject({ waitingVersion: 2 })
    await hears({ version: 1 })
    expect(verdict()).toBe("OldVersion")
    expect(running()).toEqual([])
    car.park()
    expect(running()).toEqual(["Infotainment.Streaming"])
    expect(of("applied")).toMatchObject([{ cfgVersion: 2, parked: true }])
    expect(await lastReport()).toMatchObject({ cfgVersion: 2, waitingVersion: null })
  })

  test("forgets with a loss of power what it had not obeyed, and takes it again", async () => {
    const { car, hears, lastReport, running, verdict } = yard()
    car.drive()
    await hears()
    car.reboot()
    expect(await lastReport()).toMatchObject({ kind: "hello", cfgVersion: 0, waitingVersion: null })
    car.park()
    expect(running()).toEqual([])
    await hears()
    expect(verdict()).toBe("applied")
  })
})

describe("a temporary service", () => {
  const until = new Date(Date.parse("2026-11-22T10:00:00.000Z") + 7 * day).toISOString()

  test("ends in the car at its end, also offline, also on the road, and the car says so when it can", async () => {
    const { car, hears, lastReport, of, pass, running, said } = yard()
    await hears({ features: [{ ...heating, until }, streaming] })
    car.reach(true, false)
    car.drive()
    pass(7 * day - second)
    expect(running()).toHaveLength(2)
    pass(second)
    expect(running()).toEqual(["Infotainment.Streaming"])
    expect(of("off")).toMatchObject([{ why: "ended", until, at: until }])
    expect(said).toHaveLength(1)
    car.reach(true, true)
    expect(await lastReport()).toMatchObject({ kind: "hello", cfgVersion: 1, features: [{ id: "Infotainment.Streaming" }] })
  })

  test("is not switched on by a document that comes after its end", async () => {
    const { hears, of, pass, running } = yard()
    pass(8 * day)
    await hears({ features: [{ ...heating, until }] })
    expect(running()).toEqual([])
    expect(of("on")).toEqual([])
  })

  test("goes on where a newer document moves its end", async () => {
    const { hears, pass, running } = yard()
    await hears({ features: [{ ...heating, until }] })
    await hears({ version: 2, features: [{ ...heating, until: new Date(Date.parse(until) + day).toISOString() }] })
    pass(7 * day + hour)
    expect(running()).toEqual(["Cabin.Seat.Heating"])
  })
})

describe("a car's memory", () => {
  test("of a flash that was set back is told truly, heals by the next version, and the highest version never falls", async () => {
    const { car, hears, lastReport, of, running, verdict } = yard()
    await hears({ version: 1 })
    await hears({ version: 2, features: [heating, streaming] })
    car.restoreFlash()
    expect(running()).toEqual(["Cabin.Seat.Heating"])
    expect(car.element.state.highestVersion).toBe(2)
    expect(await lastReport()).toMatchObject({ kind: "hello", cfgVersion: 1, counter: 3, features: [{ activationId: "act_1" }] })
    await hears({ version: 1 })
    expect(verdict()).toBe("OldVersion") // An old document does not make an old state right.
    await hears({ version: 3, features: [heating, streaming] })
    expect(running()).toHaveLength(2)
    expect(of("reboot")).toMatchObject([{ why: "flashRestored" }])
  })

  test("takes the very version it lost, where nobody knows that it had it", async () => {
    const { car, hears, running, verdict } = yard()
    car.failsBeforeAnswering = true
    await hears({ version: 1 })
    car.restoreFlash()
    expect(running()).toEqual([])
    await hears({ version: 1 })
    expect(verdict()).toBe("applied")
    await hears({ version: 1 })
    expect(verdict()).toBe("OldVersion")
  })

  test("keeps what it obeyed when the power fails before it could answer", async () => {
    const { car, hears, reports } = yard()
    const { bootId } = car
    car.failsBeforeAnswering = true
    await hears({ version: 1 })
    expect(await reports()).toMatchObject([{ kind: "hello", cfgVersion: 1, features: [{ activationId: "act_1" }] }])
    expect(car.bootId).not.toBe(bootId)
  })

  test("counts its reports upwards over every reboot", async () => {
    const { car, hears, reports } = yard()
    await hears()
    for (let n = 0; n < 3; n++) car.reboot()
    expect((await reports()).map(({ counter }) => counter)).toEqual([1, 2, 3, 4])
  })
})

describe("a car with a wrong clock", () => {
  test("a year ahead: refuses as expired what does not name its boot, takes what does, and knows the time from then on", async () => {
    const { car, hears, now, pass, running, verdict } = yard()
    car.setClock(365 * day)
    await hears()
    expect(verdict()).toBe("Expired")
    await hears({ bootId: "another boot" })
    expect(verdict()).toBe("Expired")
    const until = new Date(now() + day).toISOString()
    await hears({ bootId: car.bootId, features: [{ ...heating, until }] })
    expect(verdict()).toBe("applied")
    expect(running()).toEqual(["Cabin.Seat.Heating"]) // By its own clock the service would have ended long ago.
    pass(day - second)
    expect(running()).toEqual(["Cabin.Seat.Heating"])
    pass(second)
    expect(running()).toEqual([])
  })

  test("a year behind: knows from what was signed that it is later, and takes nothing older", async () => {
    const { car, hears, now, lastReport, verdict } = yard()
    car.setClock(-365 * day)
    await hears()
    expect(verdict()).toBe("applied")
    expect(Date.parse((await lastReport()).at)).toBe(now())
    await hears({ version: 2, issuedAt: now() - hour })
    expect(verdict()).toBe("Expired")
  })

  test("a year behind: ends in time what has an end, whether it rebooted meanwhile or not", async () => {
    for (const reboots of [false, true]) {
      const { car, hears, now, pass, running } = yard()
      car.setClock(-365 * day)
      await hears({ features: [{ ...heating, until: new Date(now() + day).toISOString() }] })
      if (reboots) car.reboot()
      pass(day - second)
      expect(running()).toEqual(["Cabin.Seat.Heating"])
      pass(second)
      expect(running()).toEqual([])
    }
  })

  test("set back by a document that had waited for weeks: goes on from the next one that is fresh", async () => {
    const { car, hears, now, pass, running, verdict } = yard()
    const { bootId } = car
    await hears({ version: 1, bootId, issuedAt: now() - 16 * day })
    expect(verdict()).toBe("applied")
    await hears({ version: 2, bootId, features: [{ ...heating, until: new Date(now() + day).toISOString() }] })
    expect(verdict()).toBe("applied")
    pass(day - second)
    expect(running()).toEqual(["Cabin.Seat.Heating"])
    pass(second)
    expect(running()).toEqual([])
  })
})

describe("a car that speaks", () => {
  const acknowledge = async (car: ReturnType<typeof yard>["car"], more: object = {}, by = config) => {
    const { counter, receiptId } = car.newest!
    car.hear("acknowledged", await signJws(by, "caas-acknowledged+jws", { v: 1, vin, counter, receiptId, ...more }), "nats")
  }

  test("repeats its newest report every five seconds, in the same bytes, until that one is acknowledged by whom it believes", async () => {
    const { car, of, pass, said } = yard()
    car.say("hello")
    pass(5 * second)
    pass(4 * second)
    expect(said).toHaveLength(2)
    await acknowledge(car, {}, stranger)
    await acknowledge(car, { vin: "VSSCAASZ1ZZ000008" })
    await acknowledge(car, { receiptId: `rep_${"0".repeat(64)}` })
    await acknowledge(car, { counter: 7 })
    pass(second)
    expect(said).toHaveLength(3)
    await acknowledge(car)
    pass(hour)
    expect(said).toHaveLength(3)
    expect(new Set(said).size).toBe(1)
    expect(of("acknowledged").map(({ reason }) => reason)).toEqual([
      "UnknownKey",
      "OtherVehicle",
      "OtherReport",
      "OtherReport",
      null
    ])
  })

  test("is heard again after its words were lost, and hears again after its road lost some", async () => {
    const { car, hears, of, pass, said } = yard()
    car.losing = 1
    await hears()
    expect(of("document")).toEqual([])
    car.losingReports = 2
    await hears()
    expect(said).toHaveLength(0)
    pass(5 * second)
    pass(5 * second)
    expect(said).toHaveLength(1)
  })

  test("says hello whenever it can be reached again, and nothing while it sleeps or stands in a garage", async () => {
    const { car, reports, pass } = yard()
    car.reach(false, true)
    car.reach(false, false)
    pass(90 * day)
    car.reach(true, false)
    expect(await reports()).toEqual([])
    car.reach(true, true)
    expect((await reports()).map(({ kind }) => kind)).toEqual(["hello"])
  })

  test("obeys late where it is slow, and says nothing before", async () => {
    const { car, hears, pass, running, said } = yard()
    car.slowMillis = 30 * second
    await hears()
    pass(29 * second)
    expect([running(), said]).toEqual([[], []])
    pass(second)
    expect(running()).toEqual(["Cabin.Seat.Heating"])
    expect(said).toHaveLength(1)
  })

  test("shows a code of six digits, tells its hash for ten minutes, and nothing that the code could be read from", async () => {
    const { car, lastReport, pass, said } = yard()
    const code = car.showPairingCode()
    expect(code).toMatch(/^\d{6}$/)
    expect(await lastReport()).toMatchObject({ kind: "pairing", pairing: { hash: hashOf(`${vin}:${code}`), seconds: 600 } })
    expect(said.join()).not.toContain(code)
    pass(10 * minute)
    car.reboot()
    expect((await lastReport()).pairing).toBeNull()
  })

  test("answers a phone beside it, wherever it stands; the second arrival changes nothing", async () => {
    const { car, now, of, pass, said } = yard()
    car.reach(false, false)
    const paper = await envelope(now())
    const receipt = car.carry(paper)
    expect(of("applied")).toHaveLength(1)
    expect(said).toEqual([]) // It has no other way to say it.
    expect(car.carry(paper)).toBe(receipt)
    expect(of("applied")).toHaveLength(1)
    expect(of("document").map(({ by, reason }) => [by, reason])).toEqual([
      ["phone", null],
      ["phone", "OldVersion"]
    ])
    pass(minute)
    expect(said).toEqual([])
  })
})

describe("a remote command", () => {
  const send = async (
    { car, now }: Pick<ReturnType<typeof yard>, "car" | "now">,
    more: object = {},
    by = config,
    typ = "caas-command+jws"
  ) => {
    const body = { v: 1, vin, commandId: "cmd_1", act: "flashLights", expiresAt: new Date(now() + minute).toISOString(), ...more }
    car.hear("command", await signJws(by, typ, body), "nats")
  }

  test("is carried out once, told of, and remembered over a loss of power", async () => {
    const one = yard()
    await send(one)
    expect(await one.lastReport()).toMatchObject({ kind: "state", done: ["cmd_1"] })
    one.car.reboot()
    await send(one)
    expect(one.of("command").map(({ act, reason }) => [act, reason])).toEqual([
      ["flashLights", null],
      ["flashLights", "DoneBefore"]
    ])
  })

  test("of a stranger, for another car, too late, unknown, or of another kind is not", async () => {
    const one = yard()
    await send(one, {}, stranger)
    await send(one, { vin: "VSSCAASZ1ZZ000008" })
    await send(one, { expiresAt: new Date(one.now()).toISOString() })
    for (const act of ["stopEngine", "immobilise", "toString"]) await send(one, { act })
    await send(one, {}, config, "caas-display+jws")
    expect(one.of("command").map(({ reason }) => reason)).toEqual([
      "UnknownKey",
      "OtherVehicle",
      "Expired",
      ...Array(3).fill("UnknownAct"),
      "WrongType"
    ])
    expect(one.said).toEqual([])
  })
})

test("a notice is shown once, on its own display alone, and none that is older than the last", async () => {
  const { car, now, of } = yard()
  const show = async (more: object, by = config) => {
    const body = { v: 1, vin, notice: "ServiceActive", option: "seat-heating", at: new Date(now()).toISOString(), ...more }
    car.hear("display", await signJws(by, "caas-display+jws", body), "nats")
  }
  await show({})
  await show({})
  await show({ notice: "ServiceEnded", at: new Date(now() + second).toISOString() })
  await show({ notice: "PhoneLinked" })
  await show({ at: new Date(now() + hour).toISOString() }, stranger)
  expect(of("display").map(({ notice, reason }) => [notice, reason])).toEqual([
    ["ServiceActive", null],
    ["ServiceActive", "OldNotice"],
    ["ServiceEnded", null],
    ["PhoneLinked", "OldNotice"],
    [null, "UnknownKey"]
  ])
})

test("a notice that is not for who drives waits until the car stands, and the newest alone is shown then", async () => {
  const { car, now, of } = yard()
  const show = async (notice: string, later: number, showWhen = "parked") => {
    const body = { v: 1, vin, notice, option: "seat-heating", at: new Date(now() + later).toISOString(), showWhen }
    car.hear("display", await signJws(config, "caas-display+jws", body), "nats")
  }
  car.drive()
  await show("ServiceDelayed", 0)
  await show("ServiceRetrying", second)
  car.tick()
  const said = () => of("display").map(({ notice, reason }) => [notice, reason])
  const waiting = [
    ["ServiceDelayed", "WaitsForParking"],
    ["ServiceRetrying", "WaitsForParking"]
  ]
  expect(said()).toEqual(waiting)
  car.park()
  car.tick()
  expect(said()).toEqual([...waiting, ["ServiceRetrying", null]])
  await show("ServiceRetrying", second) // A repeat.
  await show("ServiceFailed", hour)
  expect(said().slice(3)).toEqual([
    ["ServiceRetrying", "OldNotice"],
    ["ServiceFailed", null]
  ])
})
