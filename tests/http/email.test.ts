/** Another mail address: only for whoever shows who he is, and only when the new address has answered. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { type HttpHouse, httpHouse, password, person } from "./house.ts"
import { identity, minutes } from "./identity.ts"

let house: HttpHouse
let they: ReturnType<typeof identity>
beforeAll(async () => {
  house = await httpHouse({ movable: true, signInsPerMinute: 1000 })
  they = identity(house)
})
afterAll(() => house.close())

const ask = (token: string, email: string) => house.call("public", "PUT", "/api/me/email", { token, body: { email } })
const confirm = (token: string) => house.call("public", "POST", "/api/auth/email-confirmations", { body: { token } })
const me = async (token: string) => (await house.call("public", "GET", "/api/me", { token })).body.email

/** The token in the mail to an address that is its `nth`. */
const newest = async (to: string, nth: number) => {
  const mails = () => house.world.mail.messages().filter((mail) => mail.to.includes(to))
  for (const end = performance.now() + 5_000; mails().length < nth && performance.now() < end; ) await Bun.sleep(5)
  return /#token=([A-Za-z0-9_-]+)/.exec(mails()[nth - 1]!.text)![1]!
}

describe("a new address", () => {
  test("counts when its link was used, once; the old one hears of it and is nobody's any more", async () => {
    const { email, token, subjectId } = await house.signedIn("customer", "Customer 1")
    await house.call("public", "POST", "/api/auth/recovery", { body: { email } })
    const oldLink = await house.linkFor(email)
    const next = "customer.one@new.example"
    expect((await ask(token, next)).status).toBe(202)
    const link = await house.linkFor(next)
    expect([await me(token), (await they.signIn(email)).status, (await they.signIn(next)).status]).toEqual([email, 201, 401])

    const both = await Promise.all([confirm(link), confirm(link)])
    expect(both.map(({ status }) => status).sort()).toEqual([204, 422])
    expect([await me(token), (await they.signIn(email)).status, (await they.signIn(next)).status]).toEqual([next, 401, 201])
    expect(house.world.mail.messages().findLast(({ to }) => to.includes(email))?.subject).toBe("Your address was changed")
    const late = await house.call("public", "POST", "/api/auth/credentials", { body: { token: oldLink, password } })
    expect(late.body.reason).toBe("LinkInvalid") // It lies in a mailbox that is not theirs any more.
    expect(await they.logOf(subjectId)).toEqual(expect.arrayContaining(["EmailChangeAsked", "EmailChanged"]))
    const kept = JSON.stringify(await house.rows("SELECT c::text FROM email_changes c"))
    for (const form of [next, Buffer.from(next).toString("hex"), link]) expect(kept).not.toContain(form)
  })

  test("is not somebody else's, not asked for by who signed in long ago, and not confirmed a day later or after another", async () => {
    const [one, other] = [await house.signedIn("customer", "Customer 2"), await house.signedIn("customer", "Customer 3")]
    const curious = await house.signedIn("customer", "Customer 4")
    expect((await ask(curious.token, other.email)).status).toBe(202) // Nobody learns whose it is.
    expect((await confirm(await house.linkFor(other.email))).body.reason).toBe("LinkInvalid")
    expect([await me(curious.token), await me(other.token)]).toEqual([curious.email, other.email])

    await ask(one.token, "first@new.example")
    const first = await house.linkFor("first@new.example")
    await ask(one.token, "second@new.example")
    const second = await house.linkFor("second@new.example")
    expect((await confirm(first)).status).toBe(422)
    expect((await ask(one.token, "no address")).status).toBe(422)
    await they.pass(6 * minutes)
    expect((await ask(one.token, "third@new.example")).body.type).toBe("/problems/step-up-needed")
    await they.pass(24 * 60 * minutes)
    expect((await confirm(second)).status).toBe(422)
    expect((await they.signIn(person("Customer 2").email)).status).toBe(201)
  })
  test("that two confirm at the same moment is one's, and the other is told like anybody who comes too late", async () => {
    for (let n = 0; n < 8; n++) {
      const wanted = `both.${n}@new.example`
      const links = []
      for (const who of [`Customer ${40 + 2 * n}`, `Customer ${41 + 2 * n}`]) {
        const { token } = await house.signedIn("customer", who)
        await ask(token, wanted)
        links.push(await newest(wanted, links.length + 1))
      }
      const both = await Promise.all(links.map(confirm))
      expect(both.map(({ status }) => status).sort()).toEqual([204, 422])
    }
  })
})
