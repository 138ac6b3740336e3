/** What a car does about services: it is asked, told, heard, told again, and healed; one sentence per branch. */
import { describe, expect, test } from "bun:test"
import { vehicleMachine } from "#machines/vehicle.ts"
import { after, given as givenMachine, type Said, say } from "./scenario.ts"
import * as v from "./vehicle-words.ts"
import * as w from "./words.ts"

const given = (...past: ReadonlyArray<Said>) => givenMachine(vehicleMachine, ...past)
const waiting = "configuration.waiting"
const synchronised = "configuration.synchronised"
const minute = 60_000
const told = (of: { readonly option: string }, more: object = {}) => expect.objectContaining({ option: of.option, ...more })

/** What is emitted, and what is remembered, at the end of a history. */
const endOf = (...past: ReadonlyArray<Said>) => {
  const before = past.length === 1 ? null : after(vehicleMachine, past.slice(0, -1))
  const decision = say(vehicleMachine, before, past.at(-1)!, past.length - 1)
  if (decision._tag !== "Accepted") throw new Error(`${decision._tag}: ${decision.reason}`)
  return {
    emitted: decision.emitted as ReadonlyArray<any>,
    context: decision.state.context,
    types: decision.emitted.map(({ type }) => type)
  }
}

describe("a purchase", () => {
  test("reserves the option, and starts an activation, and nothing else", () =>
    void given(...v.owned())
      .when(v.purchased(v.week))
      .thenStands(synchronised, "StartActivation")
      .thenSays({
        activationId: v.activationOf(v.week),
        vin: w.vin,
        customerId: w.customerId,
        country: "ES",
        terms: v.week,
        channel: "online",
        paymentMethod: "tok_card",
        purchasedAt: "2026-03-02T09:02:00.000Z"
      })
      .thenKnows({ purchases: [{ option: "power-plus", activationId: v.activationOf(v.week) }], desired: [], cfgVersion: 0 }))
  test("is one of two that try at once", () =>
    given(...v.owned(), v.purchased(v.week))
      .when(v.purchased(v.week, 2))
      .thenRefused("PurchaseUnderWay"))
  test("may be made again once the activation is over, whether or not the car had it", () => {
    given(...v.owned(), v.purchased(v.week))
      .when(v.dropped(v.week))
      .thenStands(synchronised)
      .thenKnows({ purchases: [] })
    given(...v.toActive(v.seats), v.dropped(v.seats))
      .when(v.purchased(v.seats, 2))
      .thenStands(waiting, "StartActivation")
  })
})

