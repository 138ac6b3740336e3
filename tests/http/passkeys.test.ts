/** Passkeys: what a device signs for our page alone, once, and with a counter that only goes up. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Authenticator, type Ceremony } from "./authenticator.ts"
import { type HttpHouse, httpHouse, ownOrigin, password, type Signed } from "./house.ts"
import { identity, minutes } from "./identity.ts"

let house: HttpHouse
let they: ReturnType<typeof identity>
beforeAll(async () => {
  house = await httpHouse({ movable: true, signInsPerMinute: 1000 })
  they = identity(house)
})
afterAll(() => house.close())

const page = { origin: ownOrigin, rpId: "localhost" }
const options = async ({ token }: Pick<Signed, "token">) =>
  (await they.factor("public", token, "POST", "/passkeys/options", {})).body
const add = ({ token }: Pick<Signed, "token">, passkey: object) =>
  they.factor("public", token, "POST", "/passkeys", { name: "Laptop", passkey })
const challenge = async () =>
  (await house.call("public", "POST", "/api/auth/passkeys/challenges", { body: {} })).body.challenge as string
const show = (passkey: object, door: "public" | "intranet" = "public") =>
  house.call(door, "POST", "/api/auth/passkeys/sessions", { body: { passkey } })

/** Somebody with a passkey, and the device it is in. */
const withPasskey = async (who: string) => {
  const person = await house.signedIn("customer", who)
  const device = new Authenticator()
  const added = await add(person, device.creates({ ...page, challenge: (await options(person)).challenge }))
  expect(added.status).toBe(201)
  const signs = async (more: Partial<Ceremony> = {}) => show(device.shows({ ...page, challenge: await challenge(), ...more }))
  return { ...person, device, signs, recoveryCodes: added.body.recoveryCodes as ReadonlyArray<string> }
}

