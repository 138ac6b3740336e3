/** What may befall a cluster: whom it strikes, how long it lasts, and how long the others took to do the work of whoever was struck. */
import type { Dice } from "../dice.ts"
import type { History } from "./history.ts"
import type { Load } from "./load.ts"
import type { Site } from "./site.ts"

const frozenMillis = 50_000
export const settleMillis = 5_000 // After the harm is over, until it is called calm again.
const rollBackMillis = 3_000 // Of what NATS heard, forgotten.
const awayMillis = { least: 1_000, most: 4_000 } // Of a killed runner, after others have taken over.
const watchPartition = 9 // Whoever has it runs the engine's own health check, by the hash of its name: the worst to lose.
const lateWord = "Somebody else owns this partition now" // Said for each partition of which a late commit was refused.

/** A runner that was struck, and its partitions, until each of them had answered somebody. */
export interface Failover {
  readonly how: "killed" | "frozen"
  readonly runner: string
  readonly partitions: number
  /** From the blow to the first answer of the slowest partition. */
  readonly millis: number
  /** What else was hurt at that time. */
  readonly beside: string | null
  /** Partitions for which it still tried to commit when it woke, and was refused. */
  readonly refused: number
}

interface Field {
  readonly site: Site
  readonly load: Load
  readonly dice: Dice
  readonly beside: string | null
}
type Fault = (field: Field) => Promise<Failover | void>

/** A runner that is there, and what it has: the one with this partition, or any. */
const whose = ({ site, dice }: Field, partition: number | null) => {
  const owners = site.owners()
  const there = site.runners.filter(({ alive }) => alive)
  const member = there.find(({ address }) => address === owners.get(partition ?? -1)) ?? dice.oneOf(there)
  return { member, partitions: [...owners].flatMap(([one, owner]) => (owner === member.address ? [one] : [])) }
}

const servedAgain = (load: Load, partitions: ReadonlyArray<number>) =>
  Promise.all(partitions.map((partition) => load.probe(partition))).then((millis) => Math.round(Math.max(0, ...millis)))

const killed = async (field: Field, partition: number | null = null) => {
  const { member, partitions } = whose(field, partition)
  const gone = member.kill()
  const millis = await servedAgain(field.load, partitions)
  await gone
  const { beside } = field
  const failover: Failover = { how: "killed", runner: member.name, partitions: partitions.length, millis, beside, refused: 0 }
  return { member, failover }
}

/** To its processes. */
export const memberFaults = {
  "runner killed": async (field) => {
    const { member, failover } = await killed(field)
    await Bun.sleep(field.dice.between(awayMillis.least, awayMillis.most))
    await member.start()
    await field.site.divided()
    return failover
  },
  "gateway killed": async ({ site, dice }) => {
    await site.gateway.kill()
    await Bun.sleep(dice.between(0, 1_000))
    await site.gateway.start()
  },
  "rolling restart": async ({ site }) => {
    for (const runner of site.runners) {
      if (!runner.alive) continue
      await runner.stop()
      await runner.start()
      await site.divided()
    }
  },
  "runner killed for good": async (field) => (await killed(field, watchPartition)).failover,
  "runner frozen": async (field) => {
    const { member, partitions } = whose(field, null)
    const said = member.said(lateWord)
    const begin = performance.now()
    member.freeze()
    const millis = await servedAgain(field.load, partitions)
    await Bun.sleep(Math.max(0, frozenMillis - (performance.now() - begin)))
    member.wake()
    await field.site.divided()
    const refused = member.said(lateWord) - said
    return { how: "frozen", runner: member.name, partitions: partitions.length, millis, beside: field.beside, refused }
  }
} satisfies Readonly<Record<string, Fault>>

/** To its servers. */
export const serverFaults = {
  "Postgres restarted": ({ site }) => site.servers.restartPostgres("fast"),
  "NATS restarted": ({ site }) => site.servers.restartNats({ wipe: false }),
  "Redis emptied": ({ site }) => site.servers.emptyRedis(),
  "Postgres crashed": ({ site }) => site.servers.restartPostgres("immediate"),
  "NATS rolled back": ({ site }) => site.servers.rollNatsBack(() => Bun.sleep(rollBackMillis)),
  "Redis restarted": ({ site }) => site.servers.restartRedis(),
  "NATS wiped": ({ site }) => site.servers.restartNats({ wipe: true })
} satisfies Readonly<Record<string, Fault>>

const faults: Readonly<Record<string, Fault>> = { ...memberFaults, ...serverFaults }
export type FaultName = keyof typeof memberFaults | keyof typeof serverFaults

/** All of them at once. Answers when their harm is over, whose partitions went elsewhere. */
export const strike = async (
  names: ReadonlyArray<FaultName>,
  { site, load, dice, history }: { readonly site: Site; readonly load: Load; readonly dice: Dice; readonly history: History }
): Promise<ReadonlyArray<Failover>> => {
  const struck = await Promise.all(
    names.map(async (name) => {
      const disturbance = history.disturbed(name)
      const beside = names.filter((other) => other !== name).join(", ") || null
      const failover = await faults[name]!({ site, load, dice, beside })
      disturbance.to = history.now + settleMillis
      return failover ?? []
    })
  )
  return struck.flat()
}
