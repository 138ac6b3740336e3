/** Secrets of webhooks while one replaces another, and the clock that a signature is judged by, to the second (F52, F53, F55). */
import { afterEach, describe, expect, setSystemTime, test } from "bun:test"
import { createHmac } from "node:crypto"
import { Effect, Exit } from "effect"
import { type Secrets, WebhookSecrets } from "#integrations/webhooks/secrets.ts"
import { verifySignature } from "#integrations/webhooks/signature.ts"
import type { WebhookSource } from "#integrations/webhooks/webhooks.ts"

const secretOf = (word: string) => `whsec_${Buffer.from(word.padEnd(32, "-")).toString("base64")}`
const [older, newer, newest] = [secretOf("older"), secretOf("newer"), secretOf("newest")]
const others = { payments: [secretOf("payments")], transport: [secretOf("transport")] }
const during = { factory: [newer, older], ...others }

const instant = Date.parse("2026-03-02T12:00:00.000Z")
afterEach(() => setSystemTime())

const body = new TextEncoder().encode('{"status":"ready"}')
const signatureBy = (secret: string, timestamp: number, version = "v1") => {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64")
  return `${version},${createHmac("sha256", key)
    .update(`msg_1.${timestamp}.${new TextDecoder().decode(body)}`)
    .digest("base64")}`
}
/** As a process that was started with these secrets judges. */
const judged = async (
  secrets: Secrets,
  signature: string,
  { source = "factory" as WebhookSource, timestamp = instant / 1000, bytes = body } = {}
) => {
  const headers = new Headers({ "webhook-id": "msg_1", "webhook-timestamp": String(timestamp), "webhook-signature": signature })
  const exit = await Effect.runPromiseExit(
    verifySignature(source, headers, bytes).pipe(Effect.provide(WebhookSecrets.layer(secrets)))
  )
  return Exit.isSuccess(exit)
}
const believed = (secrets: Secrets, secret: string, more: Parameters<typeof judged>[2] = {}) =>
  judged(secrets, signatureBy(secret, more.timestamp ?? instant / 1000), more)

describe("a secret that replaces another", () => {
  test("is not believed before, both are during, and the old one is not afterwards", async () => {
    setSystemTime(new Date(instant))
    const told = async (secrets: Secrets) => [await believed(secrets, older), await believed(secrets, newer)]
    expect(await told({ ...during, factory: [older] })).toEqual([true, false])
    expect(await told(during)).toEqual([true, true])
    expect(await told({ ...during, factory: [older, newer] })).toEqual([true, true]) // In whatever order.
    expect(await told({ ...during, factory: [newer] })).toEqual([false, true])
  })

  test("may sign beside the old one, and one signature of the two is enough", async () => {
    setSystemTime(new Date(instant))
    const both = `${signatureBy(older, instant / 1000)} ${signatureBy(newer, instant / 1000)}`
    expect(await judged({ ...during, factory: [older] }, both)).toBe(true)
    expect(await judged({ ...during, factory: [newer] }, both)).toBe(true)
    expect(await judged({ ...during, factory: [newest] }, both)).toBe(false)
  })

  test("is believed of its own partner alone, while it changes, too", async () => {
    setSystemTime(new Date(instant))
    for (const secret of [older, newer]) expect(await believed(during, secret, { source: "payments" })).toBe(false)
    expect(await believed(during, others.payments[0]!)).toBe(false)
    expect(await believed(during, others.payments[0]!, { source: "payments" })).toBe(true)
  })

  test("is no third: a start with three says which partner has too many", async () => {
    const started = (secrets: Secrets) => Effect.runPromise(Effect.provide(Effect.void, WebhookSecrets.layer(secrets)))
    await started(during)
    const words = "has 3 webhook secrets; 2 may be live at a time: take the oldest away"
    await expect(started({ ...during, factory: [newest, newer, older] })).rejects.toThrow(`factory ${words}`)
    await expect(started({ ...during, payments: [newest, newer, older] })).rejects.toThrow(`payments ${words}`)
  })
})

describe("a signature", () => {
  test.each([
    [-301, false],
    [-300, true],
    [-299, true],
    [0, true],
    [299, true],
    [300, true],
    [301, false]
  ])("that is %p seconds old is believed: %p, by the old secret and the new", async (age, right) => {
    setSystemTime(new Date(instant))
    for (const secret of [older, newer]) expect(await believed(during, secret, { timestamp: instant / 1000 - age })).toBe(right)
  })

  test("that was cut short, anywhere, or is of another version, is nobody's", async () => {
    setSystemTime(new Date(instant))
    const signature = signatureBy(newer, instant / 1000)
    for (let length = 0; length < signature.length; length++)
      expect([length, await judged(during, signature.slice(0, length))]).toEqual([length, false])
    for (const version of ["v1a", "v0", "v2", "V1", ""])
      expect(await judged(during, signatureBy(newer, instant / 1000, version))).toBe(false)
    expect(await judged(during, signature, { bytes: body.slice(0, -1) })).toBe(false)
    expect(await judged(during, signature)).toBe(true)
  })
})

describe("a flood", () => {
  test("of twenty thousand forgeries that look right is turned away to the last, and leaves nothing in memory (F57)", async () => {
    setSystemTime(new Date(instant))
    const flood = async (count: number) =>
      Effect.runPromise(
        Effect.gen(function* () {
          let believed = 0
          for (let n = 0; n < count; n++) {
            const headers = new Headers({
              "webhook-id": `msg_${n}`,
              "webhook-timestamp": String(instant / 1000),
              "webhook-signature": `v1,${Buffer.alloc(32, n % 256).toString("base64")}`
            })
            if (Exit.isSuccess(yield* Effect.exit(verifySignature("factory", headers, body)))) believed++
          }
          return believed
        }).pipe(Effect.provide(WebhookSecrets.layer(during)))
      )
    const heap = () => {
      Bun.gc(true)
      return process.memoryUsage().heapUsed
    }
    expect(await flood(2_000)).toBe(0)
    const before = heap()
    expect(await flood(20_000)).toBe(0)
    expect(heap() - before).toBeLessThan(4 * 1024 * 1024)
  })
})
