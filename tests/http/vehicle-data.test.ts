/** What a car measures is its owner's: to look at and to take along, of their own time and no other. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Telemetry } from "#integrations/telemetry/telemetry.ts"
import type { Vin } from "#machines/vocabulary.ts"
import { ownedCar } from "./garage.ts"
import { type HttpHouse, httpHouse, newKey, person, type Signed } from "./house.ts"

let house: HttpHouse
let first: Signed
let second: Signed
let stranger: Signed
let manager: Signed
let vin: Vin
let handedOver: number // When the second owner got it.

const keep = (heardAt: number, odometerMetres: number) =>
  house.runtime.runPromise(
    Telemetry.use((telemetry) =>
      telemetry.keep([
        {
          vin,
          heardAt: new Date(heardAt).toISOString(),
          sample: { at: new Date(heardAt).toISOString(), odometerMetres, chargePercent: 80, parked: true, cabinCelsius: 21 }
        }
      ])
    )
  )
const ask = (who: Signed, path = "") => house.call("public", "GET", `/api/me/vehicles/${vin}/data${path}`, { token: who.token })
const exported = async (who: Signed, query = "") => {
  const request = new Request(`http://localhost/api/me/vehicles/${vin}/data/export${query}`, {
    headers: { authorization: `Bearer ${who.token}` }
  })
  const response = await house.apps.public.handle(request)
  return { status: response.status, type: response.headers.get("content-type"), text: await response.text() }
}
/** Those of this test by their odometer; the simulated car may measure by itself. */
const metresIn = (text: string) =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line).odometerMetres as number)
    .filter((metres) => metres >= 7_000_000)

beforeAll(async () => {
  house = await httpHouse()
  first = await house.signedIn("customer", "Customer 1")
  second = await house.signedIn("customer", "Customer 2")
  stranger = await house.signedIn("customer", "Customer 3")
  manager = await house.signedIn("manager", "Manager 1", "dea_madrid")
  vin = await ownedCar(house, first)
  const [{ at }] = (await house.rows(`SELECT at FROM vehicle_owners WHERE vin = '${vin}'`)) as [{ at: Date }]
  await keep(at.getTime() - 1000, 7_000_000) // On its way from the factory: nobody's.
  for (let n = 1; n <= 3; n++) await keep(at.getTime() + n, 7_000_000 + n)
})
afterAll(() => house.close())

describe("a car's data", () => {
  test("are shown to its owner with their age, and with what is collected, how long and for whom, in both languages", async () => {
    const { status, body } = await ask(first)
    expect(status).toBe(200)
    expect(body.measured).toMatchObject({ ageSeconds: expect.any(Number), chargePercent: expect.any(Number) })
    expect(body.dataSheet).toMatchObject({ edition: 1, daysKept: 30 })
    expect(body.dataSheet.measured.map(({ field }: any) => field).sort()).toEqual([
      "at",
      "cabinCelsius",
      "chargePercent",
      "odometerMetres",
      "parked"
    ])
    for (const { called } of body.dataSheet.measured) expect([called.es.length > 0, called.en.length > 0]).toEqual([true, true])
  })

  test("are taken along as NDJSON or CSV, of the time that was asked for", async () => {
    const all = await exported(first)
    expect([all.status, all.type]).toEqual([200, "application/x-ndjson"])
    expect(metresIn(all.text)).toEqual([7_000_001, 7_000_002, 7_000_003])
    const [{ at }] = (await house.rows(`SELECT at FROM vehicle_owners WHERE vin = '${vin}'`)) as [{ at: Date }]
    const [from, to] = [new Date(at.getTime() + 2).toISOString(), new Date(at.getTime() + 3).toISOString()]
    expect(metresIn((await exported(first, `?from=${from}&to=${to}`)).text)).toEqual([7_000_002])
    const csv = await exported(first, "?format=csv")
    expect(csv.type).toContain("text/csv")
    expect(csv.text.split("\n")[0]).toBe("heardAt,carAt,odometerMetres,chargePercent,parked,cabinCelsius")
    expect(csv.text).toContain(",7000002,80,true,21\n")
    expect((await exported(first, "?from=yesterday")).status).toBe(422)
    expect((await exported(first, "?from=2026-99-99T00:00:00.000Z")).status).toBe(422)
  })

  test("are nothing to a stranger, as if there were no such car", async () => {
    const [theirs, nobodys] = [
      await ask(stranger),
      await house.call("public", "GET", `/api/me/vehicles/VSSZZZ6K999999999/data`, { token: stranger.token })
    ]
    expect([theirs.status, theirs.body]).toEqual([404, nobodys.body])
    expect((await exported(stranger)).status).toBe(404)
  })

  test("are each owner's own after a sale: the new one sees nothing of before, the old one nothing of after", async () => {
    const sold = await house.call("intranet", "POST", `/api/dealer/vehicles/${vin}/ownership`, {
      token: manager.token,
      key: newKey(),
      body: { sellerEmail: first.email, buyer: person("Customer 2"), consents: [{ text: "ownership-transfer", edition: 1 }] }
    })
    expect(sold.status).toBeLessThan(300)
    const owners = await house.rows(`SELECT at, subject_id FROM vehicle_owners WHERE vin = '${vin}' ORDER BY version`)
    expect(owners.map(({ subject_id }) => subject_id)).toEqual([first.subjectId, second.subjectId])
    handedOver = owners[1].at.getTime()
    await keep(handedOver - 1, 7_000_004)
    expect((await ask(second)).body.measured).toBeNull() // The newest there is was measured under the first owner.
    const status = await house.call("public", "GET", `/api/me/vehicles/${vin}/status`, { token: second.token })
    expect([status.status, status.body.measured]).toEqual([200, null])
    await keep(handedOver, 7_000_005)
    await keep(handedOver + 1, 7_000_006)
    expect(metresIn((await exported(first)).text)).toEqual([7_000_001, 7_000_002, 7_000_003, 7_000_004])
    expect(metresIn((await exported(second)).text)).toEqual([7_000_005, 7_000_006])
    expect((await ask(second)).body.measured).toMatchObject({ odometerMetres: 7_000_006 })
    expect((await ask(first)).status).toBe(404)
    expect(metresIn((await exported(second, `?from=2020-01-01T00:00:00.000Z`)).text)).toEqual([7_000_005, 7_000_006])
  })

  test("come page by page, each sample once, though many were heard in one moment", async () => {
    await house.rows(`
      INSERT INTO telemetry (vin, heard_at, car_at, odometer_metres, charge_percent, parked, cabin_celsius)
      SELECT '${vin}', to_timestamp(${(handedOver + 10) / 1000}), to_timestamp(${(handedOver + 10) / 1000}), 8000000 + n, 50, true, 20
      FROM generate_series(1, 1300) n`)
    const metres = metresIn((await exported(second, `?from=${new Date(handedOver + 5).toISOString()}`)).text)
    expect([metres.length, new Set(metres).size]).toEqual([1300, 1300])
  })
})
