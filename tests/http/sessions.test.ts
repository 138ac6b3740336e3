/** One's own sessions: seen, ended, and shown to be one's own once more before something dangerous is done. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { driver, ownedCar } from "./garage.ts"
import { type HttpHouse, httpHouse, ownOrigin, password, person, type Signed } from "./house.ts"
import { identity, minutes } from "./identity.ts"

let house: HttpHouse
let they: ReturnType<typeof identity>
beforeAll(async () => {
  house = await httpHouse({ movable: true, signInsPerMinute: 1000 })
  they = identity(house)
})
afterAll(() => house.close())

const me = (token: string) => house.call("public", "GET", "/api/me", { token })
const sessions = (token: string) => house.call("public", "GET", "/api/auth/sessions", { token })
const stepUp = ({ token }: { readonly token: string }, means: object, door: "public" | "intranet" = "public") =>
  house.call(door, "POST", "/api/auth/sessions/current/step-up", { token, body: means })

describe("one's sessions", () => {
  test("are listed, the one that asks among them, and ended one by one or all others at once", async () => {
    const here = await house.signedIn("customer", "Customer 1")
    await they.pass(2 * minutes)
    const [there, elsewhere] = [(await they.signIn(here.email)).body.token, (await they.signIn(here.email)).body.token]
    await me(here.token)
    const { body } = await sessions(here.token)
    expect(body.sessions.map(({ current, door, deviceName }: any) => [current, door, deviceName])).toEqual([
      [false, "public", null],
      [false, "public", null],
      [true, "public", null]
    ])
    const [own] = body.sessions.filter(({ current }: any) => current)
    expect(Date.parse(own.lastSeenAt) - Date.parse(own.since)).toBeGreaterThanOrEqual(2 * minutes - 1000)

    const stranger = await house.signedIn("customer", "Customer 2")
    const end = (token: string, sessionId: string) => house.call("public", "DELETE", `/api/auth/sessions/${sessionId}`, { token })
    const ofThere = (await sessions(there)).body.sessions.find(({ current }: any) => current).sessionId
    expect((await end(stranger.token, ofThere)).status).toBe(404)
    expect((await me(there)).status).toBe(200)
    expect((await end(here.token, ofThere)).status).toBe(204)
    expect((await me(there)).status).toBe(401)
    expect((await end(here.token, ofThere)).status).toBe(404)

    expect((await house.call("public", "DELETE", "/api/auth/sessions", { token: here.token })).status).toBe(204)
    expect([(await me(elsewhere)).status, (await me(here.token)).status, (await me(stranger.token)).status]).toEqual([
      401, 200, 200
    ])
    expect((await sessions(here.token)).body.sessions).toHaveLength(1)
  })
})

describe("stepping up", () => {
  test("is asked for before something dangerous, and makes another token of the session's", async () => {
    const administrator = await house.signedIn("administrator", "Administrator 1")
    const employ = (token: string, who: string) =>
      house.call("intranet", "POST", "/api/admin/employees", { token, body: { person: person(who), role: "operator" } })
    expect((await employ(administrator.token, "Operator 1")).status).toBe(201) // Just signed in.
    await they.pass(5 * minutes + 1000)
    const before = await house.everything()
    const stale = await employ(administrator.token, "Operator 2")
    expect([stale.status, stale.body.type, stale.body.reason]).toEqual([401, "/problems/step-up-needed", "StepUpNeeded"])
    expect(stale.headers.get("www-authenticate")).toBe(
      'Bearer realm="caas", error="insufficient_user_authentication", max_age="300"'
    )
    expect(await house.everything()).toEqual(before)

    const wrong = await stepUp(administrator, { password: "not this one either" }, "intranet")
    expect([wrong.status, wrong.body.type]).toEqual([403, "/problems/step-up-failed"])
    const { body, headers } = await stepUp(administrator, { password }, "intranet")
    expect(headers.get("set-cookie")).toStartWith(`__Host-sid=${body.token}; `)
    expect((await employ(administrator.token, "Operator 2")).body.type).toBe("/problems/signed-out") // The old token.
    expect((await employ(body.token, "Operator 2")).status).toBe(201)
    const { body: list } = await house.call("intranet", "GET", "/api/auth/sessions", { token: body.token })
    expect(list.sessions).toHaveLength(1) // Still one session, since it was begun.
  })

  test("wants the second factor where there is one, and five wrong ones close it for this session alone", async () => {
    const customer = await they.withTotp("customer", "Customer 3")
    await they.pass(6 * minutes)
    const codes = (token: string) => they.factor("public", token, "POST", "/recovery-codes", {})
    expect((await codes(customer.token)).status).toBe(401)
    expect((await stepUp(customer, { password })).body.type).toBe("/problems/second-factor-required")
    const { body } = await stepUp(customer, { totp: await they.codeOf(customer.secret) })
    expect((await codes(body.token)).status).toBe(201)

    await they.pass(minutes)
    const other = (await they.signIn(customer.email, { totp: await they.codeOf(customer.secret) })).body
    const statuses = []
    for (let n = 0; n < 6; n++) statuses.push((await stepUp(body, { totp: await they.codeOf(customer.secret, 50) })).status)
    expect(statuses).toEqual([403, 403, 403, 403, 403, 429])
    await they.pass(minutes)
    expect((await stepUp(other, { totp: await they.codeOf(customer.secret) })).status).toBe(200)
    const log = await they.logOf(customer.subjectId)
    expect(log.filter((kind) => kind === "SteppedUp" || kind === "StepUpRefused")).toEqual([
      "SteppedUp",
      ...Array(5).fill("StepUpRefused"),
      "SteppedUp"
    ])
  })

  test("twice at once leaves one token that is good, and no other is handed out", async () => {
    const { token } = await house.signedIn("customer", "Customer 20")
    const both = await Promise.all([stepUp({ token }, { password }), stepUp({ token }, { password })])
    for (const { status, body } of both) if (status === 200) expect((await me(body.token)).status).toBe(200)
    expect(both.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  test("is asked for by a purchase above 500 €, and by none below", async () => {
    const owner = await house.signedIn("customer", "Customer 4")
    const vin = await ownedCar(house, owner)
    await they.pass(6 * minutes)
    const dear = { option: "parking-pilot", term: { kind: "permanent" }, paymentMethod: "tok_ok", consents: [] }
    const cheap = { ...dear, term: { kind: "temporary", count: 7, unit: "day" } }
    const key = crypto.randomUUID()
    const before = await house.everything()
    expect((await driver(house, owner, vin).buy(dear, key)).body.type).toBe("/problems/step-up-needed")
    expect(await house.everything()).toEqual(before)
    const { token } = (await stepUp(owner, { password })).body
    const fresh: Signed = { ...owner, token }
    const bought = await driver(house, fresh, vin).buy(dear, key)
    expect(bought.status).toBe(201)
    await they.pass(6 * minutes)
    expect((await driver(house, fresh, vin).buy(dear, key)).body).toEqual(bought.body) // A repeat buys nothing.
    expect((await driver(house, fresh, vin).buy({ ...cheap, option: "sport-mode" })).status).toBe(201)
  })
})

describe("guessing", () => {
  test("by strangers locks nobody out who has a link from the mail: the browser that used it has tries of its own", async () => {
    const { email } = await house.signedIn("customer", "Customer 21")
    for (let n = 0; n < 6; n++) await they.signIn(email, { password: "wrong wrong wrong" })
    expect((await they.signIn(email)).status).toBe(429)
    await house.call("public", "POST", "/api/auth/recovery", { body: { email } })
    const set = await house.call("public", "POST", "/api/auth/credentials", {
      body: { token: await house.linkFor(email), password: "another car that learns" }
    })
    expect([set.status, set.body]).toEqual([204, null])
    const cookie =
      set.headers
        .getSetCookie()
        .find((one) => one.startsWith("__Host-device="))
        ?.split(";")[0] ?? ""
    const signedIn = await house.call("public", "POST", "/api/auth/sessions", {
      headers: { cookie, origin: ownOrigin },
      body: { email, password: "another car that learns" }
    })
    expect(signedIn.status).toBe(201)
  })

  test("by strangers locks nobody out of a browser or an app that signed in before", async () => {
    const { email } = await house.signedIn("customer", "Customer 5")
    const first = await they.signIn(email)
    const { device } = first.body
    const cookie = first.headers.getSetCookie().find((one) => one.startsWith("__Host-device="))!
    const browser = { cookie: cookie.split(";")[0]!, origin: ownOrigin }
    const guess = (more: object = {}) => they.signIn(email, { password: "wrong wrong wrong", ...more })
    for (let n = 0; n < 6; n++) await guess()
    expect((await they.signIn(email)).status).toBe(429)
    expect((await they.signIn(email, { device })).status).toBe(201)
    const known = await house.call("public", "POST", "/api/auth/sessions", { headers: browser, body: { email, password } })
    expect([known.status, known.body.device]).toEqual([201, device])

    // Its own tries are counted too, and end nobody else's.
    for (let n = 0; n < 5; n++) expect((await guess({ device })).status).toBe(401)
    expect((await they.signIn(email, { device })).status).toBe(429)
    await they.pass(15 * minutes)
    expect((await they.signIn(email, { device })).status).toBe(201)
  })

  test("is not made easier by a device of somebody else's, nor by one that was made up", async () => {
    const [one, other] = [await house.signedIn("customer", "Customer 6"), await house.signedIn("customer", "Customer 7")]
    const foreign = (await they.signIn(other.email)).body.device
    for (let n = 0; n < 6; n++) await they.signIn(one.email, { password: "wrong wrong wrong" })
    const forged = `${foreign.slice(0, 60)}${foreign.endsWith("AAAA") ? "BBBB" : "AAAA"}`
    for (const device of [foreign, forged, "A".repeat(64)]) expect((await they.signIn(one.email, { device })).status).toBe(429)
    expect((await they.signIn(one.email, { device: "short" })).status).toBe(422)
  })
})
