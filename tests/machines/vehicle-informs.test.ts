/** A car can only inform: nothing it says starts a purchase, a payment or an order. And nobody can say to a car what would stop it. */
import { describe, expect, test } from "bun:test"
import { Schema } from "effect"
import fc from "fast-check"
import { registry } from "#actors/registry.ts"
import { wordsOf } from "#actors/system/behavior.ts"
import { decide, type State } from "#actors/system/decide.ts"
import { featureCatalogue } from "#integrations/catalogue/features.ts"
import { RemoteAct, VehicleCommand, VehicleFact, VehicleMessage, VehicleReported, vehicleMachine } from "#machines/vehicle.ts"
import { heard } from "./scenario.ts"
import { places } from "./vehicle-walk.ts"
import * as v from "./vehicle-words.ts"

const instants = fc.constantFrom(
  null,
  v.firstEnd,
  v.laterEnd,
  "1970-01-01T00:00:00.000Z",
  "9999-12-31T23:59:59.999Z",
  "2026-99-99T99:99:99.999Z"
)
const options = fc.constantFrom(v.seats, v.week, v.sport, v.snow, v.lane, v.pilot)
const version = fc.oneof(fc.nat(12), fc.constantFrom(0, 1, 2, 999_999_999, 1_000_000_001, Number.MAX_SAFE_INTEGER))
const words = fc.oneof(fc.constantFrom("boot_1", "PurchaseOption", "StartActivation", "cmd_1", ""), fc.string({ maxLength: 20 }))
/** Whatever a car may say that has the form of a report. */
const reports = fc
  .record({
    counter: fc.nat(1_000_000),
    evidence: fc.constantFrom("signedReceipt" as const, "statusPoll" as const),
    cfgVersion: version,
    waitingVersion: fc.option(version),
    features: fc.array(fc.tuple(options, instants, fc.integer({ min: 1, max: 2 })), { maxLength: 4 }),
    refused: fc.array(fc.tuple(options, words), { maxLength: 3 }),
    stateHash: words,
    bootId: words,
    carAt: instants.map((at) => at ?? "2026-03-02T09:00:00.000Z"),
    pairing: fc.option(fc.record({ hash: fc.constantFrom(v.hash, "e".repeat(64)), seconds: fc.nat() })),
    done: fc.array(words, { maxLength: 3 })
  })
  .map(({ counter, cfgVersion, features, refused, ...rest }) =>
    v.reported(counter, cfgVersion, v.running(...features), {
      ...rest,
      refused: refused.map(([{ option }, reason]) => ({
        option,
        activationId: v.activationOf({ option } as typeof v.seats),
        reason
      }))
    })
  )
const isReport = Schema.is(VehicleReported)
const mayFollow = new Set([
  ...["ReportRecord", "EvidenceRecord", "ConfirmOption", "RejectOption", "DelayOption", "ConfigureVehicle", "ShowOnDisplay"]
])
const bought = ({ context: { owner, purchases, orderId, theft, phoneId, maintenance, warrantyLost } }: State) =>
  JSON.stringify([owner, purchases, orderId, theft, phoneId, maintenance, warrantyLost])
const wishes = ({ context }: State) => context.desired.map((wish: any) => [wish.option, wish.activationId, wish.until])

