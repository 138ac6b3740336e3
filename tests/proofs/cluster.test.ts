/** A gateway and two runners as processes, under load: one is killed, NATS is wiped and Redis emptied at once; nothing is lost, nothing is there twice. */
import { beforeAll, describe, expect, test } from "bun:test"
import { playRound, type Round } from "./cluster/round.ts"

const failoverMillis = 5_000 // From kill -9 to the first answer of the slowest partition.

describe("a cluster under load, one of whose runners is killed while NATS is wiped and Redis emptied", () => {
  let round: Round
  beforeAll(async () => {
    const acts = [["runner killed for good", "NATS wiped", "Redis emptied"]] as const
    round = await playRound({ seed: 20261123, acts, perSecond: 25, cars: 4, calm: 2_000, say: () => {} })
  }, 90_000)

  test("has every acknowledged operation once, and the journal counts what the actors count", () => {
    expect(round.operations.ok).toBeGreaterThan(200)
    expect(round).toMatchObject({ lost: 0, doubled: 0, versions: round.journal })
    expect(round.operations.info).toBeLessThan(round.operations.total * 0.02) // Reports that a car's next word made void.
  })

  test("holds every invariant, by the partners' own books as well", () => {
    expect(round.violations).toEqual([])
    expect(round.invariants.checked).toBeGreaterThan(25)
  })

  test("serves the partitions of the dead elsewhere within five seconds, and most callers notice nothing", () => {
    const [failover] = round.failovers
    expect(failover!.partitions).toBeGreaterThan(0)
    expect(failover!.millis).toBeLessThanOrEqual(failoverMillis)
    const { operations, answeredAtOnce } = round.availability
    expect(answeredAtOnce).toBeGreaterThanOrEqual(operations * 0.7)
    expect(Object.values(round.served).every((turns) => turns > 0)).toBe(true)
  })
})
