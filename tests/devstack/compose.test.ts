/** docker-compose.yml's cluster, without Docker: what it says is valid, and what it starts works together. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SQL } from "bun"
import { DCLinter } from "dclint"
import { stringify } from "yaml"
import { partitionCount } from "#actors/system/partition.ts"
import type { ReceivedMail } from "#integrations/mail/received-mail.ts"
import { commandNames } from "#src/command.ts"
import { staying } from "#src/commands/build.ts"
import { Customer } from "#src/demo/customer.ts"
import { Mailbox } from "#src/demo/mailbox.ts"
import { until } from "#src/demo/patience.ts"
import { persona } from "#src/demo/persona.ts"
import { Seller } from "#src/demo/seller.ts"
import { Visitor } from "#src/demo/visitor.ts"
import { finish } from "#src/devstack/finish.ts"
import { answers } from "#src/devstack/port.ts"
import { Addresses, Container, composeWith } from "./containers.ts"

const styles = ["require-quotes-in-ports", "service-keys-order", "services-alphabetical-order", "top-level-properties-order"] // Ours is another.

const root = join(import.meta.dir, "..", "..")
const folder = mkdtempSync(join(tmpdir(), "caas-compose-"))
const program = join(folder, "caas")
const nothing = join(folder, "nothing") // To be in: neither sources nor packages lie here.

/** What `docker build` is given. */
const allowed = readFileSync(join(root, ".dockerignore"), "utf8")
  .split("\n")
  .flatMap((line) => (line.startsWith("!") ? [line.slice(1)] : []))

