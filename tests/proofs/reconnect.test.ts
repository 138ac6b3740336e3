/** The whole fleet comes back at once, in short: three hundred cars, each restarted meanwhile, and customers who go on looking and buying. */
import { expect, test } from "bun:test"
import { reconnect } from "./reconnect/reconnect.ts"

const servers = { DATABASE_URL: process.env.DATABASE_URL!, NATS_URL: process.env.NATS_URL!, REDIS_URL: process.env.REDIS_URL! }

test("a fleet that comes back at once is heard whole, and customers are answered meanwhile", async () => {
  const found = await reconnect(servers, {
    cars: 300,
    members: { gateways: 0, runners: 0 },
    warm: 500,
    before: 500,
    patience: 30_000,
    say: () => {}
  })
  expect(found.unknown).toEqual([])
  const statuses = ({ look, purchase }: typeof found.before) => [Object.keys(look.statuses), Object.keys(purchase.statuses)]
  expect([statuses(found.before), statuses(found.meanwhile)]).toEqual([
    [["200"], ["201"]],
    [["200"], ["201"]]
  ])
})
