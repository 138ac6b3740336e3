/** The rules of the house, checked like any other behaviour. What ARCHITECTURE.md calls an invariant and a text can show is shown here. */
import { describe, expect, test } from "bun:test"
import { dirname, join, normalize } from "node:path"
import { Glob } from "bun"
import { registry } from "#actors/registry.ts"

const root = join(import.meta.dir, "..")
const rooms = ["machines", "actors", "integrations", "src", "tests"] as const
const itself = "tests/tidy.test.ts" // Holds, as patterns, what nobody else may hold.

const read = async (pattern: string) => {
  const files = await Array.fromAsync(new Glob(pattern).scan({ cwd: root, dot: true }))
  return new Map(await Promise.all(files.sort().map(async (file) => [file, await Bun.file(join(root, file)).text()] as const)))
}
const sources = await read(`{${rooms.join(",")}}/**/*.ts`)
const documents = new Map([...(await read("*.md")), ...(await read("docs/*.md"))])
const texts = new Map([
  ...sources,
  ...documents,
  ...(await read("*.{json,yml,yaml,toml,lock}")),
  ...(await read("{caas,.gitignore,.dockerignore,Dockerfile}")),
  ...(await read(".ci/run")),
  ...(await read("tools/bun/*.json")),
  ...(await read("src/**/*.conf"))
])
const stories = new Map([...sources].filter(([file]) => file.endsWith(".test.ts")))

