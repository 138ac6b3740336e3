/** A dealer's day at the intranet: selling, papers, handover, stock, customers. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { Vehicle } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { FactoryReportedReady, TransportArrivedAtDealership, TransportDeparted } from "#machines/order.ts"
import { VehicleBuilt } from "#machines/vehicle.ts"
import { DealershipId, OrderId, Vin } from "#machines/vocabulary.ts"
import { type HttpHouse, httpHouse, newKey, newSale, password, person, points, type Signed } from "./house.ts"

let house: HttpHouse
let seller: Signed
let neighbour: Signed
beforeAll(async () => {
  house = await httpHouse()
  seller = await house.signedIn("seller", "Seller 1", "dea_madrid")
  neighbour = await house.signedIn("seller", "Seller 2", "dea_berlin")
})
afterAll(() => house.close())

const sell = (body: unknown, key = newKey(), token = seller.token) =>
  house.call("intranet", "POST", "/api/dealer/sales", { token, key, body })
const pdf = (words: string) => new TextEncoder().encode(`%PDF-1.7\n${words}`)
const handIn = (orderId: string, bytes: Uint8Array<ArrayBuffer>, token = seller.token, type = "application/pdf") =>
  house.call("intranet", "POST", `/api/dealer/sales/${orderId}/documents?kind=identityDocument`, {
    token,
    raw: bytes,
    headers: { "content-type": type }
  })
const signInAs = async (email: string) => {
  await house.call("public", "POST", "/api/auth/credentials", { body: { token: await house.linkFor(email), password } })
  const { body } = await house.call("public", "POST", "/api/auth/sessions", { body: { email, password } })
  return body.token as string
}

describe("a sale", () => {
  test("takes price and terms from the catalogue, and the customer is told by mail", async () => {
    const { status, body } = await sell(newSale("Customer 1"))
    expect([status, Object.keys(body)]).toEqual([201, ["orderId", "customerId"]])
    const sale = await house.call("intranet", "GET", `/api/dealer/sales/${body.orderId}`, { token: seller.token })
    expect(sale.status).toBe(200)
    expect(sale.body).toMatchObject({
      model: "Modelo Uno",
      state: "reserved.awaitingDeposit",
      mustAct: "customer",
      price: { amountMinor: 3_190_000, currency: "EUR" },
      deposit: { amountMinor: 100_000, currency: "EUR" },
      plan: { code: "base", edition: 2, depositKind: "confirmatory" },
      customer: { name: "Customer 1", email: "customer.1@example.com" },
      sellerId: seller.subjectId,
      country: "ES"
    })
    expect(sale.body.consents).toEqual([
      { text: "terms-of-sale", edition: 1, at: expect.stringMatching(/^\d{4}-.*Z$/), language: expect.stringMatching(/^e[ns]$/) }
    ])
    expect(JSON.stringify(sale.body)).not.toContain("andoverPin") // The customer alone is told.
    expect(await house.linkFor("customer.1@example.com")).toHaveLength(43)
  })

  test("asked twice with one key is one sale, also at the same moment", async () => {
    const key = newKey()
    const replies = await Promise.all(Array.from({ length: 5 }, () => sell(newSale("Customer 2"), key)))
    const later = await sell(newSale("Customer 2"), key)
    for (const { status, body } of replies) expect([status, body]).toEqual([201, later.body])
    expect(await house.rows(`SELECT 1 FROM actors WHERE path = 'order/${later.body.orderId}' AND version = 1`)).toHaveLength(1)
    expect(
      await house.rows(`SELECT 1 FROM journal WHERE type = 'RegisterSale' AND path = 'order/${later.body.orderId}'`)
    ).toHaveLength(1)
  })

  test("another seller's equal key is another sale", async () => {
    const key = newKey()
    const one = await sell(newSale("Customer 3"), key)
    const other = await sell(newSale("Customer 4"), key, neighbour.token)
    expect(other.body.orderId).not.toBe(one.body.orderId)
    const german = await house.call("intranet", "GET", `/api/dealer/sales/${other.body.orderId}`, { token: neighbour.token })
    expect(german.body).toMatchObject({ country: "DE", price: { amountMinor: 3_140_000 } })
  })

  test("made again within ten minutes needs a confirmation", async () => {
    const { body: first } = await sell(newSale("Customer 5"))
    const again = await sell(newSale("Customer 5"))
    expect([again.status, again.body.reason]).toEqual([409, "DuplicateSale"])
    expect(again.body.detail).toContain(first.orderId)
    expect((await sell(newSale("Customer 5", { plan: "plus" }))).status).toBe(201) // Another plan is another sale.
    const confirmed = await sell(newSale("Customer 5", { confirmDuplicate: true }))
    expect(confirmed.status).toBe(201)
    expect(confirmed.body.customerId).toBe(first.customerId)
  })

  test("is in the list of its own dealership alone", async () => {
    const mine = await house.call("intranet", "GET", "/api/dealer/sales?limit=1", { token: seller.token })
    expect(mine.body.sales).toHaveLength(1)
    const seen = new Set<string>()
    for (let cursor = mine.body.cursor, page = mine; ; ) {
      for (const { orderId } of page.body.sales) seen.add(orderId)
      if (cursor === null) break
      page = await house.call("intranet", "GET", `/api/dealer/sales?limit=2&cursor=${cursor}`, { token: seller.token })
      cursor = page.body.cursor
    }
    const inTable = await house.rows("SELECT path FROM actors WHERE type = 'order' AND dealership_id = 'dea_madrid'")
    expect([...seen].sort()).toEqual(inTable.map(({ path }) => path.slice(6)).sort())
  })
})

describe("a customer whom another dealership had before", () => {
  const known = { ...person("Customer 31"), phone: "+34600000001" }
  const asTypedHere = { ...person("Customer 31 M."), address: null, nationalId: null }
  const saleOf = async (orderId: string, token: string) =>
    (await house.call("intranet", "GET", `/api/dealer/sales/${orderId}`, { token })).body.customer
  const inList = async (token: string) => {
    const { body } = await house.call("intranet", "GET", "/api/dealer/customers?limit=100", { token })
    return body.customers.find(({ email }: any) => email === known.email)
  }

  test("is shown by name and the address they were found by; what was typed there stays there", async () => {
    const colleague = await house.signedIn("seller", "Seller 4", "dea_madrid")
    const first = (await sell(newSale("Customer 31", { customer: known }))).body
    const here = { ...asTypedHere, email: known.email }
    const second = (await sell(newSale("Customer 31", { customer: here }), newKey(), neighbour.token)).body
    expect(second.customerId).toBe(first.customerId)
    for (const { token } of [seller, colleague]) {
      expect(await saleOf(first.orderId, token)).toEqual(known)
      expect(await inList(token)).toMatchObject({ name: known.name, phone: known.phone })
    }
    expect(await saleOf(second.orderId, neighbour.token)).toEqual({ ...known, phone: null, nationalId: null, address: null })
    expect(await inList(neighbour.token)).toMatchObject({ name: known.name, phone: null })
    expect((await sell(newSale("Customer 31", { customer: here }), newKey(), colleague.token)).status).toBe(201)
    expect(await saleOf(first.orderId, colleague.token)).toEqual(known) // A colleague of who typed it, whoever sold last.
  })
})

describe("another dealership's order", () => {
  test("answers like one that never was, on every route", async () => {
    const { body } = await sell(newSale("Customer 6"))
    const routes = (orderId: string) => [
      house.call("intranet", "GET", `/api/dealer/sales/${orderId}`, { token: neighbour.token }),
      handIn(orderId, pdf("not yours"), neighbour.token),
      house.call("intranet", "POST", `/api/dealer/sales/${orderId}/handover`, {
        token: neighbour.token,
        body: { outcome: "pickedUp", pin: "000000" }
      })
    ]
    const foreign = await Promise.all(routes(body.orderId))
    const missing = await Promise.all(routes("ord_00000000000000000000"))
    expect(foreign.map(({ status }) => status)).toEqual([404, 404, 404])
    expect(foreign.map(({ body }) => body)).toEqual(missing.map(({ body }) => body))
    expect(await house.rows("SELECT 1 FROM documents")).toHaveLength(0)
  })
})

describe("papers", () => {
  test("are kept once by their bytes, and only where they are papers", async () => {
    const { body: sale } = await sell(newSale("Customer 7"))
    const once = await handIn(sale.orderId, pdf("identity"))
    const twice = await handIn(sale.orderId, pdf("identity"))
    expect([once.status, twice.body]).toEqual([201, once.body])
    expect(await house.rows(`SELECT 1 FROM documents WHERE order_id = '${sale.orderId}'`)).toHaveLength(1)
    const html = await handIn(sale.orderId, new TextEncoder().encode("<html>"))
    expect([html.status, html.body.reason]).toEqual([422, "DocumentRefused"])
    expect((await handIn(sale.orderId, pdf("x"), seller.token, "text/html")).status).toBe(415)
    expect((await handIn(sale.orderId, pdf("x"), seller.token, "application/x-www-form-urlencoded")).status).toBe(415)
    const huge = new Uint8Array(10 * 1024 * 1024 + 1)
    huge.set(pdf("huge"))
    expect((await handIn(sale.orderId, huge)).status).toBe(413)
    expect(await house.rows(`SELECT 1 FROM documents WHERE order_id = '${sale.orderId}'`)).toHaveLength(1)
  })
})

describe("a handover", () => {
  test("needs the plate first, then the PIN that the customer alone knows", async () => {
    const { body: sale } = await sell(newSale("Customer 8"))
    const { orderId } = sale
    const token = await signInAs("customer.8@example.com")
    const mine = async () => (await house.call("public", "GET", `/api/me/orders/${orderId}`, { token })).body
    const pay = (kind: string) =>
      house.call("public", "POST", `/api/me/orders/${orderId}/payments`, {
        token,
        key: newKey(),
        body: { kind, paymentMethod: "tok_ok" }
      })
    const { handoverPin: pin } = await mine()
    expect(pin).toMatch(/^\d{6}$/)
    const hand = (body: unknown, of = orderId) =>
      house.call("intranet", "POST", `/api/dealer/sales/${of}/handover`, { token: seller.token, body })

    const { body: early } = await sell(newSale("Customer 9"))
    expect((await hand({ outcome: "pickedUp", pin }, early.orderId)).body.reason).toBe("NotRegisteredYet")
    expect((await pay("reservation")).status).toBe(202)
    await house.untilState(orderId, "manufacturing.building")
    const [{ factory }] = (await house.rows(
      `SELECT state -> 'context' -> 'factory' AS factory FROM actors WHERE path = 'order/${orderId}'`
    )) as [any]
    await house.hear(orderId, FactoryReportedReady.make({ factoryOrderId: factory.orderId, vin: Vin.make("VSSZZZ6K000000008") }))
    expect((await mine()).due).toMatchObject({ kind: "final", amount: { amountMinor: 3_090_000 } })
    for (const kind of ["identityDocument", "roadTaxReceipt", "registrationTaxForm", "certificateOfConformity"])
      await house.call("intranet", "POST", `/api/dealer/sales/${orderId}/documents?kind=${kind}`, {
        token: seller.token,
        raw: pdf(kind),
        headers: { "content-type": "application/pdf" }
      })
    expect((await pay("final")).status).toBe(202)
    await house.untilState(orderId, "registered.inTransit")
    await house.quiet()
    const [{ id }] = (await house.rows(
      `SELECT state -> 'context' -> 'transport' ->> 'id' AS id FROM actors WHERE path = 'order/${orderId}'`
    )) as [any]
    await house.hear(orderId, TransportDeparted.make({ transportId: id }))
    await house.hear(orderId, TransportArrivedAtDealership.make({ transportId: id }))

    const wrong = pin === "111111" ? "222222" : "111111"
    expect((await hand({ outcome: "pickedUp", pin: wrong })).body.reason).toBe("WrongPin")
    expect((await hand({ outcome: "pickedUp" })).status).toBe(422)
    expect((await hand({ outcome: "customerAbsent", pin })).status).toBe(422)
    expect((await hand({ outcome: "pickedUp", pin })).body).toEqual({ orderId, state: "delivered" })
    const delivered = await mine()
    expect(delivered).toMatchObject({ state: "delivered", handoverPin: null, money: { receivedMinor: 3_190_000 } })
    expect(delivered.timeline.map(({ type }: any) => type)).toContain("ConfirmHandover")

    for (let n = 2; n < points(5); n++) await hand({ outcome: "pickedUp", pin: wrong })
    const tired = await hand({ outcome: "pickedUp", pin: wrong }) // A million PINs are not tried out.
    expect(tired.status).toBe(429)
    expect(Number(tired.headers.get("retry-after"))).toBeGreaterThan(0)
  })
})

describe("a car from stock", () => {
  const vin = Vin.make("VSSZZZ6K000000099")
  const assign = (body: unknown, token = seller.token, key = newKey(), of: string = vin) =>
    house.call("intranet", "POST", `/api/dealer/stock/${of}/assignment`, { token, key, body })
  const stockSale = (who: string) => {
    const { model: _, ...sale } = newSale(who)
    return sale
  }

  test("is sold to one of two who try at once", async () => {
    await house.runtime.runPromise(
      ActorSystem.use((actors) =>
        actors.tell(
          Vehicle.at(vin),
          VehicleBuilt.make({
            vin,
            orderId: OrderId.make("ord_gone"),
            model: "Modelo Dos",
            country: "ES",
            dealershipId: DealershipId.make("dea_madrid"),
            assigned: false
          }),
          { id: "test/built" }
        )
      ).pipe(Effect.asVoid)
    )
    const stock = await house.call("intranet", "GET", "/api/dealer/stock", { token: seller.token })
    expect(stock.body.vehicles).toMatchObject([
      { vin, model: "Modelo Dos", custody: "atFactory", ageDays: 0, lineage: [{ orderId: "ord_gone" }] }
    ])
    expect((await house.call("intranet", "GET", "/api/dealer/stock", { token: neighbour.token })).body.vehicles).toEqual([])
    expect((await assign(stockSale("Customer 10"), neighbour.token)).status).toBe(404)

    const asks = ["Customer 11", "Customer 12"].map((who) => ({ who, key: newKey() }))
    const ask = ({ who, key }: (typeof asks)[number]) => assign(stockSale(who), seller.token, key)
    const replies = await Promise.all(asks.map(ask))
    const winner = replies.findIndex(({ status }) => status === 201)
    const [won, lost] = [replies[winner]!, replies[1 - winner]!]
    expect([won.status, lost.status, lost.body.reason]).toEqual([201, 409, "AlreadyAssigned"])
    await house.untilState(won.body.orderId, "reserved.awaitingDeposit")
    const sale = await house.call("intranet", "GET", `/api/dealer/sales/${won.body.orderId}`, { token: seller.token })
    expect(sale.body).toMatchObject({ vin, model: "Modelo Dos", price: { amountMinor: 4_490_000 } })
    expect((await ask(asks[winner]!)).body).toEqual(won.body) // Asked twice is asked once.
    const other = await ask({ who: "Customer 13", key: asks[winner]!.key })
    expect([other.status, other.body.reason]).toEqual([422, "IdempotencyKeyReused"])
    expect((await house.call("intranet", "GET", "/api/dealer/stock", { token: seller.token })).body.vehicles).toEqual([])
  })

  test("is not there where the VIN is wrong", async () => {
    expect((await assign(stockSale("Customer 13"), seller.token, newKey(), "VSSZZZ6K000000098")).status).toBe(404)
    expect((await assign(stockSale("Customer 13"), seller.token, newKey(), "IOQ")).status).toBe(422)
    expect(await house.rows("SELECT 1 FROM persons WHERE created_by = 'nobody'")).toHaveLength(0)
  })
})

describe("a dealership's customers", () => {
  test("get a new link by mail, which staff never see; strangers are not there", async () => {
    const { body: sale } = await sell(newSale("Customer 20"))
    const first = await house.linkFor("customer.20@example.com")
    const { body: list } = await house.call("intranet", "GET", "/api/dealer/customers?limit=100", { token: seller.token })
    expect(list.customers).toContainEqual({
      customerId: sale.customerId,
      name: "Customer 20",
      email: person("Customer 20").email,
      phone: null,
      orders: 1
    })
    const send = (token: string) =>
      house.call("intranet", "POST", `/api/dealer/customers/${sale.customerId}/credentials`, { token })
    expect((await send(neighbour.token)).status).toBe(404)
    const sent = await send(seller.token)
    expect([sent.status, sent.body]).toEqual([202, { sent: true }])
    const second = await house.linkFor("customer.20@example.com")
    expect(second).not.toBe(first)
    const old = await house.call("public", "POST", "/api/auth/credentials", { body: { token: first, password } })
    expect([old.status, old.body.reason]).toEqual([422, "LinkInvalid"])
    expect((await house.call("public", "POST", "/api/auth/credentials", { body: { token: second, password } })).status).toBe(204)
  })

  test("can only be mailed a few times an hour", async () => {
    const { body: sale } = await sell(newSale("Customer 21"))
    const send = () =>
      house.call("intranet", "POST", `/api/dealer/customers/${sale.customerId}/credentials`, { token: seller.token })
    for (let n = 0; n < points(5); n++) expect((await send()).status).toBe(202)
    expect((await send()).status).toBe(429)
  })
})
