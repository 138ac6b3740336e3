/** Tells a NATS server in operator mode what an account is from now on, while it runs: whose credentials are revoked, for one. */
import { connect } from "nats"
import { connectOptionsOf } from "./nats.ts"

const patienceMs = 2_000

/** `address`: with credentials of the system account. `account`: a JWT that the operator signed. Throws where the server is away, or does not take it. */
export const tellAccount = async (address: string, account: string): Promise<void> => {
  const options = { ...connectOptionsOf(address), name: "caas-authority", timeout: patienceMs, reconnect: false }
  const connection = await connect(options)
  try {
    const answer = await connection.request("$SYS.REQ.CLAIMS.UPDATE", account, { timeout: patienceMs })
    const { data, error } = answer.json<{ data?: { code: number }; error?: { description: string } }>()
    if (data?.code !== 200) throw new Error(`NATS did not take the account: ${error?.description ?? "no reason"}`)
  } finally {
    await connection.close()
  }
}
