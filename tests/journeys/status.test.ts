/** `./caas status` on platforms that are well, that need somebody, and that are not there. */
import { describe, expect, test } from "bun:test"
import { program } from "./program.ts"
import { journey, operate, ordered, pays, sold, type Town } from "./town.ts"

const statusOf = async (town: Town, env: Readonly<Record<string, string>> = {}) => {
  const { output, code } = await program(["status", "--json"], {
    DATABASE_URL: town.databaseUrl,
    PUBLIC_URL: town.publicUrl,
    NATS_SPACE: town.platform.settings.natsSpace,
    ...env
  })
  return { code, ...JSON.parse(output) }
}

describe("the status", () => {
  journey("of a platform that is well has nothing to do for anybody", async (town) => {
    await ordered(town)
    await town.settled()
    const status = await statusOf(town)
    expect(status).toMatchObject({
      code: 0,
      advice: [],
      partitions: { count: 64, owned: 64 },
      owners: [{ owner: expect.stringMatching(/, process \d+$/), partitions: 64, healthy: null }],
      ingress: [
        { queue: "VEHICLE_REPORTS", waiting: 0, unanswered: 0 },
        { queue: "WEBHOOKS", waiting: 0, unanswered: 0 }
      ],
      actors: [{ type: "order", state: "manufacturing.building", count: 1, more: false }],
      commands: { waiting: 0, parkedCount: 0 },
      timers: { set: 1, due: 0 },
      webhooks: { waiting: 0, rejected: 0 },
      reconciliation: { last: { failure: null }, overdueMillis: null, openBreaks: 0 },
      servers: { nats: true, redis: true },
      ready: { answer: { status: 200 } }
    })
    expect(Date.parse(status.timers.nextAt)).toBeGreaterThan(Date.parse(status.now))
  })

  journey(
    "names the command that is parked, and the servers that do not answer",
    async (town) => {
      const sale = await sold(town)
      town.world.payments.misbehave({ fault: "down", on: "any" })
      await pays(sale, "reservation")
      await town.settled()
      const status = await statusOf(town, { NATS_URL: "nats://127.0.0.1:1", REDIS_URL: "redis://127.0.0.1:1" })
      expect(status).toMatchObject({
        code: 1,
        commands: { parkedCount: 1, parked: [{ type: "ChargePayment" }] },
        servers: { nats: false, redis: false }
      })
      expect(status.advice).toEqual([
        expect.stringContaining("NATS does not answer"),
        expect.stringContaining("Redis does not answer"),
        expect.stringContaining("1 commands are parked")
      ])
      const { output } = await program(["status"], { DATABASE_URL: town.databaseUrl, PUBLIC_URL: town.publicUrl })
      expect(output).toContain(`${status.commands.parked[0].commandId} ChargePayment`)
      await operate(town, "ChargePayment", "retry")
    },
    { attempts: 1 }
  )

  test("says what to do where nothing runs", async () => {
    const { code, errors } = await program(["status"], { DATABASE_URL: "postgres://nobody@127.0.0.1:1/nothing" })
    expect({ code, errors }).toEqual({ code: 1, errors: expect.stringContaining("./caas up") })
  }, 20_000)
})