describe("what a car says", () => {
  test("starts no purchase, no payment and no order, wherever it is said, and changes neither owner nor what is wanted", () => {
    const everywhere = places()
    let acted = 0
    fc.assert(
      fc.property(fc.constantFrom(...everywhere), fc.array(reports, { minLength: 1, maxLength: 5 }), ({ state }, said) => {
        let before = state
        said.forEach((report, n) => {
          expect(isReport(report)).toBe(true)
          const decision = decide(vehicleMachine, before, heard(report, n + 2), false)
          if (decision._tag !== "Accepted") return
          acted++
          for (const { type } of decision.emitted) expect(mayFollow).toContain(type)
          expect(bought(decision.state)).toBe(bought(before))
          expect(wishes(decision.state)).toEqual(wishes(before))
          before = decision.state
        })
      }),
      { numRuns: 2_000 }
    )
    expect(acted).toBeGreaterThan(1_000)
  })
  test("confirms nothing that was not wanted, and no end that was not named", () => {
    const wanting = places().filter(({ state }) => state.context.desired.length > 0)
    let confirmed = 0
    fc.assert(
      fc.property(fc.constantFrom(...wanting), reports, ({ state }, report) => {
        const decision = decide(vehicleMachine, state, heard(report, 2), false)
        if (decision._tag !== "Accepted") return
        for (const one of decision.emitted as ReadonlyArray<any>)
          if (one.type === "ConfirmOption" && ++confirmed)
            expect(state.context.desired).toContainEqual(
              expect.objectContaining({ activationId: one.activationId, until: one.until })
            )
      }),
      { numRuns: 2_000 }
    )
    expect(confirmed).toBeGreaterThan(10)
  })
  test("is one fact among others: a car has no request, and sends no other word", () => {
    const fromCars = [...wordsOf(VehicleFact)].filter((word) => /Report|Telemetry|Sample|Receipt/.test(word))
    expect(fromCars).toEqual(["VehicleReported"])
    for (const { requests } of registry) expect([...requests]).not.toContain("VehicleReported")
  })
  test("is heard by cars alone: no order and no activation understands it", () => {
    const understands = registry.filter(({ type }) => Schema.is(type.Message as Schema.Top)(v.reported(1, 0)))
    expect(understands.map(({ type }) => type.name)).toEqual(["vehicle"])
  })
})

describe("what is said to a car", () => {
  /** Words that would keep a car from driving, or slow it down. */
  const stops =
    /immobili[sz]|(^|[^a-z])(brake|ignition|limp)|(stop|halt|block|disable|cut|kill|lock|limit|slow|shut)[a-z]*[._-]?(the)?[._-]?(vehicle|car|engine|motor|driv|start|speed|power|wheel)|(vehicle|car|engine|motor|driving|speed)[._-]?(stop|halt|block|lock|off|limit)/i
  /** Every literal and every field that the schemas of the commands know. */
  const wordsIn = (schema: Schema.Top): ReadonlyArray<string> => {
    const found: Array<string> = []
    const visit = (node: unknown) => {
      if (typeof node === "string") found.push(node)
      else if (Array.isArray(node)) node.forEach(visit)
      else if (typeof node === "object" && node !== null)
        for (const [key, value] of Object.entries(node)) {
          found.push(key)
          visit(value)
        }
    }
    visit(Schema.toJsonSchemaDocument(schema))
    return found
  }

  test("has four forms, and each is known", () => {
    const toCars = ["ConfigureVehicle", "AskVehicle", "CarryOutRemoteCommand", "ShowOnDisplay"]
    const elsewhere = [
      ...["OpenStockSale", "StartActivation", "ConfirmOption", "RejectOption", "DelayOption", "TellTheft", "TellOwnershipChange"],
      ...["WelcomeOwner", "NotifyOwner"]
    ]
    expect([...wordsOf(VehicleCommand)].sort()).toEqual([...toCars, ...elsewhere].sort())
    expect(RemoteAct.literals as ReadonlyArray<string>).toEqual([
      "lockDoors",
      "unlockDoors",
      "flashLights",
      "soundHorn",
      "startClimate",
      "stopClimate"
    ])
  })
  test("names nothing that stops it from driving: no command or message of any actor, no act, no feature of the catalogue", () => {
    const spoken = registry.flatMap(({ type, Command }) => [
      ...wordsIn(Command as Schema.Top),
      ...wordsIn(type.Message as Schema.Top)
    ])
    expect(spoken).toContain("flashLights") // The walk does come to the literals.
    expect(spoken).toContain("PurchaseOption")
    const features = Object.entries(featureCatalogue().features).flatMap(([id, { parameters }]) => [
      id,
      ...Object.entries(parameters).flatMap(([key, { values }]) => [key, ...values.map(String)])
    ])
    expect(features.length).toBeGreaterThan(20)
    expect([...spoken, ...features].filter((word) => stops.test(word))).toEqual([])
    for (const bad of ["stopVehicle", "immobilise", "Powertrain.SpeedLimit", "disableEngine"]) expect(bad).toMatch(stops)
  })
  test("can always be heard: no state of a car is without an answer to its owner, and none locks him out of driving", () => {
    expect([...wordsOf(VehicleMessage)].filter((word) => stops.test(word))).toEqual([])
    const states = Object.values(vehicleMachine.root.states).flatMap((region) => Object.keys(region.states))
    expect(states.filter((state) => stops.test(state) || /blocked|disabled|revoked/.test(state))).toEqual([])
  })
})
