/** Who works here: let in by somebody, out at once, and with something better than a password where that is the rule. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { intranetApp } from "#src/http/intranet.ts"
import { reachOf } from "#src/http/policy.ts"
import { makeRun } from "#src/http/run.ts"
import { type HttpHouse, httpHouse, newKey, newSale, password, person, type Signed } from "./house.ts"
import { identity, minutes } from "./identity.ts"

let house: HttpHouse
let they: ReturnType<typeof identity>
let administrator: Signed
beforeAll(async () => {
  house = await httpHouse({ movable: true, signInsPerMinute: 1000 })
  they = identity(house)
  administrator = await house.signedIn("administrator", "Administrator 1")
})
afterAll(() => house.close())

const call = (method: string, path: string, body?: unknown, token = administrator.token) =>
  house.call("intranet", method, path, { token, ...(body === undefined ? {} : { body }) })
const about = (subjectId: string, what: string, body?: unknown, token?: string) =>
  call(body === undefined ? "GET" : "POST", `/api/admin/employees/${subjectId}/${what}`, body, token)
const reason = "left the company in May"

describe("somebody who leaves", () => {
  test("is out at once: no session, no link and no password of theirs is good any more (F79)", async () => {
    const seller = await house.signedIn("seller", "Seller 1", "dea_madrid")
    const second = (await they.signIn(seller.email, {}, "intranet")).body.token
    await house.call("intranet", "POST", "/api/auth/recovery", { body: { email: seller.email } })
    const link = await house.linkFor(seller.email)
    const sales = (token: string) => house.call("intranet", "GET", "/api/dealer/sales", { token })
    expect([(await sales(seller.token)).status, (await sales(second)).status]).toEqual([200, 200])

    expect((await about(seller.subjectId, "disablement", { role: "seller", reason })).status).toBe(204)
    expect([(await sales(seller.token)).status, (await sales(second)).status]).toEqual([401, 401])
    expect((await they.signIn(seller.email, {}, "intranet")).body.type).toBe("/problems/sign-in-failed")
    const used = await house.call("intranet", "POST", "/api/auth/credentials", { body: { token: link, password } })
    expect(used.body.reason).toBe("LinkInvalid")
    expect(await house.rows("SELECT by, act, target, reason FROM operator_acts")).toEqual([
      { by: administrator.subjectId, act: "disable", target: `${seller.subjectId}/seller`, reason }
    ])

    expect((await about(seller.subjectId, "disablement", { role: "seller", reason })).status).toBe(204) // Twice is once.
    expect(await house.rows("SELECT 1 FROM operator_acts")).toHaveLength(1)
    expect((await about(seller.subjectId, "enablement", { role: "seller", reason: "came back in June" })).status).toBe(204)
    expect((await sales(seller.token)).status).toBe(401) // What ended stays ended.
    expect((await they.signIn(seller.email, {}, "intranet")).status).toBe(201)
    expect(await they.logOf(seller.subjectId)).toEqual(expect.arrayContaining(["AccountDisabled", "AccountEnabled"]))
  })

  test("is never oneself, never the last administrator, and nobody whom nobody knows", async () => {
    const to = (subjectId: string, role = "administrator", token?: string) =>
      about(subjectId, "disablement", { role, reason }, token)
    expect((await to(administrator.subjectId)).body.reason).toBe("OwnAccount")
    expect((await to("sub_nobody")).status).toBe(404)
    const seller = await house.signedIn("seller", "Seller 2", "dea_madrid")
    expect((await to(seller.subjectId, "manager")).status).toBe(404)
    expect((await to(seller.subjectId, "customer")).status).toBe(422)
    expect((await about(seller.subjectId, "disablement", { role: "seller" })).status).toBe(422)
    expect((await to(administrator.subjectId, "administrator", seller.token)).status).toBe(403)

    // Two who disable each other at the same moment: one is left, whoever that is.
    const [one, two] = [
      await house.signedIn("administrator", "Administrator 2"),
      await house.signedIn("administrator", "Administrator 3")
    ]
    expect((await to(administrator.subjectId, "administrator", one.token)).status).toBe(204)
    const both = await Promise.all([to(two.subjectId, "administrator", one.token), to(one.subjectId, "administrator", two.token)])
    expect(both.filter(({ status }) => status === 204)).toHaveLength(1)
    const left = both[0]!.status === 204 ? one : two
    expect((await call("GET", "/api/admin/employees", undefined, left.token)).status).toBe(200)
    expect((await about(administrator.subjectId, "enablement", { role: "administrator", reason }, left.token)).status).toBe(204)
    administrator = { ...administrator, token: (await they.signIn(administrator.email, {}, "intranet")).body.token }
  })
})

describe("a post that was closed for a while", () => {
  test("does not come back with a password that was replaced meanwhile: a person has one", async () => {
    const operator = await house.signedIn("operator", "Operator 20")
    await house.signedIn("customer", "Operator 20")
    const standing = { role: "operator", reason: "the password was on a list" }
    expect((await about(operator.subjectId, "disablement", standing)).status).toBe(204)
    await house.call("public", "POST", "/api/auth/recovery", { body: { email: operator.email } })
    const next = { token: await house.linkFor(operator.email), password: "another car that learns" }
    expect((await house.call("public", "POST", "/api/auth/credentials", { body: next })).status).toBe(204)
    expect((await they.signIn(operator.email, { password: next.password }, "intranet")).status).toBe(401) // Still closed.
    expect((await about(operator.subjectId, "enablement", standing)).status).toBe(204)
    expect((await they.signIn(operator.email, {}, "intranet")).body.type).toBe("/problems/sign-in-failed")
    expect((await they.signIn(operator.email, { password: next.password }, "intranet")).status).toBe(201)
  })
})

describe("an employee who lost every factor", () => {
  test("gets them removed by an administrator, with a reason, and is signed out everywhere", async () => {
    const operator = await they.withTotp("operator", "Operator 1")
    const reset = (subjectId: string) => about(subjectId, "factors/reset", { reason: "telephone lost on the train" })
    expect((await they.signIn(operator.email, {}, "intranet")).status).toBe(401)
    expect((await reset(operator.subjectId)).status).toBe(204)
    expect((await call("GET", "/api/operator/outbox", undefined, operator.token)).status).toBe(401)
    expect((await they.signIn(operator.email, { recoveryCode: operator.recoveryCodes[0] }, "intranet")).status).toBe(201) // The password alone does.
    expect((await reset(administrator.subjectId)).body.reason).toBe("OwnAccount")
    const customer = await they.withTotp("customer", "Customer 1")
    expect((await reset(customer.subjectId)).status).toBe(404)
    expect((await they.signIn(customer.email)).status).toBe(401)
    await they.pass(6 * minutes)
    expect((await reset(operator.subjectId)).body.type).toBe("/problems/step-up-needed")
    administrator = { ...administrator, token: (await they.signIn(administrator.email, {}, "intranet")).body.token }
  })
})

describe("everybody's lineage", () => {
  test("leads from a customer by the sale and its seller to whoever was there first", async () => {
    const hired = await call("POST", "/api/admin/employees", {
      person: person("Seller 3"),
      role: "seller",
      dealershipId: "dea_madrid"
    })
    const link = await house.linkFor("seller.3@example.com")
    await house.call("intranet", "POST", "/api/auth/credentials", { body: { token: link, password } })
    const { token } = (await they.signIn("seller.3@example.com", {}, "intranet")).body
    const sale = await house.call("intranet", "POST", "/api/dealer/sales", { token, key: newKey(), body: newSale("Customer 2") })
    await house.linkFor("customer.2@example.com")
    const [buyer] = await house.rows(`SELECT subject_id AS id FROM accounts WHERE created_by LIKE 'order/${sale.body.orderId}#%'`)

    const { status, body } = await about(buyer.id, "lineage")
    expect(status).toBe(200)
    expect(body.lineage).toMatchObject([
      { subjectId: buyer.id, role: "customer", by: hired.body.subjectId },
      { subjectId: hired.body.subjectId, role: "seller", createdBy: administrator.subjectId, by: administrator.subjectId },
      { subjectId: administrator.subjectId, role: "administrator", createdBy: "system", by: null }
    ])
    expect(body.lineage[0].createdBy).toStartWith(`order/${sale.body.orderId}#`)
    expect((await about("sub_nobody", "lineage")).status).toBe(404)
  })
})

describe("where staff need a second factor", () => {
  test("a password alone opens nothing but the way to add one", async () => {
    const app = intranetApp(makeRun(house.runtime), { ...house.options, staffSecondFactor: "required" })
    const ask = async (method: string, path: string, token: string, body?: unknown) => {
      const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) }
      const request = new Request(`http://localhost${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) })
      })
      const response = await app.handle(request)
      const text = await response.text()
      return { status: response.status, body: text === "" ? null : JSON.parse(text) }
    }
    const { token, email } = await house.signedIn("operator", "Operator 2")
    const routes = app.routes.filter(
      ({ method, path }) =>
        path.startsWith("/api/") &&
        !path.startsWith("/api/auth/") &&
        reachOf("intranet", { method, path }, "operator") !== "nothing"
    )
    expect(routes.length).toBeGreaterThan(10)
    for (const { method, path } of routes) {
      const concrete = path
        .replace(":vin", "VSSZZZ6K000000001")
        .replace(":orderId", "ord_1")
        .replace(":customerId", "sub_1")
        .replace(/:\w+|\*/g, "x")
      const { status, body } = await ask(method, concrete, token, method === "GET" ? undefined : {})
      expect([path, status, body.type]).toEqual([path, 403, "/problems/second-factor-missing"])
    }
    expect((await ask("GET", "/api/auth/sessions", token)).status).toBe(200)
    const { secret } = (await ask("POST", "/api/auth/factors/totp", token, {})).body
    await ask("POST", "/api/auth/factors/totp/confirmation", token, { code: await they.codeOf(secret) })
    expect((await ask("GET", "/api/operator/outbox", token)).status).toBe(200)

    // The last factor gone, the door is closed again, at once.
    expect((await ask("DELETE", "/api/auth/factors/totp", token)).status).toBe(204)
    expect((await ask("GET", "/api/operator/outbox", token)).status).toBe(403)
    expect((await they.signIn(email, {}, "intranet")).status).toBe(201)
  })
})
