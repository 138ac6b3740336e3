/** What a car does for its owner and for nobody else: the app, theft, resale; and what missed maintenance costs. One sentence per branch. */
import { describe, expect, test } from "bun:test"
import { vehicleMachine } from "#machines/vehicle.ts"
import { after, given as givenMachine, type Said } from "./scenario.ts"
import * as v from "./vehicle-words.ts"
import * as w from "./words.ts"

const given = (...past: ReadonlyArray<Said>) => givenMachine(vehicleMachine, ...past)
const stranger = { customerId: w.stranger }

describe("a phone", () => {
  test("is linked by its owner with the code on the car's own screen", () =>
    void given(...v.owned(), v.paired(1))
      .when(v.linked)
      .thenStands("app.linked", "NotifyOwner", "ShowOnDisplay")
      .thenSays({ subjectId: w.customerId, notice: "PhoneLinked" }, { type: "ShowOnDisplay", notice: "PhoneLinked", option: null })
      .thenKnows({ phoneId: "phone_1" }))
  test("is not linked without a code, with a wrong one, or by a stranger who saw it", () => {
    given(...v.owned())
      .when(v.linked)
      .thenRefused("NoPairingCode")
    given(...v.owned(), v.paired(1))
      .when(w.but(v.linked, { codeHash: "d".repeat(64) }))
      .thenRefused("WrongPairingCode")
    given(...v.owned(), v.paired(1))
      .when(w.but(v.linked, stranger))
      .thenRefused("NotYourVehicle")
    given(v.builtWithKey, v.paired(1)).when(v.linked).thenRefused("NotYourVehicle") // Nobody's yet.
  })
  test("is not linked with a code that has expired, however often it is shown, and whatever the car says of its life", () => {
    const heardAt = "2026-03-02T09:02:00.000Z"
    const at = (time: string) => w.but(v.linked, { at: `2026-03-02T${time}Z` })
    const shown = { ...v.paired(1), at: heardAt } as Said
    given(...v.owned(), shown)
      .when(at("09:06:59.999"))
      .thenStands("app.linked", "NotifyOwner", "ShowOnDisplay")
    given(...v.owned(), shown)
      .when(at("09:07:00.000"))
      .thenRefused("PairingCodeExpired")
    const again = { ...v.paired(2), at: "2026-03-02T09:06:00.000Z" } as Said
    given(...v.owned(), shown, again)
      .when(at("09:07:00.000"))
      .thenRefused("PairingCodeExpired")
    const forEver = { ...v.paired(1, 1_000_000), at: heardAt } as Said
    given(...v.owned(), forEver)
      .when(at("09:12:00.000"))
      .thenRefused("PairingCodeExpired")
  })
  test("is not linked twice with one code: a new one is shown for a new phone", () => {
    const past: v.Past = [...v.toLinked(), v.unlinked]
    given(...past)
      .when(v.linked)
      .thenRefused("PairingCodeUsed")
    given(...past, v.paired(2))
      .when(v.linked)
      .thenRefused("PairingCodeUsed")
    const another = "d".repeat(64)
    given(...past, v.paired(2, 300, another))
      .when(w.but(v.linked, { codeHash: another, phoneId: "phone_2" }))
      .thenStands("app.linked", "NotifyOwner", "ShowOnDisplay")
      .thenKnows({ phoneId: "phone_2" })
  })
  test("is one: the second waits until the first is unlinked", () => {
    given(...v.toLinked())
      .when(v.linked)
      .thenRefused("AlreadyLinked")
    given(...v.toLinked())
      .when(w.but(v.linked, stranger))
      .thenRefused("NotYourVehicle")
  })
  test("is unlinked by its owner, linked or not", () => {
    given(...v.toLinked())
      .when(v.unlinked)
      .thenStands("app.unlinked", "ShowOnDisplay", "NotifyOwner")
      .thenSays({ notice: "PhoneUnlinked" })
      .thenKnows({ phoneId: null })
    given(...v.toLinked())
      .when(w.but(v.unlinked, stranger))
      .thenRefused("NotYourVehicle")
    given(...v.owned())
      .when(v.unlinked)
      .thenRefused("AppNotLinked")
    given(...v.owned())
      .when(w.but(v.unlinked, stranger))
      .thenRefused("NotYourVehicle")
  })
  test("asks the car for small things, once each, for a minute", () => {
    given(...v.toLinked())
      .when(v.commanded())
      .thenStands("app.linked", "CarryOutRemoteCommand")
      .thenSays({ commandId: "cmd_1", act: "flashLights", expiresAt: "2026-03-02T09:05:00.000Z" })
      .thenKnows({ remote: [{ commandId: "cmd_1", done: false }] })
    given(...v.toLinked(), v.commanded())
      .when(v.commanded())
      .thenRefused("AlreadySent")
    given(...v.toLinked(), v.commanded())
      .when(v.reported(2, 0, [], { done: ["cmd_1"] }))
      .thenKnows({ remote: [{ commandId: "cmd_1", done: true }] })
  })
  test("asks nothing of a car it is not linked to, or that is not its owner's, or that has no road for it", () => {
    given(...v.owned())
      .when(v.commanded())
      .thenRefused("AppNotLinked")
    given(...v.owned())
      .when(w.but(v.commanded(), stranger))
      .thenRefused("NotYourVehicle")
    given(...v.toLinked())
      .when(w.but(v.commanded(), stranger))
      .thenRefused("NotYourVehicle")
    given(...v.toLinked(v.builtBehindApi))
      .when(v.commanded())
      .thenRefused("NoRoadForCommands")
  })
  test("is remembered with its last eight wishes alone", () => {
    const many = Array.from({ length: 12 }, (_, n) => v.commanded(`cmd_${n}`))
    const { remote } = after(vehicleMachine, [...v.toLinked(), ...many]).context
    expect(remote.map(({ commandId }: { commandId: string }) => commandId)).toEqual(many.slice(4).map(({ commandId }) => commandId))
  })
})

