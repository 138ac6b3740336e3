/** The contract of the registration port: the live client and the simulated authorities sit the same exam, and their own ledger is the judge. */
import { afterEach, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import type { SimulatorOptions } from "#integrations/http/simulated-partner.ts"
import { countries, isPlateOf } from "#integrations/registration/countries.ts"
import { RegistrationHttp, type RegistrationOptions } from "#integrations/registration/http.ts"
import {
  AuthorityRefused,
  type NewRegistration,
  PapersMissing,
  Registration,
  RegistrationUnreachable
} from "#integrations/registration/registration.ts"
import { type RegistrationSimulator, startRegistrationSimulator } from "#integrations/registration/simulator.ts"
import { Country, OrderId, Vin } from "#machines/vocabulary.ts"
import { patienceMillis, spoiledAnswers } from "./spoiled-answers.ts"

type New = typeof NewRegistration.Type
const id = "order/ord_7#12.0"
const nationalIds: Record<Country, string> = { ES: "12345678Z", DE: "L01X00T471", FR: "", PT: "123456789", IT: "RSSMRA85T10A562S" }
const papersOf = (country: Country) => countries[country].papers.map(({ kind }) => ({ kind, sha256: "ab".repeat(32) }))

const registration = (number = 7, country: Country = "ES"): New => ({
  reference: OrderId.make(`ord_${number}`),
  country,
  vin: Vin.make(`VSSCAASZ1ZZ${String(number).padStart(6, "0")}`),
  holder: {
    name: "Customer One",
    street: "Calle 1",
    postalCode: "28013",
    city: "Madrid",
    nationalId: nationalIds[country],
    phone: "+34600000001"
  },
  papers: papersOf(country)
})

const running: Array<RegistrationSimulator> = []
afterEach(async () => {
  for (const authority of running.splice(0)) await authority.stop()
})

const open = async (options: SimulatorOptions = {}) => {
  const authority = await startRegistrationSimulator(options)
  running.push(authority)
  return authority
}
const via = <A, E>(options: RegistrationOptions, effect: Effect.Effect<A, E, Registration>) =>
  Effect.runPromise(Effect.provide(effect, RegistrationHttp({ timeoutMillis: patienceMillis, ...options })))
const registering = (what: New, key: string) => Registration.use((port) => port.register(what, key))
const register = (at: RegistrationOptions, what = registration(), key = id) => via({ url: at.url }, registering(what, key))
const noTo = (at: RegistrationOptions, what = registration(), key = id) => via({ url: at.url }, Effect.flip(registering(what, key)))
const find = (at: RegistrationOptions, what = registration()) =>
  via(
    { url: at.url },
    Registration.use((port) => port.find(what.country, what.reference))
  )
const kinds = (authority: RegistrationSimulator) => authority.ledger().map((entry) => entry.kind)

describe("an authority", () => {
  for (const country of Country.literals) {
    test(`in ${country} gives out plates of its shape, each once`, async () => {
      const authority = await open()
      const plates = new Set<string>()
      for (let number = 1; number <= 30; number++) {
        const { plate, reference } = await register(authority, registration(number, country), `id-${number}`)
        expect(isPlateOf(country, plate), plate).toBe(true)
        expect(reference).toBe(registration(number).reference)
        plates.add(plate)
      }
      expect(plates.size).toBe(30)
    })

    test(`in ${country} asks for the papers it did not get, and takes them later`, async () => {
      const authority = await open()
      const [first, ...rest] = countries[country].papers.map(({ kind }) => kind)
      const without = { ...registration(7, country), papers: papersOf(country).slice(0, 1) }
      expect(await noTo(authority, without)).toEqual(new PapersMissing({ missing: rest }))
      expect(await noTo(authority, { ...without, papers: [] }, "order/ord_7#13.0")).toEqual(
        new PapersMissing({ missing: [first!, ...rest] })
      )
      expect(await register(authority, registration(7, country), "order/ord_7#14.0")).toMatchObject({ reference: "ord_7" })
      expect(kinds(authority)).toEqual(["papers_missing", "papers_missing", "registration"])
    })
  }

  test("registers a car once, however often it is asked, and finds it again", async () => {
    const authority = await open()
    const first = await register(authority)
    const again = await Promise.all(
      Array.from({ length: 20 }, (_, n) => register(authority, registration(), n % 2 === 0 ? id : `${id}-${n}`))
    )
    for (const answer of again) expect(answer).toEqual(first)
    expect(await find(authority)).toEqual(first)
    expect(kinds(authority)).toEqual(["registration"])
  })

  test("asks for a holder's field it did not get", async () => {
    const { nationalId: _, ...holder } = registration().holder
    expect(await noTo(await open(), { ...registration(), holder })).toEqual(new PapersMissing({ missing: ["holder.nationalId"] }))
  })

  test("refuses one car for two orders, and refuses on request", async () => {
    const authority = await open()
    await register(authority)
    const other = { ...registration(8), vin: registration(7).vin }
    expect(await noTo(authority, other, "order/ord_8#1.0")).toEqual(new AuthorityRefused({ reason: "vehicle_already_registered" }))
    authority.misbehave({ fault: "decline", reason: "embargo" })
    expect(await noTo(authority, registration(9), "order/ord_9#1.0")).toEqual(new AuthorityRefused({ reason: "embargo" }))
    expect(kinds(authority)).toEqual(["registration", "refusal", "refusal"])
  })

  test("knows nothing of an order nobody registered", async () => {
    expect(await find(await open())).toBeNull()
  })

  for (const { called, fault, done } of spoiledAnswers("http://127.0.0.1:9/")) {
    test(`${called}: we ask by reference, and ${done ? "find the plate" : "know that we do not know"}`, async () => {
      const authority = await open()
      authority.misbehave(fault)
      if (done) expect(await register(authority)).toMatchObject({ reference: "ord_7" })
      else expect(await noTo(authority)).toBeInstanceOf(RegistrationUnreachable)
      expect(kinds(authority)).toEqual(done ? ["registration"] : [])
    })
  }

  test("where the question fails too, the error says why, and a repeat registers one car", async () => {
    for (const { called, fault, why } of spoiledAnswers("http://127.0.0.1:9/")) {
      const authority = await open()
      authority.misbehave(fault, { fault: "error500", on: "GET" })
      expect(await noTo(authority), called).toMatchObject({ _tag: "RegistrationUnreachable", cause: { why } })
      authority.behave()
      expect(await register(authority), called).toMatchObject({ reference: "ord_7" })
      expect(kinds(authority), called).toEqual(["registration"])
    }
  })

  test("is not believed with a plate of another country's shape, or papers nobody could name", async () => {
    const lies: ReadonlyArray<readonly [number, unknown]> = [
      [200, { registrationId: "reg_1", reference: "ord_7", plate: "GA 001 AA" }],
      [422, { reference: "ord_7", missing: ["<b>your passport</b>"] }],
      [422, { reference: "ord_7", missing: [] }],
      [422, { reference: "ord_8", missing: ["identityDocument"] }],
      [422, { reference: "ord_8", reason: "embargo" }]
    ]
    for (const [status, body] of lies) {
      using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => Response.json(body, { status }) })
      expect(await noTo({ url: `http://127.0.0.1:${server.port}` }), JSON.stringify(body)).toBeInstanceOf(RegistrationUnreachable)
    }
  })

  test("is told only what its country asks for", async () => {
    let sent: any
    using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request) => {
        if (request.method === "POST") sent = await request.json()
        return Response.json({ registrationId: "reg_1", reference: "ord_7", plate: "GA-001-AA" })
      }
    })
    await register({ url: `http://127.0.0.1:${server.port}` }, registration(7, "FR"))
    expect(sent.holder).toEqual({ name: "Customer One", street: "Calle 1", postalCode: "28013", city: "Madrid" })
  })

  test("may live elsewhere in one country, so that one portal's outage is not the others'", async () => {
    const [spain, others] = [await open(), await open()]
    await spain.stop()
    const options = { url: others.url, urls: { ES: spain.url } }
    expect(await via(options, Effect.flip(registering(registration(), id)))).toMatchObject({ cause: { why: "unreachable" } })
    expect(await via(options, registering(registration(8, "PT"), "order/ord_8#1.0"))).toMatchObject({ reference: "ord_8" })
  })

  test("remembers registrations, and which plate comes next, over a restart", async () => {
    const folder = mkdtempSync(join(tmpdir(), "registration-"))
    try {
      const file = join(folder, "registration.jsonl")
      const before = await open({ file })
      const first = await register(before)
      await before.stop()
      const after = await open({ file })
      expect(await register(after, registration(), "order/ord_7#later")).toEqual(first)
      expect((await register(after, registration(8), "order/ord_8#1.0")).plate).not.toBe(first.plate)
      await after.stop()
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
