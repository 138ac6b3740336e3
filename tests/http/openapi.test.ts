/** What both listeners say about themselves, and what they must not offer. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { activationMachine } from "#machines/activation.ts"
import { orderMachine } from "#machines/order.ts"
import { documentOf } from "#src/commands/openapi.ts"
import { knownServiceStates } from "#src/views/activation-words.ts"
import { knownStates } from "#src/views/order-words.ts"
import { type Door, type HttpHouse, httpHouse } from "./house.ts"

const doors = ["public", "intranet"] as const
const root = join(import.meta.dir, "..", "..")
const folder = mkdtempSync(join(tmpdir(), "caas-openapi-"))
let house: HttpHouse
beforeAll(async () => {
  house = await httpHouse()
})
afterAll(async () => {
  await house.close()
  rmSync(folder, { recursive: true, force: true })
})

describe.each(doors)("the description of the %s listener", (door) => {
  test("has no error that the linter knows", async () => {
    const file = join(folder, `${door}.json`)
    await Bun.write(file, JSON.stringify(await documentOf(door)))
    const lint = Bun.spawnSync(
      [process.execPath, "x", "--no-install", "redocly", "lint", "--config", "redocly.yaml", "--format", "json", file],
      {
        cwd: root,
        env: { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" }
      }
    )
    const { totals, problems } = JSON.parse(lint.stdout.toString())
    expect([problems, totals.errors, totals.warnings]).toEqual([[], 0, 0])
  })

  test("is what the listener itself serves, and every reference leads somewhere", async () => {
    const { status, body } = await house.call(door, "GET", "/openapi/json")
    expect(status).toBe(200)
    expect(body).toEqual(JSON.parse(JSON.stringify(await documentOf(door))))
    const references = [...new Set([...JSON.stringify(body).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path!))]
    expect(references).toContain("components/schemas/Problem")
    for (const path of references) expect(path.split("/").reduce((node: any, key) => node?.[key], body)).toBeDefined()
    expect((await house.apps[door].handle(new Request("http://localhost/openapi"))).headers.get("location")).toBe("/openapi/json")
  })

  test("names the problems of every route, and refuses unknown fields in every body", async () => {
    const document: any = await documentOf(door)
    for (const [path, operations] of Object.entries<any>(document.paths))
      for (const [method, { summary, responses, requestBody }] of Object.entries<any>(operations)) {
        expect([path, typeof summary]).toEqual([path, "string"])
        if (path.startsWith("/api/"))
          for (const status of ["401", "422", "500", "503"])
            expect(responses[status].content).toHaveProperty(["application/problem+json"])
        if (path.startsWith("/webhooks/"))
          // Nor does a partner's signature help who asks from another site's page.
          expect(responses["403"].content).toHaveProperty(["application/problem+json"])
        const body = requestBody?.content["application/json"]?.schema
        if (!path.startsWith("/api/") || method === "get" || body === undefined) continue
        const schema = body.$ref === undefined ? body : document.components.schemas[body.$ref.split("/").at(-1)]
        for (const one of schema.anyOf ?? [schema]) expect([path, one.additionalProperties]).toEqual([path, false])
      }
  })
})

describe("a route", () => {
  /** Everything that answers without a session. Nothing here makes an account. */
  const open: Readonly<Record<Door, ReadonlyArray<string>>> = {
    public: [
      "GET /.well-known/http-message-signatures-directory",
      "GET /health/live",
      "GET /health/ready",
      "GET /openapi",
      "GET /openapi/json",
      "POST /api/auth/credentials",
      "POST /api/auth/email-confirmations",
      "POST /api/auth/passkeys/challenges",
      "POST /api/auth/passkeys/sessions",
      "POST /api/auth/recovery",
      "POST /api/auth/sessions",
      "POST /api/auth/tokens",
      "POST /api/auth/tokens/refresh",
      "POST /webhooks/settlement",
      "POST /webhooks/status",
      "POST /webhooks/transport"
    ],
    intranet: [
      "GET /health/live",
      "GET /health/ready",
      "GET /openapi",
      "GET /openapi/json",
      "POST /api/auth/credentials",
      "POST /api/auth/passkeys/challenges",
      "POST /api/auth/passkeys/sessions",
      "POST /api/auth/recovery",
      "POST /api/auth/sessions"
    ]
  }

  test.each(doors)("of the %s listener needs a session, but for a short list; nobody registers himself", async (door) => {
    const withoutSession: Array<string> = []
    for (const { method, path } of house.apps[door].routes) {
      const concrete = path
        .replace(":orderId", "ord_1")
        .replace(":vin", "VSSZZZ6K000000001")
        .replace(":customerId", "sub_1")
        .replace(/:\w+|\*/g, "x")
      const key = { "idempotency-key": "12345678" }
      const headers = concrete.endsWith("/documents")
        ? { ...key, "content-type": "application/pdf" }
        : { ...key, "content-type": "application/json" }
      const request = new Request(`http://localhost${concrete}`, { method, headers, ...(method === "GET" ? {} : { body: "{}" }) })
      const { status } = await house.apps[door].handle(request)
      const signature = path.startsWith("/webhooks/") // Asks for a signature instead.
      if (status !== 401 || signature) withoutSession.push(`${method} ${path}`)
    }
    expect(withoutSession.sort()).toEqual([...open[door]].sort())
    expect(await house.rows("SELECT 1 FROM accounts")).toHaveLength(0)
  })

  test.each(doors)("of the %s listener that takes a body takes it through the strict door, or as raw bytes", (door) => {
    for (const { method, path, hooks } of house.apps[door].routes) {
      if (method === "GET" || method === "DELETE") continue
      const parsers = [(hooks as any).parse].flat().map((parser: any) => parser?.fn ?? parser)
      expect([path, parsers.length === 1 && (parsers[0] === "none" || parsers[0].name === "readJson")]).toEqual([path, true])
    }
  })
})

const leaves = (node: any, path: ReadonlyArray<string> = []): ReadonlyArray<string> =>
  Object.keys(node.states).length === 0
    ? [path.join(".")]
    : Object.entries(node.states).flatMap(([key, inner]) => leaves(inner, [...path, key]))

test("every state of an order has words", () => expect([...knownStates].sort()).toEqual([...leaves(orderMachine.root)].sort()))

test("every state of a service has words", () =>
  expect([...knownServiceStates].sort()).toEqual([...leaves(activationMachine.root.states.service)].sort()))