describe("a car that is wanted to have something", () => {
  test("is told its whole desired state, under the next number", () => {
    const { emitted, context } = endOf(...v.toWanted(v.week, v.firstEnd))
    expect(emitted).toEqual([
      {
        type: "ConfigureVehicle",
        vin: w.vin,
        link: "nats",
        model: "Modelo Uno",
        cfgVersion: 1,
        options: [{ option: "power-plus", activationId: v.activationOf(v.week), features: v.week.features, until: v.firstEnd }],
        bootId: null,
        sending: 1
      }
    ])
    expect(context).toMatchObject({ cfgVersion: 1, desired: [{ since: 1, confirmed: null }] })
    const both = endOf(...v.toActive(v.seats), v.purchased(v.week), v.wanted(v.week, { until: v.firstEnd }))
    expect(both.emitted).toMatchObject([{ cfgVersion: 2, bootId: "boot_1", options: [told(v.seats), told(v.week)] }])
  })
  test("is told the same again when nobody has heard, and a new number for a later end", () => {
    given(...v.toWanted(v.seats))
      .when(v.wanted(v.seats, { attempt: 2 }))
      .thenSays({ cfgVersion: 1, sending: 2 })
    const { emitted, context } = endOf(...v.toWanted(v.week, v.firstEnd), v.wanted(v.week, { attempt: 2, until: v.laterEnd }))
    expect(emitted).toMatchObject([{ cfgVersion: 2, options: [{ until: v.laterEnd }] }])
    expect(context.desired).toMatchObject([{ since: 1, earlierUntils: [v.firstEnd] }])
  })
  test("is told a new number where it has spoken since, and does not have it", () => {
    const hello = v.reported(1, 0)
    given(...v.toWanted(v.seats), hello)
      .when(v.wanted(v.seats, { attempt: 2 }))
      .thenSays({ cfgVersion: 2 })
  })
  test("is told a new number after it has refused: of one it has taken, it says nothing twice", () =>
    void given(...v.toWanted(v.seats), v.reported(1, 1, [], v.refusedBy(v.seats)))
      .when(v.wanted(v.seats, { attempt: 2 }))
      .thenSays({ cfgVersion: 2 }))
  test("is not told of an option it has confirmed, or knows it is waiting for: the activation is", () => {
    given(...v.toActive(v.seats))
      .when(v.wanted(v.seats, { attempt: 2 }))
      .thenStands(synchronised, "ConfirmOption")
      .thenSays({ cfgVersion: 1, receiptId: v.receiptOf(1), until: null })
    given(...v.toWanted(v.seats), v.reported(1, 0, [], { waitingVersion: 1 }))
      .when(v.wanted(v.seats, { attempt: 2 }))
      .thenStands(waiting, "DelayOption")
  })
  test("cannot be told without a road, or against another purchase", () => {
    given(...v.owned(w.built))
      .when(v.wanted(v.seats))
      .thenStands(synchronised, "RejectOption")
      .thenSays({ reason: "NoRoadToVehicle" })
    given(...v.owned(), v.purchased(v.seats))
      .when(v.wanted(v.seats, { n: 2 }))
      .thenSays({ type: "RejectOption", activationId: v.activationOf(v.seats, 2), reason: "OptionTaken" })
    given(...v.owned(), v.purchased(v.sport))
      .when(v.wanted(v.snow))
      .thenSays({ reason: "ConflictsWith:sport" })
  })
  test("remembers the last sixteen ends it was told, however long a gift waits", () => {
    const end = (n: number) => new Date(Date.parse(v.firstEnd) + n * 60_000).toISOString()
    const days = Array.from({ length: 20 }, (_, n) => v.wanted(v.week, { attempt: n + 2, until: end(n + 1) }))
    const waits = [...v.toWanted(v.week, v.firstEnd), ...days]
    const { context } = endOf(...waits)
    expect(context.desired[0].earlierUntils).toEqual(Array.from({ length: 16 }, (_, n) => end(n + 4)))
    given(...waits)
      .when(v.reported(1, 6, v.running([v.week, end(5)])))
      .thenSays({ type: "ConfirmOption", until: end(5) })
  })
  test("cannot be told while it is stolen: a gift waits until it is found", () => {
    given(...v.toWanted(v.seats), v.dropped(v.seats), v.stolen)
      .when(v.wanted(v.seats, { attempt: 5 }))
      .thenStands(waiting, "RejectOption")
      .thenSays({ reason: "VehicleStolen" })
      .thenKnows({ purchases: [], desired: [] })
    given(...v.toWanted(v.seats), v.dropped(v.seats), v.stolen, v.theftEnded)
      .when(v.wanted(v.seats, { attempt: 6 }))
      .thenStands(waiting, "ConfigureVehicle")
  })
  test("gets a gift: what was dropped is wanted again, and reserved again", () =>
    void given(...v.toWanted(v.seats), v.dropped(v.seats))
      .when(v.wanted(v.seats, { attempt: 5 }))
      .thenStands(waiting, "ConfigureVehicle")
      .thenKnows({ cfgVersion: 3, purchases: [{ option: "heated-seats" }], desired: [{ since: 3 }] }))
  test("is told to switch off what is dropped, once", () => {
    given(...v.toActive(v.seats))
      .when(v.dropped(v.seats))
      .thenStands(waiting, "ConfigureVehicle", "ShowOnDisplay")
      .thenSays({ cfgVersion: 2, options: [] }, { notice: "ServiceEnded", option: "heated-seats" })
      .thenKnows({ purchases: [], desired: [] })
    given(...v.toWanted(v.seats))
      .when(v.dropped(v.seats))
      .thenStands(waiting, "ConfigureVehicle")
    given(...v.toActive(v.seats), v.dropped(v.seats))
      .when(v.dropped(v.seats))
      .thenRecorded("NotPurchased")
    given(...v.toActive(v.seats))
      .when(v.dropped(v.seats, 2))
      .thenRecorded("NotPurchased")
  })
})

