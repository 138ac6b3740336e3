/** The platform under the fleet: one process, or gateways and runners. */
import { join } from "node:path"
import { freePort } from "#src/devstack/port.ts"
import type { Member } from "./member.ts"
import { standing } from "./process.ts"

/** Both zero: all in one process. */
export interface Members {
  readonly gateways: number
  readonly runners: number
}

/** Where its customers will find it, before it stands. */
export const doorsOf = ({ gateways }: Members): Promise<ReadonlyArray<string>> =>
  Promise.all(Array.from({ length: Math.max(1, gateways) }, async () => `http://127.0.0.1:${await freePort()}`))

/** Answers when all of them stand. */
export const startMembers = async (env: Readonly<Record<string, string>>, { runners }: Members, doors: ReadonlyArray<string>) => {
  const start = async (member: Member, more: Readonly<Record<string, string>>) =>
    standing(join(import.meta.dir, "member.ts"), {
      ...env,
      ...more,
      MEMBER: member,
      CLUSTER_SECRET: "a secret that only this cluster knows of"
    })
  const started = await Promise.all([
    ...Array.from({ length: runners }, async () => start("runner", { RUNNER_PORT: String(await freePort()) })),
    ...doors.map(async (door) =>
      start(runners === 0 ? "platform" : "gateway", { PUBLIC_PORT: new URL(door).port, INTRANET_PORT: String(await freePort()) })
    )
  ])
  return { stop: async () => void (await Promise.all(started.map((one) => one.end("stop")))) }
}
