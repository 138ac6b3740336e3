/** Whether a car may have a service: every reason why not, in the order in which they are told, each with what it is about. */
import { describe, expect, test } from "bun:test"
import { type Car, conflictsWith, gateOf, objectionsTo, refusalOf, type Wanted } from "#machines/eligibility.ts"
import type { VehicleContext } from "#machines/vehicle.ts"
import { vehicleMachine } from "#machines/vehicle.ts"
import { after, given as givenMachine, type Said } from "./scenario.ts"
import * as v from "./vehicle-words.ts"
import * as w from "./words.ts"

const at = "2026-03-02T10:00:00.000Z"
const car = (...past: ReadonlyArray<Said>): Car => after(vehicleMachine, past).context as VehicleContext
const mine: Wanted = { customerId: w.customerId, terms: v.seats, paymentMethod: "tok_card" }
const against = (of: Car, wanted: Partial<Wanted>, when = at) => objectionsTo(of, { ...mine, ...wanted }, when)

describe("a car", () => {
  test("may have what nothing speaks against", () => expect(against(car(...v.owned()), {})).toEqual([]))

  test("is its owner's to buy for", () => {
    expect(against(car(...v.owned()), { customerId: w.stranger })).toEqual([{ reason: "NotYourVehicle", about: null }])
    expect(against(car(v.builtWithKey), {})).toEqual([{ reason: "NotYourVehicle", about: null }]) // Nobody's yet.
    expect(against(car(...v.owned(), v.transferred), {})).toEqual([{ reason: "NotYourVehicle", about: null }])
    expect(against(car(...v.owned(), v.transferred), { customerId: v.buyerId })).toEqual([])
  })
  test("without a key has no road", () =>
    expect(against(car(...v.owned(w.built)), {})).toEqual([{ reason: "NoRoadToVehicle", about: null }]))
  test("that is stolen gets nothing, until it is found", () => {
    expect(against(car(...v.owned(), v.stolen), {})).toEqual([{ reason: "VehicleStolen", about: null }])
    expect(against(car(...v.owned(), v.stolen, v.theftEnded), {})).toEqual([])
  })
  test("has an option once: under way, then owned, then free again", () => {
    expect(against(car(...v.owned(), v.purchased(v.seats)), {})).toEqual([{ reason: "PurchaseUnderWay", about: null }])
    expect(against(car(...v.toWanted(v.seats)), {})).toEqual([{ reason: "PurchaseUnderWay", about: null }])
    expect(against(car(...v.toActive(v.seats)), {})).toEqual([{ reason: "OptionAlreadyOwned", about: null }])
    expect(against(car(...v.toActive(v.seats), v.dropped(v.seats)), {})).toEqual([])
  })
  test("may be tried with an option once by each of its owners, and only what the car confirmed is a trial", () => {
    const trial = v.terms("concert-audio", { term: { kind: "trial", count: 2, unit: "day" } })
    const wanted = { terms: trial, paymentMethod: null }
    const dropped = v.dropped(trial)
    expect(against(car(...v.toWanted(trial, v.firstEnd), dropped), wanted).map(({ reason }) => reason)).not.toContain("TrialUsed")
    const tried = [...v.toWanted(trial, v.firstEnd), v.reported(1, 1, v.running([trial, v.firstEnd])), dropped]
    expect(against(car(...tried), wanted).map(({ reason }) => reason)).toContain("TrialUsed")
    const forGood = v.terms("concert-audio", { term: { kind: "permanent" } })
    expect(against(car(...tried), { terms: forGood })).toEqual([])
    const buyers = against(car(...tried, v.transferred), { ...wanted, customerId: v.buyerId })
    expect(buyers.map(({ reason }) => reason)).not.toContain("TrialUsed")
  })
  test("whose term has passed is about to be free", () => {
    const temporary = car(...v.toWanted(v.week, v.firstEnd), v.reported(1, 1, v.running([v.week, v.firstEnd])))
    expect(against(temporary, { terms: v.week })).toEqual([{ reason: "OptionAlreadyOwned", about: null }])
    expect(against(temporary, { terms: v.week }, v.laterEnd)).toEqual([{ reason: "PurchaseUnderWay", about: null }])
  })
  test("needs the hardware, and the approval of its country", () => {
    expect(against(car(...v.owned()), { terms: v.terms("x", { models: ["Modelo Dos"], homologated: false }) })).toEqual([
      { reason: "NotForThisModel", about: null },
      { reason: "NotHomologated", about: null }
    ])
  })
  test("needs what an option builds on: active, not only bought", () => {
    const wanted = { terms: { ...v.pilot, maintenanceGated: false } }
    const needs = [{ reason: "Requires", about: "lane-keeping" }] as const
    expect(against(car(...v.owned()), wanted)).toEqual(needs)
    expect(against(car(...v.toWanted(v.lane)), wanted)).toEqual(needs)
    expect(against(car(...v.toActive(v.lane)), wanted)).toEqual([])
    expect(against(car(...v.owned()), { terms: v.terms("x", { requires: [v.lane.option, v.seats.option] }) })).toEqual([
      ...needs,
      { reason: "Requires", about: "heated-seats" }
    ])
  })
  test("cannot have two that exclude each other, whichever of them says so, and as soon as one is bought", () => {
    const withSport = car(...v.owned(), v.purchased(v.sport))
    expect(against(withSport, { terms: v.snow })).toEqual([{ reason: "ConflictsWith", about: "sport" }])
    const withSnow = car(...v.owned(), v.purchased(v.snow))
    expect(against(withSnow, { terms: v.sport })).toEqual([{ reason: "ConflictsWith", about: "snow" }])
    expect(conflictsWith(withSnow, v.seats)).toEqual([])
  })
  test("is behind the maintenance gate for gated options alone", () => {
    const gated = { terms: { ...v.seats, maintenanceGated: true } }
    const unknown = [{ reason: "MaintenanceUnknown", about: null }] as const
    expect(against(car(...v.owned()), gated)).toEqual(unknown) // Nobody has asked.
    expect(against(car(...v.owned(), v.checked("unavailable")), gated)).toEqual(unknown)
    expect(against(car(...v.owned(), v.checked("current")), gated)).toEqual([])
    expect(against(car(...v.owned(), v.checked("overdue")), gated)).toEqual([
      { reason: "MaintenanceOverdue", about: "brake_fluid, annual_service" }
    ])
    for (const status of ["current", "overdue", "unavailable"] as const)
      expect(against(car(...v.owned(), v.checked(status)), {})).toEqual([])
  })
  test("is asked about again once the answer is too old", () => {
    const current = car(...v.owned(), v.checked("current"))
    const gated = { ...v.seats, maintenanceGated: true }
    expect(gateOf(current, gated, "2026-03-03T09:00:00.000Z")).toBe("open")
    expect(gateOf(current, gated, "2026-03-03T09:00:00.001Z")).toBe("tryLater")
    expect(gateOf(car(...v.owned(), v.checked("overdue")), gated, "2026-03-04T09:00:00.000Z")).toBe("tryLater")
  })
  test("is paid for by a method, where there is something to pay", () => {
    const missing = [{ reason: "PaymentMethodMissing", about: null }] as const
    expect(against(car(...v.owned()), { paymentMethod: null })).toEqual(missing)
    expect(objectionsTo(car(...v.owned()), { customerId: w.customerId, terms: v.seats }, at)).toEqual([]) // An offer.
    const free = { ...v.seats, price: { amountMinor: 0, currency: "EUR" as const } }
    expect(against(car(...v.owned()), { paymentMethod: null, terms: free })).toEqual([])
    expect(against(car(...v.owned()), { paymentMethod: null, terms: { ...free, term: { kind: "recurring" } } })).toEqual(missing)
  })
})

