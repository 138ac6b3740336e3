/** What is said of an outage: once, and then how often it was left out. */
import { expect, test } from "bun:test"
import { Cause, Effect, Layer, Logger, References } from "effect"
import { TestClock } from "effect/testing"
import { seldom, stumbling } from "#integrations/log/log.ts"
import { operatorsLine } from "#integrations/log/operators-log.ts"

const listening = () => {
  const heard: Array<Record<string, unknown>> = []
  const logger = Logger.make(({ message, cause, fiber }) => {
    const about = fiber.getRef(References.CurrentLogAnnotations)
    heard.push({ said: [message].flat()[0], ...about, ...(cause.reasons.length > 0 ? { with: Cause.squash(cause) } : {}) })
  })
  const later = (seconds: number) => TestClock.adjust(`${seconds} seconds`)
  const run = <A>(story: Effect.Effect<A>) =>
    Effect.runPromise(story.pipe(Effect.provide(Layer.mergeAll(TestClock.layer(), Logger.layer([logger])))))
  return { heard, later, run }
}

test("a sentence is said once, then every ten seconds with how often it was left out, and at once again after a silence", async () => {
  const { heard, later, run } = listening()
  const say = seldom("The bridge is up")
  await run(
    Effect.gen(function* () {
      for (let n = 1; n <= 1_000; n++) yield* say({ n })
      expect(heard).toEqual([{ said: "The bridge is up", n: 1 }])
      yield* later(10)
      expect(heard.slice(1)).toEqual([{ said: "The bridge is up", n: 1_000, leftOut: 999 }]) // Even where nothing follows.
      yield* say({ n: 1_001 })
      yield* later(10)
      expect(heard.slice(2)).toEqual([{ said: "The bridge is up", n: 1_001, leftOut: 1 }])
      yield* later(10)
      yield* say({ n: 1_002 })
      expect(heard.slice(3)).toEqual([{ said: "The bridge is up", n: 1_002 }])
    })
  )
})

test("a Postgres that is away is told in its own words and without a stack; a bug of ours with its cause, each time", async () => {
  const { heard, run } = listening()
  const say = stumbling("The carrier stumbled")
  const away = Object.assign(new Error("the database system is starting up"), { code: "57P03" })
  const bug = new TypeError("undefined is not a car")
  await run(
    Effect.gen(function* () {
      for (const error of [new Error("Query failed", { cause: away }), away, bug, bug]) yield* say(Cause.die(error), { car: 7 })
    })
  )
  const said = "The carrier stumbled"
  expect(heard).toEqual([
    { said, car: 7, cause: "the database system is starting up" },
    { said, car: 7, with: bug },
    { said, car: 7, with: bug }
  ])
})

test("a line is one line and names no VIN, neither in its sentence nor in a path, a list or a cause", async () => {
  const lines: Array<string> = []
  const Log = Logger.layer([Logger.make((options) => void lines.push(operatorsLine.log(options)))])
  const vin = "VSSZZZ5FZJR000001"
  const about = {
    vin,
    path: `activation/${vin}/act_1`,
    vins: [vin, "WDB1234561F000002"],
    id: `sub_7/purchase/${vin}/k`,
    encoded: `activation%2F${vin}%2Fact_1`,
    sha: "a".repeat(64),
    ulid: "01J9ZZZZZZZZZZZZZZZZZZZZZZ"
  }
  const cause = Cause.die(new Error(`vehicle/${vin} broke\nlevel=INFO message="all is well"`))
  await Effect.runPromise(
    Effect.logError(`A car ${vin}\nlevel=INFO says nothing`, cause).pipe(Effect.annotateLogs(about), Effect.provide(Log))
  )
  expect(lines).toHaveLength(1)
  expect(lines[0]).not.toContain("\n")
  expect(lines[0]).not.toMatch(/VSSZZZ|WDB123/)
  expect(lines[0]!.match(/VSS…0001/g)).toHaveLength(7)
  for (const kept of ["WDB…0002", "act_1", about.sha, about.ulid, "level=ERROR"]) expect(lines[0]).toContain(kept)
})
