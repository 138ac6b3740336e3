/** Bad input: each a typed refusal, and afterwards nothing is stored and nothing charged, by our tables and by the partners' own ledgers. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { Accounts } from "#integrations/accounts/accounts.ts"
import { type Door, type HttpHouse, httpHouse, newKey, newSale, ownOrigin, password, type Signed } from "./house.ts"

let house: HttpHouse
let seller: Signed
let neighbour: Signed
let customer: Signed
let stranger: Signed
let orderId: string
let before: Record<string, number>

beforeAll(async () => {
  house = await httpHouse()
  seller = await house.signedIn("seller", "Seller 1", "dea_madrid")
  neighbour = await house.signedIn("seller", "Seller 2", "dea_berlin")
  customer = await house.signedIn("customer", "Customer 1")
  stranger = await house.signedIn("customer", "Customer 2")
  const sale = await house.call("intranet", "POST", "/api/dealer/sales", {
    token: seller.token,
    key: "the-first-sale",
    body: newSale("Customer 1")
  })
  orderId = sale.body.orderId
  before = await house.everything()
})
afterAll(async () => {
  await house.close()
})

interface Case {
  readonly door?: Door
  readonly method?: string
  readonly path: string
  readonly token?: string | undefined
  readonly key?: string | null
  readonly headers?: Record<string, string>
  readonly body?: unknown
  readonly raw?: string | Uint8Array<ArrayBuffer>
}
const sales = "/api/dealer/sales"
const payments = () => `/api/me/orders/${orderId}/payments`
const json = { "content-type": "application/json" }
const sale = (more: object = {}) => newSale("Customer 9", more)
const text = (more: object = {}) => JSON.stringify(sale(more))
/** A valid sale as text with one member written in by hand. */
const spoiled = (member: string) => text().replace("{", `{${member},`)

const bySeller = (more: Omit<Case, "path">): Case => ({ path: sales, token: seller.token, ...more })
const byCustomer = (more: Partial<Case>): Case => ({ door: "public", path: payments(), token: customer.token, ...more })
const linkOf = ({ subjectId }: Signed) =>
  Accounts.use((accounts) => Effect.map(accounts.issueLink(subjectId, { evenIfSet: true }), (token) => token!))
const payment = { kind: "reservation", paymentMethod: "tok_ok" }

