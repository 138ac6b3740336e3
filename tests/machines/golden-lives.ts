/** Plays the lives by which a version of the money's charts is kept, and writes their golden journals where there are none: bun tests/machines/golden-lives.ts. */
import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { activation } from "#actors/activation.ts"
import { order } from "#actors/order.ts"
import type { AnyBehavior } from "#actors/system/behavior.ts"
import { type HeardRow, replay } from "#actors/system/replay.ts"
import type { Life } from "#src/rehearse/life.ts"
import * as a from "./activation-words.ts"
import { heard, type Said } from "./scenario.ts"
import * as w from "./words.ts"

type Past = ReadonlyArray<Said>
const services: ReadonlyArray<Past> = [
  [...a.toMonthPaid(), a.at(a.settled(2, a.march), "2026-04-03T00:00:00.000Z"), a.at(a.cancelled, "2026-04-10T09:00:00.000Z")],
  [...a.toMonthOwed(), a.at(a.dunningPause, "2026-04-04T00:00:00.000Z"), a.at(a.captured(3, a.march), "2026-04-04T00:00:01.000Z")],
  [...a.toActive(a.permanent), a.settled(), a.disputed(), a.disputeClosed("lost")],
  [...a.toActive(), a.withdrawn(), a.refundFailed(), a.riskResolved("paidOut")],
  [...a.toOwed(), a.dunningPause, a.actionRequired(4), a.captured(4)]
]
const sales: ReadonlyArray<Past> = [
  [...w.toDelivered(), w.settled("reservation"), w.settlementFailed("final"), w.riskResolved("paid")],
  [...w.toFinalPayment(), w.disputed("reservation"), w.finalPaymentWindow],
  [...w.toBuilding(), w.cancelledByFactory, w.returned("reservation"), w.refundFailed("reservation"), w.riskResolved("paidOut")]
]

/** Each of its own car, customer's order and payments: no two lives share a name. */
const renamed = (said: Said, n: number): Said =>
  JSON.parse(
    JSON.stringify(said)
      .replaceAll(w.vin, `${w.vin.slice(0, -3)}90${n}`)
      .replaceAll("-1-service-", `-golden${n}-service-`)
      .replaceAll('"act_1"', `"act_golden${n}"`)
      .replaceAll('"ord_1"', `"ord_golden${n}"`)
      .replaceAll("pay_1-", `pay_golden${n}-`)
      .replaceAll("risk_1-", `risk_golden${n}-`)
  )

const lived = (behavior: AnyBehavior, path: string, past: Past, life: number): Life => {
  let last = 0
  const rows = past.map((said, n): HeardRow => {
    const { type, at, ...body } = heard(renamed(said, life), n) as Said & { readonly at: string }
    last = Math.max(last + 1, Date.parse(at))
    return { version: n + 1, messageId: `golden-${life}-${n + 1}`, type, at: last, body, outcome: "handled", reply: "" }
  })
  const { state, stateSince, heardFrom, timers, turns, broken } = replay(behavior, path, rows)
  if (state === null || broken !== null) throw new Error(`${path}: ${broken}`)
  const told = rows.map((row, n) => ({ ...row, outcome: turns[n]!.outcome, reply: turns[n]!.reply }))
  const each = <A extends object>(of: (turn: (typeof turns)[number]) => ReadonlyArray<A>) =>
    turns.flatMap((turn) => of(turn).map((one) => ({ version: turn.version, ...one })))
  const tables = [...new Set(Object.values(behavior.records).map(({ table }) => table))] // As a rehearsal reads them.
  return {
    path,
    version: rows.length,
    machineVersion: behavior.machineVersion,
    state: { ...state, heardFrom },
    stateSince,
    facets: behavior.facets(state),
    timers: Object.fromEntries(timers),
    heard: told,
    commands: each(({ commands }) => commands),
    records: tables.flatMap((table) => each(({ records }) => records.filter((record) => record.table === table)))
  }
}

const write = (behavior: AnyBehavior, lives: ReadonlyArray<Life>) => {
  const file = join(import.meta.dir, "golden", `${behavior.type.name}-${behavior.machineVersion}.jsonl`)
  if (!existsSync(file)) writeFileSync(file, `${lives.map((life) => JSON.stringify(life)).join("\n")}\n`)
}
const car = (n: number) => `${w.vin.slice(0, -3)}90${n}`
write(
  activation,
  services.map((past, n) => lived(activation, `activation/${car(n)}/act_golden${n}`, past, n))
)
write(
  order,
  sales.map((past, n) => lived(order, `order/ord_golden${n + 5}`, past, n + 5))
)
