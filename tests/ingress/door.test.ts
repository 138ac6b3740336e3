/** The door of the webhooks: who is let in, and what is remembered of them. The ingress sleeps, so what is kept stays as it came. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { departed, inProgress, paths, secrets, settled, signed, type WebhookWorld, webhookWorld } from "./world.ts"

let world: WebhookWorld
beforeAll(async () => {
  world = await webhookWorld({ natsUrl: process.env.NATS_URL!, ingress: false })
})
afterAll(() => world.close())

let ids = 0
const freshId = () => `msg_${++ids}`
const rowOf = async (id: string) => (await world.rows()).filter(({ webhook_id }) => webhook_id === id)
const problemOf = async (response: Response) => {
  expect(response.headers.get("content-type")).toBe("application/problem+json")
  const problem: any = await response.json()
  expect(problem.status).toBe(response.status)
  return problem
}
/** Turned away before anything was read or kept. */
const turnedAway = async (request: Request) => {
  const before = (await world.rows()).length
  const response = await world.post(request)
  expect(response.status).toBe(401)
  expect((await problemOf(response)).type).toBe("/problems/not-signed")
  expect((await world.rows()).length).toBe(before)
}
const altered = (request: Request, headers: Record<string, string>, body?: string | Uint8Array) =>
  request.text().then(
    (text) =>
      new Request(request.url, {
        method: "POST",
        body: (body ?? text) as any,
        headers: { ...Object.fromEntries(request.headers), ...headers }
      })
  )

