/** Random histories of money on real servers: our books, the gateway's own and a small model agree to the minor unit. Two thousand are on record. */
import { describe, expect, test } from "bun:test"
import { optionTermsOf } from "#integrations/catalogue/options.ts"
import { Contract } from "./money/contract.ts"
import { type MoneyHistories, moneyHistories } from "./money/histories.ts"
import { shareOf, startOfMonth } from "./money/months.ts"

const seed = 20_261_129 // Any number. `./caas simulate --money --seed S` draws others.
const histories = 400 // The record has two thousand: what is drawn and sealed at each month's end takes its time.
const patience = 400_000 // Wall clock, on a busy machine.

describe("random histories of money", () => {
  let lived: MoneyHistories

  test(
    "end with what each customer should have paid; the ledger sums to zero, and agrees with the gateway's own",
    async () => {
      const servers = { databaseUrl: process.env.DATABASE_URL!, natsUrl: process.env.NATS_URL!, redisUrl: process.env.REDIS_URL! }
      const say = (line: string) => console.error(`money, seed ${seed}: ${line}`)
      lived = await moneyHistories({ servers, seed, histories, size: 200, say })
      expect(lived.wrong).toEqual([])
      expect(lived.contracts).toBeGreaterThan(0.7 * histories)
    },
    patience
  )

  test("have met nearly every rare situation", () => expect(lived.missing.length).toBeLessThan(5))
})

describe("the model of a contract", () => {
  const at = Date.parse("2026-03-10T12:00:00.000Z")
  const day = 86_400_000
  const bought = (option: string, term: Parameters<typeof optionTermsOf>[1], method: Contract["method"]) => {
    const contract = new Contract(optionTermsOf(option, term, "ES")!, "ES", method)
    contract.buy(at)
    return contract
  }

  test("counts the days of a month by the wall's clock", () => {
    expect(startOfMonth("2026-04", "ES")).toBe(Date.parse("2026-03-31T22:00:00.000Z"))
    expect(shareOf(790, "2026-03", "ES", at, null)).toBe(561) // 22 of 31 days.
    expect(shareOf(790, "2026-03", "ES", at, at)).toBe(25)
  })
  test("owes what the bank declines, and hands it to finance after the fourth no", () => {
    const contract = bought("concert-audio", { kind: "permanent" }, "emptyAccount")
    for (const days of [4, 9, 17]) contract.tick(at + days * day)
    expect(contract.sums).toMatchObject({ paid: 0, owed: 29_000, earned: 29_000 })
    expect(contract.cases).toEqual([{ kind: "unpaid", of: 3 }])
  })
  test("keeps nothing of what was withdrawn from", () => {
    const contract = bought("concert-audio", { kind: "permanent" }, "card")
    expect(contract.sums).toMatchObject({ paid: 29_000, earned: 29_000 })
    contract.withdraw()
    expect(contract.sums).toMatchObject({ paid: 0, earned: 0 })
  })
})
