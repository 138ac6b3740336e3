/** A mailbox has three limits, and gives room again when a batch leaves. */
import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { Lane } from "#actors/system/lane.ts"
import type { Answer } from "#actors/system/letter.ts"

const letter = (path: string, text: string) => ({
  path,
  id: "1",
  message: { type: "Said", text },
  cause: "1",
  correlation: "1",
  traceId: null,
  sender: null,
  timer: null
})
const fill = (lane: Lane, count: number, text: string, pathOf: (n: number) => string) => {
  const refused: Array<Answer> = []
  for (let n = 0; n < count; n++) lane.offer(letter(pathOf(n), text), (answer) => refused.push(answer))
  return refused
}

describe("a mailbox", () => {
  test("takes 8,192 letters and no more", () => {
    const lane = new Lane()
    expect(fill(lane, 8192, "", (n) => `lamp/${n}`)).toEqual([])
    expect(fill(lane, 1, "", () => "lamp/late")).toMatchObject([{ _tag: "Overloaded", path: "lamp/late", retryAfterSeconds: 1 }])
  })

  test("takes 256 letters for one actor, and others still", () => {
    const lane = new Lane()
    expect(fill(lane, 257, "", () => "lamp/busy")).toMatchObject([{ _tag: "Overloaded" }])
    expect(fill(lane, 1, "", () => "lamp/quiet")).toEqual([])
  })

  test("takes 16 MiB, then turns away until a batch has left", async () => {
    const lane = new Lane()
    const large = "x".repeat(60_000)
    const refused = fill(lane, 400, large, (n) => `lamp/${n}`)
    expect(refused.length).toBe(400 - Math.ceil((16 * 1024 * 1024) / (60_000 + '{"text":""}'.length)))
    const batch = await Effect.runPromise(lane.take)
    expect(batch.length).toBe(17) // One MiB at a time.
    expect(fill(lane, 17, large, (n) => `lamp/again-${n}`)).toEqual([])
    expect(fill(lane, 1, large, () => "lamp/late")).toMatchObject([{ _tag: "Overloaded" }])
  })
})
