/** The car's actor among its real neighbours: documents reach a simulated car by both roads, and what the car says becomes rows. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { Vehicle } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { vehicle } from "#actors/vehicle.ts"
import { optionTermsOf } from "#integrations/catalogue/options.ts"
import { Persons } from "#integrations/persons/persons.ts"
import { overApiIot } from "#integrations/vehicle-link/api-iot.ts"
import { VehicleLink } from "#integrations/vehicle-link/vehicle-link.ts"
import {
  AskVehicle,
  CarryOutRemoteCommand,
  ConfigureVehicle,
  PurchaseOption,
  ReportTheft,
  TransferOwnership,
  type VehicleMessage
} from "#machines/vehicle.ts"
import { ActivationId, DealershipId, type Vin } from "#machines/vocabulary.ts"
import { ownedCar } from "../http/garage.ts"
import { type HttpHouse, httpHouse, person } from "../http/house.ts"

let house: HttpHouse
let owner: Awaited<ReturnType<HttpHouse["signedIn"]>>
beforeAll(async () => {
  house = await httpHouse()
  owner = await house.signedIn("customer", "An owner")
})
afterAll(() => house.close())

const seats = optionTermsOf("heated-seats", { kind: "temporary", count: 3, unit: "month" }, "ES")!
let purchases = 0
const tell = (vin: Vin, message: VehicleMessage) =>
  house.runtime.runPromise(
    ActorSystem.use((actors) => actors.tell(Vehicle.at(vin), message, { id: `test/${crypto.randomUUID()}` }))
  )
const buys = async (vin: Vin) => {
  const activationId = ActivationId.make(`act_${++purchases}`)
  await tell(
    vin,
    PurchaseOption.make({ activationId, customerId: owner.subjectId, terms: seats, paymentMethod: "tok_ok", consents: [] })
  )
  return activationId
}
const until = async <A>(what: string, look: () => Promise<A>, right: (seen: A) => boolean) => {
  for (const end = performance.now() + 15_000; ; await Bun.sleep(20)) {
    const seen = await look()
    if (right(seen)) return seen
    if (performance.now() > end) throw new Error(`${what}: ${JSON.stringify(seen)}`)
  }
}
const standing = async (path: string) =>
  (await house.rows(`SELECT state_path AS at, state -> 'context' AS context, subject_id FROM actors WHERE path = '${path}'`))[0]
const evidenceOf = (vin: Vin) =>
  house.rows(
    `SELECT e.activation_id, e.option, e.cfg_version, r.evidence FROM evidence e JOIN vehicle_reports r USING (receipt_id) WHERE e.vin = '${vin}'`
  )
const isConfirmed = (vin: Vin) =>
  until(
    `${vin} confirms`,
    () => evidenceOf(vin),
    (rows) => rows.length > 0
  )
const runs = (vin: Vin) => house.world.fleet.flash().find((car) => car.vin === vin)!
const isSynchronised = (vin: Vin) =>
  until(
    `${vin} is in step`,
    () => standing(`vehicle/${vin}`),
    ({ at, context }) => at.includes("configuration.synchronised") && context.cfgVersion === runs(vin).cfgVersion
  )
const order = (vin: Vin) => ({
  id: `vehicle/${vin}#9.0`,
  path: `vehicle/${vin}`,
  version: 9,
  attempt: 1,
  correlation: "test",
  traceId: null,
  at: "2026-03-02T09:00:00.000Z"
})

describe("a car", () => {
  test.each(["nats", "apiIot"] as const)("by the road %s obeys, and its word is the evidence", async (link) => {
    const vin = await ownedCar(house, owner, { link })
    expect(await house.rows(`SELECT link, public_key FROM vehicle_keys WHERE vin = '${vin}'`)).toEqual([
      { link, public_key: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/) }
    ])
    expect(await house.rows(`SELECT subject_id, from_subject_id FROM vehicle_owners WHERE vin = '${vin}'`)).toEqual([
      { subject_id: owner.subjectId, from_subject_id: null }
    ])
    const activationId = await buys(vin)
    const [row] = await isConfirmed(vin)
    expect(row).toEqual({
      activation_id: activationId,
      option: "heated-seats",
      cfg_version: 1,
      evidence: link === "nats" ? "signedReceipt" : "statusPoll"
    })
    expect(runs(vin).features).toMatchObject([{ option: "heated-seats", activationId }])
    const { context, subject_id } = await isSynchronised(vin)
    expect(subject_id).toBe(owner.subjectId)
    expect(context.desired).toMatchObject([{ activationId, confirmed: { cfgVersion: 1 } }])
    await until(
      "the activation hears of it",
      () => standing(`activation/${vin}/${activationId}`),
      ({ at }) => at.includes("service.active")
    )
  })

  test("that drives obeys when it is parked, and its activation waits for that", async () => {
    const vin = await ownedCar(house, owner)
    house.world.fleet.car(vin).drive()
    const activationId = await buys(vin)
    await until(
      "the activation waits for parking",
      () => standing(`activation/${vin}/${activationId}`),
      (row) => row?.at.includes("waitingForParking") === true
    )
    expect(runs(vin).features).toEqual([])
    house.world.fleet.car(vin).park()
    await isConfirmed(vin)
    await isSynchronised(vin)
  })

  test("whose flash was restored is healed, by a document with a higher number", async () => {
    const vin = await ownedCar(house, owner)
    const activationId = await buys(vin)
    await isConfirmed(vin)
    await isSynchronised(vin)
    house.world.fleet.car(vin).restoreFlash(1)
    await until(
      "it runs the service again",
      async () => runs(vin),
      ({ cfgVersion, features }) => cfgVersion > 1 && features.length > 0
    )
    expect(runs(vin).features).toMatchObject([{ activationId }])
    await isSynchronised(vin)
    expect(await evidenceOf(vin)).toHaveLength(1) // What was confirmed is not confirmed again.
  })

  test("that was away hears of it when it is back", async () => {
    const vin = await ownedCar(house, owner)
    house.world.fleet.car(vin).reach(true, false)
    await buys(vin)
    await until(
      "it is told",
      () => standing(`vehicle/${vin}`),
      ({ context }) => context.sending.count > 0
    )
    expect(runs(vin).features).toEqual([])
    house.world.fleet.car(vin).reach(true, true)
    await isConfirmed(vin)
  })

  test("that is stolen cancels what is under way, and switches nothing on", async () => {
    const vin = await ownedCar(house, owner)
    house.world.fleet.car(vin).reach(true, false)
    const activationId = await buys(vin)
    await until(
      "it is told",
      () => standing(`vehicle/${vin}`),
      ({ context }) => context.sending.count > 0
    )
    await tell(vin, ReportTheft.make({ customerId: owner.subjectId, by: owner.subjectId, policeReference: null }))
    await until(
      "the purchase is let go",
      () => standing(`vehicle/${vin}`),
      ({ context }) => context.purchases.length === 0 && context.desired.length === 0
    )
    expect((await standing(`activation/${vin}/${activationId}`)).at).toContain("service.cancelled")
  })

  test("that is sold second-hand welcomes its buyer with a link, and is his", async () => {
    const vin = await ownedCar(house, owner)
    const seller = await house.signedIn("seller", "A seller", "dea_madrid")
    const unknown = person("A buyer")
    const buyer = await house.runtime.runPromise(Persons.use((persons) => persons.keep(unknown, seller.subjectId)))
    await tell(
      vin,
      TransferOwnership.make({
        sellerId: owner.subjectId,
        buyerId: buyer.subjectId,
        dealershipId: DealershipId.make("dea_madrid"),
        by: seller.subjectId,
        consents: []
      })
    )
    expect((await standing(`vehicle/${vin}`)).subject_id).toBe(buyer.subjectId)
    expect(
      await house.rows(
        `SELECT from_subject_id, by_subject_id FROM vehicle_owners WHERE vin = '${vin}' ORDER BY version DESC LIMIT 1`
      )
    ).toEqual([{ from_subject_id: owner.subjectId, by_subject_id: seller.subjectId }])
    expect(await house.linkFor(unknown.email)).toMatch(/^[\w-]{43}$/)
    await until(
      "the seller is written to",
      async () => house.world.mail.messages(),
      (mails) => mails.some(({ to, text }) => to.includes(owner.email) && text.includes(vin))
    )
  })
})

describe("a hand of the car's actor", () => {
  const perform = (effect: Effect.Effect<unknown, any, any>) => house.runtime.runPromise(effect as Effect.Effect<any, any, any>)

  test("may send twice: the car takes a document once", async () => {
    const vin = await ownedCar(house, owner)
    const activationId = ActivationId.make("act_twice")
    const { option, features } = seats
    const command = ConfigureVehicle.make({
      vin,
      link: "nats",
      model: "Modelo Uno",
      cfgVersion: 7,
      options: [{ option, activationId, features, until: null }],
      bootId: null,
      sending: 1
    })
    const documents = async (): Promise<ReadonlyArray<any>> => {
      const ledger = await (await fetch(`${house.world.fleet.url}/_simulator/ledger`)).json()
      return (ledger as ReadonlyArray<any>).filter((entry) => entry.vin === vin && entry.kind === "document")
    }
    await perform(vehicle.perform.ConfigureVehicle(command, order(vin)))
    await perform(vehicle.perform.ConfigureVehicle(command, order(vin)))
    // A car ahead of us is told one above its own: the empty state that we know of.
    const heard = await until("it is in step", documents, (all) => all.some(({ cfgVersion }) => cfgVersion === 8))
    expect(heard.filter(({ verdict }) => verdict === "applied").map(({ cfgVersion }) => cfgVersion)).toEqual([7, 8])
    expect(heard.filter(({ verdict }) => verdict === "refused").map(({ cfgVersion }) => cfgVersion)).toEqual([7])
    expect(runs(vin)).toMatchObject({ cfgVersion: 8, features: [] })
  })

  const roads = () => house.runtime.runPromise(VehicleLink.use((link) => Effect.succeed(link)))

  test("keeps back a command that comes too late", async () => {
    const vin = await ownedCar(house, owner)
    const link = await roads()
    const said: Array<string> = []
    const act = (expiresAt: string) =>
      Effect.provideService(
        vehicle.perform.CarryOutRemoteCommand(
          CarryOutRemoteCommand.make({ vin, commandId: "cmd_1", act: "flashLights", expiresAt })
        ),
        VehicleLink,
        { ...link, command: (_, jws) => Effect.sync(() => void said.push(jws)) }
      )
    await perform(act("2026-03-02T09:00:00.000Z"))
    expect(said).toEqual([])
    await perform(act("2199-03-02T09:00:00.000Z"))
    expect(said).toHaveLength(1)
  })

  test("believes of the API's answer what the car itself has signed, and nothing else", async () => {
    const vin = await ownedCar(house, owner, { link: "apiIot" })
    const other = await ownedCar(house, owner, { link: "apiIot" })
    const link = await roads()
    const reportOf = async (of: Vin) => {
      house.world.fleet.car(of).showPairingCode() // It has something to say.
      const status = () => house.runtime.runPromise(link.status(of))
      const said = await until("the API has heard of it", status, (one) => (one?.answer.configuration?.report ?? null) !== null)
      return said!.answer.configuration!.report!
    }
    let answer: object | null = null
    const lying = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => (answer === null ? Response.json({ error: "unknown vehicle" }, { status: 404 }) : Response.json(answer))
    })
    const api = overApiIot({ url: `http://127.0.0.1:${lying.port}` })
    const asked = () =>
      perform(
        Effect.provideService(vehicle.perform.AskVehicle(AskVehicle.make({ vin, question: 1 })), VehicleLink, {
          ...link,
          status: api.status
        })
      )
    const says = (report: string | null) => {
      answer = { vehicleId: vin, online: true, lastSeenAt: null, configuration: { version: 9, report } }
      return asked()
    }
    const report = await reportOf(vin)
    const fact = await says(report)
    expect(fact).toMatchObject({
      type: "VehicleReported",
      evidence: "statusPoll",
      cfgVersion: 0, // The car's word, not the API's.
      receiptId: `rep_${new Bun.CryptoHasher("sha256").update(JSON.stringify(answer)).digest("hex")}`,
      bytes: JSON.stringify(answer)
    })
    const [head, body, signature] = report.split(".")
    for (const lie of [null, "", "x.y.z", `${head}.${body!.slice(0, -2)}AA.${signature}`, await reportOf(other)])
      expect(await says(lie)).toBeUndefined()
    answer = null
    expect(await asked()).toBeUndefined()
    await lying.stop(true)
  })
})
