/** docker-compose.yml as somebody without Docker runs it: each service's own command and environment as a process, its addresses replaced. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { parse } from "yaml"

export interface Service {
  readonly image: string
  readonly profiles?: ReadonlyArray<string>
  readonly command: ReadonlyArray<string>
  readonly environment?: Readonly<Record<string, string>>
  readonly healthcheck: { readonly test: ReadonlyArray<string> }
  readonly ports?: ReadonlyArray<string>
  readonly volumes?: ReadonlyArray<string>
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
}

export interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
}

export const composeFile = join(import.meta.dir, "..", "..", "docker-compose.yml")

/** Variables are filled in from `env`, as `docker compose --env-file` does. */
export const composeWith = (env: Readonly<Record<string, string>>): Compose =>
  parse(
    readFileSync(composeFile, "utf8").replace(
      /\$\{(\w+):-([^}]*)\}/g,
      (_, name: string, fallback: string) => env[name] || fallback
    ),
    { merge: true }
  )

/** The servers that take the place of the file's own three, and where there is room. */
export interface Machine {
  readonly database: string
  readonly nats: string
  readonly redis: string
  readonly folder: string
  /** The first of twenty free ports in a row. */
  readonly firstPort: number
}

/** Every address of the file, as it is on this machine. */
export class Addresses {
  /** "gateway-1:8080": a service, and its port inside. */
  readonly #doors: ReadonlyArray<string>
  readonly #published: ReadonlyMap<string, string>

  constructor(
    { services }: Compose,
    readonly machine: Machine
  ) {
    const entries = Object.entries(services)
    const own = entries.flatMap(([name, { environment = {} }]) =>
      Object.entries(environment).flatMap(([variable, value]) => (variable.endsWith("_PORT") ? [`${name}:${value}`] : []))
    )
    const partners = Array.from({ length: 11 }, (_, n) => `partners:${7501 + n}`)
    this.#doors = [...own, ...partners] // Those of the partners are a row that begins with PARTNERS_PORT, the last of the file.
    this.#published = new Map(
      entries.flatMap(([name, { ports = [] }]) =>
        ports.map((port) => [port.slice(0, port.lastIndexOf(":")), `${name}:${port.slice(port.lastIndexOf(":") + 1)}`] as const)
      )
    )
  }

  of(door: string): string {
    const n = this.#doors.indexOf(door)
    if (n < 0) throw new Error(`Nobody in the file has ${door}`)
    return `127.0.0.1:${this.machine.firstPort + n}`
  }

  /** The environment of a service, with what it leads to replaced and nothing else. */
  environment(name: string, { environment = {} }: Service): Record<string, string> {
    return Object.fromEntries(Object.entries(environment).map(([variable, value]) => [variable, this.#here(name, variable, value)]))
  }

  #here(name: string, variable: string, value: string): string {
    const { database, nats, redis, folder } = this.machine
    if (variable.endsWith("_PORT")) return this.of(`${name}:${value}`).split(":")[1]!
    if (["HOST", "RUNNER_HOST", "RUNNER_LISTEN"].includes(variable)) return "127.0.0.1"
    if (variable === "CAAS_HOME") return folder
    return value
      .replace("postgres://caas:caas@postgres:5432/caas", database)
      .replace("nats://nats:4222", nats)
      .replace("redis://redis:6379", redis)
      .replace(/127\.0\.0\.1:\d+$/, (published) => this.#published.get(published) ?? published)
      .replace("gateway:8080", "gateway-1:8080") // The name of whichever answers.
      .replace(/(?:gateway-\d|partners):\d+$/, (door) => this.of(door))
  }
}

/** One service as a process. */
export class Container {
  readonly #child: Bun.Subprocess<"ignore", "pipe", "pipe">
  readonly #said: Promise<string>

  /** Knows no variable but those of its service. */
  constructor(
    readonly name: string,
    readonly service: Service,
    readonly place: { readonly program: string; readonly cwd: string; readonly env: Record<string, string> }
  ) {
    this.#child = this.#start(service.command)
    this.#said = Promise.all([new Response(this.#child.stdout).text(), new Response(this.#child.stderr).text()]).then((all) =>
      all.join("")
    )
  }

  /** By its own health check. */
  async healthy(): Promise<boolean> {
    const [kind, program, ...args] = this.service.healthcheck.test
    if (kind !== "CMD" || program !== "caas") throw new Error(`${this.name} is asked in a way that is not ours`)
    return (await this.exec(...args)).code === 0
  }

  /** As `docker compose exec` does: beside it, with its environment. */
  async exec(...args: ReadonlyArray<string>): Promise<{ readonly code: number; readonly output: string }> {
    const child = this.#start(args)
    const output = await new Response(child.stdout).text()
    return { code: await child.exited, output }
  }

  /** Its exit code, and how long it took. */
  async stop(): Promise<{ readonly code: number; readonly millis: number }> {
    const begin = performance.now()
    this.signal("SIGTERM")
    return { code: await this.#child.exited, millis: performance.now() - begin }
  }

  signal(name: NodeJS.Signals) {
    this.#child.kill(name)
  }

  get gone() {
    return this.#child.exitCode !== null
  }

  /** All it said, once it is gone. */
  get said() {
    return this.#said
  }

  async kill() {
    this.signal("SIGKILL")
    await this.#child.exited
  }

  #start(args: ReadonlyArray<string>) {
    const { program, cwd, env } = this.place
    return Bun.spawn([program, ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] })
  }
}