describe("the door of the webhooks", () => {
  test.each(["factory", "payments", "transport"] as const)(
    "lets a signed webhook of %s in, and keeps its very bytes",
    async (source) => {
      const id = freshId()
      const body = ` ${JSON.stringify(source === "payments" ? settled(1) : source === "factory" ? inProgress(1) : departed(1))}\n`
      const response = await world.send({ source, id, body })
      expect(response.status).toBe(202)
      expect(await response.json()).toEqual({})
      expect(await rowOf(id)).toMatchObject([{ source, state: "received", body }])
    }
  )

  test("turns away what is signed by nobody, by a stranger, by another partner", async () => {
    const webhook = { source: "factory", id: freshId(), body: inProgress(2) } as const
    for (const header of ["webhook-id", "webhook-timestamp", "webhook-signature"]) {
      const request = signed(webhook)
      request.headers.delete(header)
      await turnedAway(request)
    }
    await turnedAway(signed({ ...webhook, secret: `whsec_${Buffer.from("nobody knows this secret of mine").toString("base64")}` }))
    await turnedAway(signed({ ...webhook, secret: secrets.payments[0]! }))
  })

  test("turns away a body, an id or a time that is not the one that was signed", async () => {
    const webhook = { source: "factory", id: freshId(), body: inProgress(3) } as const
    const text = JSON.stringify(webhook.body)
    await turnedAway(await altered(signed(webhook), {}, text.replace("ord_3", "ord_4")))
    await turnedAway(await altered(signed(webhook), {}, `${text} `))
    await turnedAway(await altered(signed(webhook), { "webhook-id": freshId() }))
    const later = String(Math.floor(Date.now() / 1000) + 7)
    await turnedAway(await altered(signed(webhook), { "webhook-timestamp": later }))
    await turnedAway(
      await altered(signed(webhook), { "webhook-timestamp": `${signed(webhook).headers.get("webhook-timestamp")}x` })
    )
  })

  test("turns away a signature with any one character changed, cut short, or of another version", async () => {
    const webhook = { source: "factory", id: freshId(), body: inProgress(5) } as const
    const signature = signed(webhook).headers.get("webhook-signature")!
    for (let at = 3; at < signature.length - 1; at++) {
      const wrong = `${signature.slice(0, at)}${signature[at] === "A" ? "B" : "A"}${signature.slice(at + 1)}`
      await turnedAway(await altered(signed(webhook), { "webhook-signature": wrong }))
    }
    for (const wrong of [
      signature.slice(0, -4),
      "v1,",
      "v1",
      ",",
      signature.replace("v1", "v1a"),
      signature.replace("v1", "v2"),
      "x".repeat(2000)
    ])
      await turnedAway(await altered(signed(webhook), { "webhook-signature": wrong }))
  })

  test("turns away bytes that only look the same once they are text", async () => {
    const id = freshId()
    const replaced = `${JSON.stringify(inProgress(6)).slice(0, -1)},"note":"\uFFFD"}`
    const request = signed({ source: "factory", id, body: replaced })
    const bytes = Buffer.from(replaced)
    const at = bytes.indexOf(Buffer.from("\uFFFD"))
    await turnedAway(
      await altered(request, {}, Buffer.concat([bytes.subarray(0, at), Buffer.from([0xff]), bytes.subarray(at + 3)]))
    )
  })

  test("turns away an id with a dot, which could move the border between id and time", () =>
    turnedAway(signed({ source: "factory", id: "msg_1.5", body: inProgress(7) })))

  test("believes a signature for five minutes, either way", async () => {
    const send = (age: number) => world.send({ source: "factory", id: freshId(), body: inProgress(8), age })
    // A second of room, since the clock runs while we ask.
    expect((await send(299)).status).toBe(202)
    expect((await send(-299)).status).toBe(202)
    await turnedAway(signed({ source: "factory", id: freshId(), body: inProgress(8), age: 301 }))
    await turnedAway(signed({ source: "factory", id: freshId(), body: inProgress(8), age: -302 }))
    await turnedAway(signed({ source: "factory", id: freshId(), body: inProgress(8), age: 86_400 }))
  })

  test("takes the old secret and the new one while they change, and several signatures at once", async () => {
    const body = inProgress(9)
    for (const secret of secrets.factory)
      expect((await world.send({ source: "factory", id: freshId(), body, secret })).status).toBe(202)
    const id = freshId()
    const [first, second] = [secrets.payments[0]!, secrets.factory[1]!].map((secret) =>
      signed({ source: "factory", id, body, secret }).headers.get("webhook-signature")
    )
    expect(
      (await world.post(await altered(signed({ source: "factory", id, body }), { "webhook-signature": `${first} ${second}` })))
        .status
    ).toBe(202)
  })

  test("answers fifty copies at once with 202, and keeps one", async () => {
    const webhook = { source: "transport", id: freshId(), body: departed(10) } as const
    const answers = await Promise.all(Array.from({ length: 50 }, () => world.send(webhook)))
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(202))
    expect(await rowOf(webhook.id)).toHaveLength(1)
  })

  test("answers one id with another body with 409, keeps the first, and makes a security record", async () => {
    const id = freshId()
    expect((await world.send({ source: "payments", id, body: settled(11) })).status).toBe(202)
    for (const again of [1, 2]) {
      const response = await world.send({ source: "payments", id, body: { ...settled(11), amountMinor: 1 } })
      expect([again, response.status]).toEqual([again, 409])
      expect(await problemOf(response)).toMatchObject({ reason: "WebhookIdReused" })
    }
    expect(JSON.parse((await rowOf(id))[0]!.body)).toEqual(settled(11))
    const conflicts = await world.runtime.runPromise(
      SqlClient.SqlClient.use((sql) => sql`SELECT source FROM webhook_conflicts WHERE webhook_id = ${id}`)
    )
    expect(conflicts).toEqual([{ source: "payments" }])
  })

  test("keeps one id of two partners apart", async () => {
    const id = freshId()
    expect((await world.send({ source: "factory", id, body: inProgress(12) })).status).toBe(202)
    expect((await world.send({ source: "transport", id, body: departed(12) })).status).toBe(202)
    expect(await rowOf(id)).toHaveLength(2)
  })

  test.each([
    ["HTML", "factory", "<html>Service unavailable</html>"],
    ["nothing", "factory", ""],
    ["half a body", "factory", JSON.stringify(inProgress(13)).slice(0, 40)],
    ["JSON of another kind", "factory", "[1,2,3]"],
    ["another partner's words", "factory", departed(13)],
    ["an unknown status", "factory", { ...inProgress(13), status: "exploded" }],
    ["a wrong type", "factory", { ...inProgress(13), reference: 13 }],
    ["ready without a VIN", "factory", { ...inProgress(13), status: "ready" }],
    ["a VIN with an O", "factory", { ...inProgress(13), status: "ready", vin: "VSSZZZ5FZJR00000O" }],
    ["delivered without a proof", "transport", { ...departed(13), status: "delivered" }],
    ["another currency", "payments", { ...settled(13), currency: "USD" }],
    ["a negative amount", "payments", { ...settled(13), amountMinor: -1 }],
    ["half a cent", "payments", { ...settled(13), amountMinor: 0.5 }],
    ["an amount no float can hold", "payments", JSON.stringify(settled(13)).replace("1990000", "9007199254740993")],
    ["a field that is there twice", "payments", JSON.stringify(settled(13)).replace("{", '{"amountMinor":1,')],
    ["a payment that is not ours", "payments", { ...settled(13), reference: "pay_somebody-elses" }]
  ] as const)("answers %s, validly signed, with 422, and keeps it for the operator with its reason", async (_, source, body) => {
    const id = freshId()
    for (const again of [1, 2]) {
      const response = await world.send({ source, id, body })
      expect([again, response.status]).toEqual([again, 422])
      expect(await problemOf(response)).toMatchObject({ reason: "WebhookUnusable" })
    }
    const [row, ...more] = await rowOf(id)
    expect(more).toEqual([])
    expect(row!.state).toBe("rejected")
    expect(row!.outcome).toStartWith("rejected: ")
  })

  test("lets a partner add fields", async () =>
    expect(
      (await world.send({ source: "factory", id: freshId(), body: { ...inProgress(14), plant: { code: "MTL" } } })).status
    ).toBe(202))

  test("reads 64 KiB and not a byte more, whatever Content-Length says", async () => {
    const body = JSON.stringify(inProgress(15))
    const largest = await world.send({ source: "factory", id: freshId(), body: body.padEnd(65_536) })
    expect(largest.status).toBe(202)
    const before = (await world.rows()).length
    const larger = await world.send({ source: "factory", id: freshId(), body: body.padEnd(65_537) })
    expect(larger.status).toBe(413)
    await problemOf(larger)
    let pulled = 0
    const endless = new ReadableStream({
      pull(controller) {
        pulled++
        controller.enqueue(new Uint8Array(16_384))
      }
    })
    const { headers } = signed({ source: "factory", id: freshId(), body })
    const answer = await world.post(
      new Request(`http://localhost${paths.factory}`, { method: "POST", headers, body: endless, duplex: "half" } as RequestInit)
    )
    expect(answer.status).toBe(413)
    expect(pulled).toBeLessThan(16)
    expect((await world.rows()).length).toBe(before)
  })

  test("stands on a real socket too", async () => {
    world.app.listen({ port: 0, hostname: "127.0.0.1" })
    try {
      const post = async (request: Request) =>
        fetch(`http://127.0.0.1:${world.app.server!.port}${new URL(request.url).pathname}`, {
          method: "POST",
          headers: request.headers,
          body: await request.arrayBuffer()
        })
      const webhook = { source: "factory", id: freshId(), body: inProgress(17) } as const
      expect((await post(signed(webhook))).status).toBe(202)
      expect((await post(await altered(signed(webhook), {}, "{}"))).status).toBe(401)
      expect((await post(signed({ ...webhook, id: freshId(), body: " ".repeat(1024 * 1024) }))).status).toBe(413)
      expect(await rowOf(webhook.id)).toMatchObject([{ body: JSON.stringify(webhook.body) }])
    } finally {
      await world.app.stop(true)
    }
  })

  test("asks the partner to come again while Postgres does not answer, and keeps nothing then", async () => {
    const id = freshId()
    const locked = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    const holding = world.runtime.runPromise(
      SqlClient.SqlClient.use((sql) =>
        sql.withTransaction(
          Effect.gen(function* () {
            yield* sql`INSERT INTO webhooks (source, webhook_id, received_at, body, body_sha256) VALUES ('factory', ${id}, now(), '', sha256(''))`
            locked.resolve()
            yield* Effect.promise(() => release.promise)
            return yield* Effect.fail("undone" as const)
          })
        )
      ).pipe(Effect.flip)
    )
    await locked.promise
    const answer = await world.send({ source: "factory", id, body: inProgress(16) }) // Waits for the lock, 2 s.
    release.resolve()
    expect(await holding).toBe("undone")
    expect(answer.status).toBe(503)
    expect(answer.headers.get("retry-after")).toBe("5")
    expect(await rowOf(id)).toEqual([])
    expect((await world.send({ source: "factory", id, body: inProgress(16) })).status).toBe(202)
  })
})
