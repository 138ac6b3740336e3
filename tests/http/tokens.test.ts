/** An app that stays signed in: short access, a refresh token that works once, and an end that is an end. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { randomBytes } from "node:crypto"
import { Accounts } from "#integrations/accounts/accounts.ts"
import { sessionOf } from "#src/http/customers/withdrawal-receipt.ts"
import { type HttpHouse, httpHouse, ownOrigin, password } from "./house.ts"
import { identity, minutes } from "./identity.ts"

let house: HttpHouse
let they: ReturnType<typeof identity>
beforeAll(async () => {
  house = await httpHouse({ movable: true, signInsPerMinute: 1000 })
  they = identity(house)
})
afterAll(() => house.close())

const newDeviceKey = () => randomBytes(32).toString("base64url")
const post = (path: string, body: object) => house.call("public", "POST", `/api/auth/tokens${path}`, { body })
const me = (token: string) => house.call("public", "GET", "/api/me", { token })

/** Somebody's phone, signed in. */
const phone = async (who: string) => {
  const person = await house.signedIn("customer", who)
  const deviceKey = newDeviceKey()
  const { status, body } = await post("", { email: person.email, password, deviceName: "Phone", deviceKey })
  expect(status).toBe(201)
  const refresh = (refreshToken: string, key = deviceKey) => post("/refresh", { refreshToken, deviceKey: key })
  return { ...person, ...body, session: person.token, refresh }
}

describe("an access token", () => {
  test("is good for five minutes at the public door, and names nothing but a session", async () => {
    const { accessToken, subjectId, expiresAt } = await phone("Customer 1")
    const [header, claims] = accessToken.split(".", 2).map((part: string) => JSON.parse(Buffer.from(part, "base64url").toString()))
    expect(header).toEqual({ alg: "EdDSA", typ: "at+jwt", kid: expect.stringMatching(/^[0-9a-f]{16}$/) })
    expect(claims).toMatchObject({ iss: "caas", aud: "caas/public", sub: subjectId, sid: expect.stringMatching(/^ses_/) })
    expect(Object.keys(claims).sort()).toEqual(["aud", "exp", "iat", "iss", "sid", "sub"])
    expect(Date.parse(expiresAt)).toBe(claims.exp * 1000)
    expect(claims.exp - claims.iat).toBe(300)
    expect((await me(accessToken)).body.subjectId).toBe(subjectId)
    expect((await house.call("intranet", "GET", "/api/auth/sessions", { token: accessToken })).status).toBe(401)
    const acts = await house.call("public", "POST", "/api/me/orders/ord_0/cancellation", {
      token: accessToken,
      headers: { origin: "https://evil.example" }
    })
    expect(acts.status).toBe(404) // A bearer token cannot be sent by accident.
    await they.pass(5 * minutes)
    expect((await me(accessToken)).status).toBe(401)
  })

  test("is believed with our signature, our algorithm and our words alone", async () => {
    const { accessToken } = await phone("Customer 2")
    const [header, body, signature] = accessToken.split(".") as [string, string, string]
    const part = (json: object) => Buffer.from(JSON.stringify(json)).toString("base64url")
    const claims = JSON.parse(Buffer.from(body, "base64url").toString())
    const changed = `${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`
    for (const forged of [
      `${header}.${body}.${changed}`,
      `${header}.${part({ ...claims, exp: claims.exp + 3600 })}.${signature}`,
      `${part({ alg: "none", typ: "at+jwt" })}.${body}.${signature}`,
      `${part({ alg: "none", typ: "at+jwt" })}.${body}.A`,
      `${part({ alg: "HS256", typ: "at+jwt" })}.${body}.${signature}`,
      `${part({ alg: "EdDSA", typ: "JWT" })}.${body}.${signature}`,
      `${header}.${body}`,
      `${header}.${body}.${signature}.${signature}`
    ])
      expect([forged, (await me(forged)).status]).toEqual([forged, 401])
    expect((await me(accessToken)).status).toBe(200)
  })

  test("is no good from the moment its session ends: signed out, ended elsewhere, or the account disabled", async () => {
    const ways: ReadonlyArray<(phone: any) => Promise<unknown>> = [
      ({ accessToken }) => house.call("public", "DELETE", "/api/auth/sessions/current", { token: accessToken }),
      ({ session }) => house.call("public", "DELETE", "/api/auth/sessions", { token: session }),
      ({ subjectId }) => house.rows(`UPDATE accounts SET disabled_at = now() WHERE subject_id = '${subjectId}'`)
    ]
    for (const [n, end] of ways.entries()) {
      const one = await phone(`Customer 1${n}`)
      const { body } = await house.call("public", "GET", "/api/auth/sessions", { token: one.session })
      expect(body.sessions.map(({ deviceName }: any) => deviceName)).toEqual(["Phone", null])
      expect((await me(one.accessToken)).status).toBe(200)
      await end(one)
      expect([n, (await me(one.accessToken)).status]).toEqual([n, 401])
      expect([n, (await one.refresh(one.refreshToken)).body.type]).toEqual([n, "/problems/refresh-refused"])
    }
  })
})

