/** Many histories in one town, step by step together: everybody acts, the town comes to rest, and each car is held against its model. */
import { connect } from "nats"
import { optionsFor } from "#integrations/catalogue/options.ts"
import { connectOptionsOf } from "#integrations/nats/nats.ts"
import { everyTry, type Round } from "./calendar.ts"
import type { Command } from "./commands.ts"
import type { Handed, Opened } from "./forecourt.ts"
import { Life } from "./life.ts"
import { type Interval, Model } from "./model.ts"
import { breath, rest } from "./rest.ts"
import { Books, lookAround } from "./seen.ts"
import { Tally } from "./situations.ts"

export interface Difference {
  readonly history: number
  readonly round: number
  readonly wrong: ReadonlyArray<string>
  readonly told: ReadonlyArray<string>
}

export class Lockstep {
  readonly lives: ReadonlyArray<Life>
  readonly tally = new Tally()
  acts = 0
  private readonly queues: ReadonlyArray<Iterator<Command>>
  private readonly books: Books
  private workshopsAnswer = true

  constructor(
    readonly opened: Opened,
    cars: ReadonlyArray<Handed>,
    histories: ReadonlyArray<Iterable<Command>>,
    private readonly natsUrl: string
  ) {
    const { town } = opened
    this.books = new Books(town.world)
    this.queues = histories.map((history) => history[Symbol.iterator]())
    this.lives = histories.map((_, n) => {
      const handed = cars[n % cars.length]!
      const { country, model, owner, vin } = handed
      const offers = optionsFor(country).flatMap((one) => one.offers)
      const around = { opened, tally: this.tally, offers, workshopsAnswer: () => this.workshopsAnswer }
      return new Life(n, handed, new Model(country, model, town.world.fleet.car(vin).link, owner, town.now()), around)
    })
  }

  /** The models begin with what the price of a car included. */
  async begin(): Promise<ReadonlyArray<Difference>> {
    const { opened, lives } = this
    await rest(opened)
    const rows = await opened.town.sql`SELECT vin, state -> 'context' AS context FROM actors WHERE type = 'activation'`
    for (const { vin, context } of rows) {
      const model = lives.find((life) => life.vin === vin)?.model
      model?.bought(context.activationId, context.terms, null, model.owner, true)
    }
    return this.look({ passed: 0, quiet: 0, everyTry: false }, new Set(lives), 0)
  }

  /** Answers what is otherwise than the models know. */
  async round(round: Round, n: number): Promise<ReadonlyArray<Difference>> {
    const differences = round.acts ? await this.act(round, n) : []
    return differences.length > 0 || round.together || round.steps.length === 0 ? differences : this.wait(round.steps, n)
  }

  private async act({ together, steps, workshopsDown, wipe }: Round, n: number) {
    const { opened, lives } = this
    const { town } = opened
    const [move = 0] = together ? steps : []
    if (workshopsDown) town.world.workshops.misbehave({ fault: "down", ms: 600_000 })
    this.workshopsAnswer = !workshopsDown
    const ready = new Set(lives.filter(couldObey))
    const acting = lives.map((life) => this.next(life, n, move))
    if (wipe) await this.forget()
    if (together) await town.pass(move)
    await Promise.all(acting)
    for (const life of lives) if (life.carried || couldObey(life)) ready.add(life)
    await rest(opened)
    await town.pass(breath)
    await rest(opened)
    town.world.workshops.behave()
    return this.look({ passed: move + breath, quiet: breath, everyTry: false }, ready, n)
  }

  /** The next thing of a history that can be done at all. `move`: what the clock moves by meanwhile. */
  private async next(life: Life, n: number, move: number) {
    const { model, told, number } = life
    const queue = this.queues[number]!
    let { value: command, done } = queue.next()
    while (!done && !command.check(model)) ({ value: command, done } = queue.next())
    if (done) return
    told.push(`[${n}]`)
    this.acts++
    model.racing = move > 0
    if (move > 0) model.mayAge(move)
    try {
      await command.run(model, life)
    } catch (error) {
      life.wrong.push(`${command} broke: ${error}`)
    }
    model.racing = false
  }

  private async wait(steps: ReadonlyArray<number>, n: number) {
    const { opened, lives } = this
    const ready = new Set(lives.filter(couldObey))
    for (const millis of [...steps, breath]) {
      await opened.town.pass(millis)
      await rest(opened)
    }
    for (const { told } of lives) told.push(`… ${steps.map((millis) => millis / 60_000).join(", ")} minutes`)
    const passed = steps.reduce((sum, one) => sum + one, 0)
    return this.look({ passed, quiet: passed, everyTry: steps === everyTry }, ready, n)
  }

  private async look(interval: Omit<Interval, "couldObey">, ready: ReadonlySet<Life>, round: number) {
    const seen = await lookAround(this.opened, this.books)
    return this.lives.flatMap((life): ReadonlyArray<Difference> => {
      const { model, vin, number: history, told } = life
      const during = { ...interval, couldObey: ready.has(life) || couldObey(life) }
      const wrong = [...life.wrong.splice(0), ...model.see(seen.get(vin)!, during)]
      life.carried = false
      return wrong.length === 0 ? [] : [{ history, round, wrong, told: [...told] }]
    })
  }

  /** JetStream loses its streams, while reports are on their way. */
  private async forget() {
    const nats = await connect(connectOptionsOf(this.natsUrl))
    try {
      const manager = await nats.jetstreamManager()
      const ours = this.opened.town.platform.settings.natsSpace
      for await (const { config } of manager.streams.list())
        if (config.subjects.some((subject) => subject.startsWith(ours))) await manager.streams.delete(config.name)
      this.tally.met("NATS forgot everything")
    } finally {
      await nats.close()
    }
  }
}

const couldObey = ({ car }: Life) => car.online && car.parked
