/** A chapter of inputs over the broker, as it is said: what of it is news, what is dead for sure, and what may be either. */
import { headers } from "nats"
import { connectOptionsOf } from "#integrations/nats/nats.ts"
import { type Car, receiptOf } from "#tests/ingress/car.ts"
import type { Road } from "#tests/ingress/road.ts"
import type { Dice } from "../dice.ts"
import { weighted } from "./chance.ts"
import { brokenLine, noises, oddName, spoiltReport, telemetryNoise } from "./noise.ts"

export interface Yarded {
  readonly car: Car
  /** Says what was spoilt before it was signed, and never anything that is news: by chance it may still be a report, and a very late one. */
  readonly isMad: boolean
  /** Reports of earlier chapters that were news, the newest last. */
  readonly heard: Array<string>
}

type Kind =
  | "noise"
  | "spoilt"
  | "again"
  | "old"
  | "odd subject"
  | "telemetry"
  | "too large"
  | "with headers"
  | "broken line"
  | "news"

const ofOneCar = 6 // Reports in a chapter: the stream keeps the newest eight.
const largestVersion = 2 ** 31

export class Broadcasts {
  /** By receipt: whose it is, and what was said. */
  readonly news = new Map<string, { readonly one: Yarded; readonly jws: string }>()
  /** Receipts of what is signed and spoilt. */
  readonly perhaps = new Set<string>()
  /** Reports that reach the consumer, and that it has to count. */
  dead = 0
  /** Whether the broker lets them through is its own business. */
  uncertain = 0
  readonly #said = new Map<Yarded, number>()
  readonly #withNews = new Set<Yarded>()

  constructor(
    private readonly world: Road,
    private readonly natsUrl: string,
    private readonly yard: ReadonlyArray<Yarded>,
    private readonly dice: Dice
  ) {}

  /** Answers what kind it was. */
  async say(): Promise<string> {
    const { dice, world } = this
    const one = this.#free()
    const { car, heard, isMad } = one
    const kind = weighted<Kind>(dice, [
      [56, "noise"],
      [isMad ? 40 : 0, "spoilt"],
      [heard.length === 0 ? 0 : 4, "again"],
      [heard.length < 2 ? 0 : 4, "old"],
      [8, "odd subject"],
      [10, "telemetry"],
      [0.4, "too large"],
      [3, "with headers"],
      [0.4, "broken line"],
      [isMad || this.#withNews.has(one) ? 0 : 10, "news"]
    ])
    switch (kind) {
      case "noise": {
        const [name, noise] = this.#noise(one)
        this.#report(one, noise)
        this.dead++
        return `noise: ${name}`
      }
      case "with headers":
        this.#withHeaders(one, this.#noise(one)[1])
        return kind
      case "spoilt": {
        const jws = spoiltReport(car, dice)
        this.perhaps.add(receiptOf(jws))
        this.#report(one, jws)
        return kind
      }
      case "again":
        this.#report(one, heard.at(-1)!)
        return kind
      case "old":
        this.#report(one, heard[dice.between(0, heard.length - 2)]!)
        return kind
      case "odd subject": {
        const name = oddName(dice)
        const subject = dice.oneOf([`${name}.report`, `${name}.telemetry`, `${name}.${name}.report`])
        world.broker.publish(`${world.space}.vehicles.${subject}`, "hello")
        this.uncertain++
        return kind
      }
      case "telemetry":
        world.publish(car.vin, "telemetry", telemetryNoise(dice))
        return kind
      case "too large":
        world.publish(car.vin, dice.oneOf(["report", "telemetry"]), "x".repeat(dice.oneOf([65_537, 1_000_000, 1_048_576])))
        return kind
      case "broken line":
        await toThePort(this.natsUrl, brokenLine(world.space, car.vin, dice))
        return kind
      case "news": {
        const jws = car.says({ cfgVersion: car.counter % largestVersion, bootId: `boot-${car.counter}` })
        this.#withNews.add(one)
        this.news.set(receiptOf(jws), { one, jws })
        this.#report(one, jws)
        return kind
      }
    }
  }

  #free(): Yarded {
    for (;;) {
      const one = this.dice.oneOf(this.yard)
      if ((this.#said.get(one) ?? 0) < ofOneCar) return one
    }
  }

  #counted(one: Yarded) {
    this.#said.set(one, (this.#said.get(one) ?? 0) + 1)
  }

  #report(one: Yarded, text: string | Uint8Array) {
    this.#counted(one)
    this.world.publish(one.car.vin, "report", text)
  }

  #noise(one: Yarded): readonly [string, string | Uint8Array] {
    const { dice, yard } = this
    const other = yard[(yard.indexOf(one) + dice.between(1, yard.length - 1)) % yard.length]!
    const [name, make] = dice.oneOf(Object.entries(noises))
    return [name, make(one.car, other.car, dice)]
  }

  #withHeaders(one: Yarded, text: string | Uint8Array) {
    const { dice, world } = this
    const all = headers()
    all.append("x-odd", "y".repeat(dice.between(0, 2_000)))
    if (dice.throw() < 0.5) all.append("Nats-Rollup", "sub") // Asks the stream to forget what it has of this car.
    this.#counted(one)
    this.uncertain++
    world.broker.publish(`${world.space}.vehicles.${one.car.vin}.report`, text, { headers: all })
  }
}

const patience = 20 // Milliseconds until a line is taken for swallowed.

/** With the platform's own credentials: the broker may hang up, and nothing else may come of it. */
const toThePort = async (natsUrl: string, line: string) => {
  const { servers, authenticator } = connectOptionsOf(natsUrl)
  const [hostname, port] = String(servers).split(":") as [string, string]
  const greeted = Promise.withResolvers<string>()
  const ended = Promise.withResolvers<void>()
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: { data: (_, words) => greeted.resolve(words.toString()), error: () => ended.resolve(), close: () => ended.resolve() }
  })
  const { nonce } = JSON.parse((await greeted.promise).slice("INFO ".length).split("\r\n")[0]!)
  const credentials = [authenticator ?? []].flat().map((sign) => sign(nonce))
  socket.write(`CONNECT ${JSON.stringify(Object.assign({ verbose: false, headers: true }, ...credentials))}\r\n${line}`)
  await Promise.race([ended.promise, Bun.sleep(patience)])
  socket.end()
}
