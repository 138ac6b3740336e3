/** The workers of this machine, Deno style: one file, one worker. Who crashes is started again, after waits that grow. */
import type { Env } from "../config.ts"
import type { Said } from "./actors.worker.ts"

const firstWait = 250 // Milliseconds before the first restart; each next one doubles it.
const longestWait = 30_000
const soundAfter = 60_000 // A worker that stood for so long begins its waits anew.
const patience = 20_000 // For a worker that is told to stop; then it is ended.

const silence = "it ended without a word"

/** What a runner may know. The doors' secrets are not among it. */
const given = [
  ...["DATABASE_URL", "DATABASE_CONNECTIONS", "NATS_URL", "NATS_SPACE", "CLUSTER_SECRET", "RUNNER_HOST", "RUNNER_LISTEN"],
  ...["PUBLIC_URL", "PUBLIC_PORT", "INTRANET_URL", "INTRANET_PORT", "PERSONS_KEY", "CONFIG_SIGNING_KEY", "SIGNED_CATALOGUE"],
  ...["INVOICE_SIGNING_KEY", "CALLS_SIGNING_KEY", "VAPID_PRIVATE_KEY", "PUSH_SERVICES", "SMS_URL"],
  ...["FACTORY_URL", "PAYMENTS_URL", "REGISTRATION_URL", "TRANSPORT_URL", "SMTP_URL", "WORKSHOPS_URL", "API_IOT_URL"],
  "AUDIT_WITNESS_URL",
  ...["COMMAND_ATTEMPTS", "ARCHIVE_AFTER_DAYS", "TELEMETRY_DAYS"]
]

export interface PoolOptions {
  readonly env: Env
  /** Where each worker is reached by the others, one per worker: it keeps its port when it comes again. */
  readonly ports: ReadonlyArray<number>
  readonly say: (line: string) => void
}

export interface WorkerStanding {
  readonly port: number
  readonly state: "starting" | "serving" | "waiting" | "stopped"
  readonly crashes: number
  /** Why it ended the last time. */
  readonly reason: string | null
}

export interface Pool {
  readonly standing: () => ReadonlyArray<WorkerStanding>
  /** For a test of what follows: ends a worker as a crash would. */
  readonly crash: (port: number) => void
  readonly stop: () => Promise<void>
}

/** Answers when every worker serves. Throws what the first of them could not start for. */
export const startPool = async ({ env, ports, say }: PoolOptions): Promise<Pool> => {
  const seats = ports.map((port) => new Seat(port, env, say))
  try {
    await Promise.all(seats.map((seat) => seat.serving))
  } catch (reason) {
    await Promise.all(seats.map((seat) => seat.stop()))
    throw reason
  }
  return {
    standing: () => seats.map((seat) => seat.standing),
    crash: (port) => seats.find((seat) => seat.port === port)?.crash(),
    stop: async () => void (await Promise.all(seats.map((seat) => seat.stop())))
  }
}

/** A place for one worker after the other. */
class Seat {
  readonly serving: Promise<void>
  readonly #served = Promise.withResolvers<void>()
  #worker: Worker | null = null
  #state: WorkerStanding["state"] = "starting"
  #crashes = 0
  #wait = firstWait
  #reason: string | null = null
  #since = 0
  #again: ReturnType<typeof setTimeout> | null = null
  #stopped: (() => void) | null = null

  constructor(
    readonly port: number,
    readonly env: Env,
    readonly say: (line: string) => void
  ) {
    this.serving = this.#served.promise
    this.#start()
  }

  get standing(): WorkerStanding {
    return { port: this.port, state: this.#state, crashes: this.#crashes, reason: this.#reason }
  }

  crash() {
    this.#worker?.terminate()
  }

  async stop() {
    if (this.#again !== null) clearTimeout(this.#again)
    const worker = this.#worker
    this.#state = "stopped"
    if (worker === null) return
    await Promise.race([
      new Promise<void>((resolve) => {
        this.#stopped = resolve
        worker.postMessage("stop")
      }),
      Bun.sleep(patience)
    ])
    worker.terminate()
  }

  #start() {
    this.#state = "starting"
    this.#since = performance.now()
    let reason = silence
    const env = Object.fromEntries(given.flatMap((name) => (this.env[name] === undefined ? [] : [[name, this.env[name]]])))
    const worker = new Worker(new URL("./actors.worker.ts", import.meta.url), {
      type: "module",
      env: { ...env, RUNNER_PORT: String(this.port) }
    } as WorkerOptions) // `env` is Bun's, not the DOM's.
    this.#worker = worker
    worker.onmessage = ({ data }: MessageEvent<Said>) => {
      if (data.said === "stopped") return this.#stopped?.()
      if (data.said === "impossible") {
        reason = data.reason
        return
      }
      this.#state = "serving"
      this.#served.resolve()
    }
    worker.onerror = (event) => {
      if (reason === silence) reason = event.message || silence
      event.preventDefault()
    }
    worker.addEventListener("close", () => this.#ended(reason))
  }

  #ended(reason: string) {
    this.#worker = null
    this.#stopped?.()
    if (this.#state === "stopped") return
    this.#reason = reason
    this.#served.reject(new Error(reason)) // The first start has to succeed: what is wrong with it will not mend itself.
    this.#crashes++
    if (performance.now() - this.#since > soundAfter) this.#wait = firstWait
    this.#state = "waiting"
    this.say(`worker ${this.port} ended (${reason}); it is started again in ${this.#wait} ms`)
    this.#again = setTimeout(() => this.#start(), this.#wait)
    this.#wait = Math.min(this.#wait * 2, longestWait)
  }
}