describe("a passkey", () => {
  test("is made for this person at this door, and signs in without a password", async () => {
    const customer = await withPasskey("Customer 1")
    expect(customer.recoveryCodes).toHaveLength(8)
    const again = await options(customer)
    expect(again).toMatchObject({
      rp: { id: "localhost", name: "CaaS" },
      user: { id: Buffer.from(customer.subjectId).toString("base64url"), name: customer.email },
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
      excludeCredentials: [{ id: customer.device.credentialId }],
      attestation: "none"
    })
    const signedIn = await customer.signs({ userHandle: customer.subjectId })
    expect([signedIn.status, signedIn.body.subjectId]).toEqual([201, customer.subjectId])
    const browser = { cookie: signedIn.headers.get("set-cookie")!.split(";")[0]!, origin: ownOrigin }
    expect((await house.call("public", "GET", "/api/me", { headers: browser })).status).toBe(200)
    expect((await they.signIn(customer.email)).body.reason).toBe("SecondFactorRequired")
    const { body } = await they.factor("public", signedIn.body.token, "GET", "")
    expect(body.passkeys).toMatchObject([{ passkeyId: customer.device.credentialId, door: "public", name: "Laptop" }])
  })

  test("is not made by another page, for another host, without its user, for somebody else, or by an answer that was used", async () => {
    const [customer, other] = [await house.signedIn("customer", "Customer 2"), await house.signedIn("customer", "Customer 3")]
    const make = async (more: Partial<Ceremony>, by: Pick<Signed, "token"> = customer) =>
      add(by, new Authenticator().creates({ ...page, challenge: (await options(customer)).challenge, ...more }))
    for (const more of [
      { origin: "https://evil.example" },
      { origin: `${ownOrigin}.evil.example` },
      { rpId: "evil.example" },
      { rpId: "127.0.0.1" },
      { verified: false },
      { challenge: Buffer.alloc(32).toString("base64url") },
      { challenge: await challenge() } // Of a sign-in.
    ])
      expect([more, (await make(more)).body.reason]).toEqual([more, "PasskeyRefused"])
    expect((await make({}, other)).body.reason).toBe("PasskeyRefused")
    const device = new Authenticator()
    const answer = device.creates({ ...page, challenge: (await options(customer)).challenge })
    expect([(await add(customer, answer)).status, (await add(customer, answer)).body.reason]).toEqual([201, "PasskeyRefused"])
    const taken = device.creates({ ...page, challenge: (await options(other)).challenge })
    expect((await add(other, taken)).body.reason).toBe("PasskeyRefused") // It is somebody's.
    const late = new Authenticator().creates({ ...page, challenge: (await options(customer)).challenge })
    await they.pass(5 * minutes)
    expect((await add(customer, late)).body.reason).toBe("PasskeyRefused")
  })

  test("with a name that is too short to be one is refused like any other that is not right", async () => {
    const customer = await house.signedIn("customer", "Customer 12")
    const named = async (length: number) =>
      add(customer, new Authenticator(length).creates({ ...page, challenge: (await options(customer)).challenge }))
    for (const length of [1, 11, 15]) {
      const { status, body } = await named(length)
      expect([length, status, body.reason]).toEqual([length, 422, "PasskeyRefused"])
    }
    expect([(await named(16)).status, (await named(1023)).status]).toEqual([201, 201])
  })

  test("is not believed from another page, for another host, without its user, or with another's name or key", async () => {
    const [customer, other] = [await withPasskey("Customer 4"), await withPasskey("Customer 5")]
    const stolen = {
      ...other.device.shows({ ...page, challenge: await challenge() }),
      id: customer.device.credentialId,
      rawId: customer.device.credentialId
    }
    const answers = [
      await customer.signs({ origin: "https://evil.example" }),
      await customer.signs({ rpId: "evil.example" }),
      await customer.signs({ verified: false }),
      await customer.signs({ userHandle: other.subjectId }),
      await customer.signs({ challenge: Buffer.alloc(32, 1).toString("base64url") }),
      await customer.signs({ challenge: (await options(customer)).challenge }), // Of a registration.
      await show(stolen),
      await show(new Authenticator().shows({ ...page, challenge: await challenge() }))
    ]
    const stranger = await they.signIn("nobody@example.com")
    for (const { status, body } of answers) expect([status, body]).toEqual([401, stranger.body])
    expect((await customer.signs()).status).toBe(201)
  })

  test("answers a challenge once, at the door it is for, within five minutes", async () => {
    const customer = await withPasskey("Customer 6")
    const answer = customer.device.shows({ ...page, challenge: await challenge() })
    const both = await Promise.all([show(answer), show(answer)])
    expect(both.map(({ status }) => status).sort()).toEqual([201, 401])
    expect((await show(answer)).status).toBe(401)
    const late = customer.device.shows({ ...page, challenge: await challenge() })
    const elsewhere = customer.device.shows({ ...page, challenge: await challenge() })
    expect((await show(elsewhere, "intranet")).status).toBe(401)
    await they.pass(5 * minutes)
    expect((await show(late)).status).toBe(401)
  })

  test("whose counter goes back, or stands still, is a copy", async () => {
    const customer = await withPasskey("Customer 7")
    expect((await customer.signs({ counter: 10 })).status).toBe(201)
    for (const counter of [10, 9, 0]) expect([counter, (await customer.signs({ counter })).status]).toEqual([counter, 401])
    expect((await customer.signs({ counter: 11 })).status).toBe(201)
  })

  test("steps up its own session, and nobody else's", async () => {
    const [customer, other] = [await withPasskey("Customer 8"), await withPasskey("Customer 9")]
    await they.pass(6 * minutes)
    const stepUp = async (device: Authenticator) =>
      house.call("public", "POST", "/api/auth/sessions/current/step-up", {
        token: customer.token,
        body: { passkey: device.shows({ ...page, challenge: await challenge() }) }
      })
    expect((await they.factor("public", customer.token, "POST", "/recovery-codes", {})).body.reason).toBe("StepUpNeeded")
    expect((await stepUp(other.device)).body.type).toBe("/problems/step-up-failed")
    const { body } = await stepUp(customer.device)
    expect((await they.factor("public", body.token, "POST", "/recovery-codes", {})).status).toBe(201)
  })

  test("that is removed is nobody's, and with the last one a password is enough again", async () => {
    const [customer, other] = [await withPasskey("Customer 10"), await withPasskey("Customer 11")]
    const remove = (token: string) => they.factor("public", token, "DELETE", `/passkeys/${customer.device.credentialId}`)
    expect((await remove(other.token)).status).toBe(404)
    expect((await remove(customer.token)).status).toBe(204)
    expect((await customer.signs()).status).toBe(401)
    expect((await they.signIn(customer.email, { password })).status).toBe(201)
    expect(await they.logOf(customer.subjectId)).toContain("FactorRemoved")
  })
})
