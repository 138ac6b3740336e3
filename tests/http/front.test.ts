/** What every request passes: whose page asks, which headers go out, how our own mistakes are told. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import fc from "fast-check"
import { Problem } from "#src/http/problem.ts"
import { readStrictJson } from "#src/http/strict-json.ts"
import { reachability } from "#src/reachability.ts"
import { type HttpHouse, httpHouse, newKey, newSale, ownOrigin, type Signed, withoutRedis } from "./house.ts"

let house: HttpHouse
let seller: Signed
beforeAll(async () => {
  house = await httpHouse()
  seller = await house.signedIn("seller", "Seller 1", "dea_madrid")
})
afterAll(() => house.close())

const sell = (who: string, headers: Record<string, string>) =>
  house.call("intranet", "POST", "/api/dealer/sales", { key: newKey(), headers, body: newSale(who) })

describe("a page", () => {
  test("of ours acts with the cookie; a bearer token acts from anywhere", async () => {
    const cookie = `theme=dark; __Host-sid=${seller.token}`
    expect((await sell("Customer 1", { cookie, origin: ownOrigin })).status).toBe(201)
    expect((await sell("Customer 2", { cookie, "sec-fetch-site": "same-origin" })).status).toBe(201)
    expect((await sell("Customer 3", { authorization: `Bearer ${seller.token}`, origin: "https://evil.example" })).status).toBe(201)
    expect((await sell("Customer 4", { cookie: `sid=${seller.token}`, origin: ownOrigin })).status).toBe(401) // The name without TLS.
  })
})

describe("every answer", () => {
  const safe = {
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "strict-transport-security": "max-age=31536000; includeSubDomains"
  }
  test("bears the security headers, also the refusals", async () => {
    const asked = [
      await house.call("public", "GET", "/health/live"),
      await house.call("public", "GET", "/api/me"),
      await house.call("public", "GET", "/nowhere"),
      await house.call("intranet", "POST", "/api/auth/sessions", { raw: "x" }),
      await sell("Customer 5", { origin: "https://evil.example" })
    ]
    expect(asked.map(({ status }) => status)).toEqual([200, 401, 404, 415, 403])
    for (const { headers } of asked)
      for (const [name, value] of Object.entries(safe)) expect([name, headers.get(name)]).toEqual([name, value])
    expect(asked[1]!.headers.get("www-authenticate")).toBe('Bearer realm="caas"')
  })
})

describe("health", () => {
  test("is ready where Postgres answers", async () => {
    expect((await house.call("public", "GET", "/health/live")).body).toEqual({ status: "live" })
    const ready = await house.call("intranet", "GET", "/health/ready")
    const up = { postgres: "up", nats: "up", redis: withoutRedis ? "down" : "up", workshops: "up", apiIot: "up" }
    expect([ready.status, ready.body]).toEqual([200, { status: "ready", ...up }])
  })

  test("names who is away: nobody listens there, or says nothing in time", async () => {
    const { factory, payments, registration, transport, mail, sms, apiIot, witness } = house.world
    const partners = {
      factory: factory.url,
      payments: payments.url,
      registration: registration.url,
      transport: transport.url,
      smtp: mail.url,
      sms: sms.url,
      workshops: "http://127.0.0.1:9",
      apiIot: apiIot.url,
      auditWitness: witness.url
    }
    const look = await house.runtime.runPromise(reachability(partners))
    expect(await look()).toEqual({ nats: true, redis: !withoutRedis, workshops: false, apiIot: true })
    const nowhere = await house.runtime.runPromise(reachability({ ...partners, apiIot: "http://192.0.2.1" })) // RFC 5737.
    const begin = performance.now()
    expect(await nowhere()).toMatchObject({ workshops: false, apiIot: false })
    expect(performance.now() - begin).toBeLessThan(1_000)
  })
})

describe("our own mistake", () => {
  test("is a 500 that tells nothing", async () => {
    const sale = await sell("Customer 6", { authorization: `Bearer ${seller.token}` })
    await house.quiet()
    await house.rows("ALTER TABLE ledger RENAME TO ledger_away")
    const broken = await house.call("intranet", "GET", `/api/dealer/sales/${sale.body.orderId}`, { token: seller.token })
    await house.rows("ALTER TABLE ledger_away RENAME TO ledger")
    expect([broken.status, broken.body.type]).toEqual([500, "/problems/our-fault"])
    expect(JSON.stringify(broken.body)).not.toMatch(/ledger|sql|select/i)
  })
})

describe("strict JSON", () => {
  const read = (text: string) => readStrictJson(new TextEncoder().encode(text))
  test("reads what JSON.parse reads, where nothing is twice, too deep or too large", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), fc.nat(3), (value, spaces) => {
        const text = JSON.stringify(value, null, spaces)
        const tooLarge = (json: unknown): boolean =>
          typeof json === "number"
            ? Math.abs(json) > Number.MAX_SAFE_INTEGER
            : typeof json === "object" && json !== null && Object.values(json).some(tooLarge)
        if (tooLarge(JSON.parse(text))) expect(() => read(text)).toThrow(Problem)
        else expect(read(text)).toEqual(JSON.parse(text))
      })
    )
  })

  test("finds any key that is there twice, however it is spelled", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.jsonValue({ maxDepth: 3 }), (key, value) => {
        const plain = JSON.stringify(key)
        const spelled = `"${Array.from({ length: key.length }, (_, i) => `\\u${key.charCodeAt(i).toString(16).padStart(4, "0")}`).join("")}"`
        const safe = JSON.stringify(value).replace(/-?\d[\d.eE+-]*/g, "1")
        expect(() => read(`{${plain}:1,"other ${"x"}":[${safe}],${spelled}:2}`)).toThrow("We could not use that")
        expect(() => read(`[{${plain}:1},{${spelled}:2}]`)).not.toThrow()
      })
    )
  })

  test("is not misled by strings that look like JSON", () => {
    const text = '{"a":"\\"a\\":1,{[","b":"a","c":{"a":"}"},"d":["a","a"]}'
    expect(read(text)).toEqual(JSON.parse(text))
  })
})
