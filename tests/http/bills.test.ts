/** "What will I pay this month": days consumed so far, and the month's bill if nothing changes. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { PlatformTime } from "#integrations/postgres/time.ts"
import { driver, heatedSeats, ownedCar } from "./garage.ts"
import { type HttpHouse, httpHouse, type Signed } from "./house.ts"

let house: HttpHouse
let owner: Signed
beforeAll(async () => {
  house = await httpHouse({ movable: true })
  owner = await house.signedIn("customer", "Customer 1")
})
afterAll(() => house.close())

const streaming = { option: "streaming", term: { kind: "recurring" }, consents: [], paymentMethod: "tok_ok" }
const ask = async (path: string, { token }: Signed = owner) =>
  (await house.call("public", "GET", `/api/me/bills${path}`, { token })).body
/** The calendar on a wall in Madrid. */
const todayAt = (at: string) => new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Madrid" }).format(Date.parse(at))

describe("the month", () => {
  test("costs nothing where nothing recurs", async () => {
    const vin = await ownedCar(house, owner)
    const me = driver(house, owner, vin)
    const { body } = await me.buy({ ...heatedSeats, paymentMethod: "tok_ok" })
    await me.sees(body.activationId, "active")
    expect(await ask("/preview")).toMatchObject({
      lines: [],
      total: { soFarMinor: 0, expectedMinor: 0, vatMinor: 0, currency: "EUR" }
    })
    expect(await ask("")).toEqual({ bills: [], cursor: null })
  })

  test("is shown before it is over: the days consumed, the days that will be, VAT and the total", async () => {
    const vin = await ownedCar(house, owner)
    const me = driver(house, owner, vin)
    const { body } = await me.buy(streaming)
    const { price, activeSince } = await me.sees(body.activationId, "active")
    const { at, lines, total } = await ask("/preview")
    const [first, today] = [todayAt(activeSince), todayAt(at)]
    const [year, month] = today.split("-").map(Number) as [number, number]
    const daysInMonth = new Date(Date.UTC(year, month, 0)).getUTCDate()
    const from = first.slice(0, 7) === today.slice(0, 7) ? Number(first.slice(8)) : 1 // Bought in the last moment of a month.
    const exact = (price.amountMinor * (daysInMonth - from + 1)) / daysInMonth
    expect(lines).toHaveLength(1)
    const [line] = lines
    expect(line).toMatchObject({
      activationId: body.activationId,
      vin,
      option: "streaming",
      month: today.slice(0, 7),
      timeZone: "Europe/Madrid"
    })
    expect(line.soFar).toMatchObject({ to: today, days: Number(today.slice(8)) - from + 1, daysInMonth })
    expect(line.expected).toMatchObject({ to: `${today.slice(0, 7)}-${daysInMonth}`, days: daysInMonth - from + 1 })
    expect(Math.abs(line.expected.amount.amountMinor - exact)).toBeLessThanOrEqual(0.5)
    expect(Math.abs(line.expected.vatMinor - (line.expected.amount.amountMinor * 21) / 121)).toBeLessThanOrEqual(0.5)
    expect(total).toEqual({
      soFarMinor: line.soFar.amount.amountMinor,
      expectedMinor: line.expected.amount.amountMinor,
      vatMinor: line.expected.vatMinor,
      currency: "EUR"
    })
    const stranger = await house.signedIn("customer", "Customer 2")
    expect((await ask("/preview", stranger)).lines).toEqual([])

    await me.ask("POST", `/activations/${body.activationId}/withdrawal/confirmation`)
    await me.sees(body.activationId, "withdrawn")
    expect((await ask("/preview")).lines).toEqual([]) // Consumed days of what was withdrawn from are not billed.
  })

  test("that is over is billed as it was previewed, and paid; the next one is previewed then", async () => {
    const subscriber = await house.signedIn("customer", "Customer 3")
    const vin = await ownedCar(house, subscriber)
    const { body } = await driver(house, subscriber, vin).buy(streaming)
    await driver(house, subscriber, vin).sees(body.activationId, "active")
    const { at, lines } = await ask("/preview", subscriber)
    const [{ month, expected }] = lines
    const nextMonth = Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 1, 1) // One at night in Madrid, or two.
    await house.runtime.runPromise(PlatformTime.use((time) => time.advance(nextMonth - Date.parse(at))))

    const later = () => house.signedIn("customer", "Customer 3")
    for (const end = performance.now() + 15_000; ; await Bun.sleep(50)) {
      const { bills } = await ask("", await later())
      if (bills[0]?.status === "paid") break
      if (performance.now() > end) throw new Error(`The month stands at ${JSON.stringify(bills)}`)
    }
    const { bills, cursor } = await ask("", await later())
    expect([bills.length, cursor]).toEqual([1, null])
    const { from, to, days, daysInMonth, amount, vatMinor } = expected
    expect(bills[0]).toEqual({
      ...{ activationId: body.activationId, vin, option: "streaming", month, from, to, days, daysInMonth, amount, vatMinor },
      vatPercent: 21,
      status: "paid"
    })
    const charges = house.world.payments
      .ledger()
      .filter(({ kind, reference }) => kind === "charge" && reference.includes(body.activationId.slice(4)))
    expect(charges.map(({ amountMinor }) => amountMinor)).toEqual([amount.amountMinor])
    const [next] = (await ask("/preview", await later())).lines
    expect([next.month > month, next.soFar.days]).toEqual([true, 1])
    expect((await ask("?limit=1", await later())).bills).toHaveLength(1)
  }, 40_000)
})