const cases: ReadonlyArray<readonly [what: string, status: number, says: string, ask: () => Case]> = [
  // What is sold, and to whom.
  ["an unknown model", 422, "NotInCatalogue", () => bySeller({ body: sale({ model: "Modelo Tres" }) })],
  ["a model named like a property of every object", 422, "NotInCatalogue", () => bySeller({ body: sale({ model: "__proto__" }) })],
  ["an unknown plan", 422, "NotInCatalogue", () => bySeller({ body: sale({ plan: "gratis" }) })],
  ["the same sale twice, by slip of the hand", 409, "DuplicateSale", () => bySeller({ body: newSale("Customer 1") })],
  ["the key of another sale", 422, "IdempotencyKeyReused", () => bySeller({ key: "the-first-sale", body: sale() })],
  [
    "the key of a sale with another plan",
    422,
    "IdempotencyKeyReused",
    () => bySeller({ key: "the-first-sale", body: newSale("Customer 1", { plan: "plus" }) })
  ],
  ["no key", 422, "idempotency-key", () => bySeller({ key: null, body: sale() })],
  ["a key that would not fit an id", 422, "idempotency-key", () => bySeller({ key: "a/b#c d?xxxx", body: sale() })],
  [
    "a customer without an address we can write to",
    422,
    "customer.email",
    () => bySeller({ body: sale({ customer: { ...sale().customer, email: "nobody" } }) })
  ],
  [
    "a wrong VIN",
    422,
    "params vin",
    () => ({ path: "/api/dealer/stock/VSSZZZ6KIOQ000001/assignment", token: seller.token, body: {} })
  ],
  [
    "a VIN that nobody built",
    404,
    "nothing here",
    () => {
      const { model: _, ...stockSale } = sale()
      return { path: "/api/dealer/stock/VSSZZZ6K000000042/assignment", token: seller.token, body: stockSale }
    }
  ],
  // Money that the caller names.
  ["a price of the caller's own", 422, "price", () => bySeller({ body: sale({ price: { amountMinor: 1, currency: "EUR" } }) })],
  ["a deposit of the caller's own", 422, "deposit", () => bySeller({ body: sale({ deposit: 0 }) })],
  ["an amount with a payment", 422, "amountMinor", () => byCustomer({ body: { ...payment, amountMinor: 1 } })],
  ["a currency with a payment", 422, "currency", () => byCustomer({ body: { ...payment, currency: "USD" } })],
  [
    "a card number for a token",
    422,
    "paymentMethod",
    () => byCustomer({ body: { kind: "reservation", paymentMethod: "4111 1111 1111 1111" } })
  ],
  [
    "a card number without blanks",
    422,
    "paymentMethod",
    () => byCustomer({ body: { kind: "reservation", paymentMethod: "4111-1111-11111111" } })
  ],
  ["a kind of payment there is not", 422, "kind", () => byCustomer({ body: { kind: "bribe", paymentMethod: "tok_ok" } })],
  ["a payment that is not due", 409, "", () => byCustomer({ body: { kind: "final", paymentMethod: "tok_ok" } })],
  ["a payment without a key", 422, "idempotency-key", () => byCustomer({ key: null, body: payment })],
  ["a payment for somebody else's order", 404, "nothing here", () => byCustomer({ token: stranger.token, body: payment })],
  [
    "a cancellation of somebody else's order",
    404,
    "nothing here",
    () => byCustomer({ path: `/api/me/orders/${orderId}/cancellation`, token: stranger.token })
  ],
  [
    "another dealership's order",
    404,
    "nothing here",
    () => ({ path: `${sales}/${orderId}/handover`, token: neighbour.token, body: { outcome: "pickedUp", pin: "123456" } })
  ],
  [
    "a field where none is asked for",
    422,
    "reason",
    () => byCustomer({ path: `/api/me/orders/${orderId}/cancellation`, body: { reason: "x" } })
  ],
  [
    "a list where nothing is asked for",
    422,
    "body",
    () => byCustomer({ path: `/api/me/orders/${orderId}/cancellation`, body: [] })
  ],
  [
    "a form where nothing is asked for",
    415,
    "application/json",
    () =>
      byCustomer({
        path: `/api/me/orders/${orderId}/cancellation`,
        raw: "a=b",
        headers: { "content-type": "application/x-www-form-urlencoded" }
      })
  ],
  // JSON and its traps.
  ["an unknown field", 422, "colour", () => bySeller({ body: sale({ colour: "red" }) })],
  [
    "an unknown field far inside",
    422,
    "customer.vip",
    () => bySeller({ body: sale({ customer: { ...sale().customer, vip: true } }) })
  ],
  ["a field twice", 422, "there twice", () => bySeller({ headers: json, raw: spoiled('"plan":"plus"') })],
  ["a field twice in two spellings", 422, "there twice", () => bySeller({ headers: json, raw: spoiled('"pl\\u0061n":"plus"') })],
  [
    "2^53 + 1",
    422,
    "too large",
    () => bySeller({ headers: json, raw: text().replace('"edition":1', '"edition":9007199254740993') })
  ],
  [
    "-2^53 - 1",
    422,
    "too large",
    () => bySeller({ headers: json, raw: text().replace('"edition":1', '"edition":-9007199254740993') })
  ],
  [
    "an infinite number",
    422,
    "too large",
    () => bySeller({ headers: json, raw: text().replace('"edition":1', '"edition":1e999') })
  ],
  ["half an edition", 422, "edition", () => bySeller({ headers: json, raw: text().replace('"edition":1', '"edition":1.5') })],
  ["33 levels", 422, "deep", () => bySeller({ headers: json, raw: `${"[".repeat(33)}${"]".repeat(33)}` })],
  ["levels without end", 422, "deep", () => bySeller({ headers: json, raw: `${"[".repeat(30_000)}${"]".repeat(30_000)}` })],
  ["half a body", 400, "JSON", () => bySeller({ headers: json, raw: text().slice(0, -2) })],
  ["bytes that are not UTF-8", 400, "UTF-8", () => bySeller({ headers: json, raw: new Uint8Array([0x7b, 0xff, 0x7d]) })],
  ["a byte order mark", 400, "JSON", () => bySeller({ headers: json, raw: `\uFEFF${text()}` })],
  ["a list for an object", 422, "body", () => bySeller({ headers: json, raw: `[${text()}]` })],
  ["null", 422, "body", () => bySeller({ headers: json, raw: "null" })],
  ["nothing at all", 422, "body", () => bySeller({ headers: json, raw: "{}" })],
  ["a NUL in a name", 422, "NUL", () => bySeller({ headers: json, raw: text().replace("Customer 9", "Customer\\u00009") })],
  [
    "half a character",
    422,
    "half a character",
    () => bySeller({ headers: json, raw: text().replace("Customer 9", "Customer \\ud800") })
  ],
  ["a NUL in the address", 404, "nothing here", () => ({ ...bySeller({}), method: "GET", path: `${sales}/%00` })],
  [
    "a NUL in a cursor",
    422,
    "cursor",
    () => ({ ...bySeller({}), method: "GET", path: `${sales}?cursor=${Buffer.from('["a\\u0000"]').toString("base64url")}` })
  ],
  // How it is sent.
  [
    "a form",
    415,
    "application/json",
    () => bySeller({ headers: { "content-type": "application/x-www-form-urlencoded" }, raw: "model=Modelo+Uno" })
  ],
  [
    "JSON that calls itself text",
    415,
    "application/json",
    () => bySeller({ headers: { "content-type": "text/plain" }, raw: text() })
  ],
  ["JSON that calls itself nothing", 415, "application/json", () => bySeller({ raw: new TextEncoder().encode(text()) })],
  [
    "JSON in another charset",
    415,
    "application/json",
    () => bySeller({ headers: { "content-type": "application/json; charset=utf-16" }, raw: text() })
  ],
  [
    "nearly JSON",
    415,
    "application/json",
    () => bySeller({ headers: { "content-type": "application/json-patch+json" }, raw: text() })
  ],
  [
    "packed JSON",
    415,
    "Content-Encoding",
    () => bySeller({ headers: { ...json, "content-encoding": "gzip" }, raw: Bun.gzipSync(new TextEncoder().encode(text())) })
  ],
  ["65 KiB", 413, "64 KiB", () => bySeller({ headers: json, raw: text().replace("{", `{${" ".repeat(65 * 1024)}`) })],
  ["an unknown query field", 422, "query", () => ({ ...bySeller({}), method: "GET", path: `${sales}?dealershipId=dea_berlin` })],
  ["a limit without end", 422, "limit", () => ({ ...bySeller({}), method: "GET", path: `${sales}?limit=1000000` })],
  ["a cursor of the caller's own", 422, "cursor", () => ({ ...bySeller({}), method: "GET", path: `${sales}?cursor=b3JkZXI` })],
  // Who asks, and from where.
  ["nobody", 401, "Sign in", () => bySeller({ token: undefined, body: sale() })],
  ["a token that never was", 401, "Sign in", () => bySeller({ token: "A".repeat(43), body: sale() })],
  ["a customer's session at the intranet", 401, "Sign in", () => bySeller({ token: customer.token, body: sale() })],
  ["a seller's session at the public door", 401, "Sign in", () => byCustomer({ token: seller.token, body: payment })],
  [
    "another site's page",
    403,
    "another site",
    () =>
      bySeller({
        token: undefined,
        headers: { cookie: `__Host-sid=${seller.token}`, origin: "https://evil.example" },
        body: sale()
      })
  ],
  [
    "a page without an origin",
    403,
    "another site",
    () => bySeller({ token: undefined, headers: { cookie: `__Host-sid=${seller.token}`, origin: "null" }, body: sale() })
  ],
  [
    "a request from a sister site",
    403,
    "another site",
    () =>
      bySeller({ token: undefined, headers: { cookie: `__Host-sid=${seller.token}`, "sec-fetch-site": "same-site" }, body: sale() })
  ],
  [
    "a cookie, and no word where it comes from",
    403,
    "another site",
    () => bySeller({ token: undefined, headers: { cookie: `__Host-sid=${seller.token}` }, body: sale() })
  ],
  [
    "a cookie planted beside ours",
    401,
    "Sign in",
    () =>
      bySeller({
        token: undefined,
        headers: { cookie: `__Host-sid=${"B".repeat(43)}; __Host-sid=${seller.token}`, origin: ownOrigin },
        body: sale()
      })
  ],
  [
    "a one-time token that never was",
    422,
    "LinkInvalid",
    () => ({ door: "public", path: "/api/auth/credentials", body: { token: "C".repeat(43), password } })
  ],
  [
    "a registration of oneself",
    404,
    "nothing here",
    () => ({ door: "public", path: "/api/auth/accounts", body: { email: "me@example.com", password } })
  ],
  ["a method there is not", 404, "nothing here", () => ({ ...bySeller({}), method: "PUT", path: sales })]
]

