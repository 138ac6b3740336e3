/** An actor remembers how far those have gone who speak to it, so many of them and no more: a car has one per service it ever had. */
import { expect, test } from "bun:test"
import type { Letter } from "#actors/system/letter.ts"
import { replay } from "#actors/system/replay.ts"
import { DraftOf, type Resident, resident } from "#actors/system/turn.ts"
import { lampBehavior, say } from "./lamp.ts"

const senders = 100
const noon = Date.parse("2026-03-02T12:00:00.000Z")
const told = (n: number, version: number, what = `${n}`): Letter => ({
  path: "lamp/a",
  id: `lamp/${n}#${version}.0`,
  message: say.said(what),
  cause: "test",
  correlation: "test",
  traceId: null,
  sender: { path: `lamp/${n}`, version },
  timer: null
})
const install: Letter = { ...told(0, 0), id: "sub_1/install", message: say.install, sender: null }
const bodyOf = ({ message: { type: _, ...body } }: Letter) => body

test("an actor that hears from a hundred others remembers sixty-four, the newest among them, and its journal says the same", () => {
  const letters = [install, ...Array.from({ length: senders }, (_, n) => told(n, 1 + (n % 7)))]
  let now: Resident = resident(lampBehavior, "lamp/a", undefined, noon)
  for (const letter of letters) {
    const draft = new DraftOf(now)
    draft.hear(letter, "{}", noon, undefined)
    // As Postgres gives it back: in an order of its own.
    now = { ...draft.now, heardFrom: Object.fromEntries(Object.entries(draft.now.heardFrom).sort().reverse()) }
  }
  expect(Object.keys(now.heardFrom)).toHaveLength(64)
  const late = new DraftOf(now).hear(told(senders - 1, 1, "old"), "{}", noon, undefined)
  expect(late).toMatchObject({ _tag: "Standing", outcome: "recorded: Stale" })

  const rows = letters.map((letter, n) => ({
    version: n + 1,
    messageId: letter.id,
    type: letter.message.type,
    at: noon,
    body: bodyOf(letter),
    outcome: "handled",
    reply: "off"
  }))
  const again = replay(lampBehavior, "lamp/a", rows)
  expect(again).toMatchObject({ broken: null, heardFrom: now.heardFrom })
  expect(Object.keys(again.heardFrom)).toHaveLength(64)
})