describe("a report", () => {
  test("that lists the option confirms it, with evidence, once", () => {
    const { emitted, context } = endOf(...v.toWanted(v.week, v.firstEnd), v.reported(1, 1, v.running([v.week, v.firstEnd])))
    const activationId = v.activationOf(v.week)
    expect(emitted).toMatchObject([
      { type: "ReportRecord", receiptId: v.receiptOf(1), vin: w.vin, evidence: "signedReceipt", cfgVersion: 1, counter: 1 },
      { type: "EvidenceRecord", receiptId: v.receiptOf(1), activationId, option: "power-plus", cfgVersion: 1, until: v.firstEnd },
      { type: "ConfirmOption", activationId, option: "power-plus", receiptId: v.receiptOf(1), until: v.firstEnd },
      { type: "ShowOnDisplay", notice: "ServiceActive", option: "power-plus" }
    ])
    expect(context.desired).toMatchObject([{ confirmed: { receiptId: v.receiptOf(1), until: v.firstEnd } }])
    given(...v.toActive(v.seats))
      .when(v.reported(2, 1, v.running([v.seats]), { bootId: "boot_2" }))
      .thenStands(synchronised, "ReportRecord")
  })
  test("of an earlier try confirms too, with the end that it names; a later one moves the end", () => {
    const tries: v.Past = [...v.toWanted(v.week, v.firstEnd), v.wanted(v.week, { attempt: 2, until: v.laterEnd })]
    const late = v.reported(1, 1, v.running([v.week, v.firstEnd]))
    const first = endOf(...tries, late)
    expect(first.emitted).toContainEqual(expect.objectContaining({ type: "ConfirmOption", cfgVersion: 1, until: v.firstEnd }))
    expect(first.emitted).toContainEqual(expect.objectContaining({ type: "ConfigureVehicle", cfgVersion: 2 }))
    given(...tries, late)
      .when(v.reported(2, 2, v.running([v.week, v.laterEnd])))
      .thenStands(synchronised, "ReportRecord", "EvidenceRecord", "ConfirmOption")
      .thenSays({ type: "ConfirmOption", cfgVersion: 2, until: v.laterEnd })
  })
  test("that names another activation, an older document, half of the features or an end of its own confirms nothing", () => {
    const confirms = (past: v.Past, report: Said) => endOf(...past, report).types.includes("ConfirmOption")
    const past = v.toWanted(v.week, v.firstEnd)
    expect(confirms(past, v.reported(1, 1, v.running([v.week, v.firstEnd, 2])))).toBe(false)
    expect(confirms(past, v.reported(1, 0, v.running([v.week, v.firstEnd])))).toBe(false)
    expect(confirms(past, v.reported(1, 1, v.running([v.week, null])))).toBe(false)
    expect(confirms(past, v.reported(1, 1, v.running([v.week, "9999-12-31T00:00:00.000Z"])))).toBe(false)
    const two = v.terms("two", {
      features: [
        { id: "A", parameters: {} },
        { id: "B", parameters: {} }
      ]
    })
    expect(confirms(v.toWanted(two), v.reported(1, 1, v.running([two]).slice(1)))).toBe(false)
    expect(confirms(v.toWanted(two), v.reported(1, 1, v.running([two])))).toBe(true)
  })
  test("that is older, heard before, or beyond belief is recorded", () => {
    given(...v.toActive(v.seats))
      .when(v.reported(1, 1, v.running([v.seats])))
      .thenRecorded("AlreadyKnown")
    given(...v.toActive(v.seats), v.reported(5, 1, v.running([v.seats])))
      .when(v.reported(4, 0))
      .thenRecorded("OlderThanKnown")
    given(...v.owned())
      .when(v.reported(1, 2_000_000_000))
      .thenRecorded("Implausible")
    given(...v.owned())
      .when(v.reported(1, 0, [], { waitingVersion: 2_000_000_000 }))
      .thenRecorded("Implausible")
    given(...v.owned(w.built))
      .when(v.reported(1, 0))
      .thenRecorded("NoRoadToVehicle")
  })
  test("that refuses one option rejects that one alone, once per document", () => {
    const two: v.Past = [...v.toWanted(v.seats), v.purchased(v.week), v.wanted(v.week)]
    const no = v.reported(1, 2, v.running([v.seats]), v.refusedBy(v.week))
    const { emitted, context } = endOf(...two, no)
    expect(emitted.filter(({ type }) => type === "RejectOption")).toMatchObject([
      { activationId: v.activationOf(v.week), option: "power-plus", reason: "UnknownFeature" }
    ])
    expect(emitted.filter(({ type }) => type === "ConfirmOption")).toMatchObject([told(v.seats)])
    expect(context).toMatchObject({ desired: [told(v.seats), told(v.week, { rejected: 2 })] })
    const again = v.reported(2, 2, v.running([v.seats]), { ...v.refusedBy(v.week), bootId: "boot_2" })
    given(...two, no)
      .when(again)
      .thenStands(synchronised, "ReportRecord")
    const later: v.Past = [...two, no, v.wanted(v.week, { attempt: 2 })]
    given(...later)
      .when(v.reported(2, 3, v.running([v.seats]), v.refusedBy(v.week)))
      .thenStands(synchronised, "ReportRecord", "RejectOption")
  })
  test("of a car that drives, and has the document, delays what it has not confirmed, once", () => {
    const drives = v.reported(2, 1, v.running([v.seats]), { waitingVersion: 2 })
    const past: v.Past = [...v.toActive(v.seats), v.purchased(v.week), v.wanted(v.week, { until: v.firstEnd })]
    given(...past)
      .when(drives)
      .thenStands(waiting, "ReportRecord", "DelayOption")
      .thenSays({ activationId: v.activationOf(v.week), option: "power-plus", reason: "driving" })
    given(...past, drives)
      .when(v.reported(3, 1, v.running([v.seats]), { waitingVersion: 2, bootId: "boot_2" }))
      .thenStands(waiting, "ReportRecord")
    given(...past, drives)
      .when(v.reported(3, 2, v.running([v.seats], [v.week, v.firstEnd])))
      .thenStands(synchronised, "ReportRecord", "EvidenceRecord", "ConfirmOption", "ShowOnDisplay")
  })
  test("costs a neighbour nothing: its change needs no second answer for what stands", () => {
    const past: v.Past = [...v.toWanted(v.seats), v.purchased(v.week), v.wanted(v.week, { until: v.firstEnd })]
    // The car took the first document, and says so when the second is on its way.
    const { types, context, emitted } = endOf(...past, v.reported(1, 1, v.running([v.seats])))
    expect(types).toEqual(["ReportRecord", "EvidenceRecord", "ConfirmOption", "ShowOnDisplay", "ConfigureVehicle"])
    expect(emitted.at(-1)).toMatchObject({ cfgVersion: 2, options: [told(v.seats), told(v.week)] })
    expect(context.desired).toMatchObject([
      told(v.seats, { since: 1, confirmed: expect.objectContaining({ cfgVersion: 1 }) }),
      told(v.week, { since: 2 })
    ])
    // Or it took only the second: that confirms both.
    const both = endOf(...past, v.reported(1, 2, v.running([v.seats], [v.week, v.firstEnd])))
    expect(both.emitted.filter(({ type }) => type === "ConfirmOption")).toMatchObject([told(v.seats), told(v.week)])
  })
})

