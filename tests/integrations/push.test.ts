/** The contract of the push port: what the library seals, a device of another make opens; and nothing leaves for an address that nobody named. */
import { afterEach, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Redacted } from "effect"
import { Push, PushGone, type PushMessage, type PushSubscription, PushUnreachable } from "#integrations/push/push.ts"
import { type PushSimulator, type PushSimulatorOptions, startPushSimulator } from "#integrations/push/simulator.ts"
import { vapidKeyOf } from "#integrations/push/vapid.ts"
import { PushWeb } from "#integrations/push/web-push.ts"

const key = vapidKeyOf(Buffer.alloc(32, 7).toString("base64"))!
const other = vapidKeyOf(Buffer.alloc(32, 8).toString("base64"))!
const message: PushMessage = {
  id: "a".repeat(32),
  card: "act_1",
  title: "Su servicio está activo",
  text: "Su vehículo lo ha confirmado. 🚗",
  urgent: false
}

const running: Array<PushSimulator> = []
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop()
})
const open = async (options: PushSimulatorOptions = {}) => {
  const service = await startPushSimulator(options)
  running.push(service)
  return service
}
const via = <A, E>(services: ReadonlyArray<string>, effect: Effect.Effect<A, E, Push>, sender = key) =>
  Effect.runPromise(Effect.provide(effect, PushWeb({ key: Redacted.make(sender), services, timeoutMillis: 500 })))
const sending = (to: PushSubscription, what = message) => Push.use((push) => push.send(to, what))

describe("a push message", () => {
  test("is opened by the device alone, to the letter, and waits under the topic of its card", async () => {
    const service = await open()
    const [device, neighbour] = [service.subscribe(key.publicKey), service.subscribe(key.publicKey)]
    await via([service.url], sending(device))
    expect(service.screen(device)).toMatchObject([
      { messageId: message.id, card: "act_1", title: message.title, text: message.text, urgency: "normal" }
    ])
    expect(service.screen(neighbour)).toEqual([])
    expect(service.ledger()[0]!.topic).toMatch(/^[\w-]{32}$/)
    const stolen = { endpoint: neighbour.endpoint, keys: device.keys }
    expect(await via([service.url], Effect.flip(sending(stolen)))).toBeInstanceOf(PushUnreachable) // 400: it does not open.
  })

  test("of a card takes the place of the one before; of another stands beside it", async () => {
    const service = await open()
    const device = service.subscribe(key.publicKey)
    for (const [id, card] of [
      ["1", "act_1"],
      ["2", "act_1"],
      ["3", "act_2"]
    ] as const)
      await via([service.url], sending(device, { ...message, id, card, urgent: true }))
    expect(service.ledger().length).toBe(3)
    expect(new Set(service.ledger().map(({ topic }) => topic)).size).toBe(2)
    expect(service.screen(device).map(({ messageId }) => messageId)).toEqual(["2", "3"])
  })

  test("whose answer is lost was taken, is told as unreachable, and is repeated under the same id", async () => {
    const service = await open()
    const device = service.subscribe(key.publicKey)
    service.misbehave({ fault: "dropReply" })
    expect(await via([service.url], Effect.flip(sending(device)))).toBeInstanceOf(PushUnreachable)
    await via([service.url], sending(device))
    expect(service.ledger().map(({ messageId }) => messageId)).toEqual([message.id, message.id])
    expect(service.screen(device).length).toBe(1)
  })

  test("is tried later where the service is busy, broken or away, and never again where the device is gone", async () => {
    const service = await open()
    const device = service.subscribe(key.publicKey)
    for (const fault of ["busy", "broken", "down"] as const) {
      service.misbehave({ fault })
      expect(await via([service.url], Effect.flip(sending(device)))).toBeInstanceOf(PushUnreachable)
    }
    service.misbehave({ fault: "gone" })
    for (const _ of [1, 2]) expect(await via([service.url], Effect.flip(sending(device)))).toEqual(new PushGone({ reason: "410" }))
    expect(service.ledger()).toEqual([])
  })

  test("is not taken from somebody else than the device has subscribed to", async () => {
    const service = await open()
    const device = service.subscribe(key.publicKey)
    expect(await via([service.url], Effect.flip(sending(device)), other)).toMatchObject({
      _tag: "PushUnreachable",
      cause: { detail: "status 403" }
    })
  })

  test("for keys that nothing can be sealed with goes nowhere", async () => {
    const service = await open()
    const { endpoint, keys } = service.subscribe(key.publicKey)
    const crooked = { endpoint, keys: { ...keys, p256dh: `B${"A".repeat(86)}` } } // No point of the curve.
    expect(await via([service.url], Effect.flip(sending(crooked)))).toEqual(new PushGone({ reason: "KeysUnusable" }))
  })
})

