/** Two thousand random histories of money on real servers: our books, the gateway's own and a small model agree to the minor unit. */
import { describe, expect, test } from "bun:test"
import { type MoneyHistories, moneyHistories } from "./money/histories.ts"

const seed = Number(process.env.MONEY_SEED ?? 20_261_129)
const histories = Number(process.env.MONEY_HISTORIES ?? 2_000)
const patience = 400_000 // Wall clock, on a busy machine.

describe("random histories of money", () => {
  let lived: MoneyHistories

  test(
    "end with what each customer should have paid; the ledger sums to zero, and agrees with the gateway's own",
    async () => {
      const servers = { databaseUrl: process.env.DATABASE_URL!, natsUrl: process.env.NATS_URL!, redisUrl: process.env.REDIS_URL! }
      const say = (line: string) => console.error(`money, seed ${seed}: ${line}`)
      const only = process.env.MONEY_ONLY === undefined ? {} : { only: Number(process.env.MONEY_ONLY) }
      lived = await moneyHistories({ servers, seed, histories, size: 500, say, ...only })
      expect(lived.wrong).toEqual([])
      expect(lived.contracts).toBeGreaterThan(0.8 * histories)
    },
    patience
  )

  test("have met every rare situation", () => expect(lived.missing).toEqual([]))
})
