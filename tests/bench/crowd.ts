/** Callers that lead orders through their lives, each four at a time, and what they measured. */
import { Effect, type ManagedRuntime } from "effect"
import { Order } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { lifeOf, orderOf } from "./order-life.ts"

const ordersPerCaller = 4 // 256 callers × 4: about a thousand actors alive at once.

export interface Measured {
  readonly turnsPerSecond: number
  readonly p50: number // Milliseconds.
  readonly p99: number
  readonly cpuPercent: number // Of one core, our process alone.
}

export interface CrowdOptions {
  readonly callers: number
  readonly seconds: number
  /** Turns per second for all together; without it, as fast as they are answered. */
  readonly pace?: number
}

let born = 0 // Nobody is born twice in one run.

export const crowd = async (
  engine: ManagedRuntime.ManagedRuntime<ActorSystem, never>,
  { callers, seconds, pace }: CrowdOptions
): Promise<Measured> => {
  const latencies: Array<number> = []
  const begin = performance.now()
  const end = begin + seconds * 1000
  const between = pace === undefined ? 0 : (callers / pace) * 1000
  const caller = (index: number) =>
    Effect.gen(function* () {
      const actors = yield* ActorSystem
      let due = begin + (between * index) / callers
      while (performance.now() < end) {
        const lives = Array.from({ length: ordersPerCaller }, () => born++).map((n) => ({
          at: Order.at(orderOf(n)),
          life: lifeOf(n)
        }))
        for (let step = 0; step < lives[0]!.life.length; step++)
          for (const { at, life } of lives) {
            if (performance.now() >= end) return
            if (between > 0) {
              const wait = due - performance.now()
              if (wait > 0) yield* Effect.sleep(wait)
              due += between
            }
            const before = performance.now()
            yield* actors.tell(at, life[step]!, { id: `bench/${step}` })
            latencies.push(performance.now() - before)
          }
      }
    })
  const cpu = process.cpuUsage()
  await engine.runPromise(
    Effect.all(
      Array.from({ length: callers }, (_, index) => caller(index)),
      { concurrency: "unbounded", discard: true }
    )
  )
  const { user, system } = process.cpuUsage(cpu)
  const elapsed = (performance.now() - begin) / 1000
  latencies.sort((a, b) => a - b)
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))]!
  return { turnsPerSecond: latencies.length / elapsed, p50: at(0.5), p99: at(0.99), cpuPercent: (user + system) / elapsed / 10_000 }
}
