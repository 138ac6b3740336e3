/** A password alone is not enough for whoever has something better, and what is better works once. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Authenticator } from "./authenticator.ts"
import { type HttpHouse, httpHouse } from "./house.ts"
import { identity, minutes } from "./identity.ts"

let house: HttpHouse
let they: ReturnType<typeof identity>
beforeAll(async () => {
  house = await httpHouse({ movable: true, signInsPerMinute: 1000 })
  they = identity(house)
})
afterAll(() => house.close())

describe("an authenticator app", () => {
  test("counts from its first right code on, and comes with recovery codes that are shown once", async () => {
    const { email, token, subjectId } = await house.signedIn("customer", "Customer 1")
    const enrolled = await they.factor("public", token, "POST", "/totp", {})
    expect(enrolled.status).toBe(201)
    expect(enrolled.body.uri).toStartWith("otpauth://totp/CaaS:customer.1%40example.com?")
    expect((await they.signIn(email)).status).toBe(201) // Nobody is locked out by half an enrolment.
    const { secret } = enrolled.body
    const wrong = await they.factor("public", token, "POST", "/totp/confirmation", { code: await they.codeOf(secret, 40) })
    expect([wrong.status, wrong.body.reason]).toEqual([422, "FactorRefused"])
    const right = await they.factor("public", token, "POST", "/totp/confirmation", { code: await they.codeOf(secret) })
    expect(right.status).toBe(200)
    expect(new Set(right.body.recoveryCodes).size).toBe(8)
    const mine = await they.factor("public", token, "GET", "")
    expect(mine.body).toEqual({ totpSince: expect.any(String), passkeys: [], recoveryCodesLeft: 8 })
    expect((await they.factor("public", token, "POST", "/totp", {})).body.reason).toBe("FactorPresent")

    const kept = JSON.stringify(
      await house.rows("SELECT t::text FROM totp_secrets t UNION ALL SELECT r::text FROM recovery_codes r")
    )
    for (const told of [secret, right.body.recoveryCodes[0], Buffer.from(secret).toString("hex")]) expect(kept).not.toContain(told)
    expect(await they.logOf(subjectId)).toEqual(expect.arrayContaining(["FactorAdded", "RecoveryCodesIssued"]))
  })

  test("is asked for after the right password only", async () => {
    const { email, secret } = await they.withTotp("customer", "Customer 2")
    const missing = await they.signIn(email)
    expect([missing.status, missing.body.type, missing.body.reason]).toEqual([
      401,
      "/problems/second-factor-required",
      "SecondFactorRequired"
    ])
    expect((await they.signIn(email, { totp: await they.codeOf(secret, 40) })).body).toEqual(missing.body)
    const guess = { password: "not this one either" }
    const stranger = await they.signIn("nobody@example.com", guess)
    expect((await they.signIn(email, { ...guess, totp: await they.codeOf(secret) })).body).toEqual(stranger.body)
    expect((await they.signIn(email, { totp: await they.codeOf(secret) })).status).toBe(201)
  })

  test("gives codes that work once, also for two at the same moment, and none from before the last one", async () => {
    const { email, secret } = await they.withTotp("customer", "Customer 3")
    const totp = await they.codeOf(secret)
    const both = await Promise.all([they.signIn(email, { totp }), they.signIn(email, { totp })])
    expect(both.map(({ status }) => status).sort()).toEqual([201, 401])
    expect((await they.signIn(email, { totp })).status).toBe(401)
    const [next, afterNext] = [await they.codeOf(secret, 1), await they.codeOf(secret, 2)]
    expect((await they.signIn(email, { totp: afterNext })).status).toBe(401) // Two steps ahead.
    await they.pass(30_000)
    expect((await they.signIn(email, { totp: afterNext })).status).toBe(201) // One step ahead: a clock that goes fast.
    expect((await they.signIn(email, { totp: next })).status).toBe(401) // Its time, and never used; a newer one was.
  })

  test("is not guessed: five wrong codes close the door like five wrong passwords", async () => {
    const { email, secret } = await they.withTotp("customer", "Customer 4")
    const wrong = await they.codeOf(secret, 100)
    const answers = []
    for (let n = 0; n < 6; n++) answers.push((await they.signIn(email, { totp: wrong })).status)
    expect(answers).toEqual([401, 401, 401, 401, 401, 429])
    expect((await they.signIn(email, { totp: await they.codeOf(secret) })).status).toBe(429)
    await they.pass(15 * minutes)
    expect((await they.signIn(email, { totp: await they.codeOf(secret) })).status).toBe(201)
  })

  test("that is lost is replaced by a recovery code, each of which works once", async () => {
    const { email, recoveryCodes } = await they.withTotp("customer", "Customer 5")
    const recoveryCode = recoveryCodes[0]!
    const { body } = await they.signIn(email, { recoveryCode: recoveryCode.toLowerCase().replaceAll("-", " ") })
    expect((await they.signIn(email, { recoveryCode })).status).toBe(401)
    const other = await they.withTotp("customer", "Customer 6")
    expect((await they.signIn(email, { recoveryCode: other.recoveryCodes[0] })).status).toBe(401) // Somebody else's.

    expect((await they.factor("public", body.token, "GET", "")).body.recoveryCodesLeft).toBe(7)
    const renewed = await they.factor("public", body.token, "POST", "/recovery-codes", {})
    expect((await they.signIn(email, { recoveryCode: recoveryCodes[1] })).status).toBe(401) // Void.
    expect((await they.factor("public", body.token, "DELETE", "/totp")).status).toBe(204)
    expect((await they.factor("public", body.token, "DELETE", "/totp")).status).toBe(404)
    const alone = await they.signIn(email)
    expect(alone.status).toBe(201)
    const { subjectId } = alone.body
    const live = await house.rows(
      `SELECT FROM recovery_codes WHERE subject_id = '${subjectId}' AND used_at IS NULL AND voided_at IS NULL`
    )
    expect([live.length, renewed.body.recoveryCodes.length]).toEqual([0, 8]) // They replaced a factor that is gone.
    expect((await they.factor("public", alone.body.token, "POST", "/recovery-codes", {})).body.reason).toBe("NoFactor")
  })

  test("is neither added nor removed in a session that showed nothing for six minutes", async () => {
    const { token } = await house.signedIn("customer", "Customer 7")
    const withApp = await they.withTotp("customer", "Customer 8")
    await they.pass(6 * minutes)
    for (const [method, path, who] of [
      ["POST", "/totp", token],
      ["DELETE", "/totp", withApp.token],
      ["POST", "/passkeys/options", token],
      ["DELETE", `/passkeys/${"x".repeat(22)}`, token],
      ["POST", "/recovery-codes", withApp.token]
    ] as const) {
      const { status, body } = await they.factor("public", who, method, path, method === "POST" ? {} : undefined)
      expect([method, path, status, body?.type]).toEqual([method, path, 401, "/problems/step-up-needed"])
    }
  })
})

describe("a factor of one door", () => {
  const page = (url: string) => ({ origin: new URL(url).origin, rpId: new URL(url).hostname })

  /** An employee whose only factor is a passkey of the intranet, and who has a car: one password for both doors. */
  const employee = async (who: string) => {
    const { email, subjectId, token } = await house.signedIn("operator", who)
    await house.signedIn("customer", who)
    const { challenge } = (await they.factor("intranet", token, "POST", "/passkeys/options", {})).body
    const device = new Authenticator()
    const passkey = device.creates({ ...page(house.options.intranetUrl), challenge })
    const added = await they.factor("intranet", token, "POST", "/passkeys", { name: "Laptop", passkey })
    expect(added.status).toBe(201)
    return { email, subjectId, device, recoveryCodes: added.body.recoveryCodes as ReadonlyArray<string> }
  }

  test("is not got around by the other: a password alone adds and removes none that counts there", async () => {
    const { email, device } = await employee("Operator 20")
    const thief = (await they.signIn(email)).body.token // The public door has no passkey of theirs: a password is enough to come in.
    for (const [method, path] of [
      ["POST", "/totp"],
      ["POST", "/recovery-codes"],
      ["POST", "/passkeys/options"],
      ["DELETE", `/passkeys/${device.credentialId}`]
    ] as const) {
      const { status, body } = await they.factor("public", thief, method, path, method === "POST" ? {} : undefined)
      expect([method, path, status, body?.reason]).toEqual([method, path, 401, "StepUpNeeded"])
    }
    const moved = await house.call("public", "PUT", "/api/me/email", { token: thief, body: { email: "thief@new.example" } })
    expect(moved.body.reason).toBe("StepUpNeeded") // The address is that of both doors.
    expect((await they.signIn(email, {}, "intranet")).body.reason).toBe("SecondFactorRequired")
  })

  test("is replaced at the other by a recovery code, and then there are two", async () => {
    const { email, recoveryCodes } = await employee("Operator 21")
    const { token } = (await they.signIn(email)).body
    const stepUp = (means: object) => house.call("public", "POST", "/api/auth/sessions/current/step-up", { token, body: means })
    const { body } = await stepUp({ recoveryCode: recoveryCodes[0] })
    const { secret } = (await they.factor("public", body.token, "POST", "/totp", {})).body
    const code = await they.codeOf(secret)
    expect((await they.factor("public", body.token, "POST", "/totp/confirmation", { code })).status).toBe(200)
    await they.pass(30_000)
    expect((await they.signIn(email, { totp: await they.codeOf(secret) }, "intranet")).status).toBe(201)
  })
})

describe("new recovery codes", () => {
  test("asked for four times at once leave eight that are good", async () => {
    const { token, subjectId } = await they.withTotp("customer", "Customer 31")
    const all = await Promise.all(Array.from({ length: 4 }, () => they.factor("public", token, "POST", "/recovery-codes", {})))
    expect(all.map(({ status }) => status)).toEqual([201, 201, 201, 201])
    const live = await house.rows(
      `SELECT FROM recovery_codes WHERE subject_id = '${subjectId}' AND used_at IS NULL AND voided_at IS NULL`
    )
    expect(live).toHaveLength(8)
  })
})

describe("half an enrolment", () => {
  test("is finished by whoever began it just now: in a session of an hour ago its code would be there to be guessed", async () => {
    const { token } = await house.signedIn("customer", "Customer 30")
    const { secret } = (await they.factor("public", token, "POST", "/totp", {})).body
    await they.pass(6 * minutes)
    const late = await they.factor("public", token, "POST", "/totp/confirmation", { code: await they.codeOf(secret) })
    expect([late.status, late.body.reason]).toEqual([401, "StepUpNeeded"])
  })
})
