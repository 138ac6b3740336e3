/** A lost password: a link to the address that is known, and not a word about who has an account. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { type HttpHouse, httpHouse, points } from "./house.ts"
import { identity } from "./identity.ts"

let house: HttpHouse
let they: ReturnType<typeof identity>
beforeAll(async () => {
  house = await httpHouse({ movable: true, signInsPerMinute: 40 })
  they = identity(house)
})
afterAll(() => house.close())

const newPassword = "another car that learns"
const ask = (email: string, door: "public" | "intranet" = "public") =>
  house.call(door, "POST", "/api/auth/recovery", { body: { email } })
const mailsTo = (email: string) => house.world.mail.messages().filter(({ to }) => to.includes(email))

describe("recovery", () => {
  test("mails a link that sets a password once, and leaves the second factor as it is", async () => {
    const { email, secret, subjectId, token } = await they.withTotp("customer", "Customer 1")
    expect((await ask(email)).status).toBe(202)
    const link = await house.linkFor(email)
    const use = () => house.call("public", "POST", "/api/auth/credentials", { body: { token: link, password: newPassword } })
    expect((await they.signIn(email, { totp: await they.codeOf(secret) })).status).toBe(201) // Who only asks changes nothing.
    expect((await use()).status).toBe(204)
    expect((await use()).body.reason).toBe("LinkInvalid")
    expect((await house.call("public", "GET", "/api/me", { token })).status).toBe(401)
    await they.pass(30_000)
    expect((await they.signIn(email, { password: newPassword })).body.reason).toBe("SecondFactorRequired")
    expect((await they.signIn(email, { password: newPassword, totp: await they.codeOf(secret) })).status).toBe(201)
    expect(await they.logOf(subjectId)).toEqual(
      expect.arrayContaining(["RecoveryAsked", "LinkIssued", "PasswordSet", "LinkRefused"])
    )
  })

  test("ends what whoever knew the old password had begun: another address that waits to be confirmed", async () => {
    const { email, token } = await house.signedIn("customer", "Customer 10")
    const theirs = "thief@new.example"
    expect((await house.call("public", "PUT", "/api/me/email", { token, body: { email: theirs } })).status).toBe(202)
    const waiting = await house.linkFor(theirs)
    await ask(email)
    const link = await house.linkFor(email)
    expect(
      (await house.call("public", "POST", "/api/auth/credentials", { body: { token: link, password: newPassword } })).status
    ).toBe(204)
    const late = await house.call("public", "POST", "/api/auth/email-confirmations", { body: { token: waiting } })
    expect(late.body?.reason).toBe("LinkInvalid")
    expect((await they.signIn(email, { password: newPassword })).status).toBe(201)
  })

  test("answers the same for a stranger, for the other door and for an account that is disabled, and mails nothing", async () => {
    const customer = await house.signedIn("customer", "Customer 2")
    const gone = await house.signedIn("customer", "Customer 3")
    await house.rows(`UPDATE accounts SET disabled_at = now() WHERE subject_id = '${gone.subjectId}'`)
    const known = await house.signedIn("customer", "Customer 4")
    const answers = [
      await ask(known.email),
      await ask("nobody@example.com"),
      await ask(customer.email, "intranet"),
      await ask(gone.email),
      await ask("not an address")
    ]
    expect(answers.map(({ status, body }) => [status, body])).toEqual(Array(5).fill([202, {}]))
    await house.linkFor(known.email)
    await untilAsked(5)
    for (const email of ["nobody@example.com", customer.email, gone.email]) expect([email, mailsTo(email)]).toEqual([email, []])
  })

  test("mails three times an hour to one address, and says nothing of it", async () => {
    const { email } = await house.signedIn("customer", "Customer 5")
    await house.linkFor("customer.4@example.com")
    for (let n = 0; n < 5; n++) expect((await ask(email)).status).toBe(202)
    for (const end = performance.now() + 5_000; mailsTo(email).length < points(3) && performance.now() < end; ) await Bun.sleep(20)
    await Bun.sleep(200)
    expect(mailsTo(email)).toHaveLength(points(3))
  })

  test("is slowed down for whoever asks for many", async () => {
    const statuses = []
    for (let n = 0; n < 45; n++) statuses.push((await ask(`nobody.${n}@example.com`)).status)
    expect([statuses[0], statuses.at(-1)]).toEqual([202, 429])
  })
})

/** Everybody who was looked for so far. */
const untilAsked = async (count: number) => {
  for (const end = performance.now() + 5_000; performance.now() < end; await Bun.sleep(20))
    if ((await house.rows("SELECT 1 FROM security_log WHERE kind = 'RecoveryAsked'")).length >= count) return
  throw new Error(`Fewer than ${count} recoveries`)
}
