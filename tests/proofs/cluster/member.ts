/** A gateway or a runner as a process, which may be killed, frozen, or told to go, and comes again at its own address. */
import { closeSync, openSync, readFileSync } from "node:fs"
import { join } from "node:path"

const startMillis = 60_000 // Wall clock: whoever takes longer to stand will never stand. A server that it needs may be away.
const stopMillis = 20_000 // Of one that is told to go; then it is killed.

/** All of them in one file, because they start a hundred times: that takes half as long. */
export const memberProgram = async (folder: string): Promise<string> => {
  const { outputs } = await Bun.build({
    entrypoints: [join(import.meta.dir, "member-process.ts")],
    target: "bun",
    sourcemap: "inline",
    outdir: folder
  })
  return outputs[0]!.path
}

export class Member {
  private child: ReturnType<typeof Bun.spawn> | null = null
  readonly log: string

  /** `name`: for people. `address`: where the others reach it; a gateway has none. */
  constructor(
    readonly name: string,
    readonly address: string,
    private readonly env: Readonly<Record<string, string>>,
    private readonly program: string,
    folder: string
  ) {
    this.log = join(folder, `${name}.log`)
  }

  get alive() {
    return this.child !== null
  }

  /** Answers once it stands. */
  async start(): Promise<void> {
    const log = openSync(this.log, "a")
    const standing = Promise.withResolvers<void>()
    const child = Bun.spawn([process.execPath, "--no-orphans", this.program], {
      env: { ...process.env, ...this.env },
      stdio: ["ignore", log, log],
      ipc: () => standing.resolve()
    })
    closeSync(log)
    this.child = child
    const late = setTimeout(() => standing.reject(new Error(`${this.name} did not start: ${this.lastWords()}`)), startMillis)
    void child.exited.then(() => standing.reject(new Error(`${this.name} ended while it started: ${this.lastWords()}`)))
    await standing.promise.finally(() => clearTimeout(late))
  }

  /** As if its machine had gone: no farewell, nothing flushed. */
  async kill(): Promise<void> {
    const child = this.child
    this.child = null
    child?.kill("SIGKILL")
    await child?.exited
  }

  /** As a deployment does it: what it has begun is finished, and its partitions are handed over. */
  async stop(): Promise<void> {
    const child = this.child
    this.child = null
    child?.kill("SIGTERM")
    const gone = await Promise.race([child?.exited.then(() => true), Bun.sleep(stopMillis).then(() => false)])
    if (gone) return
    child?.kill("SIGKILL")
    throw new Error(`${this.name} did not stop within ${stopMillis} ms: ${this.lastWords()}`)
  }

  freeze(): void {
    this.child?.kill("SIGSTOP")
  }

  wake(): void {
    this.child?.kill("SIGCONT")
  }

  /** Whether it is somebody's doing that it is not there. */
  ended(): boolean {
    return this.child !== null && (this.child.exitCode !== null || this.child.signalCode !== null)
  }

  /** How often it has told its operator so. */
  said(sentence: string): number {
    return readFileSync(this.log, "utf8").split(sentence).length - 1
  }

  lastWords(): string {
    return readFileSync(this.log, "utf8").slice(-3000)
  }
}
