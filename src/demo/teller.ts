/** Tells a story while it happens: what people do, and every turn an actor takes, read from the journal. */
import type { SQL } from "bun"
import { statePathOf } from "#actors/system/turn.ts"

/** One thing that happened. `from` and `to` are states of an actor; of people, what they wanted something of and what they were told. */
export interface Step {
  /** ISO 8601, by the clock of the town. */
  readonly at: string
  readonly actor: string
  readonly from: string | null
  readonly message: string
  readonly to: string | null
}

interface Turn {
  readonly path: string
  readonly version: number
  readonly at: Date
  readonly type: string
  readonly reply: any
  readonly outcome: string
  /** Of what opens a service: which. */
  readonly option: string | null
}

export interface Style {
  readonly write: (line: string) => void
  readonly colours: boolean
}

const everyMillis = 60
const day = 86_400_000

export class Teller {
  readonly steps: Array<Step> = []
  private readonly names = new Map<string, string>()
  private readonly states = new Map<string, string>()
  private readonly seen = new Set<string>()
  private reading: Promise<void> = Promise.resolve()
  private readonly clock: ReturnType<typeof setInterval>
  private readonly begin: number
  private ended = false

  constructor(
    private readonly sql: SQL,
    private readonly now: () => number,
    private readonly style: Style
  ) {
    this.begin = now()
    this.clock = setInterval(() => void this.catchUp().catch(() => {}), everyMillis) // What fails here fails again where it is waited for.
  }

  /** What an actor is called in this story. */
  call(path: string, name: string) {
    this.names.set(path, name)
  }

  async chapter(title: string) {
    await this.catchUp()
    this.style.write(`\n${this.paint("1", title)}`)
  }

  /** Somebody of flesh and blood, or a partner, did something. */
  async says(who: string, what: string, told: string | null = null) {
    await this.catchUp()
    const at = this.now()
    this.steps.push({ at: new Date(at).toISOString(), actor: who, from: null, message: what, to: told })
    this.style.write(
      `${this.stamp(at)}  ${this.paint("36", who.padEnd(18))} ${what}${told === null ? "" : this.paint("2", ` → ${told}`)}`
    )
  }

  /** Reads on in the journal until nothing is new. One reader at a time, so that the order holds. */
  catchUp(): Promise<void> {
    this.reading = this.reading.catch(() => {}).then(() => this.read())
    return this.reading
  }

  async end() {
    clearInterval(this.clock)
    this.ended = true
    await this.catchUp()
  }

  /** A story has some two hundred turns: all are read, and those told already are passed over. */
  private async read() {
    const turns: ReadonlyArray<Turn> = await this.sql`
      SELECT path, version, at, type, reply, outcome, body -> 'terms' ->> 'option' AS option
      FROM whole.journal
      ORDER BY at, path, version`
    for (const turn of turns) {
      const key = `${turn.path}#${turn.version}`
      if (this.seen.has(key)) continue
      this.callService(turn)
      if (!this.names.has(turn.path) && !this.ended) return // Somebody is about to say who that is.
      this.seen.add(key)
      this.tell(turn)
    }
  }

  /** A service is called after its car: "streaming of Customer 1". */
  private callService({ path, type, option }: Turn) {
    const car = this.names.get(`vehicle/${path.split("/")[1]}`)
    if (type === "OptionPurchased" && car !== undefined) this.names.set(path, car.replace(/^car/, option ?? "service"))
  }

  private tell({ path, at, type, reply, outcome }: Turn) {
    const from = this.states.get(path) ?? null
    const to = statePathOf(typeof reply === "string" && reply.startsWith("{") ? JSON.parse(reply) : reply)
    this.states.set(path, to)
    this.steps.push({ at: at.toISOString(), actor: path, from, message: type, to })
    const [before, after] = moved(from, to)
    const move =
      from === to
        ? this.paint("2", to.includes("+") ? "stays as it is" : `stays in ${readable(to)}`)
        : this.paint("32", `${before === null ? "" : before} → ${after}`)
    const remark = outcome === "handled" ? "" : this.paint("33", `  (${outcome})`)
    const who = this.names.get(path) ?? path
    this.style.write(
      `${this.stamp(at.getTime())}    ${this.paint("35", who.padEnd(24))} ${wordOf(type).padEnd(28)} ${move}${remark}`
    )
  }

  private stamp(at: number) {
    const days = Math.floor((at - this.begin) / day)
    return this.paint("2", `day ${String(Math.max(0, days)).padStart(2)} ${new Date(at).toISOString().slice(11, 23)}`)
  }

  private paint(code: string, text: string) {
    return this.style.colours ? `\x1b[${code}m${text}\x1b[0m` : text
  }
}

/** "custody.atFactory+assignment.assigned" → "atFactory, assigned"; of one region only, "manufacturing.building" → "manufacturing · building". */
const readable = (state: string) => {
  const regions = state.split("+")
  const spoken = regions.length === 1 ? regions : regions.map((region) => region.slice(region.indexOf(".") + 1))
  return spoken.map((region) => region.replaceAll(".", " · ")).join(", ")
}

/** Of what stands side by side, only what moved. */
const moved = (from: string | null, to: string): readonly [before: string | null, after: string] => {
  if (from === null || !from.includes("+")) return [from === null ? null : readable(from), readable(to)]
  const [was, is] = [from.split("+"), to.split("+")]
  const spoken = (regions: ReadonlyArray<string>, others: ReadonlyArray<string>) =>
    regions
      .filter((region) => !others.includes(region))
      .map((region) => region.slice(region.indexOf(".") + 1).replaceAll(".", " · "))
  return [spoken(was, is).join(", "), spoken(is, was).join(", ")]
}

/** A timer's name says where it belongs; a reader wants to know which it was. */
const wordOf = (type: string) => /^xstate\.after\.(\w+)\./.exec(type)?.[1]?.replace(/^/, "after ") ?? type