describe("the reasons", () => {
  const worst = v.terms("heated-seats", {
    models: [],
    homologated: false,
    requires: [v.lane.option],
    excludes: [v.sport.option],
    maintenanceGated: true
  })
  const past = (opening: Said): v.Past => [...v.owned(opening), v.stolenBySupport]

  test("are all told, in this order", () => {
    const stolen = car(...v.owned(), v.purchased(v.seats), v.purchased(v.sport), v.stolenBySupport)
    const wanted: Wanted = { customerId: w.stranger, terms: worst, paymentMethod: null }
    expect(objectionsTo({ ...stolen, key: null }, wanted, at).map(refusalOf)).toEqual([
      "NotYourVehicle",
      "NoRoadToVehicle",
      "VehicleStolen",
      "PurchaseUnderWay",
      "NotForThisModel",
      "NotHomologated",
      "Requires:lane-keeping",
      "ConflictsWith:sport",
      "MaintenanceUnknown",
      "PaymentMethodMissing"
    ])
  })
  test("refuse a purchase by the first of them", () => {
    const given = (...said: v.Past) => givenMachine(vehicleMachine, ...said)
    const purchase = { ...v.purchased(v.seats), terms: worst, paymentMethod: null }
    const buys = (change: object) => ({ ...purchase, ...change })
    given(...past(w.built))
      .when(buys({ customerId: w.stranger }))
      .thenRefused("NotYourVehicle")
    given(...past(w.built))
      .when(purchase)
      .thenRefused("NoRoadToVehicle")
    given(...past(v.builtWithKey))
      .when(purchase)
      .thenRefused("VehicleStolen")
    given(...v.toActive(v.seats))
      .when(purchase)
      .thenRefused("OptionAlreadyOwned")
    given(...v.toWanted(v.seats))
      .when(purchase)
      .thenRefused("PurchaseUnderWay")
    given(...v.owned())
      .when(purchase)
      .thenRefused("NotForThisModel")
    const fits = { ...worst, models: ["Modelo Uno"] }
    given(...v.owned())
      .when(buys({ terms: fits }))
      .thenRefused("NotHomologated")
    const approved = { ...fits, homologated: true }
    given(...v.owned())
      .when(buys({ terms: approved }))
      .thenRefused("Requires:lane-keeping")
    const alone = { ...approved, requires: [] }
    given(...v.owned(), v.purchased(v.sport))
      .when(buys({ terms: alone }))
      .thenRefused("ConflictsWith:sport")
    given(...v.owned(), v.checked("overdue"))
      .when(buys({ terms: alone }))
      .thenRefused("MaintenanceOverdue")
    given(...v.owned(), v.checked("unavailable"))
      .when(buys({ terms: alone }))
      .thenRefused("MaintenanceUnknown")
    given(...v.owned(), v.checked("current"))
      .when(buys({ terms: alone }))
      .thenRefused("PaymentMethodMissing")
    given(...v.owned(), v.checked("current"))
      .when(buys({ terms: alone, paymentMethod: "tok_card" }))
      .thenStands("configuration.synchronised", "StartActivation")
  })
})
