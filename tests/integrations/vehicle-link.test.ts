/** Both roads to a car: the broker's subjects, and the fixed API IoT, held against our reading of it on both of its sides. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { createHash } from "node:crypto"
import { join } from "node:path"
import { Effect, Layer, ManagedRuntime, References } from "effect"
import { connect, type NatsConnection } from "nats"
import { parse } from "yaml"
import { type ApiIotSimulator, startApiIotSimulator } from "#integrations/fleet/api-iot-simulator.ts"
import { type Fleet, startFleet } from "#integrations/fleet/fleet.ts"
import { connectOptionsOf, Nats } from "#integrations/nats/nats.ts"
import { VehicleLinkRoads } from "#integrations/vehicle-link/roads.ts"
import { type ConfigEnvelope, VehicleLink } from "#integrations/vehicle-link/vehicle-link.ts"
import { Vin } from "#machines/vocabulary.ts"

const file = join(import.meta.dir, "..", "..", "integrations", "vehicle-link", "api-iot.openapi.yaml")
const text = await Bun.file(file).text()
const api = parse(text)

const vin = Vin.make("VSSCAASZ1ZZ000007")
const stranger = Vin.make("VSSCAASZ1ZZ000008")
const envelope: ConfigEnvelope = { document: "a.signed.document", catalogue: "a.signed.catalogue" }

interface Exchange {
  readonly method: string
  readonly path: string
  readonly headers: Headers
  readonly body: unknown
  readonly status: number
  readonly answer: string
}

let fleet: Fleet
let simulator: ApiIotSimulator
let proxy: ReturnType<typeof Bun.serve>
let broker: NatsConnection
let here: ReturnType<typeof runtimeFor>
const exchanges: Array<Exchange> = []
const space = `l${crypto.randomUUID().slice(0, 8)}`

const runtimeFor = (url: string, natsUrl = process.env.NATS_URL!) =>
  ManagedRuntime.make(
    VehicleLinkRoads({ url, timeoutMillis: 500 }).pipe(
      Layer.provideMerge(Nats.layer({ url: natsUrl, name: "caas-link", space })),
      Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "Error"))
    )
  )
type Link = VehicleLink["Service"]
const using = <A, E>(use: (link: Link) => Effect.Effect<A, E>) => here.runPromise(VehicleLink.use(use))
const downOf = <A, E>(use: (link: Link) => Effect.Effect<A, E>) =>
  here.runPromise(Effect.flip(VehicleLink.use(use))).then((error) => error as E & { readonly _tag: string })

beforeAll(async () => {
  fleet = await startFleet({ trust: { config: [], catalogue: [] }, manual: true })
  simulator = await startApiIotSimulator({ fleet, manual: true })
  fleet.buildFor("apiIot")
  fleet.build(vin, "Modelo Uno", "ES")
  proxy = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      const { pathname: path } = new URL(request.url)
      const { method, headers } = request
      const sent = await request.text()
      const response = await fetch(`${simulator.url}${path}`, { method, headers, ...(sent === "" ? {} : { body: sent }) })
      const answer = await response.text()
      exchanges.push({ method, path, headers, body: sent === "" ? undefined : JSON.parse(sent), status: response.status, answer })
      return new Response(answer, { status: response.status, headers: { "content-type": "application/json" } })
    }
  })
  here = runtimeFor(`http://127.0.0.1:${proxy.port}`)
  broker = await connect(connectOptionsOf(process.env.NATS_URL!))
  await here.runPromise(Nats.use((nats) => nats.connectedSince(0)))
})
afterAll(async () => {
  await here.dispose()
  await broker.close()
  await proxy.stop(true)
  await simulator.stop()
  await fleet.stop()
})

describe("a car on the broker", () => {
  test("hears documents, commands, notices and acknowledgements on subjects of its own, unchanged", async () => {
    const heard: Array<readonly [string, string]> = []
    broker.subscribe(`${space}.>`, { callback: (_, message) => void heard.push([message.subject, message.string()]) })
    await broker.flush()
    await using((link) =>
      Effect.all([
        link.configure(vin, "nats", envelope, "vehicle/x#1.0"),
        link.command(vin, "a.command.jws"),
        link.display(vin, "a.notice.jws"),
        link.acknowledge(vin, "an.acknowledgement.jws")
      ])
    )
    await here.runPromise(Nats.use((nats) => Effect.flatMap(nats.connection, (open) => Effect.promise(() => open.flush()))))
    await broker.flush()
    expect(heard).toEqual([
      [`${space}.vehicles.${vin}.config`, JSON.stringify(envelope)],
      [`${space}.vehicles.${vin}.command`, "a.command.jws"],
      [`${space}.vehicles.${vin}.display`, "a.notice.jws"],
      [`${space}.vehicles.${vin}.acknowledged`, "an.acknowledgement.jws"]
    ])
  })

  test("cannot be reached without a broker, and nobody waits for one", async () => {
    const alone = runtimeFor("http://127.0.0.1:9", "nats://127.0.0.1:9")
    const begin = performance.now()
    const tries = VehicleLink.use((link) =>
      Effect.all([
        Effect.flip(link.configure(vin, "nats", envelope, "vehicle/x#1.0")),
        Effect.flip(link.command(vin, "jws")),
        Effect.flip(link.display(vin, "jws")),
        Effect.flip(link.acknowledge(vin, "jws"))
      ])
    )
    const errors = await alone.runPromise(tries)
    expect(errors.map(({ _tag }) => _tag)).toEqual(Array(4).fill("VehicleLinkDown"))
    expect(performance.now() - begin).toBeLessThan(1_000)
    await alone.dispose()
  })
})

describe("a car behind the API IoT", () => {
  test("is passed the envelope unchanged, once for one document, however often that is sent", async () => {
    const configure = () => using((link) => link.configure(vin, "apiIot", envelope, "vehicle/x#2.0"))
    await configure()
    await configure()
    const taken = simulator.ledger().filter(({ kind }) => kind === "taken")
    expect(taken).toEqual([
      expect.objectContaining({ reference: vin, payload: createHash("sha256").update(JSON.stringify(envelope)).digest("hex") })
    ])
  })

  test("is passed the same command again where it had to be signed anew: nobody knows whether the first one arrived", async () => {
    const before = simulator.ledger().length
    await using((link) => link.configure(vin, "apiIot", envelope, "vehicle/x#3.0"))
    await using((link) => link.configure(vin, "apiIot", { ...envelope, document: "signed.a-second.time" }, "vehicle/x#3.0"))
    const taken = simulator.ledger().slice(before)
    expect(taken.filter(({ kind }) => kind === "taken")).toHaveLength(2)
  })

  test("is shown by its status, with the very bytes of the answer", async () => {
    expect((await using((link) => link.status(vin)))!.answer).toMatchObject({ vehicleId: vin, configuration: null })
    fleet.car(vin).showPairingCode() // It says something.
    const status = await using((link) => link.status(vin))
    expect(status!.answer).toMatchObject({ vehicleId: vin, configuration: { version: 0, report: fleet.car(vin).newest!.text } })
    expect(status!.bytes).toBe(exchanges.at(-1)!.answer)
    expect(JSON.parse(status!.bytes)).toEqual(status!.answer)
    expect(await using((link) => link.status(stranger))).toBeNull()
  })

  test("that the API does not know takes no document", async () => {
    const error = await downOf((link) => link.configure(stranger, "apiIot", envelope, "vehicle/y#1.0"))
    expect(error._tag).toBe("VehicleLinkDown")
  })

  const faults = [
    { fault: "down" },
    { fault: "error500" },
    { fault: "loseRequest" },
    { fault: "dropReply" },
    { fault: "delay", ms: 1_500 },
    { fault: "redirect" },
    { fault: "garbage", form: "html" },
    { fault: "garbage", form: "truncated" },
    { fault: "garbage", form: "wrongTypes" },
    { fault: "huge" }
  ] as const
  test.each(faults)("is down, and nothing is believed, where the API answers with %p", async (fault) => {
    const direct = runtimeFor(simulator.url)
    for (const on of ["POST", "GET"] as const) {
      simulator.misbehave({ ...fault, on })
      const asked = VehicleLink.use(
        (link): Effect.Effect<unknown, { readonly _tag: string }> =>
          on === "GET" ? link.status(vin) : link.configure(vin, "apiIot", envelope, `vehicle/x#${crypto.randomUUID()}`)
      )
      const outcome = await direct.runPromise(Effect.result(asked))
      expect([on, outcome]).toMatchObject([on, { _tag: "Failure", failure: { _tag: "VehicleLinkDown" } }])
    }
    simulator.behave()
    await direct.dispose()
  })

  test.each([
    ["another car", { vehicleId: stranger, online: true, lastSeenAt: null, configuration: null }],
    ["a version below zero", { vehicleId: vin, online: true, lastSeenAt: null, configuration: { version: -1, report: null } }],
    ["no configuration at all", { vehicleId: vin, online: true, lastSeenAt: null }],
    ["a book", { vehicleId: vin, online: true, lastSeenAt: null, configuration: null, more: "x".repeat(32 * 1024) }]
  ])("is not believed to be %s", async (_, body) => {
    using liar = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => Response.json(body) })
    const direct = runtimeFor(`http://127.0.0.1:${liar.port}`)
    const error = await direct.runPromise(Effect.flip(VehicleLink.use((link) => link.status(vin))))
    expect(error._tag).toBe("VehicleLinkDown")
    await direct.dispose()
  })
})

describe("our reading of the API IoT", () => {
  test("is frozen: who changes it changes an API that cannot be modified", () =>
    expect(createHash("sha256").update(text).digest("hex")).toBe(
      "c3bc94a550773e911db328daa4ea28ed89a3a7829cf56c1e49805a0f3acc8335"
    ))

  test("has the seed's two endpoints and no third", () => {
    const endpoints = Object.entries<object>(api.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)
    )
    expect(endpoints).toEqual(["POST /ota/configure", "GET /vehicles/{id}/status"])
  })

  test("holds of every request that was sent here, and of every answer", () => {
    const seen = exchanges.map(({ method, path, status }) => `${method} ${templateOf(path)} ${status}`)
    expect([...new Set(seen)].toSorted()).toEqual([
      "GET /vehicles/{id}/status 200",
      "GET /vehicles/{id}/status 404",
      "POST /ota/configure 202",
      "POST /ota/configure 404"
    ])
    for (const { method, path, headers, body, status, answer } of exchanges) {
      const operation = api.paths[templateOf(path)][method.toLowerCase()]
      const said = resolved(operation.responses[status])
      expect([path, flaws(said.content["application/json"].schema, JSON.parse(answer))]).toEqual([path, []])
      if (method !== "POST") continue
      expect(flaws(operation.requestBody.content["application/json"].schema, body)).toEqual([])
      expect(headers.get("idempotency-key")).toMatch(/./)
    }
  })

  test("is asked of whatever it forbids, too", () => {
    const schema = api.paths["/ota/configure"].post.requestBody.content["application/json"].schema
    expect(flaws(schema, { vehicleId: vin, payload: {} })).toEqual([])
    for (const wrong of [
      { vehicleId: vin },
      { vehicleId: "x", payload: {} },
      { vehicleId: vin, payload: 1 },
      { vehicleId: vin, payload: {}, more: 1 }
    ])
      expect(flaws(schema, wrong)).toHaveLength(1)
  })
})

const templateOf = (path: string) => (path.startsWith("/vehicles/") ? "/vehicles/{id}/status" : path)
const resolved = (node: any): any =>
  node.$ref === undefined
    ? node
    : node.$ref
        .slice(2)
        .split("/")
        .reduce((at: any, key: string) => at[key], api)

/** As much of JSON Schema as the file uses. */
const flaws = (given: any, value: any, at = "body"): ReadonlyArray<string> => {
  const { type, pattern, minimum, required = [], properties = {}, additionalProperties, ...rest } = resolved(given)
  if ("const" in rest) return value === rest.const ? [] : [at]
  const types = [type].flat()
  const is = value === null ? "null" : Array.isArray(value) ? "array" : Number.isInteger(value) ? "integer" : typeof value
  if (!types.includes(is)) return [`${at} is ${is}`]
  if (pattern !== undefined && is === "string" && !new RegExp(pattern).test(value)) return [`${at} is ${value}`]
  if (minimum !== undefined && is === "integer" && value < minimum) return [`${at} is ${value}`]
  if (is !== "object") return []
  return [
    ...required.filter((name: string) => !Object.hasOwn(value, name)).map((name: string) => `${at}.${name} is missing`),
    ...Object.entries(value).flatMap(([name, inner]) => {
      if (Object.hasOwn(properties, name)) return flaws(properties[name], inner, `${at}.${name}`)
      return additionalProperties === false ? [`${at}.${name} is unknown`] : []
    })
  ]
}
