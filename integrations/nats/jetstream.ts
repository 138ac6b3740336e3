/** Whether a NATS server keeps streams. One that does not can carry nothing of ours; one that is away comes back. */
import { connect, NatsError } from "nats"
import { connectOptionsOf } from "./nats.ts"

const patienceMs = 2_000 // For a connection, and for the answer.
const notEnabled = new Set([10_039, 10_076]) // Not for this account, not on this server. Others of its errors pass: no leader yet, say.

/** `unknown`: it does not answer, or not yet. */
export const jetStreamAt = async (address: string): Promise<"there" | "missing" | "unknown"> => {
  const options = { ...connectOptionsOf(address), name: "caas-start", timeout: patienceMs, reconnect: false }
  const connection = await connect(options).catch(() => null)
  if (connection === null) return "unknown"
  try {
    const answer = await connection.request("$JS.API.INFO", undefined, { timeout: patienceMs })
    const { error } = answer.json<{ error?: { err_code?: number } }>()
    return notEnabled.has(error?.err_code ?? 0) ? "missing" : error === undefined ? "there" : "unknown"
  } catch (error) {
    return error instanceof NatsError && error.code === "503" ? "missing" : "unknown" // Nobody listens there.
  } finally {
    await connection.close().catch(() => {})
  }
}
