/** Every act of a person is written down before it takes place; what employees see of customers, customers may read. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { reachOf } from "#src/http/policy.ts"
import { type HttpHouse, httpHouse, newKey, newSale, type Signed } from "./house.ts"

let house: HttpHouse
let seller: Signed
let customer: Signed
let operator: Signed
let orderId: string
let saleRequest: string
beforeAll(async () => {
  house = await httpHouse()
  seller = await house.signedIn("seller", "Seller 1", "dea_madrid")
  customer = await house.signedIn("customer", "Customer 1")
  operator = await house.signedIn("operator", "Operator 1")
  const sale = await house.call("intranet", "POST", "/api/dealer/sales", {
    token: seller.token,
    key: newKey(),
    body: newSale("Customer 1")
  })
  orderId = sale.body.orderId
  saleRequest = sale.headers.get("x-request-id")!
  await house.quiet()
})
afterAll(() => house.close())

const acts = (where: string) =>
  house.rows(`SELECT * FROM audit LEFT JOIN audit_outcomes o USING (request_id) WHERE ${where} ORDER BY audit.position`)
const until = async <A>(look: () => Promise<ReadonlyArray<A>>) => {
  for (const end = performance.now() + 5_000; ; await Bun.sleep(50)) {
    const rows = await look()
    if (rows.length > 0) return rows
    if (performance.now() > end) throw new Error("It never came")
  }
}
const outcomeOf = async (requestId: string) =>
  (await until(() => house.rows(`SELECT status FROM audit_outcomes WHERE request_id = '${requestId}'`)))[0].status

describe("an act", () => {
  test("has a row with who, for whom, what and how it ended, under the id that its caller got", async () => {
    expect(saleRequest).toMatch(/^req_[0-9a-f-]{36}$/)
    expect(await outcomeOf(saleRequest)).toBe(201)
    expect(await acts(`request_id = '${saleRequest}'`)).toMatchObject([
      {
        subject_id: seller.subjectId,
        role: "seller",
        dealership_id: "dea_madrid",
        method: "POST",
        route: "/api/dealer/sales",
        objects: [],
        reason: null,
        status: 201
      }
    ])
  })

  test("is one story with what came of it: its id is the correlation in every journal", async () => {
    const key = newKey()
    const paid = await house.call("public", "POST", `/api/me/orders/${orderId}/payments`, {
      token: customer.token,
      key,
      body: { kind: "reservation", paymentMethod: "tok_ok" }
    })
    expect(paid.status).toBe(202)
    await house.quiet()
    const requestId = paid.headers.get("x-request-id")!
    const heard = await house.rows(`SELECT type, correlation FROM journal WHERE path = 'order/${orderId}' ORDER BY version`)
    expect(heard[0]).toEqual({ type: "RegisterSale", correlation: saleRequest })
    const ofPayment = heard.filter(({ correlation }) => correlation === requestId).map(({ type }) => type)
    expect(ofPayment).toEqual(expect.arrayContaining(["PayReservation", "PaymentSucceeded"]))
    expect(await acts(`request_id = '${requestId}'`)).toMatchObject([
      { role: "customer", route: "/api/me/orders/:orderId/payments", objects: [orderId] }
    ])
  })

  test("that is forbidden, refused, malformed or a stranger's is written down all the same, with what came of it", async () => {
    const forbidden = await house.call("intranet", "POST", "/api/dealer/sales", { token: operator.token, key: newKey(), body: {} })
    const stranger = await house.signedIn("customer", "Customer 2")
    const foreign = await house.call("public", "POST", `/api/me/orders/${orderId}/payments`, {
      token: stranger.token,
      key: newKey(),
      body: { kind: "reservation", paymentMethod: "tok_ok" }
    })
    for (const [reply, status] of [
      [forbidden, 403],
      [foreign, 404]
    ] as const) {
      expect(reply.status).toBe(status)
      expect(await outcomeOf(reply.headers.get("x-request-id")!)).toBe(status)
    }
    const [row] = await acts(`request_id = '${foreign.headers.get("x-request-id")}'`)
    expect(row).toMatchObject({ subject_id: stranger.subjectId, objects: [orderId], reason: null })
  })

  test("of an employee keeps no reason that names somebody: the record is for ever, and an erasure would not reach it", async () => {
    const before = await house.rows("SELECT 1 FROM operator_acts")
    for (const path of ["/api/operator/outbox/cmd_x/retry", "/api/operator/customers/sub_x/erasure"])
      for (const reason of ["asked by ana@example.com", "call her, +34 600 111 222"]) {
        const answer = await house.call("intranet", "POST", path, {
          token: operator.token,
          body: { reason, ...(path.endsWith("erasure") ? { hash: "0".repeat(64) } : {}) }
        })
        expect([path, reason, answer.status]).toEqual([path, reason, 422])
      }
    expect(await acts("reason LIKE '%ana@%' OR reason LIKE '%600%'")).toEqual([])
    expect(await house.rows("SELECT 1 FROM operator_acts")).toEqual(before as any)
  })

  test("of an employee keeps the reason, and of an address nothing but ids of ours", async () => {
    const reply = await house.call("intranet", "POST", "/api/operator/quarantine/order%2Ford_0/release", {
      token: operator.token,
      body: { reason: "looked at it" }
    })
    const other = await house.call("intranet", "POST", "/api/operator/outbox/jane@example.com/retry", {
      token: operator.token,
      body: { reason: "looked at it" }
    })
    expect([reply.status, other.status]).toEqual([409, 404])
    const rows = await acts(`subject_id = '${operator.subjectId}' AND reason = 'looked at it'`)
    expect(rows.map(({ objects }) => objects)).toEqual([["order/ord_0", "ord_0"], []])
  })

  test.each(["public", "intranet"] as const)(
    "by any route of the %s side has its row and its outcome",
    async (door) => {
      const roles =
        door === "public"
          ? (["customer"] as const)
          : (["seller", "support", "finance", "operator", "auditor", "administrator"] as const)
      const people = new Map<string, Signed>()
      const routes = house.apps[door].routes as ReadonlyArray<{ readonly method: string; readonly path: string }>
      let asked = 0
      for (const route of routes.toSorted(
        (one, other) => Number(one.path.startsWith("/api/auth")) - Number(other.path.startsWith("/api/auth"))
      )) {
        const { method, path } = route
        const role = roles.find((one) => reachOf(door, route, one) !== "nothing")
        if (role === undefined || (method === "GET" && !/^\/api\/(admin|auditor)\//.test(path))) continue
        const name = path.startsWith("/api/auth") ? `${role} ${method} ${path.replace(/\W+/g, "-")}` : role
        const who = people.get(name) ?? (await house.signedIn(role, name, role === "seller" ? "dea_madrid" : null))
        people.set(name, who)
        const reply = await house.call(door, method, path.replace(/:\w+|\*/g, "x1"), {
          token: who.token,
          key: newKey(),
          ...(method === "GET" || method === "DELETE" ? {} : { body: {} })
        })
        const requestId = reply.headers.get("x-request-id")!
        expect([method, path, (await acts(`request_id = '${requestId}'`))[0]]).toMatchObject([
          method,
          path,
          { route: path, subject_id: who.subjectId }
        ])
        expect([method, path, await outcomeOf(requestId)]).toEqual([method, path, reply.status])
        asked++
      }
      expect(asked).toBeGreaterThan(20)
    },
    60_000
  )

  test("is its own caller's, however many act at once", async () => {
    const others = await Promise.all([3, 4, 5].map((n) => house.signedIn("customer", `Customer ${n}`)))
    const acted = await Promise.all(
      Array.from({ length: 150 }, async (_, n) => {
        const { token, subjectId } = others[n % 3]!
        const path = n % 2 === 0 ? `/api/me/orders/ord_${n}/cancellation` : `/api/me/push-subscriptions/push_${n}`
        const reply = await house.call("public", n % 2 === 0 ? "POST" : "DELETE", path, {
          token,
          ...(n % 2 === 0 ? { body: {} } : {})
        })
        return [reply.headers.get("x-request-id"), subjectId, [n % 2 === 0 ? `ord_${n}` : `push_${n}`], reply.status] as const
      })
    )
    for (const [requestId, subjectId, objects, status] of acted) {
      expect(await outcomeOf(requestId!)).toBe(status)
      expect(await acts(`request_id = '${requestId}'`)).toMatchObject([{ subject_id: subjectId, objects }])
    }
    expect(new Set(acted.map(([requestId]) => requestId)).size).toBe(150)
  })

  test("is there before it takes place: nothing is done where it cannot be written down", async () => {
    const before = await house.everything()
    await house.rows("ALTER TABLE audit RENAME TO audit_away")
    const reply = await house.call("intranet", "POST", "/api/dealer/sales", {
      token: seller.token,
      key: newKey(),
      body: newSale("Customer 9")
    })
    await house.rows("ALTER TABLE audit_away RENAME TO audit")
    expect(reply.status).toBe(500)
    expect(await house.everything()).toEqual(before)
  })

  test("is none where somebody only reads, or is nobody", async () => {
    const [{ n }] = await house.rows("SELECT count(*)::int AS n FROM audit")
    const read = await house.call("public", "GET", `/api/me/orders/${orderId}`, { token: customer.token })
    const nobody = await house.call("public", "POST", `/api/me/orders/${orderId}/payments`, { key: newKey(), body: {} })
    expect([read.status, nobody.status]).toEqual([200, 401])
    expect(read.headers.get("x-request-id")).not.toBe(nobody.headers.get("x-request-id"))
    expect(await house.rows("SELECT count(*)::int AS n FROM audit")).toEqual([{ n }])
  })
})

