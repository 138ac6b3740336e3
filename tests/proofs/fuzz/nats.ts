/** What the broker brings that no car of ours has said: none of it becomes a fact, and the true reports beside it are heard all the same. */
import { Metric } from "effect"
import { Telemetry } from "#integrations/telemetry/telemetry.ts"
import { refusedReports } from "#src/ingress/reports.ts"
import { Car, receiptOf } from "#tests/ingress/car.ts"
import { type Road, road, until } from "#tests/ingress/road.ts"
import type { Dice } from "../dice.ts"
import { Broadcasts, type Yarded } from "./broadcasts.ts"
import { diceOf } from "./chance.ts"
import { type Fuzzed, type FuzzOptions, Tally } from "./fuzzed.ts"
import { sample } from "./noise.ts"

const chapter = 1_000 // Inputs, after which what was heard is looked at.
const cars = 300 // So many that none of them says more than is heard of one in a minute.
const mad = 60 // Of them.
const remembered = 8 // Reports of a car, to be said again.

interface Place {
  readonly world: Road
  readonly yard: ReadonlyArray<Yarded>
  readonly tally: Tally
}

export const fuzzNats = async (options: FuzzOptions): Promise<Fuzzed> => {
  const tally = new Tally("nats", options)
  const world = await road({ natsUrl: process.env.NATS_URL! })
  try {
    const yard = Array.from({ length: cars }, (_, n): Yarded => ({ car: new Car(n + 1), isMad: n < mad, heard: [] }))
    await world.knows(...yard.map(({ car }) => car))
    for (let n = options.at ?? 0; tally.done < options.inputs && (options.at === undefined || n === options.at); n++)
      await play({ world, yard, tally }, n, Math.min(chapter, options.inputs - tally.done))
    return tally.end()
  } finally {
    await world.close()
  }
}

const dead = ({ runtime }: Road) => runtime.runPromise(Metric.value(refusedReports)).then(({ count }) => Number(count))

const play = async (place: Place, n: number, inputs: number) => {
  const { world, yard, tally } = place
  const dice = diceOf(tally.options.seed, n)
  const fails = (what: string) => tally.fails(n, what)
  for (const heard of [world.told, world.acknowledged]) heard.splice(0)
  const before = await dead(world)
  const said = new Broadcasts(world, process.env.NATS_URL!, yard, dice)
  for (let input = 0; input < inputs; input++) {
    const kind = await said.say()
    tally.meets(kind)
    if (kind.startsWith("noise: ")) tally.meets("noise")
  }
  await world.broker.flush()
  await world.quiet().catch((deaf) => fails(deaf.message))
  for (const wrong of contradictions(world, said, (await dead(world)) - before)) fails(wrong)
  for (const { one, jws } of said.news.values()) remember(one, jws)
  await lives(place, dice, n).catch((deaf) => fails(deaf.message))
  tally.judged(inputs)
}

const remember = ({ heard }: Yarded, jws: string) => {
  heard.push(jws)
  if (heard.length > remembered) heard.shift()
}

/** What the vehicles were told otherwise than the cars have said, and what was counted otherwise. */
const contradictions = (world: Road, said: Broadcasts, counted: number): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  const times = new Map<string, number>()
  for (const { id, path, message } of world.told) {
    const receipt = id.slice("car/".length)
    times.set(receipt, (times.get(receipt) ?? 0) + 1)
    const news = said.news.get(receipt)
    if (news === undefined && !said.perhaps.has(receipt))
      wrong.push(`${path} was told ${id}, which no car has signed as news: ${message.bytes.slice(0, 300)}`)
    if (news !== undefined && path !== `vehicle/${news.one.car.vin}`)
      wrong.push(`${path} was told what ${news.one.car.vin} has said`)
  }
  for (const [receipt, { one }] of said.news)
    if (times.get(receipt) !== 1)
      wrong.push(`${one.car.vin} said ${receipt}, and its vehicle was told ${times.get(receipt) ?? 0} times`)
  const most = said.dead + said.uncertain + said.perhaps.size
  if (counted < said.dead || counted > most) wrong.push(`${counted} reports were counted as dead, of ${said.dead} to ${most}`)
  return wrong
}

/** The consumers are there: a report and a sample that are right are heard. */
const lives = async ({ world, yard }: Place, dice: Dice, n: number) => {
  const one = dice.oneOf(yard.filter(({ isMad }) => !isMad))
  const { car } = one
  const jws = car.says({ bootId: `alive-${n}` })
  const odometerMetres = 10_000_000 + n
  world.publish(car.vin, "report", jws)
  world.publish(car.vin, "telemetry", JSON.stringify({ ...sample(dice), odometerMetres }))
  await until("a good report", () => world.told.some(({ id }) => id === `car/${receiptOf(jws)}`), Boolean)
  remember(one, jws)
  const last = () => world.runtime.runPromise(Telemetry.use((telemetry) => telemetry.last(car.vin)))
  await until("a good sample", last, (seen) => seen?.sample.odometerMetres === odometerMetres)
  await world.quiet()
}
