/** How long the partitions of a runner that was killed, or frozen, answer nobody: gateway, runners and servers as processes, under load. */
import { playRound } from "#tests/proofs/cluster/round.ts"
import { median, type Row } from "./row.ts"

const kills = 5
const perSecond = 30 // Operations of customers, dealers and cars.
const cars = 8
const calm = 3_000
const seed = 5

/** One round, whose judge counts what was acknowledged, too. */
export const recovery = async (say: (line: string) => void): Promise<ReadonlyArray<Row>> => {
  const killed = Array.from({ length: kills }, () => ["runner killed"] as const)
  const round = await playRound({ seed, acts: [...killed, ["runner frozen"]], perSecond, cars, calm, say })
  const { operations, availability, lost, doubled } = round
  const notes = [
    `${operations.ok} operations acknowledged, ${lost} lost, ${doubled} doubled`,
    `${availability.answeredAtOnce} of ${availability.operations} answered at the first asking`
  ]
  const row = (name: string, how: "killed" | "frozen", goal: string, more: ReadonlyArray<string>): Row => {
    const runs = round.failovers.filter((failover) => failover.how === how).map(({ millis }) => millis)
    const what = `a runner is ${how} under load: until each of its partitions has answered somebody again`
    return { name, what, unit: "ms", ours: median(runs), limit: null, ratio: null, runs, goal, notes: [...more, ...notes] }
  }
  const refused = round.failovers.reduce((sum, failover) => sum + failover.refused, 0)
  return [
    row("recovery", "killed", "≤ 5,000 ms", []),
    row("recovery-frozen", "frozen", "≤ 45,000 ms, late commits refused", [`late commits of ${refused} partitions refused`])
  ]
}
