/** The cache is bounded in number and weight, and forgets whoever was not heard of for the longest time. */
import { expect, test } from "bun:test"
import { Cache } from "#actors/system/cache.ts"
import { resident } from "#actors/system/turn.ts"
import { lampBehavior } from "./lamp.ts"

const lamp = (n: number, bytes: number) => ({ ...resident(lampBehavior, `lamp/${n}`, undefined, 0), bytes })

test("ten thousand snapshots, and not one more", () => {
  const cache = new Cache()
  for (let n = 0; n < 10_050; n++) cache.keep(lamp(n, 100))
  expect(cache.size).toBe(10_000)
  expect(cache.get("lamp/49")).toBeUndefined()
  expect(cache.get("lamp/50")?.path).toBe("lamp/50")
  cache.keep(lamp(50, 100)) // Heard of again: now 51 is the oldest.
  cache.keep(lamp(20_000, 100))
  expect(cache.get("lamp/50")).toBeDefined()
  expect(cache.get("lamp/51")).toBeUndefined()
})

test("sixty-four megabytes, however few they are", () => {
  const cache = new Cache()
  for (let n = 0; n < 100; n++) cache.keep(lamp(n, 1024 * 1024))
  expect(cache.size).toBe(64)
  expect(cache.bytes).toBeLessThanOrEqual(64 * 1024 * 1024)
})
