/** The servers a story is told on: those named in the environment, else those of a running `./caas up`, else some that are thrown away. */
import { runningStack } from "../devstack/running.ts"
import { throwAwayStack } from "../devstack/throw-away.ts"

export interface Servers {
  readonly databaseUrl: string
  readonly natsUrl: string
  readonly redisUrl: string
  readonly whose: "given" | "running" | "thrown away"
  readonly stop: () => Promise<void>
}

/** Throws ProgramMissing, ServerDidNotStart, CacheNotOurs. */
export const servers = async (say: (line: string) => void): Promise<Servers> => {
  const given = named(process.env)
  if (given !== null) return { ...given, whose: "given", stop: async () => {} }
  const running = named(runningStack())
  if (running !== null) return { ...running, whose: "running", stop: async () => {} }
  const stack = await throwAwayStack({ fast: true, say })
  return { ...named(stack.env)!, whose: "thrown away", stop: stack.stop }
}

/** Null where one of the three is not named: the rest is then started, or taken from what is named. */
const named = (env: Readonly<Record<string, string | undefined>>) => {
  const { DATABASE_URL: databaseUrl, NATS_URL: natsUrl, REDIS_URL: redisUrl } = env
  return databaseUrl && natsUrl && redisUrl ? { databaseUrl, natsUrl, redisUrl } : null
}