describe("an endpoint", () => {
  const services = ["https://fcm.googleapis.com", "https://*.push.apple.com"]
  const allows = (endpoint: string, list: ReadonlyArray<string> = services) =>
    via(
      list,
      Push.use((push) => Effect.succeed(push.allows(endpoint)))
    )

  test.each(["https://fcm.googleapis.com/fcm/send/x", "https://web.push.apple.com/x", "https://a.b.push.apple.com/x"])(
    "%s is at a service that is named",
    async (endpoint) => expect(await allows(endpoint)).toBe(true)
  )

  test.each([
    "http://fcm.googleapis.com/x",
    "https://fcm.googleapis.com.example.org/x",
    "https://fcm.googleapis.com:8443/x",
    `https://${"user:secret"}@fcm.googleapis.com/x`,
    "https://push.apple.com/x",
    "https://evilpush.apple.com/x",
    "https://x.example.org/.push.apple.com",
    "https://fcmXgoogleapis.com/x",
    "https://127.0.0.1/x",
    "http://127.0.0.1:6379/x",
    "http://169.254.169.254/latest/meta-data",
    "http://[::1]/x",
    "https://localhost/x",
    "file:///etc/passwd",
    "no url"
  ])("%s is not", async (endpoint) => expect(await allows(endpoint)).toBe(false))

  test("that is not allowed is never called, and the loopback only where the configuration says so", async () => {
    const service = await open()
    const device = service.subscribe(key.publicKey)
    expect(await via(services, Effect.flip(sending(device)))).toEqual(new PushGone({ reason: "ServiceNotAllowed" }))
    expect(service.ledger()).toEqual([])
    expect(await allows(device.endpoint, [service.url])).toBe(true)
  })
})

describe("a simulated push service", () => {
  test("knows its devices over a restart, and speaks to other processes", async () => {
    const folder = mkdtempSync(join(tmpdir(), "push-"))
    try {
      const file = join(folder, "push.jsonl")
      const before = await open({ file })
      const device = before.subscribe(key.publicKey)
      const left = before.subscribe(key.publicKey)
      before.unsubscribe(left)
      await via([before.url], sending(device))
      await before.stop()
      const after = await open({ file })
      const at = (endpoint: string) => endpoint.replace(before.url, after.url)
      await via([after.url], sending({ ...device, endpoint: at(device.endpoint) }))
      expect(await via([after.url], Effect.flip(sending({ ...left, endpoint: at(left.endpoint) })))).toBeInstanceOf(PushGone)
      const tell = (path: string, body: unknown) =>
        fetch(`${after.url}/_simulator/${path}`, { method: "POST", body: JSON.stringify(body) })
      expect(await (await fetch(`${after.url}/_simulator/ledger`)).json()).toHaveLength(2)
      expect((await tell("faults", [{ fault: "unheard of" }])).status).toBe(404)
      const subscribed = (await (await tell("subscriptions", { applicationServerKey: key.publicKey })).json()) as PushSubscription
      await via([after.url], sending(subscribed))
      expect(after.ledger().length).toBe(3)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

test("a VAPID key is 32 bytes in base64, and a number that P-256 knows", () => {
  expect(key.publicKey).toMatch(/^B[\w-]{86}$/)
  for (const wrong of ["", "c2hvcnQ=", Buffer.alloc(32, 255).toString("base64"), Buffer.alloc(33, 1).toString("base64")])
    expect(vapidKeyOf(wrong)).toBeNull()
})
