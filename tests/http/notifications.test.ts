/** A customer's notifications over HTTP: what was told, what is wanted, which devices; and every bad input says what to do. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { type Notice, Notifications, type Occasion } from "#integrations/notifications/notifications.ts"
import { usual } from "#integrations/notifications/preferences.ts"
import { type HttpHouse, httpHouse, type Signed } from "./house.ts"

let house: HttpHouse
let me: Signed
let other: Signed
beforeAll(async () => {
  house = await httpHouse()
  me = await house.signedIn("customer", "customer1")
  other = await house.signedIn("customer", "customer2")
})
afterAll(() => house?.close())

const ask = (method: string, path: string, body?: unknown, who = me) =>
  house.call("public", method, `/api/me/${path}`, { token: who.token, ...(body === undefined ? {} : { body }) })
const send = (occasion: Occasion, id: string, more: Partial<Notice> = {}) =>
  house.runtime.runPromise(
    Effect.asVoid(
      Notifications.use((notifications) =>
        notifications.send(
          {
            subjectId: me.subjectId,
            occasion,
            card: "act_1",
            facts: { option: "snow-mode", vin: "VSSZZZ6K000000001", orderId: "ord_1" },
            orderId: null,
            activationId: null,
            vin: null,
            attachments: [],
            ...more
          },
          id
        )
      )
    )
  )

describe("what a customer was told", () => {
  test("is listed newest first, in their language, with how it went; a card's progress is its newest alone", async () => {
    for (const [n, occasion] of (["ServiceRetrying", "ServiceRetrying", "ServiceRetrying"] as const).entries())
      await send(occasion, `activation/x#${n}.0`)
    const progress = (await ask("GET", "notifications")).body.notifications
    expect(progress.map(({ notificationId }: any) => notificationId)).toEqual(["activation/x#2.0"])
    await send("ServiceActive", "activation/x#3.0")
    await send("DepositReceived", "order/x#4.0", { card: "ord_1" })
    const { status, body } = await ask("GET", "notifications")
    expect(status).toBe(200)
    expect(body.notifications.map(({ occasion }: any) => occasion)).toEqual(["DepositReceived", "ServiceActive"])
    expect(body.notifications[1]).toMatchObject({
      class: "service",
      card: "act_1",
      deliveries: [{ channel: "mail", state: "sent", at: expect.stringMatching(/Z$/) }]
    })
    expect(body.notifications[1].subject).toMatch(/^(Su servicio está activo|Your service is active)$/)
    expect((await ask("GET", "notifications", undefined, other)).body).toEqual({ notifications: [], cursor: null })
  })

  test("comes in pages that miss nothing and repeat nothing", async () => {
    const seen: Array<string> = []
    for (let cursor: string | null = ""; cursor !== null; ) {
      const { body } = await ask("GET", `notifications?limit=1${cursor === "" ? "" : `&cursor=${cursor}`}`)
      seen.push(...body.notifications.map(({ notificationId }: any) => notificationId))
      cursor = body.cursor
    }
    expect(seen).toEqual(["order/x#4.0", "activation/x#3.0"])
    for (const keys of [
      ["soon", "x"],
      ["infinity", ""],
      [1, 2]
    ])
      expect(await ask("GET", `notifications?cursor=${Buffer.from(JSON.stringify(keys)).toString("base64url")}`)).toMatchObject({
        status: 422,
        body: { detail: "query cursor: not one of ours. Take it from the page before." }
      })
  })

  test("is nobody's without a session", async () => {
    for (const path of ["notifications", "notification-preferences", "push-subscriptions"])
      expect((await house.call("public", "GET", `/api/me/${path}`)).status).toBe(401)
  })
})

describe("what a customer wants", () => {
  test("is the usual until they say otherwise, and then what they say", async () => {
    expect((await ask("GET", "notification-preferences")).body).toEqual(usual)
    const mine = { legal: ["mail"], contract: ["push", "sms", "push"], service: [], progress: [] }
    expect(await ask("PUT", "notification-preferences", mine)).toMatchObject({ status: 200, body: { contract: ["push", "sms"] } })
    expect((await ask("GET", "notification-preferences")).body).toEqual({ ...mine, contract: ["push", "sms"] })
    expect((await ask("GET", "notification-preferences", undefined, other)).body).toEqual(usual)
  })

  test.each([
    ["the law's mail is left out", { ...usual, legal: ["push"] }, "LegalIsByMail"],
    ["money has no channel", { ...usual, contract: [] }, "OneChannelAtLeast"],
    ["money is on the display", { ...usual, contract: ["mail", "display"] }, "NotOnDisplay"],
    ["progress is mailed", { ...usual, progress: ["mail"] }, "OneLiveCard"],
    ["a channel is none", { ...usual, service: ["pigeon"] }, undefined],
    ["a class is missing", { legal: ["mail"] }, undefined],
    ["a field is not known", { ...usual, marketing: ["mail"] }, undefined]
  ])("is refused with what to do, and nothing changes, where %s", async (_, body, reason) => {
    const before = (await ask("GET", "notification-preferences")).body
    const { status, body: problem } = await ask("PUT", "notification-preferences", body)
    expect(status).toBe(422)
    expect(problem.detail.length).toBeGreaterThan(10)
    expect(problem.reason).toBe(reason as any)
    expect((await ask("GET", "notification-preferences")).body).toEqual(before)
  })
})

describe("a device", () => {
  const device = async () => {
    const { applicationServerKey } = (await ask("GET", "push-subscriptions")).body
    return house.world.push.subscribe(applicationServerKey)
  }

  test("is let in, gets what is said, and is let out; nobody sees where it is", async () => {
    const one = await device()
    const { status, body } = await ask("POST", "push-subscriptions", one)
    expect(status).toBe(201)
    const asBrowsersSayIt = { ...one, expirationTime: null }
    expect((await ask("POST", "push-subscriptions", asBrowsersSayIt)).body.subscriptionId).toBe(body.subscriptionId)
    const listed = await ask("GET", "push-subscriptions")
    expect(listed.body.subscriptions).toHaveLength(1)
    expect(JSON.stringify(listed.body)).not.toContain(one.endpoint)
    await send("TheftReported", "vehicle/x#1.0", { card: "VSSZZZ6K000000001" })
    expect(house.world.push.screen(one)).toMatchObject([{ card: "VSSZZZ6K000000001" }])
    expect((await ask("DELETE", `push-subscriptions/${body.subscriptionId}`, undefined, other)).status).toBe(404)
    expect((await ask("DELETE", `push-subscriptions/${body.subscriptionId}`)).status).toBe(204)
    expect((await ask("DELETE", `push-subscriptions/${body.subscriptionId}`)).status).toBe(404)
  })

  test("is the last person's who signed in on it", async () => {
    const one = await device()
    await ask("POST", "push-subscriptions", one)
    await ask("POST", "push-subscriptions", one, other)
    expect((await ask("GET", "push-subscriptions")).body.subscriptions).toEqual([])
    expect((await ask("GET", "push-subscriptions", undefined, other)).body.subscriptions).toHaveLength(1)
  })

  test.each([
    "http://127.0.0.1:6379/",
    "http://169.254.169.254/latest/meta-data",
    "https://localhost/push",
    "https://push.example.com/x",
    "file:///etc/passwd",
    "not an address"
  ])("at %s is refused: nothing is called that the configuration does not name", async (endpoint) => {
    const { keys } = await device()
    expect(await ask("POST", "push-subscriptions", { endpoint, keys })).toMatchObject({
      status: 422,
      body: { reason: "EndpointNotAllowed", detail: expect.stringContaining("endpoint") }
    })
  })

  test.each([
    ["no keys", (one: any) => ({ endpoint: one.endpoint })],
    ["a key that is too short", (one: any) => ({ ...one, keys: { ...one.keys, auth: "AAAA" } })],
    ["a field nobody knows", (one: any) => ({ ...one, name: "telephone" })]
  ])("with %s is refused by name", async (_, spoiled) => {
    expect((await ask("POST", "push-subscriptions", spoiled(await device()))).status).toBe(422)
  })

  test("beyond the tenth is refused, with what to do", async () => {
    for (let n = 0; n < 10; n++) expect((await ask("POST", "push-subscriptions", await device())).status).toBe(201)
    expect(await ask("POST", "push-subscriptions", await device())).toMatchObject({
      status: 422,
      body: { reason: "TooManyDevices", detail: "10 devices get push messages already. Remove one of them first." }
    })
  })
})
