/** Whether NATS, Redis, the workshops and the API IoT answer at the moment, for /health/ready and ./caas status. None of them is needed to work. */
import { Effect } from "effect"
import { Nats } from "#integrations/nats/nats.ts"
import { Redis } from "#integrations/redis/redis.ts"
import type { Partners } from "./config.ts"

export interface Reachable {
  readonly nats: boolean
  readonly redis: boolean
  readonly workshops: boolean
  readonly apiIot: boolean
}

const patienceMs = 300
const askedAnewMs = 5_000 // Whoever asks us often does not make us ask others as often.

export const reachability = ({ workshops, apiIot }: Partners) =>
  Effect.gen(function* () {
    const nats = yield* Nats
    const redis = yield* Redis
    const [listensThere, listensBehind] = [door(workshops), door(apiIot)]
    return async (): Promise<Reachable> => {
      const [first, second] = await Promise.all([listensThere(), listensBehind()])
      return {
        nats: Effect.runSync(Effect.isSuccess(nats.connection)),
        redis: redis.status === "ready",
        workshops: first,
        apiIot: second
      }
    }
  })

/** Whether somebody listens at an address: a connection, and nothing said on it. */
const door = (url: string) => {
  const { hostname, port, protocol } = new URL(url)
  let askedAt = Number.NEGATIVE_INFINITY
  let answer = Promise.resolve(false)
  return (): Promise<boolean> => {
    if (performance.now() - askedAt > askedAnewMs) {
      askedAt = performance.now()
      answer = listens(hostname.replace(/^\[|\]$/g, ""), Number(port) || (protocol === "https:" ? 443 : 80))
    }
    return answer
  }
}

export const listens = async (hostname: string, port: number): Promise<boolean> => {
  const asked = Bun.connect({ hostname, port, socket: { data: () => {}, error: () => {} } }).then(
    (socket) => {
      socket.end()
      return true
    },
    () => false
  )
  return Promise.race([asked, Bun.sleep(patienceMs).then(() => false)])
}
