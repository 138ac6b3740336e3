/** What operators see and do, and what administrators provision. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { FactoryReportedInProgress } from "#machines/order.ts"
import { type HttpHouse, httpHouse, newKey, newSale, password, person, type Signed } from "./house.ts"

let house: HttpHouse
let operator: Signed
let seller: Signed
let orderId: string
let pin: string
beforeAll(async () => {
  house = await httpHouse()
  operator = await house.signedIn("operator", "Operator 1")
  seller = await house.signedIn("seller", "Seller 1", "dea_madrid")
  const sale = await house.call("intranet", "POST", "/api/dealer/sales", {
    token: seller.token,
    key: newKey(),
    body: newSale("Customer 1")
  })
  orderId = sale.body.orderId
  await house.quiet()
  const [row] = await house.rows(`SELECT state -> 'context' ->> 'handoverPin' AS pin FROM actors WHERE path = 'order/${orderId}'`)
  pin = row.pin
})
afterAll(() => house.close())

const get = (path: string, token = operator.token) => house.call("intranet", "GET", path, { token })
const post = (path: string, body: unknown, token = operator.token) => house.call("intranet", "POST", path, { token, body })

describe("an operator", () => {
  test("finds actors by type, state and what they are about", async () => {
    const of = async (query: string) => (await get(`/api/operator/actors?${query}`)).body.actors.map(({ path }: any) => path)
    const path = `order/${orderId}`
    for (const query of [
      "type=order",
      "state=reserved",
      "state=reserved.awaitingDeposit",
      "closed=false",
      `q=${orderId.slice(4, 12)}`,
      "q=dea_madrid"
    ])
      expect(await of(query)).toEqual([path])
    for (const query of ["type=vehicle", "state=reserve", "state=paid", "closed=true", "q=dea_berlin", "q=%25"])
      expect((await get(`/api/operator/actors?${query}`)).body.actors ?? []).toEqual([])
  })

  test("sees an actor with its timers and its outbox, but never the handover PIN", async () => {
    const { status, body } = await get(`/api/operator/actors/order/${orderId}`)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      path: `order/${orderId}`,
      statePath: "reserved.awaitingDeposit",
      dealershipId: "dea_madrid",
      closed: false
    })
    expect(body.context.handoverPin).toBe("••••••")
    expect(body.timers).toHaveLength(1)
    expect(body.outbox.map(({ type, state }: any) => [type, state])).toEqual([["SendCredentials", "done"]])
    const { body: journal } = await get(`/api/operator/actors/order/${orderId}/journal`)
    expect(journal.entries).toMatchObject([
      { version: 1, type: "RegisterSale", outcome: "handled", body: { handoverPin: "••••••" } }
    ])
    expect(JSON.stringify([body, journal])).not.toContain(pin)
    expect(JSON.stringify([body, journal])).not.toContain("example.com") // No address in any message.
    expect((await get(`/api/operator/actors/order%2F${orderId}`)).status).toBe(200)
    expect((await get("/api/operator/actors/order/ord_0")).status).toBe(404)
    for (const rest of ["order/ord_0/part", "order/ord_0/part/journal"]) // A path with one slash more: the same problem, with its headers.
      expect((await get(`/api/operator/actors/${rest}`)).body).toMatchObject({ status: 404, type: "/problems/not-found" })
  })

  test("turns the pages of a journal, and asks for one version", async () => {
    await house.hear(orderId, FactoryReportedInProgress.make({ factoryOrderId: "fo_1" }))
    await house.hear(orderId, FactoryReportedInProgress.make({ factoryOrderId: "fo_1" }))
    const page = (query: string) => get(`/api/operator/actors/order/${orderId}/journal?${query}`)
    const first = await page("limit=2")
    expect(first.body.entries.map(({ version }: any) => version)).toEqual([1, 2])
    const second = await page(`limit=2&cursor=${first.body.cursor}`)
    expect([second.body.entries.map(({ version }: any) => version), second.body.cursor]).toEqual([[3], null])
    expect((await page("version=2")).body).toMatchObject({
      entries: [{ version: 2, outcome: "recorded: NoFactoryOrder" }],
      cursor: null
    })
    expect((await page("version=99")).body).toEqual({ entries: [], cursor: null })
  })

  test("tries a parked command again or gives it up, with a reason that is kept", async () => {
    house.world.mail.misbehave({ fault: "refuse", times: 2 })
    const parked = async (who: string) => {
      const { body } = await house.call("intranet", "POST", "/api/dealer/sales", {
        token: seller.token,
        key: newKey(),
        body: newSale(who)
      })
      await house.quiet()
      const { body: outbox } = await get("/api/operator/outbox")
      return outbox.commands.find(({ path }: any) => path === `order/${body.orderId}`).commandId as string
    }
    const [one, two] = [await parked("Customer 2"), await parked("Customer 3")]
    const act = (id: string, what: string, body: unknown = { reason: "the address was corrected" }, token = operator.token) =>
      post(`/api/operator/outbox/${id}/${what}`, body, token)
    expect((await act(encodeURIComponent(one), "retry", {})).status).toBe(422)
    expect((await act(encodeURIComponent(one), "retry", { reason: "no" })).status).toBe(422)
    expect((await act(encodeURIComponent(one), "retry", undefined, seller.token)).status).toBe(403)
    expect((await act(encodeURIComponent("order/ord_0#1.0"), "retry")).status).toBe(404)
    expect((await act("nonsense", "retry")).status).toBe(404)
    expect((await act(encodeURIComponent(one), "burn")).status).toBe(404)
    expect(await house.rows("SELECT 1 FROM operator_acts")).toHaveLength(0)

    expect((await act(encodeURIComponent(one), "retry")).body).toEqual({ commandId: one, act: "retry" })
    expect((await act(two.replace("#", "%23"), "discard")).body).toEqual({ commandId: two, act: "discard" }) // The slash as it is.
    await house.quiet()
    expect((await act(encodeURIComponent(one), "retry")).body.reason).toBe("NotParked")
    expect((await get("/api/operator/outbox?state=parked")).body.commands).toEqual([])
    expect((await get("/api/operator/outbox?state=discarded")).body.commands).toMatchObject([
      { commandId: two, type: "SendCredentials" }
    ])
    expect(await house.rows("SELECT by, act, target, reason FROM operator_acts ORDER BY id")).toMatchObject([
      { by: operator.subjectId, act: "retry", target: one, reason: "the address was corrected" },
      { by: operator.subjectId, act: "discard", target: two }
    ])
    expect(await house.linkFor("customer.2@example.com")).toHaveLength(43)
  })

  test("lets a quarantined actor hear again", async () => {
    const path = `order/${orderId}`
    await house.rows(
      `INSERT INTO defects (path, message_id, type, tries, cause, first_at, last_at) VALUES ('${path}', 'test/1', 'Boom', 5, 'a bug', now(), now())`
    )
    expect((await get("/api/operator/quarantine")).body.defects).toMatchObject([
      { path, messageId: "test/1", tries: 5, cause: "a bug" }
    ])
    const release = () =>
      post(`/api/operator/quarantine/${encodeURIComponent(path)}/release`, { reason: "repaired in this release" })
    expect((await release()).body).toEqual({ path })
    expect((await release()).body.reason).toBe("NotQuarantined")
    expect((await get("/api/operator/quarantine")).body).toEqual({ defects: [], cursor: null })
  })
})

describe("an area", () => {
  test("is closed to other roles as a whole", async () => {
    const administrator = await house.signedIn("administrator", "Administrator 1")
    const areas: ReadonlyArray<readonly [path: string, ...Array<readonly [who: Signed, status: number]>]> = [
      ["/api/operator/actors", [operator, 200], [administrator, 200], [seller, 403]],
      ["/api/operator/outbox", [operator, 200], [administrator, 200], [seller, 403]],
      ["/api/operator/quarantine", [operator, 200], [administrator, 200], [seller, 403]],
      ["/api/admin/employees", [operator, 403], [administrator, 200], [seller, 403]],
      ["/api/dealer/sales", [operator, 403], [administrator, 403], [seller, 200]],
      ["/api/dealer/stock", [operator, 403], [administrator, 403], [seller, 200]],
      ["/api/dealer/customers", [operator, 403], [administrator, 403], [seller, 200]]
    ]
    for (const [path, ...callers] of areas)
      for (const [{ token }, status] of callers) expect([path, (await get(path, token)).status]).toEqual([path, status])
  })
})

describe("an administrator", () => {
  test("provisions staff, who set their own password with the link from the mail", async () => {
    const { token } = await house.signedIn("administrator", "Administrator 2")
    const employ = (body: unknown) => post("/api/admin/employees", body, token)
    const added = await employ({ person: person("Seller 9"), role: "seller", dealershipId: "dea_lyon" })
    expect([added.status, added.body.linkSent]).toEqual([201, true])
    const link = await house.linkFor("seller.9@example.com")
    expect((await house.call("intranet", "POST", "/api/auth/credentials", { body: { token: link, password } })).status).toBe(204)
    const session = await house.call("intranet", "POST", "/api/auth/sessions", {
      body: { email: "seller.9@example.com", password }
    })
    expect(session.body).toMatchObject({ role: "seller", dealershipId: "dea_lyon", subjectId: added.body.subjectId })
    expect((await employ({ person: person("Seller 9"), role: "seller", dealershipId: "dea_lyon" })).body.linkSent).toBe(false)

    const { body } = await get("/api/admin/employees?limit=100", token)
    expect(body.employees).toContainEqual(
      expect.objectContaining({
        subjectId: added.body.subjectId,
        name: "Seller 9",
        role: "seller",
        dealershipId: "dea_lyon",
        hasPassword: true
      })
    )
    const before = await house.everything()
    const unknown = await employ({ person: person("Seller 10"), role: "seller", dealershipId: "dea_mars" })
    expect([unknown.status, unknown.body.reason]).toEqual([422, "UnknownDealership"])
    expect((await employ({ person: person("Seller 10"), role: "seller" })).status).toBe(422)
    expect((await employ({ person: person("Seller 10"), role: "operator", dealershipId: "dea_lyon" })).status).toBe(422)
    expect((await employ({ person: person("Seller 10"), role: "customer" })).status).toBe(422)
    expect(await house.everything()).toEqual(before)
  })
})
