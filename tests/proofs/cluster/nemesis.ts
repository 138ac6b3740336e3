/** What may befall a cluster: whom it strikes, how long it lasts, and how long the others took to do the work of whoever was struck. */
import type { Dice } from "../dice.ts"
import type { History } from "./history.ts"
import type { Load } from "./load.ts"
import type { Member } from "./member.ts"
import type { Site } from "./site.ts"

export const frozenMillis = 50_000
const settleMillis = 5_000 // After the harm is over, until it is called calm again.
const rollBackMillis = 3_000 // Of what NATS heard, forgotten.
const awayMillis = { least: 1_000, most: 4_000 } // Of a killed runner, after others have taken over.
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

const struck = (how: Failover["how"], { site, dice }: Field) => {
  const runner = dice.oneOf(site.runners.filter(({ alive }) => alive))
  return { how, runner: runner.name, member: runner, partitions: partitionsOf(site, runner) }
}
const partitionsOf = async (site: Site, { address }: Member) =>
  [...(await site.owners())].flatMap(([partition, owner]) => (owner === address ? [partition] : []))

const servedAgain = (load: Load, partitions: ReadonlyArray<number>) =>
  Promise.all(partitions.map((partition) => load.probe(partition))).then((millis) => Math.round(Math.max(0, ...millis)))

const killed = async (field: Field): Promise<Failover & { readonly member: Member }> => {
  const { how, runner, member, partitions } = struck("killed", field)
  const theirs = await partitions
  const gone = member.kill()
  const millis = await servedAgain(field.load, theirs)
  await gone
  return { how, runner, member, partitions: theirs.length, millis, beside: field.beside, refused: 0 }
}

/** To its processes. */
export const memberFaults = {
  "runner killed": async (field) => {
    const { member, ...failover } = await killed(field)
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
  "runner killed for good": async (field) => {
    const { member: _, ...failover } = await killed(field)
    return failover
  },
  "runner frozen": async (field) => {
    const { how, runner, member, partitions } = struck("frozen", field)
    const theirs = await partitions
    const said = member.said(lateWord)
    const begin = performance.now()
    member.freeze()
    const millis = await servedAgain(field.load, theirs)
    await Bun.sleep(Math.max(0, frozenMillis - (performance.now() - begin)))
    member.wake()
    await field.site.divided()
    return { how, runner, partitions: theirs.length, millis, beside: field.beside, refused: member.said(lateWord) - said }
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
