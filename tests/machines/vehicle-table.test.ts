/** Every message in every state of a car has an answer, every state is reached and every transition taken; and a car can only inform. */
import { describe, expect, test } from "bun:test"
import { wordsOf } from "#actors/system/behavior.ts"
import { VehicleMessage, vehicleMachine } from "#machines/vehicle.ts"
import { transitionsOf } from "./paths.ts"
import { after, heard, pathOf, type Said, say } from "./scenario.ts"
import { mayHear, openings, places, saidTo, vocabulary } from "./vehicle-walk.ts"
import * as v from "./vehicle-words.ts"
import * as w from "./words.ts"

describe("the table of the vehicle", () => {
  const columns: Readonly<Record<string, v.Past>> = {
    built: [v.builtWithKey],
    keyless: v.owned(w.built),
    stock: [v.builtWithKey, w.stocked()],
    owned: [...v.owned(), v.paired(1)],
    linked: v.toLinked(),
    stolen: [...v.toLinked(), v.stolen],
    warrantyLost: [...v.owned(), v.checked("overdue")],
    bought: [...v.owned(), v.purchased(v.sport)],
    waiting: v.toWanted(v.sport),
    active: v.toActive(v.sport)
  }
  const rows: Readonly<Record<string, Said>> = {
    AssignVehicle: w.assigned,
    PurchaseOption: v.purchased(v.sport),
    LinkApp: v.linked,
    UnlinkApp: v.unlinked,
    SendRemoteCommand: v.commanded(),
    ReportTheft: v.stolen,
    EndTheft: v.theftEnded,
    TransferOwnership: v.transferred,
    VehicleBuilt: v.builtWithKey,
    VehicleStocked: w.stocked(),
    VehicleMoved: v.handedOver(),
    OptionWanted: v.wanted(v.sport),
    OptionDropped: v.dropped(v.sport),
    VehicleReported: v.reported(2, 1, v.running([v.sport])),
    "VehicleReported of a car that drives": v.reported(2, 0, [], { waitingVersion: 1 }),
    MaintenanceChecked: v.checked("overdue"),
    CommandParked: w.parked("ConfigureVehicle")
  }
  /** The answer, and what it moves; "·": moves nothing. */
  const cell = (history: v.Past, message: Said) => {
    const before = after(vehicleMachine, history)
    const decision = say(vehicleMachine, before, message, history.length)
    if (decision._tag !== "Accepted") return decision.reason
    const stood = pathOf(before.value).split(" ")
    return `→ ${
      pathOf(decision.state.value)
        .split(" ")
        .filter((region) => !stood.includes(region))
        .join(" ") || "·"
    }`
  }
  const row = (message: Said) => {
    const lines: Record<string, string> = {}
    for (const [where, history] of Object.entries(columns)) {
      const line = cell(history, message)
      lines[line] = lines[line] === undefined ? where : `${lines[line]} ${where}`
    }
    return lines
  }

  const table: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    AssignVehicle: {
      AlreadyAssigned: "built keyless owned linked stolen warrantyLost bought waiting active",
      "→ assignment.assigned": "stock"
    },
    PurchaseOption: {
      NotYourVehicle: "built stock",
      NoRoadToVehicle: "keyless",
      "→ ·": "owned linked warrantyLost",
      VehicleStolen: "stolen",
      PurchaseUnderWay: "bought waiting",
      OptionAlreadyOwned: "active"
    },
    LinkApp: {
      NotYourVehicle: "built stock",
      NoPairingCode: "keyless warrantyLost bought waiting active",
      "→ app.linked": "owned",
      AlreadyLinked: "linked stolen"
    },
    UnlinkApp: {
      NotYourVehicle: "built stock",
      AppNotLinked: "keyless owned warrantyLost bought waiting active",
      "→ app.unlinked": "linked stolen"
    },
    SendRemoteCommand: {
      NotYourVehicle: "built stock",
      AppNotLinked: "keyless owned warrantyLost bought waiting active",
      "→ ·": "linked",
      VehicleStolen: "stolen"
    },
    ReportTheft: {
      NotYourVehicle: "built stock",
      "→ security.stolen": "keyless owned linked warrantyLost bought waiting active",
      AlreadyStolen: "stolen"
    },
    EndTheft: {
      NotYourVehicle: "built stock",
      NotStolen: "keyless owned linked warrantyLost bought waiting active",
      "→ security.secure": "stolen"
    },
    TransferOwnership: {
      NotTheOwner: "built stock",
      "→ ·": "keyless owned warrantyLost bought waiting active",
      "→ app.unlinked": "linked",
      VehicleStolen: "stolen"
    },
    VehicleBuilt: {
      AlreadyBuilt: "built keyless stock owned linked stolen warrantyLost bought waiting active"
    },
    VehicleStocked: {
      "→ assignment.unassigned": "built",
      AlreadyWithCustomer: "keyless owned linked stolen warrantyLost bought waiting active",
      AlreadyStock: "stock"
    },
    VehicleMoved: {
      "→ assignment.owned custody.withCustomer": "built",
      AlreadyKnown: "keyless owned linked stolen warrantyLost bought waiting active",
      NotTheCurrentOrder: "stock"
    },
    OptionWanted: {
      "→ configuration.waiting": "built stock owned linked warrantyLost bought",
      "→ ·": "keyless stolen waiting active"
    },
    OptionDropped: {
      NotPurchased: "built keyless stock owned linked stolen warrantyLost",
      "→ ·": "bought waiting",
      "→ configuration.waiting": "active"
    },
    VehicleReported: {
      "→ configuration.waiting": "built stock owned linked stolen warrantyLost bought",
      NoRoadToVehicle: "keyless",
      "→ configuration.synchronised": "waiting",
      "→ ·": "active"
    },
    "VehicleReported of a car that drives": {
      "→ configuration.waiting": "built stock owned linked stolen warrantyLost bought active",
      NoRoadToVehicle: "keyless",
      "→ ·": "waiting"
    },
    MaintenanceChecked: {
      "→ warranty.lost": "built keyless stock owned linked stolen bought waiting active",
      "→ ·": "warrantyLost"
    },
    CommandParked: {
      WaitsForAnOperator: "built keyless stock owned linked stolen warrantyLost bought waiting active"
    }
  }
  for (const [name, message] of Object.entries(rows)) test(name, () => expect(row(message)).toEqual(table[name]!))

  test("has a row for every message", () =>
    expect(new Set(Object.values(rows).map(({ type }) => type))).toEqual(new Set(wordsOf(VehicleMessage)) as Set<string>))
})

