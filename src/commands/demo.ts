/** Tells the whole story so far against real servers: three cars, four customers, every partner, services on the cars, and a clock that jumps. */

import { cancellation } from "#src/demo/cancellation.ts"
import { scratchDatabase } from "#src/demo/database.ts"
import { employees } from "#src/demo/employees.ts"
import { firstSale } from "#src/demo/first-sale.ts"
import { invariants } from "#src/demo/invariants.ts"
import { accountsOf, imbalance, ledgerLines } from "#src/demo/ledger.ts"
import { months } from "#src/demo/months.ts"
import { resale } from "#src/demo/resale.ts"
import { servers } from "#src/demo/servers.ts"
import { services } from "#src/demo/services.ts"
import { Teller } from "#src/demo/teller.ts"
import { startTown } from "#src/demo/town.ts"
import { untilSignalled } from "#src/devstack/signals.ts"
import { table } from "./verify.ts"

export const summary = "[--json]: one whole story against the real servers, in a database that goes when it ends"

/** 0 only where every step happened and no invariant is violated. With --json the standard output is one object, and nothing else. */
export const run = async (args: string[]): Promise<number> => {
  if (args.some((arg) => arg !== "--json")) {
    console.error("Usage: ./caas demo [--json]")
    return 2
  }
  const json = args.includes("--json")
  const begin = performance.now()
  const { signalled } = untilSignalled()
  await using floors = new AsyncDisposableStack() // Cleared from the top down, also on Ctrl-C.
  const story = tell(json, begin, floors)
  story.catch(() => {}) // Interrupted: nobody waits for it any more.
  return await Promise.race([story, signalled])
}

const tell = async (json: boolean, begin: number, floors: AsyncDisposableStack): Promise<number> => {
  const write = json ? () => {} : (line: string) => console.log(line)
  const real = await servers((line) => console.error(line))
  floors.defer(real.stop)
  const database = await scratchDatabase(real.databaseUrl)
  floors.defer(database.drop)
  const town = await startTown({
    databaseUrl: database.url,
    natsUrl: real.natsUrl,
    redisUrl: real.redisUrl,
    env: { SIGN_INS_PER_MINUTE: "1000" } // Weeks pass in seconds, and everybody signs in anew from one address.
  })
  floors.defer(town.stop)
  write(`A platform of its own on servers that are ${real.whose}, ready after ${seconds(begin)} s.`)

  const colours = !json && process.stdout.isTTY === true && !process.env.NO_COLOR
  const teller = new Teller(town.sql, town.now, { write, colours })
  let broken: string | null = null
  try {
    const stage = await employees(town, teller)
    town.world.fleet.buildFor("nats")
    const one = await firstSale(stage)
    await town.settled()
    const three = await resale(stage)
    await town.settled()
    await cancellation(stage)
    await town.settled()
    await services(stage, one, three)
    await months(stage, one)
    for (const { reference, kind } of town.world.payments.ledger())
      if (kind === "charge" || kind === "capture") town.world.payments.settle(reference)
    await teller.says("Gateway", "settles every payment")
    await town.settled()
  } catch (error) {
    broken = error instanceof Error ? error.message : String(error)
  }
  await teller.end()

  const ledger = await accountsOf(town.sql)
  const report = await invariants(town)
  const { checked, violated } = report
  if (json) {
    const told = { steps: teller.steps, ledger, invariants: { checked, violated } }
    await Bun.write(Bun.stdout, `${JSON.stringify(broken === null ? told : { ...told, broken })}\n`)
  }
  for (const line of ["\nThe ledger", ...ledgerLines(ledger), "\nThe invariants", table(report)]) write(line)
  if (json && violated > 0) console.error(table(report))
  if (broken !== null) console.error(`The story stopped: ${broken}`)
  write(`${teller.steps.length} steps in ${seconds(begin)} s`)
  return broken === null && violated === 0 && imbalance(ledger) === 0 ? 0 : 1
}

const seconds = (begin: number) => ((performance.now() - begin) / 1000).toFixed(1)
