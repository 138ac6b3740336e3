/** An actor with several regions is the same whether it stayed in memory or came back from Postgres, which sorts the keys of what it keeps. */
import { describe, expect, test } from "bun:test"
import { SQL } from "bun"
import { registry } from "#actors/registry.ts"
import { resident, statePathOf } from "#actors/system/turn.ts"

const stored = (machineVersion: number, value: any) => ({
  version: 1,
  machineVersion,
  state: { value, context: {}, status: "active" as const },
  stateSince: 0,
  heardFrom: {},
  timers: new Map(),
  quarantined: false
})

/** As Postgres gives it back. */
const asKept = async (value: unknown) => {
  const sql = new SQL(process.env.DATABASE_URL!, { max: 1 })
  try {
    const [row] = await sql`SELECT ${JSON.stringify(value)}::text::jsonb AS value`
    return row.value
  } finally {
    await sql.close()
  }
}

describe("a state of several regions", () => {
  const values = {
    activation: { service: { pending: "configuring" }, money: "authorised" },
    vehicle: {
      custody: "withCustomer",
      assignment: "owned",
      app: "unlinked",
      security: "secure",
      warranty: "valid",
      configuration: "synchronised"
    }
  }
  test.each(Object.entries(values))("of an %s is kept in another order, and taken up in the chart's", async (name, value) => {
    const behavior = registry.find(({ type }) => type.name === name)!
    const kept = await asKept(value)
    expect(kept).toEqual(value)
    expect(Object.keys(kept)).not.toEqual(Object.keys(value))
    const { state, statePath } = resident(behavior, `${name}/1`, stored(behavior.machineVersion, kept) as any, 0)
    expect(JSON.stringify(state!.value)).toBe(JSON.stringify(value))
    expect(statePath).toBe(statePathOf(value))
  })
})
