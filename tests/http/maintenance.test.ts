/** How long an answer of the workshops is believed: by when it was asked for, and by when they say that they knew it. */
import { describe, expect, test } from "bun:test"
import { Effect, Layer, References } from "effect"
import { PlatformTime } from "#integrations/postgres/time.ts"
import { WorkshopsHttp } from "#integrations/workshops/http.ts"
import { Vin } from "#machines/vocabulary.ts"
import { maintenanceDesk } from "#src/http/maintenance.ts"
import { driver, ownedCar } from "./garage.ts"
import { httpHouse } from "./house.ts"

const vin = Vin.make("VSSCAASZ1ZZ000001")
const noon = Date.parse("2026-03-02T12:00:00.000Z")
const hour = 60 * 60_000

/** The answers that workshops give who knew these at `knownAt`, to questions at `askedAt`. */
const answersTo = async (knownAt: string, ...askedAt: ReadonlyArray<number>) => {
  let questions = 0
  using workshops = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => {
      questions++
      return Response.json({ vin, status: "current", due: [], workshop: null, answeredAt: knownAt })
    }
  })
  let now = 0
  const World = Layer.mergeAll(
    WorkshopsHttp({ url: `http://127.0.0.1:${workshops.port}` }),
    Layer.succeed(PlatformTime, PlatformTime.of({ now: () => now, advance: () => Effect.void })),
    Layer.succeed(References.MinimumLogLevel, "Error")
  )
  const ask = maintenanceDesk()
  const answers: Array<string> = []
  for (now of askedAt) answers.push((await Effect.runPromise(Effect.provide(ask(vin), World))).status)
  return { answers, questions }
}

describe("an answer of the workshops", () => {
  test("is not asked for again within five minutes, and then it is", async () =>
    expect(await answersTo("2026-03-02T12:00:00.000Z", noon, noon + 299_999, noon + 300_000)).toEqual({
      answers: ["current", "current", "current"],
      questions: 2
    }))

  test("that they knew a day ago is one, and one that is older, or of no day at all, is none", async () => {
    expect(await answersTo("2026-03-01T12:00:00.000Z", noon)).toMatchObject({ answers: ["current"] })
    expect(await answersTo("2026-03-01T11:59:59.999Z", noon, noon + 1)).toEqual({
      answers: ["unavailable", "unavailable"],
      questions: 2 // What is no answer is not remembered.
    })
    expect(await answersTo("2026-13-45T99:00:00.000Z", noon)).toMatchObject({ answers: ["unavailable"] })
  })

  test("is not thrown away for a clock of theirs that is ahead", async () =>
    expect(await answersTo("2026-03-02T14:00:00.000Z", noon, noon - hour)).toMatchObject({ answers: ["current", "current"] }))
})

describe("an answer of the workshops that grows old on its way to the car", () => {
  test("is asked for once more, and the purchase goes by the younger one", async () => {
    const house = await httpHouse({ movable: true })
    try {
      const owner = await house.signedIn("customer", "Customer 1")
      const car = await ownedCar(house, owner)
      const app = driver(house, owner, car)
      await app.pairs()
      house.world.workshops.misbehave({ fault: "delay", ms: 400, on: "GET" })
      const term = { kind: "temporary", count: 7, unit: "day" }
      const bought = app.buy({ option: "parking-pilot", term, paymentMethod: "tok_ok", consents: [] })
      await Bun.sleep(200)
      await house.runtime.runPromise(PlatformTime.use((time) => time.advance(hour)))
      expect((await bought).status).toBe(201)
      const decisions = await house.rows(`SELECT asked_at FROM gate_decisions WHERE vin = '${car}' ORDER BY asked_at`)
      expect(decisions).toHaveLength(2)
      expect(decisions[1].asked_at - decisions[0].asked_at).toBeGreaterThan(hour - 60_000)
    } finally {
      await house.close()
    }
  })
})
