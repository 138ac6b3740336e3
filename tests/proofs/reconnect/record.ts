/** The long form of the test: ten thousand cars, and a record of how it went. */

import { loadavg } from "node:os"
import { throwAwayStack } from "#src/devstack/throw-away.ts"
import { keepRecord } from "../kept-record.ts"
import { machine } from "../machine.ts"
import type { Members } from "./platform.ts"
import { type Reconnected, reconnect } from "./reconnect.ts"

const goals = { drainedMillis: 10 * 60_000, p99: 1_000 }
const phases = { warm: 10_000, before: 5_000, patience: goals.drainedMillis } // Milliseconds.

/** Answers whether all goals were reached. */
export const recorded = async ({
  cars,
  members,
  command
}: {
  readonly cars: number
  readonly members: Members
  readonly command: string
}) => {
  const startedAt = new Date()
  const begin = performance.now()
  const say = (line: string) => console.error(`${((performance.now() - begin) / 1000).toFixed(1).padStart(7)} s  ${line}`)
  const servers = await throwAwayStack({ fast: false, say })
  const busy = loadavg()[0]!
  const found = await reconnect(servers.env, { cars, members, say, ...phases }).finally(servers.stop)
  const failed = failings(found)
  const record = {
    command,
    startedAt: startedAt.toISOString(),
    machine: { ...machine(), loadBefore: Math.round(busy * 10) / 10 },
    members,
    goals,
    ...found,
    failed
  }
  const file = keepRecord(members.runners === 0 ? "reconnect" : "reconnect-cluster", startedAt, record)
  say(`${failed.length === 0 ? "every goal reached" : failed.join("; ")}; ${file}`)
  return failed.length === 0
}

const failings = ({ drainedMillis, meanwhile, unknown }: Reconnected): ReadonlyArray<string> => [
  ...(drainedMillis > goals.drainedMillis ? [`drained after ${drainedMillis} ms`] : []),
  ...(unknown.length > 0 ? [`${unknown.length} cars are not known as they are`] : []),
  ...Object.entries(meanwhile).flatMap(([what, { p99, statuses }]) => [
    ...(p99 > goals.p99 ? [`${what}: p99 ${p99} ms`] : []),
    ...(Object.keys(statuses).some((status) => !status.startsWith("2")) ? [`${what}: ${JSON.stringify(statuses)}`] : [])
  ])
]
