/** Withdrawing while something of ours is out of order: the moment of the submission is handed back sealed, and counts later. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { SQL } from "bun"
import { Redacted } from "effect"
import { PlatformTime } from "#integrations/postgres/time.ts"
import { ActivationId, type Vin } from "#machines/vocabulary.ts"
import { sessionOf, withdrawalSeal } from "#src/http/customers/withdrawal-receipt.ts"
import { driver, heatedSeats, ownedCar } from "./garage.ts"
import { type HttpHouse, httpHouse, points, type Signed } from "./house.ts"

let house: HttpHouse
let owner: Signed
let stranger: Signed
beforeAll(async () => {
  house = await httpHouse({ movable: true })
  owner = await house.signedIn("customer", "Customer 1")
  stranger = await house.signedIn("customer", "Customer 2")
})
afterAll(() => house.close())

const secret = Redacted.make("a secret of thirty-two characters") // The house's own.
const day = 86_400_000
const now = () => house.runtime.runSync(PlatformTime.useSync((time) => time.now()))

/** A service that is active, and how its owner withdraws from it. */
const service = async () => {
  const vin = await ownedCar(house, owner)
  const me = driver(house, owner, vin)
  const { body } = await me.buy({ ...heatedSeats, paymentMethod: "tok_ok" })
  const activationId = ActivationId.make(body.activationId)
  await me.sees(activationId, "active", "captured")
  const path = `/activations/${activationId}/withdrawal`
  const ask = (step: "" | "/confirmation", receipt?: string) =>
    me.ask("POST", `${path}${step}`, receipt === undefined ? {} : { headers: { "withdrawal-receipt": receipt } })
  return { vin, me, activationId, ask }
}
const sealed = (
  vin: Vin,
  activationId: ActivationId,
  more: { submittedAt?: number; token?: string; by?: Redacted.Redacted } = {}
) =>
  withdrawalSeal(more.by ?? secret).seal({
    vin,
    activationId,
    step: "confirmation",
    session: sessionOf(more.token ?? owner.token),
    submittedAt: new Date(more.submittedAt ?? now() - 1000).toISOString()
  })

