/** Row `start`: from the command to the first answered request, on a folder that has run before. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freePort } from "#src/devstack/port.ts"
import { median, type Row } from "./row.ts"

const runs = 5

export const start = async (say: (line: string) => void): Promise<Row> => {
  const folder = mkdtempSync(join(tmpdir(), "caas-start-"))
  const seconds: Array<number> = []
  try {
    for (let run = 0; run <= runs; run++) {
      const [publicPort, intranetPort] = [await freePort(), await freePort()]
      const begin = performance.now()
      const up = Bun.spawn(["sh", "./caas", "up"], {
        env: { ...withoutServers(), CAAS_HOME: folder, PUBLIC_PORT: String(publicPort), INTRANET_PORT: String(intranetPort) },
        stdio: ["ignore", "ignore", "inherit"]
      })
      const answered = await untilAnswered(`http://127.0.0.1:${publicPort}/health/ready`, begin)
      up.kill("SIGINT")
      await up.exited
      say(`start ${run === 0 ? "first time" : `${run}/${runs}`}: ${answered.toFixed(2)} s`)
      if (run > 0) seconds.push(answered) // The first makes the data folder.
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return {
    name: "start",
    what: "sh ./caas up, again, until /health/ready answers 200",
    unit: "s",
    ours: median(seconds),
    limit: null,
    ratio: null,
    runs: seconds,
    goal: "≤ 5 s",
    notes: []
  }
}

/** The stack of its own, whatever this bench was given. */
const withoutServers = () => {
  const { DATABASE_URL: _, NATS_URL: __, REDIS_URL: ___, CAAS_EMBEDDED: ____, ...env } = process.env
  return env
}

const untilAnswered = async (url: string, begin: number) => {
  for (;;) {
    const answer = await fetch(url).catch(() => null)
    if (answer?.status === 200) return (performance.now() - begin) / 1000
    if (performance.now() - begin > 60_000) throw new Error(`No answer from ${url} within a minute`)
    await Bun.sleep(20)
  }
}