describe("a car that is not what it should be", () => {
  test("is told the current document when it has an older one", () =>
    void given(...v.toWanted(v.seats))
      .when(v.reported(1, 0))
      .thenStands(waiting, "ReportRecord", "ConfigureVehicle")
      .thenSays({ cfgVersion: 1, sending: 2, bootId: "boot_1" }))
  test("is told a new one after its flash was restored", () =>
    void given(...v.toActive(v.seats))
      .when(v.reported(2, 0, [], { bootId: "boot_2" }))
      .thenStands(waiting, "ReportRecord", "ConfigureVehicle")
      .thenSays({ cfgVersion: 2, options: [told(v.seats)] }))
  test("is told a new one when it has forgotten the one that waited", () =>
    void given(...v.toWanted(v.seats), v.reported(1, 0, [], { waitingVersion: 1 }))
      .when(v.reported(2, 0, [], { bootId: "boot_2" }))
      .thenSays({ type: "ConfigureVehicle", cfgVersion: 2 }))
  test("is told one above its own when it is ahead of us", () =>
    void given(...v.toActive(v.seats))
      .when(v.reported(2, 40, v.running([v.seats])))
      .thenStands(waiting, "ReportRecord", "ConfigureVehicle")
      .thenSays({ cfgVersion: 41 }))
  test("is healed when it runs something else under our number", () => {
    const heals = (...features: ReadonlyArray<v.Runs>) =>
      given(...v.toActive(v.seats))
        .when(v.reported(2, 1, v.running(...features)))
        .thenStands(waiting, "ReportRecord", "ConfigureVehicle")
        .thenSays({ cfgVersion: 2, options: [told(v.seats)] })
    heals()
    heals([v.seats], [v.week, v.firstEnd])
    heals([v.seats, null, 2])
    heals([v.seats, v.firstEnd])
  })
  test("is left alone after three healings, until it speaks again or something changes", () => {
    const past: Array<Said> = [...v.toActive(v.seats)]
    for (const n of [1, 2, 3]) {
      const { types } = endOf(...past, v.reported(n + 1, n, []))
      expect(types).toEqual(["ReportRecord", "ConfigureVehicle"])
      past.push(v.reported(n + 1, n, []))
    }
    given(...past)
      .when(v.reported(5, 4, []))
      .thenStands(synchronised, "ReportRecord")
    past.push(v.reported(5, 4, []))
    given(...past)
      .when(v.reported(6, 4, [], { bootId: "boot_2" }))
      .thenStands(waiting, "ReportRecord", "ConfigureVehicle")
    given(...past, v.purchased(v.week))
      .when(v.wanted(v.week))
      .thenStands(waiting, "ConfigureVehicle")
      .thenSays({ cfgVersion: 5 })
  })
  test("may have ended by itself what was to end: that is no drift, on either side of the hour", () => {
    const past = [...v.toWanted(v.week, v.firstEnd), v.reported(1, 1, v.running([v.week, v.firstEnd]))]
    const at = "2026-03-09T10:00:00.000Z"
    given(...past)
      .when(w.but(v.reported(2, 1, []), { at }))
      .thenStands(synchronised, "ReportRecord")
    given(...past)
      .when(w.but(v.reported(2, 1, v.running([v.week, v.firstEnd]), { bootId: "boot_2" }), { at }))
      .thenStands(synchronised, "ReportRecord")
    given(...past)
      .when(w.but(v.reported(2, 1, []), { at: "2026-03-09T09:59:59.999Z" }))
      .thenStands(waiting, "ReportRecord", "ConfigureVehicle")
  })
  test("is not healed of what it refuses: support is told, not the car", () =>
    void given(...v.toWanted(v.seats))
      .when(v.reported(1, 1, [], v.refusedBy(v.seats)))
      .thenStands(synchronised, "ReportRecord", "RejectOption"))
})