/** Nobody reaches the database: those who were connected are cut off, and nobody comes in. */
const withoutDatabase = async (during: () => Promise<void>) => {
  const [{ name }] = await house.rows("SELECT current_database() AS name")
  const admin = new SQL(new URL("/postgres", process.env.DATABASE_URL).href, { max: 1 })
  try {
    await admin.unsafe(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS false`)
    await admin.unsafe(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`)
    await during()
  } finally {
    await admin.unsafe(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS true`)
    await admin.close()
  }
}

describe("a withdrawal", () => {
  test("is shown in two figures: what we give, and what the law would require at least", async () => {
    const { ask } = await service()
    const { status, body } = await ask("")
    expect(status).toBe(200)
    expect(body.legalMinimum).toEqual({ amountMinor: body.comesBack.amountMinor, currency: "EUR", rule: "fullRefund" })
    expect(body).toMatchObject({ timeZone: "Europe/Madrid" })
    expect(body.inWords).toContain("(Europe/Madrid)")
  })

  test("that meets a database which does not answer is answered with a receipt, and counts from that moment", async () => {
    const { me, ask, activationId } = await service()
    const before = now()
    let receipt = ""
    let submittedAt = ""
    await withoutDatabase(async () => {
      const answer = await ask("/confirmation")
      expect(answer).toMatchObject({ status: 503, body: { type: "/problems/try-again" } })
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0)
      expect(answer.headers.get("content-type")).toBe("application/problem+json")
      receipt = answer.body.receipt
      submittedAt = /submitted at (\S+)\. /.exec(answer.body.detail)![1]!
      expect(Date.parse(submittedAt)).toBeWithin(before, now() + 1)
      // Asked again while it is still gone, the receipt stays what it was.
      expect((await ask("/confirmation", receipt)).body.receipt).toBe(receipt)
    })
    for (const end = performance.now() + 20_000; (await me.service(activationId)).status !== 200; await Bun.sleep(50))
      expect(performance.now()).toBeLessThan(end)
    const later = await ask("/confirmation", receipt)
    expect(later).toMatchObject({ status: 200, body: { submittedAt, state: "withdrawn" } })
    expect(later.body.inWords).toContain("(Europe/Madrid)")
    // Twice is once, and the first moment stays.
    expect((await ask("/confirmation")).body).toMatchObject({ submittedAt })
    expect(await me.sees(activationId, "withdrawn", "refunded")).toMatchObject({ withdrawnAt: submittedAt })
    expect(
      house.world.payments.ledger().filter(({ kind, reference }) => kind === "refund" && reference.includes(activationId.slice(4)))
    ).toHaveLength(1)
  }, 60_000)

  test("whose session had ended meanwhile is no dead end: sign in again, and send the receipt", async () => {
    const { vin, activationId, ask } = await service()
    const earlier = await house.signedIn("customer", "Customer 1")
    await house.call("public", "DELETE", "/api/auth/sessions/current", { token: earlier.token })
    const path = `/api/me/vehicles/${vin}/activations/${activationId}/withdrawal/confirmation`
    const turnedAway = await house.call("public", "POST", path, { token: earlier.token })
    expect(turnedAway).toMatchObject({ status: 401, body: { type: "/problems/signed-out" } })
    const { status, body } = await ask("/confirmation", turnedAway.body.receipt)
    expect([status, body.state]).toEqual([200, "withdrawn"])
    expect(turnedAway.body.detail).toContain(body.submittedAt)
  })

  test("believes a receipt only of this very customer and service, unforged, and for seven days", async () => {
    const { vin, activationId, ask } = await service()
    const another = await service()
    const [body, mac] = sealed(vin, activationId).split(".") as [string, string]
    const changed = JSON.parse(Buffer.from(body, "base64url").toString())
    const forged = Buffer.from(JSON.stringify({ ...changed, submittedAt: "2026-01-01T00:00:00.000Z" })).toString("base64url")
    for (const receipt of [
      "nonsense",
      ".",
      `${forged}.${mac}`,
      `${body}.${mac}.${mac}`,
      `${body}.`,
      sealed(vin, activationId, { by: Redacted.make("another secret of thirty-two char") }),
      sealed(another.vin, another.activationId),
      sealed(vin, activationId, { token: stranger.token }),
      sealed(vin, activationId, { token: "a-token-that-nobody-ever-had-at-all" })
    ])
      for (const step of ["", "/confirmation"] as const)
        expect([receipt, (await ask(step, receipt)).body]).toEqual([
          receipt,
          expect.objectContaining({ status: 422, reason: "ReceiptNotBelieved" })
        ])
    for (const submittedAt of [now() - 7 * day - 60_000, now() + day])
      expect((await ask("/confirmation", sealed(vin, activationId, { submittedAt }))).body).toMatchObject({
        status: 422,
        reason: "ReceiptTooOld"
      })
    const submittedAt = now() - 7 * day + 60_000
    expect((await ask("/confirmation", sealed(vin, activationId, { submittedAt }))).body).toMatchObject({
      state: "withdrawn",
      submittedAt: new Date(submittedAt).toISOString()
    })
  })

  test("of what never became active costs nothing and brings nothing back: what was held is released", async () => {
    const service = await bought("madrid", "pending")
    const { body } = await service.as("")
    expect(body).toMatchObject({ comesBack: { amountMinor: 0 }, legalMinimum: { amountMinor: 0, rule: "nothingPaid" } })
    expect((await service.as("/confirmation")).body.state).toBe("withdrawn")
    await driver(house, await customerOf("madrid"), service.vin).sees(service.activationId, "withdrawn", "voided")
    const books = house.world.payments.ledger().filter(({ reference }) => reference.includes(service.activationId.slice(4)))
    expect(books.map(({ kind }) => kind)).not.toContain("capture")
    expect(refundsOf(service)).toHaveLength(0)
  })

  test("asked for without end is asked to wait, with a receipt, so that nobody is late for it", async () => {
    const { ask } = await service()
    for (let n = 0; n < points(60); n++) expect((await ask("")).status).toBe(200)
    const before = now()
    const no = await ask("/confirmation")
    expect(no).toMatchObject({ status: 429, body: { type: "/problems/too-many", receipt: expect.any(String) } })
    expect(Number(no.headers.get("retry-after"))).toBeWithin(1, 61)
    expect(Date.parse(/submitted at (\S+)\. /.exec(no.body.detail)![1]!)).toBeGreaterThanOrEqual(before)
  })

  test("by a stranger with the owner's receipt is still nobody's", async () => {
    const { vin, activationId } = await service()
    const path = `/api/me/vehicles/${vin}/activations/${activationId}/withdrawal/confirmation`
    const headers = { "withdrawal-receipt": sealed(vin, activationId) }
    expect(await house.call("public", "POST", path, { token: stranger.token, headers })).toMatchObject({ status: 404 })
    const signedOut = await house.call("public", "POST", path)
    expect(signedOut).toMatchObject({ status: 401 })
    expect(signedOut.body).not.toHaveProperty("receipt") // Nobody to give it to.
  })
})

/** Three customers of the same moment, and the same calendar on three walls. */
const homes = {
  madrid: { who: "Customer 1", country: "ES", zone: "Europe/Madrid", city: "Madrid", postalCode: "28013" },
  canarias: { who: "Customer 3", country: "ES", zone: "Atlantic/Canary", city: "Las Palmas", postalCode: "35001" },
  lisboa: { who: "Customer 4", country: "PT", zone: "Europe/Lisbon", city: "Lisboa", postalCode: "1100-148" }
} as const
type Home = keyof typeof homes

/** Signed in anew: a session does not last for fourteen days. */
const customerOf = (home: Home) => {
  const { who, country, city, postalCode } = homes[home]
  return house.signedIn("customer", who, null, { street: "Calle Mayor 1", city, postalCode, country })
}
const bought = async (home: Home, until: "active" | "pending" = "active") => {
  const customer = await customerOf(home)
  const vin = await ownedCar(house, customer, { country: homes[home].country })
  if (until === "pending") house.world.fleet.car(vin).reach(false, false)
  const { body } = await driver(house, customer, vin).buy({ ...heatedSeats, paymentMethod: "tok_ok" })
  const activationId = ActivationId.make(body.activationId)
  await driver(house, customer, vin).sees(activationId, until)
  const as = async (step: "" | "/confirmation", receipt?: string) =>
    driver(house, await customerOf(home), vin).ask(
      "POST",
      `/activations/${activationId}/withdrawal${step}`,
      receipt === undefined ? {} : { headers: { "withdrawal-receipt": receipt } }
    )
  return { home, vin, activationId, as }
}
const advance = (millis: number) => house.runtime.runPromise(PlatformTime.use((time) => time.advance(Math.round(millis))))
const minute = 60_000
const clockIn = (zone: string) => new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" })
const refundsOf = ({ activationId }: { activationId: ActivationId }) =>
  house.world.payments.ledger().filter(({ kind, reference }) => kind === "refund" && reference.includes(activationId.slice(4)))

describe("the last day", () => {
  test("is the customer's own: what is a minute too late in Madrid is in time in Canarias and in Lisboa", async () => {
    const [inTime, tooLate, outage, canarias, lisboa] = [
      await bought("madrid"),
      await bought("madrid"),
      await bought("madrid"),
      await bought("canarias"),
      await bought("lisboa")
    ] as const
    const ends = new Map<Home, number>()
    for (const one of [inTime, canarias, lisboa]) {
      const { body } = await one.as("")
      ends.set(one.home, Date.parse(body.before))
      // The end is a midnight on the wall there, and the day before it is the last one.
      const { zone } = homes[one.home]
      expect(clockIn(zone).format(Date.parse(body.before))).toEndWith(" 00:00:00")
      expect(clockIn(zone).format(Date.parse(body.before) - 1)).toStartWith(body.lastDay)
      expect([body.timeZone, [0, 6].includes(new Date(`${body.lastDay}T12:00:00Z`).getUTCDay())]).toEqual([zone, false])
    }
    expect(ends.get("canarias")! - ends.get("madrid")!).toBe(60 * minute)

    await advance(ends.get("madrid")! - now() - minute)
    expect((await inTime.as("/confirmation")).body).toMatchObject({ state: "withdrawn", timeZone: "Europe/Madrid" })
    let receipt = ""
    const session = await customerOf("madrid")
    const confirm = (more: object = {}) =>
      house.call("public", "POST", `/api/me/vehicles/${outage.vin}/activations/${outage.activationId}/withdrawal/confirmation`, {
        token: session.token,
        ...more
      })
    await withoutDatabase(async () => {
      receipt = (await confirm()).body.receipt
    })
    await untilItAnswers(session)

    await advance(ends.get("madrid")! - now() + minute)
    const refused = await tooLate.as("/confirmation")
    expect(refused).toMatchObject({ status: 409, body: { reason: "WithdrawalPeriodExpired" } })
    expect(refused.body.detail).toContain("(Europe/Madrid)")
    expect((await tooLate.as("")).body).toMatchObject({ status: 409, reason: "WithdrawalPeriodExpired" })
    expect((await outage.as("/confirmation")).body).toMatchObject({ status: 409, reason: "WithdrawalPeriodExpired" })
    // On the next day, with the receipt of the day before (F72).
    const accepted = await outage.as("/confirmation", receipt)
    expect(accepted.body).toMatchObject({ state: "withdrawn" })
    expect(Date.parse(accepted.body.submittedAt)).toBeLessThan(ends.get("madrid")!)
    expect((await canarias.as("/confirmation")).body).toMatchObject({ state: "withdrawn", timeZone: "Atlantic/Canary" })
    if (now() < ends.get("lisboa")!) expect((await lisboa.as("/confirmation")).body).toMatchObject({ state: "withdrawn" })

    const kept = await house.rows("SELECT activation_id, step FROM refused_withdrawals ORDER BY submitted_at")
    expect(kept).toEqual([
      { activation_id: tooLate.activationId, step: "confirmation" },
      { activation_id: outage.activationId, step: "confirmation" }
    ])
    for (const one of [inTime, outage, canarias]) {
      for (const end = performance.now() + 10_000; refundsOf(one).length === 0; await Bun.sleep(20))
        expect(performance.now()).toBeLessThan(end)
      expect(refundsOf(one)).toHaveLength(1)
    }
    expect(refundsOf(tooLate)).toHaveLength(0)
  }, 90_000)
})

const untilItAnswers = async ({ token }: Signed) => {
  for (const end = performance.now() + 20_000; ; await Bun.sleep(50)) {
    if ((await house.call("public", "GET", "/api/me", { token })).status === 200) return
    expect(performance.now()).toBeLessThan(end)
  }
}