describe("what employees see of a customer", () => {
  const looks = (what: string) =>
    house.rows(
      `SELECT role, dealership_id, order_id, what, request_id FROM purchase_file_reads WHERE customer_id = '${customer.subjectId}' AND what = '${what}'`
    )

  test.each([
    ["sale", "seller", "/api/dealer/sales"],
    ["sale", "seller", () => `/api/dealer/sales/${orderId}`],
    ["customers", "seller", "/api/dealer/customers"],
    ["record", "operator", () => `/api/operator/actors/order/${orderId}`],
    ["record", "operator", () => `/api/operator/actors/order/${orderId}/journal`],
    ["record", "operator", "/api/operator/actors"],
    ["record", "operator", () => `/api/operator/actors?q=${customer.subjectId}`],
    ["record", "operator", "/api/operator/outbox?state=done"],
    ["record", "operator", "/api/operator/quarantine"],
    ["record", "operator", () => `/api/operator/customers/${customer.subjectId}/erasure`]
  ])("is noted as %s, of a %s at %s", async (what, role, address) => {
    await house.rows(`
      INSERT INTO defects (path, message_id, type, tries, cause, first_at, last_at)
      VALUES ('order/${orderId}', 'test/1', 'CancelOrder', 1, 'a bug', now(), now()) ON CONFLICT DO NOTHING`)
    const before = await looks(what)
    const path = typeof address === "string" ? address : address()
    const reply = await house.call("intranet", "GET", path, { token: role === "seller" ? seller.token : operator.token })
    expect(reply.status).toBe(200)
    const after = await looks(what)
    expect(after.length).toBe(before.length + 1)
    expect(after.at(-1)).toMatchObject({ role, dealership_id: role === "seller" ? "dea_madrid" : null })
    expect(after.map(({ request_id }) => request_id)).toContain(reply.headers.get("x-request-id"))
  })

  test("is read by them in their own file, by role and house and not by name", async () => {
    const file = await house.call("public", "GET", "/api/me/purchase-file", { token: customer.token })
    expect(file.body.reads).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ what: "sale", role: "seller", dealershipId: "dea_madrid", orderId }),
        expect.objectContaining({ what: "record", role: "operator", dealershipId: null })
      ])
    )
    expect(JSON.stringify(file.body.reads)).not.toContain(seller.subjectId)
  })
})

