/** A customer from the mail with the link to a cancelled, a paid and a forfeited order. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { type HttpHouse, httpHouse, newKey, newSale, ownOrigin, password, person, type Signed } from "./house.ts"

let house: HttpHouse
let seller: Signed
beforeAll(async () => {
  house = await httpHouse()
  seller = await house.signedIn("seller", "Seller 1", "dea_madrid")
})
afterAll(() => house.close())

const sold = async (who: string, more: object = {}) => {
  const { body } = await house.call("intranet", "POST", "/api/dealer/sales", {
    token: seller.token,
    key: newKey(),
    body: newSale(who, more)
  })
  await house.quiet() // The mail with the link has gone out.
  return body.orderId as string
}

describe("a customer", () => {
  test("comes in by the link from the mail, and only then", async () => {
    const orderId = await sold("Customer 1")
    const { email } = person("Customer 1")
    const token = await house.linkFor(email)
    const signIn = () => house.call("public", "POST", "/api/auth/sessions", { body: { email, password } })
    expect((await signIn()).body.type).toBe("/problems/sign-in-failed")
    expect((await house.call("public", "POST", "/api/auth/credentials", { body: { token, password } })).status).toBe(204)
    const session = await signIn()
    expect([session.status, session.body.role]).toEqual([201, "customer"])
    expect((await house.call("intranet", "POST", "/api/auth/sessions", { body: { email, password } })).status).toBe(401)

    const [cookie = "", device] = session.headers.getSetCookie()
    expect(device).toMatch(/^__Host-device=[A-Za-z0-9_-]{64}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=31536000; Secure$/)
    expect(cookie).toMatch(/^__Host-sid=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=43200; Secure$/)
    const browser = { cookie: cookie.split(";")[0]!, origin: ownOrigin }
    const me = await house.call("public", "GET", "/api/me", { headers: browser })
    expect(me.body).toMatchObject({ name: "Customer 1", email, role: "customer", language: "en" })
    const orders = await house.call("public", "GET", "/api/me/orders", { headers: browser })
    expect(orders.body.orders).toMatchObject([{ orderId, state: "reserved.awaitingDeposit", mustAct: "customer" }])

    const out = await house.call("public", "DELETE", "/api/auth/sessions/current", { headers: browser })
    expect([out.status, out.headers.get("set-cookie")]).toEqual([
      204,
      "__Host-sid=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure"
    ])
    expect((await house.call("public", "GET", "/api/me", { headers: browser })).status).toBe(401)
    expect((await house.call("public", "GET", "/api/me", { token: session.body.token })).status).toBe(401)
  })

  test("reads the order in words, in the language of the person", async () => {
    const { email } = person("Customer 2")
    const orderId = await sold("Customer 2", { customer: { ...person("Customer 2"), language: "es" } })
    await house.linkFor(email)
    const customer = await house.signedIn("customer", "Customer 2")
    const { body } = await house.call("public", "GET", `/api/me/orders/${orderId}`, { token: customer.token })
    expect(body).toMatchObject({
      inWords: "A la espera de la señal",
      next: "Pague la señal, o cancele sin coste.",
      due: { kind: "reservation", amount: { amountMinor: 100_000, currency: "EUR" } },
      money: { receivedMinor: 0, returnedMinor: 0, forfeitedMinor: 0, currency: "EUR" },
      vin: null,
      plate: null
    })
    expect(body.timeline).toEqual([{ at: body.soldAt, type: "RegisterSale", inWords: "Pedido registrado en el concesionario" }])
    expect(Date.parse(body.due.before) - Date.parse(body.soldAt)).toBe(7 * 86_400_000)
  })

  test("cancels free of charge before the deposit, once or twice alike", async () => {
    const orderId = await sold("Customer 3")
    const customer = await house.signedIn("customer", "Customer 3")
    const cancel = () => house.call("public", "POST", `/api/me/orders/${orderId}/cancellation`, { token: customer.token })
    expect((await cancel()).body).toEqual({ orderId, state: "cancelled" })
    expect((await cancel()).body).toEqual({ orderId, state: "cancelled" })
    const { body } = await house.call("public", "GET", `/api/me/orders/${orderId}`, { token: customer.token })
    expect(body).toMatchObject({ closed: true, due: null, handoverPin: null })
    const late = await house.call("public", "POST", `/api/me/orders/${orderId}/payments`, {
      token: customer.token,
      key: newKey(),
      body: { kind: "reservation", paymentMethod: "tok_ok" }
    })
    expect([late.status, late.body.reason]).toEqual([409, "OrderClosed"])
    expect(house.world.payments.ledger()).toHaveLength(0)
  })

  test("whose bank declines sees it, and may try again", async () => {
    const orderId = await sold("Customer 4")
    const customer = await house.signedIn("customer", "Customer 4")
    const pay = (paymentMethod: string) =>
      house.call("public", "POST", `/api/me/orders/${orderId}/payments`, {
        token: customer.token,
        key: newKey(),
        body: { kind: "reservation", paymentMethod }
      })
    expect((await pay("tok_declined")).body).toEqual({ orderId, state: "reserved.awaitingDeposit" })
    await house.quiet()
    expect((await pay("tok_ok")).status).toBe(202)
    await house.untilState(orderId, "manufacturing.building")
    const { body } = await house.call("public", "GET", `/api/me/orders/${orderId}`, { token: customer.token })
    expect(body.timeline.map(({ inWords }: any) => inWords)).toEqual(
      expect.arrayContaining(["Payment declined", "Payment received", "Ordered from the factory"])
    )
    expect(body.money.receivedMinor).toBe(100_000)
  })

  test("sees nothing of somebody else's order, not even that it exists", async () => {
    const orderId = await sold("Customer 5")
    const stranger = await house.signedIn("customer", "Customer 6")
    const read = (id: string) => house.call("public", "GET", `/api/me/orders/${id}`, { token: stranger.token })
    const [foreign, missing] = await Promise.all([read(orderId), read("ord_00000000000000000000")])
    expect([foreign.status, foreign.body]).toEqual([404, missing.body])
    expect((await house.call("public", "GET", "/api/me/orders", { token: stranger.token })).body).toEqual({
      orders: [],
      cursor: null
    })
  })
})

describe("signing in", () => {
  test("answers the same for a wrong password and an unknown address", async () => {
    const { email } = await house.signedIn("customer", "Customer 7")
    const tryIt = (body: object) => house.call("public", "POST", "/api/auth/sessions", { body })
    const wrong = await tryIt({ email, password: "not this one either" })
    const unknown = await tryIt({ email: "nobody@example.com", password: "not this one either" })
    expect([wrong.status, wrong.body]).toEqual([401, unknown.body])
  })

  test("is slowed down for an address that tries too often", async () => {
    const tryIt = (n: number) =>
      house.call("public", "POST", "/api/auth/credentials", { body: { token: `${n}`.padEnd(43, "x"), password } })
    const replies = []
    for (let n = 0; n < 25; n++) replies.push(await tryIt(n))
    const last = replies.at(-1)!
    expect([replies[0]!.status, last.status, last.body.type]).toEqual([422, 429, "/problems/too-many"])
    expect(Number(last.headers.get("retry-after"))).toBeWithin(1, 61)
  })
})
