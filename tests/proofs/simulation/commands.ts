/** Histories as fast-check draws and shrinks them: commands that check the model, and are run against a real town. */
import fc from "fast-check"
import {
  type Act,
  buy,
  cancel,
  clickTwice,
  comeBack,
  confirmAtTheBank,
  courier,
  drive,
  endTheft,
  failBeforeAnswering,
  garage,
  link,
  loseDocuments,
  loseReports,
  overdue,
  park,
  reboot,
  recover,
  refuseAtTheBank,
  reportTheft,
  resolve,
  restoreFlash,
  sell,
  serviced,
  setClock,
  settle,
  sleep,
  slowDown,
  stranger,
  street,
  twoTabs,
  wake,
  wipeFeature,
  withdraw
} from "./acts.ts"
import type { Life } from "./life.ts"
import type { Model } from "./model.ts"
import type { Method } from "./service.ts"

export type Command = fc.AsyncCommand<Model, Life>

/** One thing at a time. */
class Alone implements Command {
  constructor(private readonly what: Act) {}

  check(model: Readonly<Model>) {
    return this.what.check(model)
  }
  async run(_: Model, life: Life) {
    ;(await this.what.act(life))()
  }
  toString() {
    return this.what.name
  }
}

/** Two things at the same time: nobody knows which comes first. */
class AtOnce implements Command {
  constructor(
    private readonly one: Act,
    private readonly other: Act
  ) {}

  check(model: Readonly<Model>) {
    return this.one.check(model) && this.other.check(model)
  }
  async run(model: Model, life: Life) {
    life.told.push("at once:")
    const raced = model.racing
    model.racing = true
    const [first, second] = await Promise.all([this.one.act(life), this.other.act(life)])
    model.atOnce(first, second)
    model.racing = raced
  }
  toString() {
    return `at once: ${this.one.name}; ${this.other.name}`
  }
}

const anything = fc.nat(1_000)
/** Half of all buyers pay as one hopes. */
const method = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<Method>("card", "account") },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Method>(
      "slowCard",
      "failingCard",
      "declinedCard",
      "carefulCard",
      "carefulCard",
      "refusingAccount",
      "emptyAccount"
    )
  }
)
const buys = fc.tuple(anything, fc.option(method, { freq: 12, nil: null })).map(([offer, by]) => buy(offer, by))
const withdraws = anything.map(withdraw)
const comesBack = fc.constantFrom(wake, street, park, recover, comeBack, comeBack)
const goesAway = fc.constantFrom(sleep, garage, drive, sleep)
const resolves = fc
  .tuple(anything, fc.constantFrom("uncharged" as const, "gift" as const, "gift" as const))
  .map(([nth, how]) => resolve(nth, how))
const troubles = fc.oneof(
  fc.constantFrom(reboot, failBeforeAnswering),
  fc.integer({ min: 1, max: 3 }).map(loseDocuments),
  fc.constantFrom(1, 2, 500).map(loseReports),
  fc.integer({ min: 1, max: 3 }).map(restoreFlash),
  anything.map(wipeFeature),
  fc.constantFrom(-400, -1, 1, 400).map(setClock),
  fc.constantFrom(1, 3, 30, 240).map(slowDown)
)

const acts: ReadonlyArray<{ readonly weight: number; readonly arbitrary: fc.Arbitrary<Act> }> = [
  { weight: 14, arbitrary: buys },
  { weight: 1, arbitrary: fc.tuple(anything, method).map(([offer, by]) => clickTwice(offer, by)) },
  { weight: 1, arbitrary: fc.tuple(anything, method).map(([offer, by]) => twoTabs(offer, by)) },
  { weight: 3, arbitrary: withdraws },
  { weight: 2, arbitrary: anything.map(cancel) },
  { weight: 3, arbitrary: anything.map(confirmAtTheBank) },
  { weight: 5, arbitrary: anything.map(refuseAtTheBank) },
  { weight: 1, arbitrary: anything.map(stranger) },
  { weight: 5, arbitrary: goesAway },
  { weight: 8, arbitrary: comesBack },
  { weight: 4, arbitrary: troubles },
  { weight: 6, arbitrary: resolves },
  { weight: 2, arbitrary: anything.map(settle) },
  { weight: 1, arbitrary: fc.constant(reportTheft) },
  { weight: 3, arbitrary: fc.constant(endTheft) },
  { weight: 1, arbitrary: fc.constant(sell) },
  { weight: 1, arbitrary: fc.constantFrom(overdue, serviced) },
  { weight: 2, arbitrary: fc.constant(link) },
  { weight: 3, arbitrary: fc.constant(courier) }
]
const alone = fc.oneof(...acts).map((what) => new Alone(what))
/** Most races are about a car that comes back, or about money that comes back. */
const races = fc
  .oneof(
    fc.tuple(
      withdraws,
      fc.oneof(
        comesBack,
        comesBack,
        comesBack,
        withdraws,
        anything.map(settle),
        anything.map(cancel),
        anything.map(confirmAtTheBank)
      )
    ),
    fc.tuple(
      fc.oneof(fc.constant(reportTheft), fc.constant(sell), anything.map(cancel), resolves),
      fc.oneof(comesBack, withdraws, buys)
    ),
    fc.tuple(buys, fc.oneof(comesBack, goesAway, troubles, buys))
  )
  .map(([one, other]) => new AtOnce(one, other))

/** What comes first is what shrinking tries first. */
export const history = (longest: number) =>
  fc.commands<Model, Life, false>([alone, alone, races] as any, { maxCommands: longest, size: "max" })