describe("the walk through the chart of the vehicle", () => {
  test("comes to every state", () => {
    const reached = new Set(places().flatMap(({ state }) => pathOf(state.value).split(" ")))
    const named = Object.values(vehicleMachine.root.states).flatMap((region) =>
      Object.keys(region.states).map((state) => `${region.key}.${state}`)
    )
    expect([...reached].sort()).toEqual(named.sort())
  })
  test("meets silence nowhere, and somebody always holds the car", () => {
    let asked = 0
    for (const { state, history } of places()) {
      const { custody, assignment } = state.value as Record<string, string>
      expect((custody === "withCustomer") === (assignment === "owned")).toBe(true)
      for (const message of vocabulary) {
        if (!mayHear(state, message)) continue
        const decision = saidTo(state, message)
        if (decision._tag !== "Accepted" && decision.reason === "NotExpectedNow")
          throw new Error(`${message.type} meets silence in ${pathOf(state.value)} after ${history.map(({ type }) => type)}`)
        asked++
      }
    }
    expect(asked).toBeGreaterThan(10_000)
  })
  test("takes every transition: nothing in the chart is dead", () => {
    const names = transitionsOf(vehicleMachine.root as any)
    const taken = new Set<string>()
    for (const { state } of places()) {
      const snapshot = vehicleMachine.resolveState(state as any)
      for (const message of vocabulary)
        for (const transition of vehicleMachine.getTransitionData(snapshot as any, heard(message, 1) as any))
          taken.add(names.get(transition as any)!)
    }
    expect([...names.values()].filter((name) => !taken.has(name))).toEqual([])
    expect(openings.length).toBeGreaterThan(3)
  })
})