/** Without comments: a rule about code is not broken by a sentence about it. */
const code = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|(?<![:"'`\w])\/\/.*$/gm, "")
const imports = (text: string) => [...code(text).matchAll(/(?:\bfrom|\bimport\(?)\s*"([^"]+)"/g)].map(([, specifier]) => specifier!)
const roomOf = (file: string) => file.slice(0, file.indexOf("/"))
const offenders = (inside: string | RegExp, isWrong: (text: string, file: string) => boolean) =>
  [...sources]
    .filter(([file]) => (typeof inside === "string" ? file.startsWith(inside) : inside.test(file)) && file !== itself)
    .filter(([file, text]) => isWrong(text, file))
    .map(([file]) => file)
const importing = (inside: string | RegExp, forbidden: RegExp) =>
  offenders(inside, (text) => imports(text).some((from) => forbidden.test(from)))
const saying = (inside: string | RegExp, forbidden: RegExp) => offenders(inside, (text) => forbidden.test(code(text)))
const everywhere = ""

describe("a room", () => {
  test("of machines depends on nothing but xstate, effect and other machines", () =>
    expect(importing("machines/", /^(?!xstate$|effect$|\.\/)/)).toEqual([]))

  test("of integrations knows the vocabulary, the calendar, the terms of an option, the law of a contract, and no other room", () =>
    expect(importing("integrations/", /^#(?!machines\/(vocabulary|calendar|option-terms|contract-law)\.ts$)/)).toEqual([]))

  test("of actors reaches the world through ports alone", () => {
    // A port is `<name>/<name>.ts`; besides, what time it is and what addresses mails point to.
    const port = /^#integrations\/(?:([a-z-]+)\/\1\.ts|postgres\/time\.ts|accounts\/doors\.ts)$/
    const wrong = (from: string) => /^#(src|tests)\//.test(from) || (from.startsWith("#integrations/") && !port.test(from))
    expect(offenders("actors/", (text) => imports(text).some(wrong))).toEqual([])
  })

  test("of src imports tests only to measure and to kill", () =>
    expect(importing(/^src\/(?!commands\/|verify\/)/, /^#tests\//)).toEqual([]))

  test("is left by its name and entered at most one folder up", () => {
    const climbs = (from: string) => from.includes("../../") || from.slice(1).includes("/../")
    expect(offenders(everywhere, (text) => imports(text).some(climbs))).toEqual([])
    const strays = (file: string) => (from: string) =>
      from.startsWith(".") && roomOf(normalize(join(dirname(file), from))) !== roomOf(file)
    expect(offenders(everywhere, (text, file) => imports(text).some(strays(file)))).toEqual([])
  })

  test("imports files by the name they have on disk", () => {
    const nameless = (from: string) => /^[.#]/.test(from) && !/\.(ts|txt|json|md)$/.test(from)
    expect(offenders(everywhere, (text) => imports(text).some(nameless))).toEqual([])
  })

  test("has no drawer for odds and ends", () => {
    const drawer = /(^|\/)(utils?|helpers?|common|shared|misc|lib|types|managers?|index)(\/|\.ts$)/i
    expect([...sources.keys()].filter((file) => drawer.test(file))).toEqual([])
  })
})

describe("a machine", () => {
  test("never looks at the clock, the dice, the network or the process", () => {
    // `new Date(instant)` is arithmetic; `new Date()` and `Date.now()` are a look at the clock.
    const world =
      /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\b(crypto|fetch|process|Bun|performance\.\w+|setTimeout|setInterval|console)\b/
    expect(saying("machines/", world)).toEqual([])
  })

  test("is run by decide alone", () => {
    const running = /\b(transition|initialTransition|getInitialSnapshot|getNextSnapshot|createActor|interpret)\(/
    expect(saying(/^(machines|actors|integrations|src)\//, running)).toEqual(["actors/system/decide.ts"])
  })

  test("hears, says and remembers no name, address or telephone number: only a subject's id", () => {
    const personal = /\b(name|firstName|lastName|email|phone|address|street|city|postalCode|nationalId|birthDate)\??\s*:/
    expect(saying("machines/", personal)).toEqual([])
  })

  test("fits into a head: the chart at most 300 lines, the words and rules before it at most 800", () => {
    for (const [file, text] of sources) {
      if (!file.startsWith("machines/") || !/createMachine\(/.test(text)) continue
      const [before, chart] = text.split(/^\/\/ ── The chart ─+$/m).map((part) => part.split("\n").length)
      expect([file, before! <= 800, chart! <= 300]).toEqual([file, true, true])
    }
  })

  test("has an actor file, and every actor file is in the registry", () => {
    const parts = new Set(["addresses", "registry", "notices", "credentials", "ledger"])
    const written = [...sources.keys()]
      .flatMap((file) => /^actors\/([a-z-]+)\.ts$/.exec(file)?.[1] ?? [])
      .filter((name) => !parts.has(name))
    const charts = [...sources].filter(([file, text]) => file.startsWith("machines/") && /createMachine\(/.test(text))
    const registered = registry.map(({ type }) => type.name).sort()
    expect(registered).toEqual(written.sort())
    expect(registered).toEqual(charts.map(([file]) => file.slice("machines/".length, -".ts".length)).sort())
  })
})

describe("the database", () => {
  const writes = (tables: string) => new RegExp(`\\b(INSERT INTO|UPDATE|DELETE FROM)\\s+(${tables})\\b`)
  const program = /^(machines|actors|integrations(?!\/postgres\/migrations\/)|src)\//

  test("is told of actors and journals by the store alone", () =>
    expect(saying(program, writes("actors|journal|partitions"))).toEqual(["actors/system/postgres.ts"]))

  test("is told of timers, commands and defects by the store, the relay and the operators' acts", () =>
    expect(saying(program, writes("outbox|timers|defects"))).toEqual([
      "actors/system/postgres-operations.ts",
      "actors/system/postgres-relay.ts",
      "actors/system/postgres.ts"
    ]))

  test("is told of money only by what the turns of orders and activations record", () => {
    expect(saying(program, writes("ledger|payouts"))).toEqual([])
    const recorders = registry.filter(({ records }) => Object.values(records).some(({ table }) => /^(ledger|payouts)$/.test(table)))
    expect(recorders.map(({ type }) => type.name).sort()).toEqual(["activation", "order"])
  })

  test("is only read by HTTP and its views: they translate and tell", () =>
    expect(saying(/^src\/(http|views|ingress)\//, /\b(INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|TRUNCATE)\b/)).toEqual([]))

  test("is read by views only as somebody sees it: they ask for Seen, which seenBy alone gives, but for the page about the platform itself", () => {
    expect(saying("src/views/", /yield\* SqlClient\.SqlClient|flatMap\(SqlClient/)).toEqual(["src/views/platform-standing.ts"])
    expect(saying(everywhere, /provideService\([^)]*\bSeen\b/)).toEqual(["integrations/postgres/seen-by.ts"])
    // Routes read by views, but for the look whether Postgres answers at all.
    expect(saying("src/http/", /yield\* SqlClient\.SqlClient/)).toEqual(["src/http/health.ts"])
  })

  const migrations = [...sources].filter(([file]) => /^integrations\/postgres\/migrations\/.+\.ts$/.test(file))
  const nameOf = (file: string) => /(\d{4}_[a-z0-9-]+)\.ts$/.exec(file)?.[1]

  test("has every migration in the list, in the order of its number", () => {
    const listed = [...sources.get("integrations/postgres/migrations.ts")!.matchAll(/^\s+"(\d{4}_[a-z0-9-]+)":/gm)].map(
      ([, name]) => name
    )
    expect(migrations.map(([file]) => nameOf(file)).sort()).toEqual([...listed].sort())
    expect(listed).toEqual([...listed].sort())
  })

  test("gives the platform's role a right on every table, and never the right to delete or change what is insert-only", () => {
    const made = migrations.flatMap(([, text]) =>
      [...text.matchAll(/CREATE (?:TABLE|VIEW) ([a-z_]+)\s/g)].map(([, table]) => table!)
    )
    const granting = migrations.map(([, text]) => text).filter((text) => text.includes("GRANT"))
    expect(made.length).toBeGreaterThan(15)
    for (const table of made)
      expect([table, granting.some((text) => new RegExp(`\\b${table}\\b`).test(text))]).toEqual([table, true])
    const insertOnly = migrations.flatMap(([, text]) =>
      [...text.matchAll(/CREATE TABLE ([a-z_]+) \(\s+-- Insert-only/g)].map(([, table]) => table!)
    )
    expect(insertOnly).toContain("journal")
    for (const table of insertOnly)
      for (const text of granting) expect(text).not.toMatch(new RegExp(`\\b${table}: "[^"]*(UPDATE|DELETE)`))
  })
})

describe("the outside world", () => {
  /** One place that knows a library, so that one place changes with it. */
  const knownBy: Readonly<Record<string, RegExp>> = {
    xstate: /^(machines\/|actors\/system\/|src\/verify\/|tests\/)/, // What is verified is replayed.
    nats: /^(integrations\/(nats|webhooks|vehicle-link|fleet)\/|src\/ingress\/(hearing|reminders|reports)\.ts|tests\/)/, // The ingress names the type of a message.
    "@nats-io": /^(integrations\/nats\/|src\/devstack\/nats-authority\.ts|tests\/)/,
    jose: /^integrations\/vehicle-trust\//, // Cars, simulated ones too, have code of their own.
    otpauth: /^(integrations\/second-factors\/totp\.ts|tests\/)/,
    "@simplewebauthn/server": /^integrations\/passkeys\//,
    ioredis: /^(integrations\/redis\/|tests\/)/,
    "rate-limiter-flexible": /^integrations\/redis\//,
    nodemailer: /^integrations\/mail\//,
    "web-push": /^integrations\/push\/web-push\.ts$/,
    "smtp-server": /^integrations\/mail\/simulator\.ts$/,
    "http-message-signatures": /^(integrations\/http\/call-signature\.ts$|tests\/)/, // Simulators verify by code of their own.
    standardwebhooks: /^(integrations\/webhooks\/|integrations\/http\/|tests\/)/,
    fflate: /^(src\/bundle\/|tests\/)/,
    "@cantoo/pdf-lib": /^(integrations\/papers\/|tests\/)/,
    "qrcode-generator": /^integrations\/papers\/qr\.ts$/,
    elysia: /^(src\/http\/|tests\/)/,
    "date-holidays": /^tests\//, // A judge of our own table, not its source.
    "@elysiajs/openapi": /^src\/http\/openapi\.ts$/,
    "@effect/sql-pg": /^(actors\/system\/postgres|integrations\/postgres\/|integrations\/webhooks\/|src\/verify\/|tests\/)/
  }
  test.each(Object.entries(knownBy))("%s is known in its own place only", (library, place) => {
    const users = offenders(everywhere, (text) => imports(text).some((from) => from === library || from.startsWith(`${library}/`)))
    expect(users.length).toBeGreaterThan(0)
    expect(users.filter((file) => !place.test(file))).toEqual([])
  })

  test("has its live clients named by live.ts alone, besides their contract tests", () =>
    expect(
      importing(
        /^(actors|src)\//,
        /^#integrations\/(factory|payments|registration|transport|mail|workshops|vehicle-link|push|sms)\/(http|smtp|roads|web-push)\.ts$/
      )
    ).toEqual(["src/live.ts"]))

  test("has its simulators named by simulated.ts alone, besides tests", () =>
    expect(importing(/^(actors|src)\//, /^#integrations\/([a-z-]+\/simulator|fleet\/.+)\.ts$/)).toEqual(["src/simulated.ts"]))

  test("is simulated without a line of the client that is judged by it", () => {
    const simulator = /^integrations\/([a-z-]+\/(simulator|simulated-)|http\/(simulated-|faults))[a-z-]*\.ts$/
    const client = /^#|(outbound|call-signature)\.ts$|^\.\/(?!received-mail|faults|simulated-)|signature\.ts$|secrets\.ts$/
    expect([...sources.keys()].filter((file) => simulator.test(file)).length).toBeGreaterThan(6)
    expect(importing(simulator, client)).toEqual([])
    // A fleet is many files; how one connects to the broker, and with which credentials, is the broker's business.
    const foreign = /^#|^\.\.\/(?!http\/simulated-partner\.ts|nats\/(nats|credentials)\.ts)/
    expect(importing(/^integrations\/fleet\//, foreign)).toEqual([])
  })

  test("is called over HTTP through one door, which limits time, size and redirects", () =>
    expect(saying(/^(actors|integrations)\//, /(?<![.\w])fetch\(/)).toEqual([
      "integrations/http/outbound.ts",
      "integrations/http/simulated-webhooks.ts" // A partner's own call to us.
    ]))

  test("is configured in one place: no room of the platform reads the environment by itself", () =>
    expect(saying(/^(machines|actors|integrations|src\/(http|ingress|views))\//, /\bprocess\.env\b/)).toEqual([]))

  test("has no way in by somebody else's account, and nobody registers himself", async () => {
    const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies })
    expect(
      names.filter((name) => /passport|oauth|openid|oidc|saml|auth0|okta|msal|google|microsoft|clerk|supabase|firebase/i.test(name))
    ).toEqual([])
    expect(saying(/^src\/http\//, /["'`/](sign-?up|register|registration|join)["'`]/i)).toEqual([])
  })
})

describe("time and chance", () => {
  const allowed: Readonly<Record<string, string>> = {
    "actors/system/outbox.ts": "the jitter of a wait, which no decision depends on",
    "integrations/fleet/fleet.ts": "cars have clocks of their own",
    "integrations/http/faults.ts": "an outage of real sockets lasts real time",
    "integrations/http/simulated-call-check.ts": "a signature is judged by the wall clock, which it was made by",
    "integrations/http/simulated-partner.ts": "a partner has a clock of its own",
    "integrations/http/simulated-webhooks.ts": "a signature is judged by the wall clock, so it is made by it",
    "integrations/mail/simulator.ts": "a partner has a clock of its own",
    "integrations/push/simulator.ts": "a partner has a clock of its own, and judges a sender's word by the wall clock",
    "src/demo/town.ts": "the partners' clock, moved along with the platform's"
  }
  test("of the business is platform time; the wall clock and the dice are looked at in a few places, each for a reason", () => {
    const looks = saying(/^(machines|actors|integrations|src)\//, /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b/)
    expect(looks.filter((file) => !Object.hasOwn(allowed, file))).toEqual([])
    expect(Object.keys(allowed).filter((file) => sources.has(file) && !looks.includes(file))).toEqual([]) // No reason outlives its use.
  })

  test("is never moved by the platform: only the demo, tests and simulations do that", () =>
    expect(
      saying(/^(machines|actors|integrations(?!\/postgres\/(clock|time)\.ts)|src(?!\/demo\/|\/verify\/))\//, /\.advance\(/)
    ).toEqual([]))
})

describe("a file", () => {
  test("opens with a sentence that says why it exists", () => {
    const opening = /^(#!.*\n)?\/\*\*[\s*]*[\p{L}`"(]/u
    expect(offenders(everywhere, (text) => !opening.test(text))).toEqual([])
  })

  test("that holds an error says in a sentence when it happens", () =>
    expect(offenders(everywhere, (text) => /(?<!\*\/\n)^export class \w+ extends Schema\.TaggedError/m.test(text))).toEqual([]))

  test("is at most 350 lines long, a test 600; charts have a rule of their own", () => {
    const limitOf = (file: string) => (file.startsWith("tests/") ? 600 : 350)
    const tooLong = (text: string, file: string) => text.split("\n").length > limitOf(file) && !file.startsWith("machines/")
    expect(offenders(everywhere, tooLong)).toEqual([])
  })

  test("leaves nothing for later", () => {
    expect(
      offenders(everywhere, (text) =>
        /\b(TODO|FIXME|XXX|HACK)\b|@ts-(ignore|nocheck)|not implemented/i.test(text.replace(/@ts-expect-error/g, ""))
      )
    ).toEqual([])
    expect(saying(/^(machines|actors|integrations|src\/(http|ingress|views))\//, /\bconsole\.|\bdebugger\b/)).toEqual([])
  })

  test("names no machine it was written on, and nowhere that packages are fetched from", () => {
    const place =
      /(?<![\w.>}])\/(work|root|Users|home\/[a-z]+|tmp\/[a-z]+)\/|[A-Z]:\\Users|npmjs\.(org|com)|\/artifactory\/|verdaccio|"resolved":/
    expect([...texts].filter(([file, text]) => file !== itself && place.test(text)).map(([file]) => file)).toEqual([])
  })

  test("speaks of the car business, not of the tools it was written with", () => {
    // By their hashes, so that this file does not speak of them either.
    const unwanted = new Set(unwantedWords)
    const words = (text: string) => new Set(text.match(/[A-Za-z]+/g) ?? [])
    const speaks = ([, text]: readonly [string, string]) =>
      [...words(text)].some((word) => unwanted.has(digest(word.toLowerCase())))
    expect([...texts].filter(speaks).map(([file]) => file)).toEqual([])
  })
})

describe("a test", () => {
  test("can fail: every test file expects something, and none is left out or runs alone", () => {
    expect(stories.size).toBeGreaterThan(20)
    const silent = [...stories]
      .filter(([, text]) => !/\bexpect\(|\.then(Refused|Recorded|State|Emits|[A-Z]\w+)\(/.test(text))
      .map(([file]) => file)
    expect(silent).toEqual([])
    const partial = /\b(test|describe|it)\.(only|skip|todo|failing)\(/
    const fixture = "tests/devstack/counts.test.ts" // Writes a file with a skipped test, to count it.
    expect(
      [...stories].filter(([file, text]) => file !== itself && file !== fixture && partial.test(code(text))).map(([file]) => file)
    ).toEqual([])
  })

  test("uses simulators, never mocks of our own modules", () =>
    expect(saying("tests/", /\bmock\.module\(|\bspyOn\(|\bjest\./)).toEqual([]))
})

const manifest = (await Bun.file(join(root, "package.json")).json()) as {
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
  optionalDependencies: Record<string, string>
  packageManager: string
  scripts: Record<string, string>
}

describe("the manifest", () => {
  test("pins every version exactly, Bun's in one number", async () => {
    const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies }
    expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([])
    const bun = manifest.packageManager.replace("bun@", "")
    expect(manifest.devDependencies["bun-types"]).toBe(bun)
    expect(texts.get("caas")).toContain(`want=${bun}\n`)
    expect(JSON.parse(texts.get("tools/bun/package.json")!)).toMatchObject({ dependencies: { bun } })
  })

  test("asks for nothing that nobody uses", () => {
    const byName = {
      "@effect/platform-node": "Effect's layer for Node and Bun, which sql-pg and later floors stand on: docs/decisions.md"
    }
    const used = new Set([...sources.values()].flatMap(imports))
    const uses = (name: string) => [...used].some((from) => from === name || from.startsWith(`${name}/`))
    expect(Object.keys(manifest.dependencies).filter((name) => !uses(name) && !Object.hasOwn(byName, name))).toEqual([])
  })
})

describe("the documents", () => {
  const commands = [...sources.keys()].flatMap((file) => /^src\/commands\/([a-z-]+)\.ts$/.exec(file)?.[1] ?? [])
  /** Relative to the top: a folder of ours and a file in it, or one of the files beside them. */
  const isPath = (text: string) =>
    /^(?:(?:machines|actors|integrations|src|tests|docs|tools|\.ci)\/[\w./-]*|[\w.-]+\.(?:md|json|lock|toml|yml))$/.test(text)
  const quoted = (text: string) => [...text.matchAll(/`([^`\n]+)`/g)].map(([, words]) => words!)

  test("are there", () =>
    expect([...documents.keys()]).toEqual(
      expect.arrayContaining([
        "ARCHITECTURE.md",
        "README.md",
        ...["adding", "decisions", "failures", "glossary", "performance", "runbook"].map((name) => `docs/${name}.md`)
      ])
    ))

  test("name only commands that exist, and README names them all", () => {
    for (const [file, text] of documents)
      for (const [, name] of text.matchAll(/\.\/caas ([a-z]+(?:-[a-z]+)*)/g))
        expect([file, commands]).toEqual([file, expect.arrayContaining([name])])
    const readme = documents.get("README.md")!
    expect(commands.filter((name) => !readme.includes(`./caas ${name}`))).toEqual([])
  })

  test("name only files and folders that exist", async () => {
    const { existsSync } = await import("node:fs")
    for (const [file, text] of documents) {
      const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target]) => join(dirname(file), target!))
      const missing = [...links, ...quoted(text).filter(isPath)].filter((path) => !existsSync(join(root, path)))
      expect([file, missing]).toEqual([file, []])
    }
  })

  test("cite only tests that exist, by the very words of their titles", () => {
    let cited = 0
    for (const [file, text] of documents)
      for (const [, story, title] of text.matchAll(/`(tests\/[\w./-]+\.test\.ts)`:\s+\*([^*\n]+)\*/g)) {
        const source = stories.get(story!)
        expect([file, story, title, [`"${title}"`, `\`${title}\``].some((words) => source?.includes(words))]).toEqual([
          file,
          story,
          title,
          true
        ])
        cited++
      }
    expect(cited).toBeGreaterThan(30)
  })

  test("explain in the runbook every reason for which an operator is woken", () => {
    const runbook = documents.get("docs/runbook.md")!
    for (const told of [
      "parked",
      "quarantined",
      "PartitionLost",
      "orderUnknown",
      "portalDown",
      "papersMissing",
      "PaymentOutcomeUnknown",
      "NATS forgot"
    ])
      expect(runbook).toContain(told)
  })
})

const digest = (word: string) => new Bun.CryptoHasher("sha256").update(word).digest("hex").slice(0, 12)
const unwantedWords = [
  "c857d09db23e",
  "c70eca6b0f88",
  "7d3194f79e64",
  "60965168ce76",
  "053ea4804ef1",
  "487b91042c7c",
  "de2187af3fb0",
  "3ea125d0bff3",
  "57de4cf40144",
  "5d72436256ad",
  "94a168d2da57",
  "d298391b0743",
  "8c70b25cbbbe",
  "c247e9808f5e",
  "386ebc0efd04"
]
