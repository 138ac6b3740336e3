/** A process of its own: partners, and cars that lose the network together and find it again together. OUTSIDE: the options of its world. */
import { startWorld, type WorldOptions } from "#src/simulated.ts"

const breath = 250 // Cars that speak before anybody else in this process may.

/** What its parent asks, and what it answers: one after the other. */
export interface Outside {
  readonly build: (vins: ReadonlyArray<string>) => ReadonlyArray<BuiltCar>
  /** Everybody out of reach, and restarted meanwhile: what each says next is news. */
  readonly leave: (none: null) => null
  /** Everybody says hello. */
  readonly comeBack: (none: null) => Promise<null>
  /** How many have not heard that their newest report arrived. */
  readonly unheard: (none: null) => number
  readonly boots: (none: null) => Readonly<Record<string, string>>
}

export interface BuiltCar {
  readonly vin: string
  readonly publicKey: string
  readonly link: "nats" | "apiIot"
}

const { fleet, env } = await startWorld(JSON.parse(process.env.OUTSIDE!) as WorldOptions)
fleet.buildFor("nats")

const outside: Outside = {
  build: (vins) => vins.map((vin) => ({ vin, ...fleet.build(vin, "Modelo Uno", "ES") })),
  leave: () => {
    for (const car of fleet.cars()) {
      car.reach(false, true)
      car.reboot()
    }
    return null
  },
  comeBack: async () => {
    for (const [n, car] of fleet.cars().entries()) {
      car.reach(true, true)
      if (n % breath === 0) await Bun.sleep(0)
    }
    return null
  },
  unheard: () => fleet.cars().filter(({ newest }) => newest?.acknowledged !== true).length,
  boots: () => Object.fromEntries(fleet.cars().map(({ vin, bootId }) => [vin, bootId]))
}
process.on("message", async ({ ask, about }: { readonly ask: keyof Outside; readonly about: never }) =>
  process.send!({ answer: await outside[ask](about) })
)
process.send!({ answer: env })