describe("an access token that is over", () => {
  test("still says whose withdrawal it was that could not be heard, and of nobody else's", async () => {
    const [one, other] = [await phone("Customer 20"), await phone("Customer 21")]
    const holder = (token: string) =>
      house.runtime.runPromise(Accounts.use((accounts) => accounts.holderOf(Buffer.from(sessionOf(token), "base64url"))))
    await they.pass(6 * minutes)
    expect([await holder(one.accessToken), await holder(other.accessToken)]).toEqual([one.subjectId, other.subjectId])
    expect([await holder(one.session), await holder("x.y.z"), await holder(`${one.refreshToken}`)]).toEqual([
      one.subjectId,
      null,
      null
    ])
    const { sid } = JSON.parse(Buffer.from(one.accessToken.split(".")[1], "base64url").toString())
    expect((await me(sid)).status).toBe(401) // A name is no token.
  })
})

describe("a refresh token", () => {
  test("is another one after each use, and no session's token", async () => {
    const one = await phone("Customer 3")
    expect((await me(one.refreshToken)).status).toBe(401)
    let { refreshToken } = one
    for (let n = 0; n < 3; n++) {
      await they.pass(20 * minutes)
      const { status, body } = await one.refresh(refreshToken)
      expect([status, body.refreshToken === refreshToken]).toEqual([201, false])
      expect((await me(body.accessToken)).status).toBe(200)
      refreshToken = body.refreshToken
    }
    const kept = JSON.stringify(await house.rows("SELECT t::text FROM refresh_tokens t UNION ALL SELECT s::text FROM sessions s"))
    for (const token of [one.refreshToken, refreshToken]) {
      expect(kept).not.toContain(token)
      expect(kept).not.toContain(Buffer.from(token, "base64url").toString("hex"))
    }
  })

  test("whose answer was lost is answered with the same successor for 30 seconds, also to two at once", async () => {
    const one = await phone("Customer 4")
    const answers = await Promise.all([one.refresh(one.refreshToken), one.refresh(one.refreshToken)])
    await they.pass(29_000)
    answers.push(await one.refresh(one.refreshToken))
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201])
    expect(new Set(answers.map(({ body }) => body.refreshToken)).size).toBe(1)
    expect((await one.refresh(answers[0]!.body.refreshToken)).status).toBe(201)
  })

  test.each(["after 30 seconds", "when its successor was used", "with another device's key", "unused, with another device's key"])(
    "shown again %s ends the session for whoever holds what",
    async (how) => {
      const one = await phone(`Customer ${how}`)
      const { body } = how.startsWith("unused") ? { body: one } : await one.refresh(one.refreshToken)
      if (how === "after 30 seconds") await they.pass(30_001)
      if (how === "when its successor was used") await one.refresh(body.refreshToken)
      const again = how.includes("key") ? await one.refresh(one.refreshToken, newDeviceKey()) : await one.refresh(one.refreshToken)
      expect([again.status, again.body.reason]).toEqual([401, "RefreshRefused"])
      expect((await me(body.accessToken)).status).toBe(401)
      expect((await one.refresh(body.refreshToken)).status).toBe(401)
      expect((await me(one.session)).status).toBe(200) // The browser's own is another one.
      expect(await they.logOf(one.subjectId)).toContain("RefreshReused")
    }
  )

  test("lives as long as it is used every 30 days, and 90 days at most", async () => {
    const [used, idle] = [await phone("Customer 5"), await phone("Customer 6")]
    const day = 24 * 60 * minutes
    let { refreshToken } = used
    for (const days of [29, 29, 29]) {
      await they.pass(days * day)
      const { status, body } = await used.refresh(refreshToken)
      expect(status).toBe(201)
      refreshToken = body.refreshToken
    }
    expect((await idle.refresh(idle.refreshToken)).status).toBe(401)
    await they.pass(3 * day)
    expect((await used.refresh(refreshToken)).status).toBe(401)
  })
})

describe("signing in with an app", () => {
  test("asks for the second factor, refuses staff, and takes no weak key", async () => {
    const app = { deviceName: "Phone", deviceKey: newDeviceKey(), password }
    const customer = await they.withTotp("customer", "Customer 7")
    expect((await post("", { ...app, email: customer.email })).body.reason).toBe("SecondFactorRequired")
    const { body } = await post("", { ...app, email: customer.email, totp: await they.codeOf(customer.secret) })
    await they.pass(minutes)
    const stepUp = await house.call("public", "POST", "/api/auth/sessions/current/step-up", {
      token: body.accessToken,
      headers: { origin: ownOrigin },
      body: { totp: await they.codeOf(customer.secret) }
    })
    expect(stepUp.body).toEqual({ token: null }) // It keeps its own.
    expect((await me(body.accessToken)).status).toBe(200)
    const seller = await house.signedIn("seller", "Seller 1", "dea_madrid")
    expect((await post("", { ...app, email: seller.email })).body.type).toBe("/problems/sign-in-failed")
    expect((await post("", { ...app, email: customer.email, deviceKey: "short" })).status).toBe(422)
  })
})
