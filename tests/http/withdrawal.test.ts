/** Withdrawing while something of ours is out of order: the moment of the submission is handed back sealed, and counts later. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { SQL } from "bun"
import { Redacted } from "effect"
import { PlatformTime } from "#integrations/postgres/time.ts"
import { ActivationId, type Vin } from "#machines/vocabulary.ts"
import { sessionOf, withdrawalSeal } from "#src/http/customers/withdrawal-receipt.ts"
import { driver, heatedSeats, ownedCar } from "./garage.ts"
import { type HttpHouse, httpHouse, type Signed } from "./house.ts"

let house: HttpHouse
let owner: Signed
let stranger: Signed
beforeAll(async () => {
  house = await httpHouse()
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
