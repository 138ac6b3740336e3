/** Where the broker's address leads. */
import { expect, test } from "bun:test"
import { connect } from "nats"
import { connectOptionsOf } from "#integrations/nats/nats.ts"

test("an address that asks for TLS gets TLS or nothing: who stands in between cannot say that there is none", async () => {
  const plain = process.env.NATS_URL!
  const enter = (address: string) =>
    connect({ ...connectOptionsOf(address), timeout: 2_000, reconnect: false }).then(
      async (connection) => {
        await connection.close()
        return "let in"
      },
      (error: unknown) => String(error)
    )
  expect(await enter(plain)).toBe("let in")
  expect(await enter(plain.replace(/^nats:/, "tls:"))).not.toBe("let in")
})
