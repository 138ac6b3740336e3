/** The contract of the port of short messages: the live client and the simulated carrier sit the same exam, and the carrier's own ledger is the judge. */
import { afterEach, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import type { SimulatorOptions } from "#integrations/http/simulated-partner.ts"
import { SmsHttp } from "#integrations/sms/http.ts"
import { type SmsSimulator, startSmsSimulator } from "#integrations/sms/simulator.ts"
import { Sms, SmsRefused, SmsUnreachable } from "#integrations/sms/sms.ts"
import { patienceMillis, spoiledAnswers } from "./spoiled-answers.ts"

const to = "+34600111222"
const message = { to, text: "Su servicio está activo: su vehículo lo ha confirmado." }
const id = "b".repeat(32)

const running: Array<SmsSimulator> = []
afterEach(async () => {
  for (const carrier of running.splice(0)) await carrier.stop()
})
const open = async (options: SimulatorOptions = {}) => {
  const carrier = await startSmsSimulator(options)
  running.push(carrier)
  return carrier
}
const via = <A, E>(at: { readonly url: string }, effect: Effect.Effect<A, E, Sms>) =>
  Effect.runPromise(Effect.provide(effect, SmsHttp({ url: at.url, timeoutMillis: patienceMillis })))
const sending = (what: typeof message, key: string) => Sms.use((sms) => sms.send(what, key))
const send = (at: { readonly url: string }, what = message, key = id) => via(at, sending(what, key))
const noTo = (at: { readonly url: string }, what = message, key = id) => via(at, Effect.flip(sending(what, key)))
const kinds = (carrier: SmsSimulator) => carrier.ledger().map(({ kind }) => kind)

describe("a short message", () => {
  test("arrives once, however often it is sent", async () => {
    const carrier = await open()
    await Promise.all(Array.from({ length: 10 }, () => send(carrier)))
    await send(carrier, message, `${id}2`)
    expect(carrier.phone(to).map(({ text, reference }) => [text, reference])).toEqual([
      [message.text, id],
      [message.text, `${id}2`]
    ])
  })

  test("to a number that is none, or not any more, is refused for good", async () => {
    const carrier = await open()
    carrier.disconnect(to)
    expect(await noTo(carrier)).toEqual(new SmsRefused({ reason: "no_such_number" }))
    expect(kinds(carrier)).toEqual(["refusal"])
    carrier.misbehave({ fault: "decline", reason: "blocked" })
    expect(await noTo(carrier, { ...message, to: "+34600111223" }, "other")).toEqual(new SmsRefused({ reason: "blocked" }))
  })

  for (const { called, fault, done, why } of spoiledAnswers("http://127.0.0.1:9/")) {
    test(`${called}: nothing is believed, and a repeat delivers one message`, async () => {
      const carrier = await open()
      carrier.misbehave(fault)
      const error = await noTo(carrier)
      expect(error).toBeInstanceOf(SmsUnreachable)
      expect(error).toMatchObject({ cause: { why } })
      expect(Bun.inspect(error)).not.toContain(to)
      expect(kinds(carrier)).toEqual(done ? ["message"] : [])
      if (fault.fault === "error500AfterWork") return expect(await noTo(carrier)).toMatchObject({ cause: { why } }) // The key keeps its 500.
      await send(carrier)
      expect(carrier.phone(to).length).toBe(1)
    })
  }

  test("is unreachable where there is no carrier", async () => {
    const carrier = await open()
    await carrier.stop()
    expect(await noTo(carrier)).toMatchObject({ _tag: "SmsUnreachable", cause: { why: "unreachable" } })
  })
})

describe("a simulated carrier of short messages", () => {
  test("remembers over a restart what it has delivered, and is scripted by other processes", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sms-"))
    try {
      const file = join(folder, "sms.jsonl")
      const before = await open({ file })
      await send(before)
      await before.stop()
      const after = await open({ file })
      await send(after)
      expect(after.phone(to).length).toBe(1)
      await fetch(`${after.url}/_simulator/acts`, { method: "POST", body: JSON.stringify({ act: "disconnect", reference: to }) })
      expect(await noTo(after, message, "another")).toBeInstanceOf(SmsRefused)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
