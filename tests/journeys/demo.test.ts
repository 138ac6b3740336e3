/** `./caas demo` as somebody at a terminal, or another program, runs it. */
import { describe, expect, test } from "bun:test"
import { SQL } from "bun"
import type { Step } from "#src/demo/teller.ts"
import { program } from "./program.ts"

const leftBehind = async () => {
  const sql = new SQL(process.env.DATABASE_URL!, { max: 1 })
  const found = await sql`SELECT datname FROM pg_database WHERE datname LIKE 'caas_demo_%'`
  await sql.close()
  return found.length
}

describe("the demo", () => {
  test("tells every step in one JSON object, finds nothing violated, and leaves nothing behind", async () => {
    const begin = performance.now()
    const { output, errors, code } = await program(["demo", "--json"])
    expect({ code, errors }).toEqual({ code: 0, errors: "" })
    expect(performance.now() - begin).toBeLessThan(60_000)
    const { steps, ledger, invariants, broken } = JSON.parse(output) as {
      steps: ReadonlyArray<Step>
      ledger: ReadonlyArray<{ account: string; minor: number }>
      invariants: { checked: number; violated: number }
      broken?: string
    }
    expect(broken).toBeUndefined()
    expect(invariants.violated).toBe(0)
    expect(invariants.checked).toBeGreaterThan(25)

    const first = steps.find(({ actor }) => actor.startsWith("order/"))!.actor
    const states = steps.filter(({ actor }) => actor === first).map(({ to }) => to!.split(".")[0])
    expect(states.filter((state, n) => state !== states[n - 1])).toEqual([
      "reserved",
      "manufacturing",
      "paid",
      "registered",
      "delivered"
    ])
    for (const [n, { at }] of steps.entries())
      if (n > 0) expect(Date.parse(at)).toBeGreaterThan(Date.parse(steps[n - 1]!.at) - 1_000)
    expect(steps.map(({ to }) => to)).toEqual(
      expect.arrayContaining(["forfeited", "cancelled", "409 AlreadyAssigned", "409 WrongPin"])
    )

    // What became of each service, in the order they were bought: two regions, side by side.
    const services = new Map<string, string>()
    for (const { actor, to } of steps) if (actor.startsWith("activation/")) services.set(actor, to!)
    expect([...services.values()].map((state) => state.split("+").sort().join(", "))).toEqual([
      "money.captured, service.ended",
      "money.voided, service.withdrawn",
      "money.voided, service.escalated.closed",
      "money.billed, service.ended",
      "money.refunded, service.withdrawn",
      "money.captured, service.active"
    ])
    const carSaid = steps.filter(({ message }) => message === "VehicleReported")
    expect(carSaid.length).toBeGreaterThan(5)
    expect(steps.map(({ to }) => to)).toContain("409 MaintenanceOverdue")

    const held = Object.fromEntries(ledger.map(({ account, minor }) => [account, minor]))
    const { bank, gateway, serviceSales, vatDue, ...others } = held
    expect(others).toEqual({
      customerDeposits: 0,
      customerPayments: 0,
      disputes: 0,
      receivables: 0, // What was owed was paid in the end.
      refundsDue: -2_000_00, // The second half of the penitential deposit, which finance pays by bank transfer.
      forfeitedDeposits: -1_000_00,
      vehicleSales: -52_727_28,
      badDebts: 0,
      depositPenalties: 2_000_00
    })
    // How many days of a month are billed depends on the day on which the story is told.
    const charged = steps.flatMap(({ message }) => /^bills \d+ days of .*: (\d+)\.(\d\d) €/.exec(message ?? "")?.slice(1) ?? [])
    expect(charged.length).toBeGreaterThanOrEqual(4)
    expect(bank! + gateway!).toBeGreaterThan(63_800_00 + 1_000_00)
    expect(bank! + gateway! + serviceSales! + vatDue!).toBe(52_727_28 + 1_000_00)
    expect(await leftBehind()).toBe(0)
  }, 90_000)

  test("says how it is called, where it is called wrongly", async () => {
    expect(await program(["demo", "--loud"])).toMatchObject({ code: 2, output: "", errors: expect.stringContaining("Usage:") })
  })
})
