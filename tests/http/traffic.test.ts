/** How much one may ask of a door, who is counted as whom, and how long an address and a header may be. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { connect } from "node:net"
import { documentOf } from "#src/commands/openapi.ts"
import { settingsOf } from "#src/config.ts"
import { addressOf } from "#src/http/address.ts"
import type { Problem } from "#src/http/problem.ts"
import { publicApp } from "#src/http/public.ts"
import { makeRun } from "#src/http/run.ts"
import { perMinute, Traffic } from "#src/http/traffic.ts"
import { type HttpHouse, httpHouse, ownOrigin } from "./house.ts"

let house: HttpHouse
let url = ""
let app: ReturnType<typeof publicApp>
beforeAll(async () => {
  house = await httpHouse()
  app = publicApp(makeRun(house.runtime), {
    ...house.options,
    origins: [ownOrigin],
    isProxy: (address) => address === "127.0.0.1" || address === "10.0.0.9"
  })
  app.listen({ port: 0, hostname: "127.0.0.1" })
  url = `http://127.0.0.1:${app.server!.port}`
})
afterAll(async () => {
  await app.stop(true)
  await house.close()
})

const behind = (forwarded: string, more: Record<string, string> = {}) =>
  fetch(`${url}/api/me`, { headers: { "x-forwarded-for": forwarded, ...more } })

/** As no client of HTTP would say it. */
const raw = (said: string) =>
  new Promise<string>((resolve, reject) => {
    let answer = ""
    const socket = connect(app.server!.port!, "127.0.0.1", () => socket.write(said))
    socket
      .on("data", (bytes) => (answer += bytes))
      .on("close", () => resolve(answer))
      .on("error", reject)
  })

describe("a door", () => {
  test("turns away an address of the network that asks without end, by 429 and when to come back, and nobody else", async () => {
    const burst = await Promise.all(
      Array.from({ length: 100 }, async (_, n) => {
        let last = 0
        for (let k = 0; k < perMinute.address / 100; k++)
          last = (await behind("203.0.113.7", { authorization: `Bearer ${"x".repeat(20)}${n}` })).status
        return last
      })
    )
    expect(new Set(burst)).toEqual(new Set([401])) // As often as one may.
    const no = await behind("203.0.113.7")
    expect([no.status, ((await no.json()) as any).type]).toEqual([429, "/problems/too-many"])
    expect(Number(no.headers.get("retry-after"))).toBeWithin(1, 61)
    expect(no.headers.get("x-content-type-options")).toBe("nosniff")
    expect((await behind("203.0.113.8")).status).toBe(401)
    expect((await behind("198.51.100.1, 203.0.113.7, 10.0.0.9")).status).toBe(429) // Whatever it says of itself.
    expect((await fetch(`${url}/webhooks/status`, { method: "POST", headers: { "x-forwarded-for": "203.0.113.7" } })).status).toBe(
      401
    )
    expect((await fetch(`${url}/api/me`)).status).toBe(401) // From this machine.
  }, 60_000)

  test.each([
    ["without a Host", "HTTP/1.0", ""],
    ["with an empty one", "HTTP/1.1", "Host:\r\n"],
    ["with an address in it", "HTTP/1.1", "Host: x/webhooks/status\r\n"],
    ["with a port that is none", "HTTP/1.1", "Host: x:99999\r\n"]
  ])("says to a caller %s what is missing, and that it is no fault of ours", async (_, version, host) => {
    const paths = ["GET /health/live", "POST /webhooks/status", "POST /api/me/vehicles/V/activations/a/withdrawal", "GET /api/me"]
    for (const asked of paths)
      expect([asked, await raw(`${asked} ${version}\r\n${host}Content-Length: 0\r\nConnection: close\r\n\r\n`)]).toEqual([
        asked,
        expect.stringMatching(/^HTTP\/1\.1 400 [\s\S]*"type":"\/problems\/bad-host"/)
      ])
  })

  test("counts whatever is no webhook and no withdrawal, also where its address ends like one", async () => {
    await Promise.all(
      Array.from({ length: 100 }, async () => {
        for (let k = 0; k < perMinute.address / 100; k++) await behind("203.0.113.20")
      })
    )
    const ask = async (method: string, path: string) =>
      (await fetch(`${url}${path}`, { method, headers: { "x-forwarded-for": "203.0.113.20" } })).status
    const own = "/api/me/vehicles/VSSCAASZ1ZZ000001/activations/act_1/withdrawal"
    for (const [method, path] of [
      ["GET", "/api/me/orders/withdrawal"],
      ["GET", "/api/me/purchase-file/documents/withdrawal"],
      ["DELETE", "/api/auth/sessions/withdrawal"],
      ["GET", own],
      ["POST", `/nowhere${own}`],
      ["POST", "/webhooks/nowhere"]
    ] as const)
      expect([method, path, await ask(method, path)]).toEqual([method, path, 429])
    for (const path of [own, `${own}/confirmation`, "/webhooks/status"])
      expect([path, await ask("POST", path)]).toEqual([path, 401])
  }, 60_000)

  test("reads an address of 4,096 characters at most, and headers of 16 KiB", async () => {
    const ask = async (path: string, headers: Record<string, string> = {}) => {
      const response = await fetch(`${url}${path}`, { headers })
      return [response.status, response.headers.get("content-type")]
    }
    expect(await ask(`/api/me?x=${"a".repeat(4_096 - url.length - "/api/me?x=".length)}`)).toEqual([
      401,
      "application/problem+json"
    ])
    expect(await ask(`/api/me?x=${"a".repeat(4_096)}`)).toEqual([414, "application/problem+json"])
    expect((await ask("/api/me", { "x-more": "a".repeat(12 * 1024) }))[0]).toBe(401)
    expect((await ask("/api/me", { "x-more": "a".repeat(20 * 1024) }))[0]).toBe(431)
    expect((await ask("/health/live"))[0]).toBe(200)
  })

  test.each(["public", "intranet"] as const)("of the %s side takes no list without an end", async (door) => {
    const document: any = await documentOf(door)
    const schemaOf = (schema: any): any =>
      schema?.$ref === undefined ? schema : schemaOf(document.components.schemas[schema.$ref.split("/").at(-1)])
    const endless = (schema: any, path: string): ReadonlyArray<string> => {
      const { type, items, maxItems, properties = {}, anyOf = [], allOf = [] } = schemaOf(schema) ?? {}
      return [
        ...(type === "array" && maxItems === undefined && !allOf.some((one: any) => one.maxItems !== undefined) ? [path] : []),
        ...(items === undefined || items === false ? [] : endless(items, `${path}[]`)),
        ...Object.entries(properties).flatMap(([name, one]) => endless(one, `${path}.${name}`)),
        ...[...anyOf, ...allOf].flatMap((one: any) => endless(one, path))
      ]
    }
    let bodies = 0
    for (const [path, operations] of Object.entries<any>(document.paths))
      for (const { requestBody } of Object.values<any>(operations)) {
        const schema = requestBody?.content?.["application/json"]?.schema
        if (schema === undefined) continue
        bodies++
        expect([path, endless(schema, "body")]).toEqual([path, []])
      }
    expect(bodies).toBeGreaterThan(5)
  })
})