describe("an auditor", () => {
  let auditor: Signed
  beforeAll(async () => {
    auditor = await house.signedIn("auditor", "Auditor 1")
  })
  const get = (path: string, token = auditor.token) => house.call("intranet", "GET", `/api/auditor/audit${path}`, { token })

  test("finds acts by person, by object and by time, page by page, the newest first", async () => {
    const of = async (query: string) => (await get(`?${query}`)).body.acts
    const byCustomer = await of(`subject=${customer.subjectId}`)
    expect(byCustomer).toMatchObject([
      { route: "/api/me/orders/:orderId/payments", objects: [orderId], status: 202, role: "customer" }
    ])
    const [{ at }] = byCustomer
    const byObject = await of(`object=${orderId}`)
    expect(byObject.length).toBeGreaterThanOrEqual(2) // Its customer's, and a stranger's.
    expect((await of(`object=${orderId}&from=${at}`)).map(({ requestId }: any) => requestId)).toContain(byCustomer[0].requestId)
    expect(await of(`subject=${customer.subjectId}&to=${at}`)).toEqual([])
    expect(await of("object=ord_none")).toEqual([])
    const paged: Array<number> = []
    for (let cursor = ""; ; ) {
      const { body } = await get(`?limit=2${cursor}`)
      paged.push(...body.acts.map(({ position }: any) => position))
      if (body.cursor === null || paged.length > 200) break
      cursor = `&cursor=${body.cursor}`
    }
    expect(paged.length).toBeGreaterThan(5)
    expect(paged).toEqual([...new Set(paged)].sort((one, other) => other - one))
  })

  test("reads who has looked at a customer, by employee and request, and is seen looking", async () => {
    const reply = await get(`/customers/${customer.subjectId}/looks`)
    expect(reply.body.looks).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ bySubjectId: seller.subjectId, what: "sale", requestId: expect.any(String) })
      ])
    )
    const own = await house.rows(`SELECT route FROM audit WHERE request_id = '${reply.headers.get("x-request-id")}'`)
    expect(own).toEqual([{ route: "/api/auditor/audit/customers/:customerId/looks" }])
  })

  test("sees how far the chain has come, and what the witness outside has of it", async () => {
    const seen = await until(async () => [(await get("/head")).body].filter(({ witnessed }) => witnessed !== null))
    const { chain, position, hash, witnessed, followed } = seen[0] as any
    expect(position).toBeGreaterThanOrEqual(witnessed.position)
    expect(followed.unbroken).toBe(true)
    expect(followed.links).toBeGreaterThan(0)
    expect([chain, hash]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), expect.stringMatching(/^[0-9a-f]{64}$/)])
    const known = house.world.witness.ledger().filter(({ kind }) => kind === "head")
    expect(known.map(({ chain, position, signed }) => ({ chain, position, signed }))).toContainEqual({
      chain,
      position: witnessed.position,
      signed: witnessed.signed
    })
  })

  test("is told where a link does not hold", async () => {
    await house.rows("UPDATE audit_chain SET entry = sha256('another') WHERE position = 3")
    expect((await get("/head")).body.followed.unbroken).toBe(false)
  })

  test("is the only one there, besides administrators, and changes nothing", async () => {
    for (const who of [seller, operator]) expect((await get("", who.token)).status).toBe(403)
    expect((await house.call("intranet", "GET", "/api/auditor/audit")).status).toBe(401)
    expect((await get("?from=2026-13-45T00:00:00.000Z")).status).toBe(422)
    expect((await house.call("intranet", "POST", "/api/auditor/audit", { token: auditor.token, body: {} })).status).toBe(404)
  })
})