describe("a stolen car", () => {
  const stolen: v.Past = [...v.toLinked(), v.purchased(v.seats), v.purchased(v.week), v.stolen]

  test("is reported by its owner, or by support; every open purchase is told", () => {
    given(...stolen.slice(0, -1))
      .when(v.stolen)
      .thenStands("security.stolen app.linked", "TellTheft", "TellTheft", "NotifyOwner")
      .thenSays({ activationId: v.activationOf(v.seats) }, { activationId: v.activationOf(v.week) }, { notice: "TheftReported" })
      .thenKnows({ theft: { by: w.customerId, policeReference: "M-2026-17" } })
    given(...v.owned())
      .when(v.stolenBySupport)
      .thenStands("security.stolen", "NotifyOwner")
    given(...v.owned())
      .when(w.but(v.stolen, stranger))
      .thenRefused("NotYourVehicle")
    given(v.builtWithKey).when(v.stolenBySupport).thenRefused("NotHandedOver")
    given(...stolen)
      .when(v.stolen)
      .thenRefused("AlreadyStolen")
  })
  test("links no phone, obeys none, sells nothing and changes no hands", () => {
    given(...stolen)
      .when(v.commanded())
      .thenRefused("VehicleStolen")
    given(...v.owned(), v.paired(1), v.stolen)
      .when(v.linked)
      .thenRefused("VehicleStolen")
    given(...v.owned(), v.stolen)
      .when(v.commanded())
      .thenRefused("VehicleStolen")
    given(...stolen)
      .when(v.purchased(v.sport))
      .thenRefused("VehicleStolen")
    given(...stolen)
      .when(v.transferred)
      .thenRefused("VehicleStolen")
    expect(after(vehicleMachine, stolen).context.phoneId).toBe("phone_1") // The link is frozen, not cut.
  })
  test("may still be unlinked, and is told to switch off what its activations drop", () => {
    given(...stolen)
      .when(v.unlinked)
      .thenStands("app.unlinked security.stolen", "ShowOnDisplay", "NotifyOwner")
    given(...v.toWanted(v.seats), v.stolen)
      .when(v.dropped(v.seats))
      .thenStands("configuration.waiting", "ConfigureVehicle")
  })
  test("is as it was once it is found, with a reason", () => {
    given(...stolen)
      .when(v.theftEnded)
      .thenStands("security.secure app.linked", "NotifyOwner")
      .thenSays({ notice: "TheftEnded" })
      .thenKnows({ theft: null })
    given(...stolen, v.theftEnded)
      .when(v.commanded())
      .thenStands("app.linked", "CarryOutRemoteCommand")
    given(...stolen)
      .when(w.but(v.theftEnded, stranger))
      .thenRefused("NotYourVehicle")
    given(...stolen)
      .when(w.but(v.theftEnded, { customerId: null }))
      .thenStands("security.secure", "NotifyOwner")
    given(...v.owned())
      .when(v.theftEnded)
      .thenRefused("NotStolen")
    given(...v.owned())
      .when(w.but(v.theftEnded, stranger))
      .thenRefused("NotYourVehicle")
  })
})

