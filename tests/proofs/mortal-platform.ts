/** A platform in a process of its own, one life after another. */
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** Point → at which of its times in this life. */
export type Doom = Readonly<Record<string, number>>

const startMillis = 30_000 // Wall clock: a platform that takes longer to stand will never stand.

export class MortalPlatform {
  private child: ReturnType<typeof Bun.spawn> | null = null
  private program: Promise<string> | null = null
  private readonly deaths: string
  readonly log: string

  constructor(
    private readonly env: Readonly<Record<string, string>>,
    private readonly folder: string
  ) {
    this.deaths = join(folder, "deaths")
    this.log = join(folder, "platform.log")
  }

  /** A new life. Answers once it stands, or has died on the way. */
  async start(doom: Doom = {}): Promise<void> {
    writeFileSync(this.deaths, "")
    const log = openSync(this.log, "a")
    const standing = Promise.withResolvers<void>()
    const child = Bun.spawn([process.execPath, "--no-orphans", await this.bundled()], {
      env: { ...process.env, ...this.env, CRASH: JSON.stringify(doom), CRASH_FILE: this.deaths },
      stdio: ["ignore", log, log],
      ipc: () => standing.resolve()
    })
    closeSync(log)
    this.child = child
    const late = setTimeout(() => standing.reject(new Error(`The platform did not start: ${this.lastWords()}`)), startMillis)
    await Promise.race([standing.promise, child.exited]).finally(() => clearTimeout(late))
    if (child.exitCode !== null && child.signalCode === null) throw new Error(`The platform ended by itself: ${this.lastWords()}`)
  }

  /** In one file, because it starts a hundred times: that takes half as long. */
  private bundled(): Promise<string> {
    this.program ??= Bun.build({
      entrypoints: [join(import.meta.dir, "platform-process.ts")],
      target: "bun",
      sourcemap: "inline",
      outdir: this.folder
    }).then(({ outputs }) => outputs[0]!.path)
    return this.program
  }

  /** Waits for its death. Answers the point it died at; throws where it ended in any other way. */
  async died(millis: number): Promise<string | null> {
    const child = this.child!
    const gone = await Promise.race([child.exited.then(() => true), Bun.sleep(millis).then(() => false)])
    if (!gone) return null
    if (child.signalCode !== "SIGKILL") throw new Error(`The platform ended by itself: ${this.lastWords()}`)
    const point = existsSync(this.deaths) ? readFileSync(this.deaths, "utf8").trim() : ""
    if (point === "") throw new Error("The platform was killed, and not by itself")
    return point
  }

  /** Wherever it is. Answers the point where it was faster. */
  async kill(): Promise<string | null> {
    if (this.child === null) return null
    this.child.kill("SIGKILL")
    await this.child.exited
    return readFileSync(this.deaths, "utf8").trim() || null
  }

  lastWords(): string {
    return readFileSync(this.log, "utf8").slice(-4000)
  }
}
