/** One round: a cluster under load, some harm in turn and together, and a judge when everybody has their answer. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Dice } from "../dice.ts"
import { History } from "./history.ts"
import { judge, type Verdict } from "./judge.ts"
import { Load, ownedCars } from "./load.ts"
import { type Failover, type FaultName, settleMillis, strike } from "./nemesis.ts"
import { openSite } from "./site.ts"

export interface RoundOptions {
  readonly seed: number
  /** What strikes together, one act after the other. */
  readonly acts: ReadonlyArray<ReadonlyArray<FaultName>>
  /** Operations a second. */
  readonly perSecond: number
  readonly cars: number
  /** Milliseconds of quiet before, between and after the acts. */
  readonly calm: number
  readonly say: (line: string) => void
}

export interface Round extends Verdict {
  readonly seed: number
  readonly acts: ReadonlyArray<ReadonlyArray<FaultName>>
  readonly seconds: number
  readonly heldBack: number
  readonly failovers: ReadonlyArray<Failover>
  readonly orders: Readonly<Record<string, number>>
}

const pace = 80 // Milliseconds between the steps of a partner's work.
const runners = 2
const storytellers = ["home", "pickup"] as const // Whole lives of cars, told beside the load.

/** Throws where it comes to no end, or something does not hold: data and logs are left where the error says. */
export const playRound = async ({ seed, acts, perSecond, cars, calm, say }: RoundOptions): Promise<Round> => {
  const begin = performance.now()
  const folder = mkdtempSync(join(tmpdir(), "caas-cluster-"))
  const history = new History()
  const dice = new Dice(seed)
  const failovers: Array<Failover> = []
  try {
    const site = await openSite({ folder, runners, pace })
    let over = false
    let harming: Promise<void> | null = null
    const harm = async (load: Load) => {
      await Bun.sleep(calm)
      for (const act of acts) {
        if (over) return
        say(act.join(" + "))
        const moved = await strike(act, { site, load, dice, history })
        failovers.push(...moved)
        for (const failover of moved) say(inWords(failover))
        await Bun.sleep(settleMillis + calm)
      }
    }
    const play = async () => {
      await Promise.all(site.members.map((member) => member.start()))
      await site.divided()
      const owned = await ownedCars(site, cars)
      say(`${cars} cars are delivered`)
      const load = new Load(site, history, new Dice(seed + 1), owned, perSecond)
      const lanes = storytellers.map(async (kind, n) => {
        while (!over) await site.stories.tell(kind, `Customer ${n + 1}`)
      })
      const told = Promise.all(lanes)
      told.catch(() => {})
      harming = harm(load)
      await Promise.race([harming, load.failure, told])
      over = true
      for (const member of site.members)
        if (member.ended()) throw new Error(`${member.name} ended by itself: ${member.lastWords()}`)
      const back = history.disturbed("the dead are back")
      for (const runner of site.runners) if (!runner.alive) await runner.start()
      await site.divided()
      back.to = history.now
      await Promise.all([load.end(), told])
      await site.quiet()
      const verdict = await judge(site, history)
      if (verdict.violations.length > 0) throw new Error(verdict.violations.slice(0, 20).join("\n"))
      const seconds = Math.round((performance.now() - begin) / 100) / 10
      return { seed, acts, seconds, heldBack: load.heldBack, failovers, orders: site.stories.ended, ...verdict }
    }
    const round = await play().finally(async () => {
      over = true
      await harming?.catch(() => {}) // Whoever is just being started again would be nobody's.
      await site.close()
    })
    rmSync(folder, { recursive: true, force: true })
    return round
  } catch (error) {
    history.write(join(folder, "history.jsonl"))
    throw new Error(`Seed ${seed}, ${JSON.stringify(acts)}: ${(error as Error).message}\nData, logs and history: ${folder}`, {
      cause: error
    })
  }
}

const inWords = ({ how, runner, partitions, millis, refused }: Failover) =>
  `${runner} was ${how}: its ${partitions} partitions served after ${millis} ms${how === "frozen" ? `, ${refused} refused its late commits` : ""}`