describe("a document that nobody answers", () => {
  const due = (context: any) => v.nextTry(context.sending.askAt ?? context.sending.nextAt)

  test("is sent again after 2 minutes, 4, 8, and at last every 6 hours", () => {
    const past: Array<Said> = [...v.toWanted(v.seats)]
    given(...past.slice(0, -1))
      .when(past.at(-1)!)
      .thenWaits({ nextTry: 2 * minute })
    for (const pause of [4, 8, 16, 32, 64, 128, 256, 360, 360]) {
      const next = due(after(vehicleMachine, past).context)
      given(...past)
        .when(next)
        .thenStands(waiting, "ConfigureVehicle")
        .thenSays({ cfgVersion: 1 })
        .thenWaits({ nextTry: pause * minute })
      past.push(next)
    }
    given(...past)
      .when(v.reported(1, 1, v.running([v.seats])))
      .thenStands(synchronised, "ReportRecord", "EvidenceRecord", "ConfirmOption", "ShowOnDisplay")
  })
  test("is sent under a new number where the car has spoken, and passed it over", () => {
    const past: v.Past = [...v.toWanted(v.seats), v.reported(1, 0)]
    given(...past)
      .when(due(after(vehicleMachine, past).context))
      .thenSays({ cfgVersion: 2 })
  })
  test("is not hurried by a car that has it and drives", () => {
    const past: v.Past = [...v.toWanted(v.seats), v.reported(1, 0, [], { waitingVersion: 1 })]
    given(...past)
      .when(due(after(vehicleMachine, past).context))
      .thenSays({ cfgVersion: 1 })
      .thenWaits({ nextTry: 4 * minute })
  })
  test("is asked after, where the road is the API: soon after each sending, then ever more seldom", () => {
    const past: Array<Said> = [...v.owned(v.builtBehindApi), v.purchased(v.seats), v.wanted(v.seats)]
    given(...past.slice(0, -1))
      .when(past.at(-1)!)
      .thenWaits({ nextTry: 3000 })
    for (const [index, pause] of [6, 12, 24, 48, 96].entries()) {
      const next = due(after(vehicleMachine, past).context)
      given(...past)
        .when(next)
        .thenStands(waiting, "AskVehicle")
        .thenSays({ question: index + 1 })
        .thenWaits({ nextTry: Math.min(pause * 1000, 2 * minute - (pause - 3) * 1000) })
      past.push(next)
    }
    // The pause of the sending ends before that of the next question: sent again, and asked soon again.
    const { sending } = after(vehicleMachine, past).context
    expect(sending.nextAt < sending.askAt).toBe(true)
    given(...past)
      .when(v.nextTry(sending.nextAt))
      .thenStands(waiting, "ConfigureVehicle")
      .thenSays({ sending: 2 })
      .thenWaits({ nextTry: 3000 })
  })
  test("is late, but not lost, when a timer is told late", () =>
    void given(...v.toWanted(v.seats))
      .when(v.nextTry("2026-06-01T09:00:00.000Z"))
      .thenStands(waiting, "ConfigureVehicle")
      .thenWaits({ nextTry: 4 * minute }))
})

