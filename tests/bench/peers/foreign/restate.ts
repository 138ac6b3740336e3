/** Restate: each object is a virtual object behind the server, its follow-up a one-way call to a service. */
import { spawn } from "node:child_process"
import { createServer as createHttpServer } from "node:http2"
import { createRequire } from "node:module"
import { type AddressInfo, createServer } from "node:net"
import { arch, platform } from "node:os"
import * as restate from "@restatedev/restate-sdk"
import { objects, type Peer, race, type Stored } from "../race.ts"

const patienceMillis = 30_000 // For a server that starts.

let performed = 0
const world = restate.service({
  name: "World",
  handlers: { announce: async (_: restate.Context, _total: number) => void performed++ }
})
const counter = restate.object({
  name: "Counter",
  handlers: {
    count: async (context: restate.ObjectContext, amount: number) => {
      const total = ((await context.get<number>("total")) ?? 0) + amount
      context.set("total", total)
      context.serviceSendClient(world).announce(total)
      return total
    }
  }
})

const open = async (): Promise<Peer> => {
  const [ingress, admin, node, service] = [await freePort(), await freePort(), await freePort(), await freePort()]
  const program = createRequire(import.meta.url).resolve(`@restatedev/restate-server-${platform()}-${arch()}/bin/restate-server`)
  const server = spawn(program, ["--no-logo"], {
    env: {
      ...process.env,
      RESTATE_BASE_DIR: process.env.FOLDER!,
      RESTATE_NODE_NAME: "bench",
      RESTATE_LISTEN_MODE: "tcp",
      RESTATE_BIND_IP: "127.0.0.1",
      RESTATE_BIND_PORT: String(node),
      RESTATE_INGRESS__BIND_PORT: String(ingress),
      RESTATE_ADMIN__BIND_PORT: String(admin),
      RESTATE_DISABLE_TELEMETRY: "true",
      RESTATE_LOG_FILTER: "off"
    },
    stdio: ["ignore", "ignore", "inherit"]
  })
  const ended = new Promise((resolve) => server.once("exit", resolve))
  const endpoint = restate.createEndpointHandler({ services: [counter, world], logger: () => {} }) // It would print two lines a call.
  await new Promise<void>((resolve) => createHttpServer(endpoint).listen(service, "127.0.0.1", resolve))

  const end = performance.now() + patienceMillis
  const registered = () =>
    fetch(`http://127.0.0.1:${admin}/deployments`, json({ uri: `http://127.0.0.1:${service}` })).then(
      ({ ok }) => ok,
      () => false
    )
  while (!(await registered())) {
    if (performance.now() > end || server.exitCode !== null) throw new Error("Restate does not start")
    await new Promise((resolve) => setTimeout(resolve, 100))
  }

  const asked = async <A>(query: string): Promise<ReadonlyArray<A>> => {
    const answer = await fetch(`http://127.0.0.1:${admin}/query`, json({ query }))
    if (!answer.ok) throw new Error(`Restate answered ${answer.status}: ${await answer.text()}`)
    return ((await answer.json()) as { rows: ReadonlyArray<A> }).rows
  }
  return {
    change: async (object, id) => {
      const answer = await fetch(`http://127.0.0.1:${ingress}/Counter/${object}/count`, json(1, { "idempotency-key": id }))
      if (!answer.ok) throw new Error(`Restate answered ${answer.status}: ${await answer.text()}`)
      return answer.json()
    },
    performed: () => performed,
    stored: async (): Promise<Stored> => {
      const totals = await asked<{ total: string }>(`SELECT value_utf8 AS total FROM state WHERE service_name = 'Counter'`)
      if (totals.length > objects) throw new Error(`${totals.length} objects`)
      const done = await asked<{ rows: number }>(
        `SELECT count(*) AS rows FROM sys_invocation WHERE target_service_name = 'World' AND status = 'completed'`
      )
      return { changes: totals.reduce((sum, { total }) => sum + Number(total), 0), followUps: done[0]!.rows }
    },
    flushes: async () => {
      const metrics = await (await fetch(`http://127.0.0.1:${node}/metrics`)).text()
      return Number(/^restate_rocksdb_wal_synced_total\{[^}]*db="log-server"[^}]*\} (\d+)$/m.exec(metrics)![1])
    },
    close: async () => {
      server.kill("SIGTERM")
      await ended
    }
  }
}

const json = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", accept: "application/json", ...headers },
  body: JSON.stringify(body)
})

const freePort = () =>
  new Promise<number>((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })

await race(open)
