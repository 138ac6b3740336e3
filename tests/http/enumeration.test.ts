/** Who has an account is nobody's business: a stranger's address is answered like a customer's, by the same statements. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { type HttpHouse, httpHouse } from "./house.ts"

let house: HttpHouse
const heard: Array<string> = []
beforeAll(async () => {
  house = await httpHouse({ signInsPerMinute: 1000, hears: (statement) => heard.push(statement) })
})
afterAll(() => house.close())

test("a wrong password of a customer, of a stranger and of an employee at this door are one answer and one list of statements", async () => {
  const customer = await house.signedIn("customer", "Customer 1")
  const employee = await house.signedIn("operator", "Operator 1")
  const app = { deviceName: "Phone", deviceKey: "k".repeat(43) }
  for (const [path, more] of [
    ["sessions", {}],
    ["tokens", app]
  ] as const) {
    const answers = []
    for (const email of [customer.email, employee.email, "nobody@example.com", "no address at all"]) {
      heard.length = 0
      const { status, body } = await house.call("public", "POST", `/api/auth/${path}`, {
        body: { email, password: "not this one either", totp: "123456", ...more }
      })
      answers.push({ status, body, statements: [...heard] })
    }
    expect(answers[0]!.status).toBe(401)
    expect(answers[0]!.statements.length).toBeGreaterThan(3)
    for (const answer of answers) expect(answer).toEqual(answers[0]!)
  }
})
