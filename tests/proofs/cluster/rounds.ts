/** Many rounds, each on a cluster of its own: every harm in turn, two at a time, and what came of it on record. */

import { loadavg } from "node:os"
import { median } from "#tests/bench/row.ts"
import { keepRecord } from "../kept-record.ts"
import { machine } from "../machine.ts"
import { type Failover, type FaultName, memberFaults, serverFaults } from "./nemesis.ts"
import { playRound, type Round } from "./round.ts"

export interface RoundsOptions {
  readonly rounds: number
  readonly seed: number
  /** As it was called, for the record. */
  readonly command: string
}

const promised = { killed: 5_000, frozen: 45_000 } // Milliseconds until others serve all partitions of a runner that was struck.
const perSecond = 30 // Operations.
const cars = 8
const calm = 3_000
const actsPerRound = 2
const frozenEvery = 8 // Rounds, the third of them first.

type Act = ReadonlyArray<FaultName>
const members = (Object.keys(memberFaults) as Array<keyof typeof memberFaults>).filter((name) => name !== "runner frozen")
const servers = Object.keys(serverFaults) as Array<keyof typeof serverFaults>
/** While somebody is frozen: what does not wake its locks in Postgres. */
const besideFrozen = servers.filter((name) => !name.startsWith("Postgres"))

/** Four harms to members, seven to servers: within 28 acts each meets each. "For good" is always a round's last. */
const actsOf = (round: number, seed: number): ReadonlyArray<Act> => {
  if (round % frozenEvery === 2) return [["runner frozen", besideFrozen[(seed + round) % besideFrozen.length]!]]
  return Array.from({ length: actsPerRound }, (_, n) => {
    const act = round * actsPerRound + n
    return [members[act % members.length]!, servers[(seed + act) % servers.length]!]
  })
}

/** Answers whether everything held; the record lies in tests/proofs/results. */
export const playRounds = async ({ rounds, seed, command }: RoundsOptions): Promise<boolean> => {
  const startedAt = new Date()
  const begin = performance.now()
  const seconds = () => Math.round((performance.now() - begin) / 100) / 10
  const say = (line: string) => console.error(`${seconds().toFixed(1).padStart(7)} s  ${line}`)
  const played: Array<Round & { readonly load: number }> = []
  const failed: Array<{ readonly round: number; readonly seed: number; readonly why: string }> = []
  for (let n = 0; n < rounds; n++) {
    const title = `round ${n + 1}/${rounds}`
    const load = loadavg()[0]!
    try {
      const acts = actsOf(n, seed)
      const round = await playRound({ seed: seed + n, acts, perSecond, cars, calm, say: (line) => say(`${title}  ${line}`) })
      played.push({ ...round, load })
      const { ok, fail, info } = round.operations
      say(`${title}  held: ${ok} ok, ${fail} no, ${info} unknown; ${round.journal} turns; ${round.seconds} s`)
    } catch (error) {
      const why = (error as Error).message
      failed.push({ round: n + 1, seed: seed + n, why: why.split("\n")[0]! })
      say(`${title}  ${why}`)
    }
  }
  const failovers = failoversOf(played)
  const late = [...failovers.killed.late, ...failovers.frozen.late]
  const refused = played.flatMap((round) => round.failovers).reduce((sum, { refused }) => sum + refused, 0)
  const sum = (of: (round: Round) => number) => played.reduce((sum, round) => sum + of(round), 0)
  const record = {
    command,
    seed,
    startedAt: startedAt.toISOString(),
    seconds: seconds(),
    machine: machine(),
    rounds: { total: rounds, held: played.length, failed },
    operations: {
      total: sum(({ operations }) => operations.total),
      ok: sum(({ operations }) => operations.ok),
      fail: sum(({ operations }) => operations.fail),
      info: sum(({ operations }) => operations.info),
      askedByTheLoad: sum(({ availability }) => availability.operations),
      answeredAtOnce: sum(({ availability }) => availability.answeredAtOnce),
      inQuietTimes: sum(({ availability }) => availability.calm.operations),
      answeredAtOnceInQuietTimes: sum(({ availability }) => availability.calm.answeredAtOnce)
    },
    lost: sum(({ lost }) => lost),
    doubled: sum(({ doubled }) => doubled),
    turns: sum(({ journal }) => journal),
    versions: sum(({ versions }) => versions),
    failovers,
    partitionsWhoseLateCommitsWereRefused: refused,
    byRound: played.map(({ violations: _, ...round }) => round)
  }
  const file = keepRecord("cluster", startedAt, record)
  const fenced = refused > 0 || failovers.frozen.times.length === 0
  const held = failed.length === 0 && late.length === 0 && fenced
  say(`${held ? "everything held" : `did not hold: ${JSON.stringify({ failed, late, refused })}`}; ${file}`)
  return held
}

/** A killed runner beside whom Postgres was hurt, too, is on record, and nobody promised anything about it. */
const failoversOf = (played: ReadonlyArray<Round>) => {
  const all = played.flatMap(({ failovers }) => failovers)
  const alone = all.filter(({ beside }) => !beside?.includes("Postgres"))
  const of = (some: ReadonlyArray<Failover>, limit: number) => {
    const times = some.map(({ millis }) => millis).sort((a, b) => a - b)
    return { times, median: times.length === 0 ? null : median(times), promised: limit, late: times.filter((time) => time > limit) }
  }
  return {
    killed: of(
      alone.filter(({ how }) => how === "killed"),
      promised.killed
    ),
    frozen: of(
      alone.filter(({ how }) => how === "frozen"),
      promised.frozen
    ),
    killedBesidePostgres: all.filter(({ beside }) => beside?.includes("Postgres")).map(({ millis }) => millis)
  }
}