describe("a car that is sold second-hand", () => {
  test("goes to its buyer: the old phone is unlinked, every purchase is told, nothing is switched off here", () => {
    const past: v.Past = [
      ...v.toActive(v.seats),
      v.purchased(v.lane),
      w.but(v.paired(2), { cfgVersion: 1, features: v.running([v.seats]) }),
      v.linked
    ]
    given(...past)
      .when(v.transferred)
      .thenStands(
        "app.unlinked security.secure configuration.synchronised",
        "ShowOnDisplay",
        "OwnerRecord",
        "TellOwnershipChange",
        "TellOwnershipChange",
        "NotifyOwner",
        "WelcomeOwner"
      )
      .thenSays(
        { type: "OwnerRecord", subjectId: v.buyerId, from: w.customerId, by: w.sellerId },
        { type: "NotifyOwner", subjectId: w.customerId, notice: "VehicleTransferred" },
        { type: "WelcomeOwner", subjectId: v.buyerId }
      )
      .thenKnows({ owner: v.buyerId, phoneId: null, purchases: [{ option: "heated-seats" }, { option: "lane-keeping" }] })
  })
  test("obeys its seller no more", () => {
    const past: v.Past = [...v.toLinked(), v.transferred]
    for (const request of [v.linked, v.unlinked, v.commanded(), v.stolen, v.theftEnded, v.purchased(v.seats)])
      given(...past)
        .when(request)
        .thenRefused("NotYourVehicle")
    given(...past)
      .when(w.but(v.purchased(v.seats), { customerId: v.buyerId }))
      .thenStands("configuration.synchronised", "StartActivation")
  })
  test("is sold by its owner alone, to somebody else", () => {
    given(...v.owned())
      .when(w.but(v.transferred, { sellerId: w.stranger }))
      .thenRefused("NotTheOwner")
    given(v.builtWithKey).when(v.transferred).thenRefused("NotTheOwner")
    given(...v.owned())
      .when(w.but(v.transferred, { buyerId: w.customerId }))
      .thenRefused("AlreadyOwner")
    given(...v.toLinked())
      .when(w.but(v.transferred, { sellerId: w.stranger }))
      .thenRefused("NotTheOwner")
  })
})

describe("maintenance", () => {
  test("that is overdue costs the warranty, once and for good", () => {
    given(...v.owned())
      .when(v.checked("overdue"))
      .thenStands("warranty.lost", "NotifyOwner")
      .thenSays({ notice: "WarrantyLost" })
      .thenKnows({ warrantyLost: { at: "2026-03-02T09:02:00.000Z", due: ["brake_fluid", "annual_service"] } })
    const lost: v.Past = [...v.owned(), v.checked("overdue")]
    given(...lost)
      .when(v.checked("overdue"))
      .thenStands("warranty.lost")
    given(...lost)
      .when(v.checked("current"))
      .thenStands("warranty.lost")
      .thenKnows({ maintenance: { status: "current" } })
  })
  test("revokes nothing: neither what the car has, nor what is on its way, nor its phone", () => {
    const past: v.Past = [
      ...v.owned(),
      v.checked("current"),
      v.purchased(v.lane),
      v.wanted(v.lane),
      v.reported(1, 1, v.running([v.lane])),
      v.purchased(v.pilot),
      v.wanted(v.pilot),
      w.but(v.paired(2), { cfgVersion: 1, features: v.running([v.lane]) }),
      v.linked
    ]
    const before = after(vehicleMachine, past)
    given(...past)
      .when(v.checked("overdue", v.pilot))
      .thenStands("warranty.lost app.linked configuration.waiting", "GateDecision", "NotifyOwner")
      .thenKnows({ desired: before.context.desired, purchases: before.context.purchases, cfgVersion: before.context.cfgVersion })
    given(...past, v.checked("overdue"))
      .when(v.reported(3, 2, v.running([v.lane], [v.pilot])))
      .thenStands("configuration.synchronised", "ReportRecord", "EvidenceRecord", "ConfirmOption", "ShowOnDisplay")
    given(...past, v.checked("overdue"))
      .when(v.commanded())
      .thenStands("app.linked", "CarryOutRemoteCommand")
  })
  test("is written down with what it decided, for whom, and out of which answer", () => {
    const decided = (status: "current" | "overdue" | "unavailable", decision: string) =>
      given(...v.owned())
        .when(v.checked(status, v.pilot))
        .thenSays({
          type: "GateDecision",
          vin: w.vin,
          option: "pilot",
          subjectId: w.customerId,
          decision,
          status,
          askedAt: "2026-03-02T09:00:00.000Z"
        })
    decided("current", "open")
    decided("overdue", "overdue")
    decided("unavailable", "tryLater")
  })
  test("is known by the newest answer, whatever order they come in", () => {
    const older = "2026-03-02T08:00:00.000Z"
    const past: v.Past = [...v.owned(), v.checked("current")]
    given(...past)
      .when(v.checked("overdue", null, older))
      .thenRecorded("OlderThanKnown")
    given(...past)
      .when(v.checked("overdue", v.pilot, older))
      .thenStands("warranty.valid", "GateDecision")
      .thenSays({ decision: "open", status: "current", askedAt: "2026-03-02T09:00:00.000Z" })
  })
})
