/** Lives of every released version of every machine: today's code leads them again to the letter, or takes them up where they were left. */
import { describe, expect, test } from "bun:test"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { registry } from "#actors/registry.ts"
import type { AnyBehavior } from "#actors/system/behavior.ts"
import { decide, type State } from "#actors/system/decide.ts"
import { Migrated, migrated } from "#actors/system/migration.ts"
import { statePathOf } from "#actors/system/turn.ts"
import type { Life } from "#src/rehearse/life.ts"
import { judge } from "#src/rehearse/verdict.ts"
import { vocabulary as toActivations } from "./activation-walk.ts"
import { vocabulary as toOrders } from "./paths.ts"
import { heard, type Said } from "./scenario.ts"
import { vocabulary as toVehicles } from "./vehicle-walk.ts"

const folder = join(import.meta.dir, "golden")
const noon = Date.parse("2030-01-01T12:00:00.000Z")
const vocabularies: Readonly<Record<string, ReadonlyArray<Said>>> = {
  order: toOrders,
  vehicle: toVehicles,
  activation: toActivations
}

const livesOf = (file: string): ReadonlyArray<Life> =>
  readFileSync(join(folder, file), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
const journals = readdirSync(folder).map((file) => {
  const [, type, version] = /^([a-z]+)-(\d+)\.jsonl$/.exec(file) ?? []
  return { file, behavior: registry.find((one) => one.type.name === type)!, version: Number(version), lives: livesOf(file) }
})

/** The message as if it were meant for this very actor: its own ids wherever it has them, and its owner for the customer. */
const meantFor = ({ context }: State, message: Said): Said => {
  const own = { customerId: context.owner, ownerId: context.owner, ...context }
  return Object.fromEntries(
    Object.entries(message).map(([name, value]) => [
      name,
      /(Id|^vin)$/.test(name) && typeof own[name] === "string" && typeof value === "string" ? own[name] : value
    ])
  ) as unknown as Said
}
const answers = (behavior: AnyBehavior, state: State, message: Said) =>
  decide(behavior.machine, state, heard(meantFor(state, message), 3), behavior.requests.has(message.type))

describe("golden journals", () => {
  test("are there for every version that any machine ever had: a release without them is none (docs/adding.md)", () => {
    const released = registry.flatMap(({ type, machineVersion }) =>
      Array.from({ length: machineVersion }, (_, n) => `${type.name}-${n + 1}.jsonl`)
    )
    expect(journals.map(({ file }) => file).sort()).toEqual(released.sort())
    for (const { file, lives } of journals) expect([file, lives.length >= 3]).toEqual([file, true])
  })

  test("are of different lives, small, and name nobody", () => {
    for (const { file, version, lives } of journals) {
      expect([file, new Set(lives.map(({ heard }) => JSON.stringify(heard))).size]).toEqual([file, lives.length])
      expect([file, new Set(lives.map(({ machineVersion }) => machineVersion))]).toEqual([file, new Set([version])])
      const text = JSON.stringify(lives)
      expect([file, text.length < 50_000]).toEqual([file, true])
      expect([file, text.match(/[\w.]@[\w.]|"(name|firstName|lastName|email|phone|address|street|city|nationalId)":/)]).toEqual([
        file,
        null
      ])
    }
  })

  test("hold no message of the name that a migration has", () => {
    for (const { type } of registry) expect([...type.words]).not.toContain(Migrated)
  })
})

for (const { file, behavior, version, lives } of journals)
  describe(file, () => {
    if (version === behavior.machineVersion)
      test("is led again to the letter: every answer, command, record, timer and the snapshot", () => {
        for (const life of lives) expect([life.path, judge(behavior, life, noon)]).toEqual([life.path, { _tag: "identical" }])
      })
    else
      test("migrates to where today's chart can stand, with its facets and its waits", () => {
        for (const life of lives) {
          expect([life.path, judge(behavior, life, noon)]).toEqual([life.path, { _tag: "migrates", from: version }])
          const { state, timers } = taken(behavior, life)
          expect(statePathOf(state.value)).not.toBe("")
          expect(JSON.parse(JSON.stringify(state))).toEqual(state) // As Postgres keeps it.
          for (const timerId of Object.keys(life.timers)) expect([...timers.keys()]).toContain(timerId)
        }
      })

    test("is answered by today's chart whatever it hears: nothing throws, and no word meets silence", () => {
      const words = vocabularies[behavior.type.name]!
      expect([...behavior.type.words].filter((word) => !words.some(({ type }) => type === word))).toEqual([])
      for (const life of lives) {
        const { state } = taken(behavior, life)
        for (const message of words.filter(({ type }) => behavior.type.words.has(type))) {
          const decision = answers(behavior, state, message)
          if (decision._tag === "Accepted") behavior.facets(decision.state)
          else expect([life.path, message.type, decision.reason]).not.toEqual([life.path, message.type, "NotExpectedNow"])
        }
      }
    })
  })

/** As the next turn finds it. */
const taken = (behavior: AnyBehavior, { machineVersion, state, timers, version }: Life) =>
  migrated(behavior, { machineVersion, state, timers: new Map(Object.entries(timers)) }, { version: version + 1, at: noon })
