/** The contract of the workshops' port: asked each time, believed only where it fits, and never written to. The simulator's ledger is the judge. */
import { afterEach, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { WorkshopsHttp } from "#integrations/workshops/http.ts"
import { startWorkshopsSimulator, type WorkshopsSimulator } from "#integrations/workshops/simulator.ts"
import { Workshops, WorkshopsUnreachable } from "#integrations/workshops/workshops.ts"
import { Vin } from "#machines/vocabulary.ts"
import { patienceMillis, spoiledAnswers } from "./spoiled-answers.ts"

const vin = Vin.make("VSSCAASZ1ZZ000001")
const other = Vin.make("VSSCAASZ1ZZ000002")
const monday = Date.parse("2026-03-02T12:00:00.000Z")

const running: Array<WorkshopsSimulator> = []
afterEach(async () => {
  for (const records of running.splice(0)) await records.stop()
})
const open = async (options: { readonly file?: string } = {}) => {
  const records = await startWorkshopsSimulator({ now: () => monday, ...options })
  running.push(records)
  return records
}
const ask = (
  { url }: { readonly url: string },
  of = vin,
  patience: { readonly timeoutMillis?: number } = { timeoutMillis: patienceMillis }
) =>
  Effect.runPromise(
    Workshops.use((workshops) => workshops.maintenance(of)).pipe(
      Effect.provide(WorkshopsHttp({ url, ...patience })),
      Effect.match({ onFailure: (error): unknown => error, onSuccess: (maintenance): unknown => maintenance })
    )
  )
const inOrder = { vin, status: "current", due: [], workshop: null, answeredAt: "2026-03-02T12:00:00.000Z" }

describe("maintenance", () => {
  test("of a car that no workshop has seen yet is current", async () => {
    const records = await open()
    expect(await ask(records)).toEqual(inOrder)
    expect(records.ledger()).toEqual([{ at: "2026-03-02T12:00:00.000Z", kind: "question", vin, status: "current", due: [] }])
  })

  test("is overdue with what exactly is due, for that car alone, until it was looked after", async () => {
    const records = await open()
    records.overdue(vin, ["annual_service", "brake_fluid"])
    expect(await ask(records)).toMatchObject({
      status: "overdue",
      due: ["annual_service", "brake_fluid"],
      workshop: "Taller Norte"
    })
    expect(await ask(records, other)).toMatchObject({ vin: other, status: "current" })
    records.current(vin)
    expect(await ask(records)).toMatchObject({ status: "current", due: [] })
    expect(records.ledger().map(({ kind, vin: of }) => [kind, of])).toEqual([
      ["overdue", vin],
      ["question", vin],
      ["question", other],
      ["current", vin],
      ["question", vin]
    ])
  })

  test("can be set by another process, as whoever runs a simulation does", async () => {
    const records = await open()
    const act = (body: object) => fetch(`${records.url}/_simulator/acts`, { method: "POST", body: JSON.stringify(body) })
    await act({ act: "overdue", reference: vin, due: ["tyres"] })
    expect(await ask(records)).toMatchObject({ status: "overdue", due: ["tyres"] })
    await act({ act: "current", reference: vin })
    await act({ act: "overdue", reference: other })
    expect(await ask(records)).toMatchObject({ status: "current" })
    expect(await ask(records, other)).toMatchObject({ due: ["annual_service"] })
  })

  test("is remembered over a restart of the workshops", async () => {
    const folder = mkdtempSync(join(tmpdir(), "workshops-"))
    try {
      const file = join(folder, "workshops.jsonl")
      const before = await open({ file })
      before.overdue(vin)
      await before.stop()
      expect(await ask(await open({ file }))).toMatchObject({ status: "overdue", due: ["annual_service"] })
    } finally {
      for (const records of running.splice(0)) await records.stop()
      rmSync(folder, { recursive: true })
    }
  })

  test("is unknown, with its cause, whatever the workshops get wrong, and asked anew the next time", async () => {
    const spoil = async ({ called, fault, why }: ReturnType<typeof spoiledAnswers>[number]) => {
      const records = await open()
      records.misbehave({ ...fault, on: "GET", times: 2 }) // Bun repeats a GET by itself when a kept connection breaks.
      expect(await ask(records), called).toMatchObject({ _tag: "WorkshopsUnreachable", cause: { why } })
      records.behave()
      expect(await ask(records), called).toMatchObject(inOrder)
    }
    const meetsQuestions = ({ fault }: { readonly fault: { readonly fault: string } }) =>
      !["error500AfterWork", "wrongReference"].includes(fault.fault) // A question does no work, and names no reference.
    await Promise.all(spoiledAnswers("http://127.0.0.1:9/").filter(meetsQuestions).map(spoil))
  })

  test("is not waited for longer than a second and a half", async () => {
    const records = await open()
    records.misbehave({ fault: "delay", ms: 4_000, on: "GET" })
    const begin = performance.now()
    expect(await ask(records, vin, {})).toMatchObject({ cause: { why: "timedOut" } })
    const waited = performance.now() - begin
    expect([waited > 1_400, waited < 2_500]).toEqual([true, true])
  })

  test("is unknown where there are no workshops", async () => {
    const records = await open()
    await records.stop()
    expect(await ask(records)).toMatchObject({ _tag: "WorkshopsUnreachable", cause: { why: "unreachable" } })
  })

  test("of another car, contradicting itself, or beyond measure is not believed", async () => {
    for (const lie of [
      { vin: other },
      { due: ["annual_service"] }, // And `current`.
      { status: "overdue", due: Array.from({ length: 51 }, (_, n) => `item_${n}`) },
      { status: "overdue", due: ["Señor García"] },
      { status: "perhaps" },
      { workshop: "x".repeat(201) },
      { answeredAt: "yesterday" },
      { answeredAt: null }
    ]) {
      using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => Response.json({ ...inOrder, ...lie }) })
      expect(await ask({ url: `http://127.0.0.1:${server.port}` }), JSON.stringify(lie)).toBeInstanceOf(WorkshopsUnreachable)
    }
    using honest = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => Response.json({ ...inOrder, mechanic: "not asked for" })
    })
    expect(await ask({ url: `http://127.0.0.1:${honest.port}` })).toEqual(inOrder)
  })
})

describe("the workshops' records", () => {
  test("cannot be written by us: the port has one method, and it asks", async () => {
    const methods: Array<string> = []
    using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request) => {
        methods.push(request.method)
        return Response.json(inOrder)
      }
    })
    const names = await Effect.runPromise(
      Workshops.use((workshops) => Effect.succeed(Object.keys(workshops))).pipe(
        Effect.provide(WorkshopsHttp({ url: "http://127.0.0.1:9" }))
      )
    )
    expect(names).toEqual(["maintenance"])
    await ask({ url: `http://127.0.0.1:${server.port}` })
    expect(methods).toEqual(["GET"])
  })

  test("refuse whoever tries", async () => {
    const records = await open()
    const headers = { "content-type": "application/json", "idempotency-key": "k1" }
    for (const method of ["POST", "PUT", "DELETE"]) {
      const answer = await fetch(`${records.url}/vehicles/${vin}/maintenance`, { method, headers, body: "{}" })
      expect([method, answer.status]).toEqual([method, 405])
    }
    expect((await fetch(`${records.url}/vehicles/not-a-vin/maintenance`)).status).toBe(400)
    expect((await fetch(`${records.url}/vehicles/${vin}`)).status).toBe(404)
    expect(records.ledger()).toEqual([])
  })
})