describe("nothing is stored and nothing charged for", () => {
  for (const [what, status, says, ask] of cases)
    test(what, async () => {
      const { door = "intranet", method = "POST", path, key = newKey(), ...rest } = ask()
      const reply = await house.call(door, method, path, { ...rest, ...(key === null ? {} : { key }) })
      expect([reply.status, reply.headers.get("content-type")]).toEqual([status, "application/problem+json"])
      expect(Object.keys(reply.body).sort().join()).toMatch(/^detail,(reason,)?status,title,type$/)
      expect(JSON.stringify(reply.body)).toContain(says)
      expect(await house.everything()).toEqual(before as any)
    })
})

describe("a payment", () => {
  test("under a used key is the first payment, and another body under it is refused", async () => {
    const key = newKey()
    const pay = (body: object) => house.call("public", "POST", payments(), { token: customer.token, key, body })
    const replies = await Promise.all(Array.from({ length: 10 }, () => pay(payment)))
    for (const { status, body } of replies) expect([status, body.orderId]).toEqual([202, orderId])
    await house.untilState(orderId, "manufacturing.building")
    const charged = await house.everything()
    expect(charged.theirPayments).toBe(before.theirPayments! + 1)
    expect((await pay(payment)).status).toBe(202)
    for (const other of [
      { ...payment, paymentMethod: "tok_ok_2" },
      { ...payment, kind: "final" }
    ]) {
      const { status, body } = await pay(other)
      expect([status, body.reason]).toEqual([422, "IdempotencyKeyReused"])
    }
    expect(await house.everything()).toEqual(charged)
  })
})

describe("a one-time token", () => {
  test("works once", async () => {
    const token = await house.runtime.runPromise(linkOf(stranger))
    const use = () => house.call("public", "POST", "/api/auth/credentials", { body: { token, password: "another long sentence" } })
    const replies = await Promise.all([use(), use(), use()])
    expect(replies.map(({ status }) => status).sort()).toEqual([204, 422, 422])
    expect((await use()).body.reason).toBe("LinkInvalid")
  })

  test("is not used up by a password that is too weak", async () => {
    const token = await house.runtime.runPromise(linkOf(stranger))
    const weak = await house.call("public", "POST", "/api/auth/credentials", { body: { token, password: "short" } })
    expect([weak.status, weak.body.reason]).toEqual([422, "PasswordTooWeak"])
    expect((await house.call("public", "POST", "/api/auth/credentials", { body: { token, password } })).status).toBe(204)
  })
})
