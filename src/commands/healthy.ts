/** Whether one process of a cluster does what it is there for, asked from beside it: what a container's health check calls. */
import { Effect } from "effect"
import { answersPing } from "#actors/system/ping.ts"
import { runnerDoorOf, worldSettingsOf } from "#src/config.ts"
import { listens } from "#src/reachability.ts"
import { worldDoors } from "#src/simulated.ts"

export const summary = "gateway|runner|partners: exit code 0 where the one that has this environment answers within 2 s"

const patienceMillis = 1_200

type Env = Readonly<Record<string, string | undefined>>

const asked: Record<string, (env: Env) => Promise<boolean>> = {
  /** It is let requests only when it can work: without Postgres it is not. Runners it may wait for. */
  gateway: async (env) => {
    const { status } = await get(`http://${besideUs(env.HOST)}:${env.PUBLIC_PORT || "8080"}/health/ready`)
    return status === 200
  },
  /** Under the address that the others know. It may wait for partitions. */
  runner: (env) => {
    const { host, port } = runnerDoorOf(env)
    return Effect.runPromise(answersPing(host, port, patienceMillis))
  },
  /** All have their doors open, and the first says something: they are one process. */
  partners: async (env) => {
    const { host, port } = worldSettingsOf(env).listen
    const doors = worldDoors.map((_, n) => listens(besideUs(host), port + n))
    await get(`http://${besideUs(host)}:${port}/`)
    return !(await Promise.all(doors)).includes(false)
  }
}

const get = (url: string) => fetch(url, { signal: AbortSignal.timeout(patienceMillis), redirect: "manual" })
const besideUs = (host = "") => (["", "0.0.0.0", "::"].includes(host) ? "127.0.0.1" : host)

/** 0: it answers; 1: it does not; 2: called wrongly. */
export const run = async ([who = "", ...more]: string[]): Promise<number> => {
  const ask = Object.hasOwn(asked, who) ? asked[who] : undefined
  if (ask === undefined || more.length > 0) {
    console.error("Usage: ./caas healthy gateway|runner|partners")
    return 2
  }
  const well = await ask(process.env).catch(() => false)
  if (!well) console.error(`The ${who} does not answer.`)
  return well ? 0 : 1
}