describe("a handover", () => {
  const bundle = [v.week, v.seats]
  test("gives the car to its owner, and starts what was in its price", () => {
    const { emitted, context } = endOf(v.builtWithKey, v.handedOver(bundle))
    expect(emitted).toMatchObject([
      { type: "OwnerRecord", vin: w.vin, subjectId: w.customerId, from: null, by: null },
      {
        type: "StartActivation",
        activationId: "act_11",
        customerId: w.customerId,
        channel: "bundle",
        paymentMethod: null,
        terms: v.week
      },
      { type: "StartActivation", activationId: "act_12", channel: "bundle", terms: v.seats }
    ])
    expect(context).toMatchObject({ owner: w.customerId, purchases: [told(v.week), told(v.seats)] })
  })
  test("starts each option once, and names activations that payments could be named after", () => {
    const long = `ord_${"a-1".repeat(21)}`
    const { emitted } = endOf(
      { ...v.builtWithKey, orderId: long } as Said,
      { ...v.handedOver([v.seats, v.seats]), orderId: long } as Said
    )
    expect(emitted.map(({ type, activationId }) => activationId ?? type)).toEqual([
      "OwnerRecord",
      `act_${"a1".repeat(15).slice(0, 29)}1`
    ])
  })
  test("is told of a car without an owner by orders of old", () =>
    void given(v.builtWithKey)
      .when(w.moved("customer"))
      .thenStands("assignment.owned custody.withCustomer")
      .thenKnows({ owner: null }))
  test("keeps the key that the factory told, from the car's first turn on", () => {
    const { emitted, context } = endOf(v.builtWithKey)
    expect(emitted).toEqual([{ type: "KeyRecord", vin: w.vin, ...v.key }])
    expect(context.key).toEqual(v.key)
    expect(endOf(w.built).emitted).toEqual([])
  })
})