describe("a count", () => {
  const refused = (ask: () => void) => {
    try {
      ask()
      return null
    } catch (error) {
      return (error as Problem).retryAfterSeconds
    }
  }
  test("is of a minute, of a session besides, of an IPv6 network as one, and has an end of memory", () => {
    let now = 0
    const traffic = new Traffic(() => now)
    const times = (n: number, ask: (k: number) => void) => {
      for (let k = 0; k < n; k++) ask(k)
    }
    times(perMinute.session, () => traffic.admit("203.0.113.7", "a session"))
    now += 10_000
    expect(refused(() => traffic.admit("203.0.113.99", "a session"))).toBe(50)
    expect(refused(() => traffic.admit("203.0.113.7", "another one"))).toBe(null)
    now += 50_000
    expect(refused(() => traffic.admit("203.0.113.7", "a session"))).toBe(null)
    times(perMinute.address, (k) => traffic.admit(`2001:db8::${k.toString(16)}`, null))
    expect(refused(() => traffic.admit("2001:db8:0:0:ffff::1", null))).toBe(60)
    expect(refused(() => traffic.admit("2001:db8:0:1::1", null))).toBe(null)
    now += 60_000
    times(100_000, (k) => traffic.admit(`2001:db8:${(k >> 16).toString(16)}:${(k & 0xffff).toString(16)}::1`, null))
    times(perMinute.address, () => traffic.admit(`2001:db9:${Math.floor(now)}::1`, null))
    expect(refused(() => traffic.admit("198.51.100.1", null))).toBe(60)
    for (const own of ["127.0.0.1", "::1", "in-process"]) times(perMinute.address + 1, () => traffic.admit(own, null))
  })
})

describe("an address", () => {
  const isProxy = (proxies: string) => settingsOf({ ...house.env, TRUSTED_PROXIES: proxies }).isProxy
  const seen = (peer: string, forwarded: string | null, proxies: string) =>
    addressOf(
      { requestIP: () => ({ address: peer }) } as any,
      new Request("http://localhost/", forwarded === null ? {} : { headers: { "x-forwarded-for": forwarded } }),
      { isProxy: isProxy(proxies) }
    )

  test.each([
    ["the socket's, where no proxy is ours", "203.0.113.7", "198.51.100.1", "", "203.0.113.7"],
    ["the socket's, where it is no proxy of ours", "203.0.113.7", "198.51.100.1", "10.0.0.0/8", "203.0.113.7"],
    ["what our proxy says", "10.1.2.3", "198.51.100.1", "10.0.0.0/8", "198.51.100.1"],
    [
      "the last that is not ours, whatever stands before it",
      "10.1.2.3",
      "1.1.1.1, 198.51.100.1, 10.9.9.9",
      "10.0.0.0/8",
      "198.51.100.1"
    ],
    ["what two of our proxies say", "10.1.2.3", "198.51.100.1, fd00::7", "10.0.0.0/8, fd00::/8", "198.51.100.1"],
    ["the proxy's own, where it says nothing", "10.1.2.3", null, "10.0.0.0/8", "10.1.2.3"],
    ["the proxy's own, where it cannot be read", "10.1.2.3", "unknown", "10.0.0.0/8", "10.1.2.3"],
    ["the last that can be read", "10.1.2.3", "198.51.100.1, <script>, 10.4.4.4", "10.0.0.0/8", "10.4.4.4"],
    ["IPv4 in an IPv6 socket", "::ffff:10.1.2.3", "::ffff:198.51.100.1", "10.1.2.3", "198.51.100.1"],
    ["IPv6", "2001:db8::1", "2001:db8::2", "2001:db8::1/128", "2001:db8::2"]
  ])("is %s", (_, peer, forwarded, proxies, address) => expect(seen(peer, forwarded, proxies)).toBe(address))
})