/** As the Dockerfile does: of what it is given, and nothing else. */
beforeAll(async () => {
  mkdirSync(nothing)
  const context = join(folder, "context")
  for (const name of allowed) cpSync(join(root, name), join(context, name), { recursive: true })
  symlinkSync(join(root, "node_modules"), join(context, "node_modules"))
  const { ok, output, errors } = await finish(process.execPath, ["src/cli.ts", "build", program], { cwd: context })
  expect([ok, output + errors]).toEqual([true, ""])
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe("docker-compose.yml", () => {
  const linted = (text: string) => {
    const file = join(folder, "docker-compose.yml")
    writeFileSync(file, text)
    const rules = Object.fromEntries([...styles].map((rule) => [rule, 0 as const]))
    const [result] = new DCLinter({ rules, quiet: false, debug: false, exclude: [] }).lintFiles([file], false)
    return result!.messages.filter(({ severity }) => severity !== "info").map(({ rule, message }) => `${rule}: ${message}`)
  }
  const whole = composeWith({})

  test("is what the Compose Specification says such a file may be, and a mistake in it would be found", () => {
    expect(linted(stringify(whole, { aliasDuplicateObjects: false, defaultStringType: "QUOTE_DOUBLE" }))).toEqual([])
    const wrong = stringify({
      services: { ...whole.services, "gateway-1": { ...whole.services["gateway-1"], restarts: "always" } }
    })
    expect(linted(wrong).join()).toContain("invalid-schema")
  })

  const ours = Object.entries(whole.services).filter(([, { image }]) => image.startsWith("caas:"))

  test("has two gateways, three runners and an outside world in its cluster, and none of them without it", () => {
    expect(ours.map(([name]) => name)).toEqual(["gateway-1", "gateway-2", "runner-1", "runner-2", "runner-3", "partners"])
    for (const [, { profiles }] of ours) expect(profiles).toEqual(["cluster"])
  })

  test.each(ours)("gives %s no more than it needs, and time to end", (name, service) => {
    const { read_only, cap_drop, security_opt, stop_grace_period, restart, mem_limit, user } = service as unknown as Record<
      string,
      unknown
    >
    expect({ read_only, cap_drop, security_opt, restart }).toEqual({
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
      restart: "unless-stopped"
    })
    expect(Number.parseInt(String(stop_grace_period), 10)).toBeGreaterThanOrEqual(20)
    expect(mem_limit).toMatch(/^\d+[mg]$/)
    expect(user).toBeUndefined() // The image's own, which is nobody.
    for (const port of service.ports ?? []) expect(port).toStartWith("127.0.0.1:")
    for (const server of Object.keys(service.depends_on ?? {}))
      expect(service.depends_on![server]!.condition).toBe("service_healthy")
    const secrets = Object.keys(service.environment ?? {}).filter((variable) => /SECRET|KEY/.test(variable))
    const known = {
      gateway: /./,
      runner: /^(CLUSTER_SECRET|PERSONS_KEY|CONFIG_SIGNING_KEY|VAPID_PRIVATE_KEY|INVOICE_SIGNING_KEY|CALLS_SIGNING_KEY)$/,
      partners: /_WEBHOOK_SECRET$|_PUBLIC_KEY$/
    }
    const may = known[name.split("-")[0] as keyof typeof known]
    expect(secrets.filter((variable) => !may.test(variable) || variable === "CATALOGUE_SIGNING_KEY")).toEqual([])
  })
})

describe("the Dockerfile", () => {
  const text = readFileSync(join(root, "Dockerfile"), "utf8")

  test("stands on releases, on the Bun of everybody here, and runs as nobody", async () => {
    const bases = [...text.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image)
    const { devDependencies } = await Bun.file(join(root, "package.json")).json()
    expect(bases).toEqual([`oven/bun:${devDependencies["bun-types"]}-debian`, expect.stringMatching(/^debian:\d+\.\d+-slim$/)])
    expect(text).toMatch(/^USER (?!0)\d+:\d+$/m)
    expect(text).toMatch(/^HEALTHCHECK .* CMD \["caas", "healthy", "gateway"\]$/m)
    expect(text).toContain('ENTRYPOINT ["caas"]')
  })

  test("is given the sources, and nothing of what else may lie here", () => {
    expect(allowed).toEqual(["package.json", "bun.lock", "tsconfig.json", "machines", "actors", "integrations", "src"])
    expect(readFileSync(join(root, ".dockerignore"), "utf8").split("\n")).toContain("*")
    expect(text).toContain("RUN bun src/cli.ts build /out/caas")
  })
})

describe("the one program", () => {
  test("carries every command but those that need this folder", async () => {
    const { ok, output } = await finish(program, ["help"], { cwd: nothing, env: {} })
    expect(ok).toBe(true)
    const listed = [...output.matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name)
    expect(listed).toEqual(commandNames().filter((name) => !staying.includes(name)))
    expect(staying.filter((name) => !commandNames().includes(name))).toEqual([])
    expect(output).not.toContain("does not load")
  })

  test("says which variable is missing", async () => {
    const { stderr, exited } = Bun.spawn([program, "runner"], { cwd: nothing, env: {}, stderr: "pipe" })
    const said = await new Response(stderr).text()
    expect([await exited, said.trim()]).toEqual([1, "DATABASE_URL must be a URL that begins with postgres or postgresql://"])
  })
})

describe("the cluster", () => {
  const server = new SQL(process.env.DATABASE_URL!, { max: 1 })
  const name = `caas_compose_${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`
  const space = name.replaceAll("_", "") // Broker and Redis are shared here.
  const database = new URL(process.env.DATABASE_URL!)
  const started = new Map<string, Container>()
  let addresses: Addresses

  beforeAll(async () => {
    await server.unsafe(`CREATE DATABASE ${name}`) // Empty: whoever is first makes the tables.
    database.pathname = `/${name}`
    const compose = composeWith(await keys())
    addresses = new Addresses(compose, {
      database: database.href,
      nats: process.env.NATS_URL!,
      redis: `${process.env.REDIS_URL}?keyPrefix=${space}:`,
      folder: join(folder, "home"),
      firstPort: await freeRow(20)
    })
    for (const [name, service] of Object.entries(compose.services)) {
      if (!service.image.startsWith("caas:")) continue
      const env = { ...addresses.environment(name, service), NATS_SPACE: space }
      started.set(name, new Container(name, service, { program, cwd: nothing, env }))
    }
    for (const container of started.values()) {
      const well = async () => container.gone || (await container.healthy())
      await until(`${container.name} healthy`, well, (seen) => seen, 30_000)
      expect([container.name, container.gone ? await container.said : "lives"]).toEqual([container.name, "lives"])
    }
  }, 60_000)

  afterAll(async () => {
    await Promise.all([...started.values()].map((container) => container.kill()))
    await server.unsafe(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await server.close()
  })

  test("sells through one gateway what is read and paid through the other; runners perform, partners answer", async () => {
    const door = (address: string) => `http://${addresses.of(address)}`
    let mails: Array<ReceivedMail> = []
    const mailbox = new Mailbox(() => mails)
    const ledger = `${door("partners:7508")}/_simulator/ledger`
    const read = async () => {
      mails = (await (await fetch(ledger)).json()) as Array<ReceivedMail>
    }
    const reading = setInterval(() => void read().catch(() => {}), 100)
    using _ = { [Symbol.dispose]: () => clearInterval(reading) }

    const administrator = new Visitor(persona("Administrator 1"), door("gateway-1:8081"))
    const { output } = await started.get("gateway-1")!.exec("admin", "create", "--email", administrator.email)
    await administrator.choosePassword(/#token=(\S+)/.exec(output)![1]!)
    const person = persona("Seller 1")
    await administrator.does("POST", "/api/admin/employees", { body: { person, role: "seller", dealershipId: "dea_madrid" } })
    const seller = new Seller(person, door("gateway-1:8081"), "dea_madrid")
    await seller.choosePassword(await mailbox.link(seller.email))
    const orderId = await seller.sells({ customer: persona("Customer 1") })

    const customer = new Customer(persona("Customer 1"), door("gateway-2:8080"), mailbox)
    await customer.comesIn() // By the link that a runner had sent.
    await customer.sees(orderId, "reserved.awaitingDeposit")
    expect((await customer.pay(orderId, "reservation", "tok_ok")).status).toBe(202)
    await customer.sees(orderId, "manufacturing")
    const { code, output: report } = await started.get("gateway-1")!.exec("verify")
    expect([code, report.match(/^.*violated.*$/gm)]).toEqual([0, null])
  }, 30_000)

  test("has its partitions with its three runners", async () => {
    const sql = new SQL(database.href, { max: 1 })
    const owners = await until(
      "a division among three",
      async () =>
        (await sql`SELECT owner, count(*)::int AS partitions FROM partitions GROUP BY owner ORDER BY owner`) as Array<Owner>,
      (all) => all.length === 3
    )
    await sql.close()
    const runners = ["runner-1:7400", "runner-2:7400", "runner-3:7400"].map((runner) => addresses.of(runner))
    expect(owners.map(({ owner }) => owner)).toEqual(runners.toSorted())
    expect(owners.reduce((sum, { partitions }) => sum + partitions, 0)).toBe(partitionCount)
  })

  test("is found out where one of it is frozen, though its port is open", async () => {
    const frozen = ["gateway-2", "runner-3", "partners"].map((name) => started.get(name)!)
    for (const container of frozen) container.signal("SIGSTOP")
    const begin = performance.now()
    const seen = await Promise.all(frozen.map((container) => container.healthy()))
    const millis = performance.now() - begin
    for (const container of frozen) container.signal("SIGCONT")
    expect(seen).toEqual([false, false, false])
    expect(millis).toBeLessThan(4_000)
    expect(await Promise.all(frozen.map((container) => container.healthy()))).toEqual([true, true, true])
  })

  test("ends within five seconds, every process by itself", async () => {
    const ends = await Promise.all([...started.values()].map((container) => container.stop()))
    expect(ends.map(({ code }) => code)).toEqual(ends.map(() => 143)) // 128 and SIGTERM, as Docker expects.
    expect(Math.max(...ends.map(({ millis }) => millis))).toBeLessThan(5_000)
    for (const { name, said } of started.values()) expect([name, (await said).match(/error|Error/g)]).toEqual([name, null])
  })
})

interface Owner {
  readonly owner: string
  readonly partitions: number
}

/** As in cluster.env. */
const keys = async (): Promise<Record<string, string>> => {
  const { output } = await finish(program, ["keys"], { cwd: nothing, env: { CAAS_HOME: join(folder, "home") } })
  const lines = output.trim().split("\n")
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]))
}

/** The first of so many free ports in a row; below those that a machine gives to whoever calls out. */
const freeRow = async (count: number): Promise<number> => {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 10_000)
    const taken = await Promise.all(Array.from({ length: count }, (_, n) => answers(first + n)))
    if (!taken.includes(true)) return first
  }
}
