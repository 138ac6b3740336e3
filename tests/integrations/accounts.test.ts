/** Only who was let in comes in, by a link that works once, and leaves when the time is over. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { randomBytes } from "node:crypto"
import { SQL } from "bun"
import { Cause, Effect, Exit, Layer, ManagedRuntime, Redacted } from "effect"
import { Accounts, type Role } from "#integrations/accounts/accounts.ts"
import { nobodysHash } from "#integrations/accounts/password-hash.ts"
import { weakness } from "#integrations/accounts/password-strength.ts"
import { AccountsPostgres } from "#integrations/accounts/postgres.ts"
import { Persons } from "#integrations/persons/persons.ts"
import { PersonsPostgres } from "#integrations/persons/postgres.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { PlatformTime } from "#integrations/postgres/time.ts"
import { DealershipId, SubjectId } from "#machines/vocabulary.ts"
import { type Database, freshDatabase } from "#tests/database.ts"

const minutes = 60_000
const hours = 60 * minutes
const madrid = DealershipId.make("dea_madrid")
const password = "quartz violin harbour"

let now = Date.parse("2026-03-02T12:00:00.000Z")
const Time = Layer.succeed(
  PlatformTime,
  PlatformTime.of({ now: () => now, advance: (millis) => Effect.sync(() => (now += millis)) })
)
const key = randomBytes(32)

const people = (url: string) =>
  ManagedRuntime.make(
    AccountsPostgres({ key: Redacted.make(new Uint8Array(key)) }).pipe(
      Layer.provideMerge(PersonsPostgres({ key: Redacted.make(new Uint8Array(key)) })),
      Layer.provide([Postgres({ url: Redacted.make(url), connections: 6 }), Time])
    )
  )

let database: Database
let owner: SQL
let runtime: ReturnType<typeof people>

beforeAll(async () => {
  database = await freshDatabase()
  owner = new SQL(database.url, { max: 1 })
  runtime = people(database.url)
})
afterAll(async () => {
  await runtime.dispose()
  await owner.close()
  await database.drop()
})

/** The answer, or the error as a value: both are what callers are told. */
const ask = <A, E>(question: (accounts: Accounts["Service"]) => Effect.Effect<A, E>) =>
  runtime.runPromise(Accounts.use(question).pipe(Effect.catch((error) => Effect.succeed(error))))

const signIn = (email: string, given = password, door: "public" | "intranet" = "public") =>
  ask((accounts) => accounts.signIn(email, given, door)) as Promise<any>
const setPassword = (token: string, given = password) => ask((accounts) => accounts.setPassword(token, given))
const authenticate = (token: string, door: "public" | "intranet" = "public") =>
  ask((accounts) => accounts.authenticate(token, door))
const issue = (subjectId: SubjectId, evenIfSet = false) =>
  ask((accounts) => accounts.issueLink(subjectId, { evenIfSet })) as Promise<string | null>

const provision = (subjectId: SubjectId, role: Role) =>
  ask((accounts) =>
    accounts.provision({
      subjectId,
      role,
      dealershipId: role === "seller" || role === "manager" ? madrid : null,
      createdBy: "sub_boss"
    })
  )

/** Somebody provisioned, with an address like no other. */
const newcomer = async (role: Role = "customer") => {
  const email = `canary${crypto.randomUUID().slice(0, 8)}@mail.example`
  const data = { name: "Canary Surname", email, phone: null, nationalId: null, address: null, language: "es" } as const
  const { subjectId } = await runtime.runPromise(Persons.use((persons) => persons.keep(data, "sub_boss")))
  await provision(subjectId, role)
  return { email, subjectId }
}
const settled = async (role: Role = "customer") => {
  const person = await newcomer(role)
  expect(await setPassword((await issue(person.subjectId))!)).toEqual({ device: expect.any(String) })
  return person
}
const logOf = async (subjectId: string) => {
  const rows = await owner`SELECT kind, detail FROM security_log WHERE subject_id = ${subjectId} ORDER BY position`
  return rows.map(({ kind, detail }: { kind: string; detail: string }) => `${kind} ${detail}`.trim())
}

describe("an account", () => {
  test("is provisioned once per person and role, by somebody", async () => {
    const { subjectId } = await newcomer("seller")
    await provision(subjectId, "seller")
    expect(
      await owner`SELECT role, dealership_id, created_by, password_hash FROM accounts WHERE subject_id = ${subjectId}`
    ).toEqual([{ role: "seller", dealership_id: "dea_madrid", created_by: "sub_boss", password_hash: null }])
    expect(await logOf(subjectId)).toEqual(["AccountProvisioned seller by sub_boss"])
  })

  test("of a seller has a dealership of ours, and of an operator none: the table says so", async () => {
    const { subjectId } = await newcomer()
    const insert = (role: string, dealership: string | null) =>
      Promise.resolve(
        owner`INSERT INTO accounts (subject_id, role, dealership_id, created_by, created_at) VALUES (${subjectId}, ${role}, ${dealership}, 'x', now())`
      )
    await expect(insert("seller", null)).rejects.toThrow(/violates check constraint/)
    await expect(insert("operator", "dea_madrid")).rejects.toThrow(/violates check constraint/)
    await expect(insert("manager", "dea_nowhere")).rejects.toThrow(/violates foreign key/)
    await expect(insert("root", null)).rejects.toThrow(/violates check constraint/)
  })

  test("may not be deleted, nor the security log changed, by the platform's own role", async () => {
    const denied = async (statement: string) => {
      const sql = new SQL(database.url, { max: 1 })
      await sql.unsafe("SET ROLE caas_app")
      const answer = await sql.unsafe(statement).then(
        () => "done",
        (error: Error) => error.message
      )
      await sql.close()
      return answer
    }
    for (const table of ["persons", "accounts", "security_log", "documents", "dealerships"])
      expect([table, await denied(`DELETE FROM ${table}`)]).toEqual([table, `permission denied for table ${table}`])
    expect(await denied("UPDATE security_log SET kind = 'SignedIn'")).toContain("permission denied")
    expect(await denied("UPDATE documents SET kind = 'x'")).toContain("permission denied")
    expect(await denied("UPDATE dealerships SET country = 'ES'")).toContain("permission denied")
    expect(await denied("SELECT 1 FROM accounts")).toBe("done")
  })
})

describe("a one-time link", () => {
  test("sets the password once; the second use is refused and logged", async () => {
    const { email, subjectId } = await newcomer()
    const token = (await issue(subjectId))!
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(await setPassword(token)).toEqual({ device: expect.any(String) })
    expect(await setPassword(token, "another good passphrase")).toMatchObject({ _tag: "LinkInvalid" })
    expect(await signIn(email)).toMatchObject({ caller: { subjectId, role: "customer", dealershipId: null } })
    expect((await logOf(subjectId)).slice(1, 4)).toEqual([
      "LinkIssued",
      expect.stringMatching(/^PasswordSet link [0-9a-f]{16}$/),
      "LinkRefused used"
    ])
  })

  test("used by two at the same moment works for one", async () => {
    const { email, subjectId } = await newcomer()
    const token = (await issue(subjectId))!
    const choices = ["first good passphrase", "other good passphrase"]
    const answers = await Promise.all(choices.map((choice) => setPassword(token, choice)))
    const winner = answers.findIndex((answer) => "device" in answer)
    expect(answers[1 - winner]).toMatchObject({ _tag: "LinkInvalid" })
    expect(await signIn(email, choices[winner]!)).toHaveProperty("token")
    expect(await signIn(email, choices[1 - winner]!)).toMatchObject({ _tag: "SignInFailed" })
  })

  test("lives 24 hours to the second", async () => {
    const [soon, late] = [await newcomer(), await newcomer()]
    const [good, stale] = [(await issue(soon.subjectId))!, (await issue(late.subjectId))!]
    now += 24 * hours - 1
    expect(await setPassword(good)).toEqual({ device: expect.any(String) })
    now += 1
    expect(await setPassword(stale)).toMatchObject({ _tag: "LinkInvalid" })
    expect(await logOf(late.subjectId)).toContain("LinkRefused expired")
  })

  test("of two sales at once works in either mail, and the other is void when one was used", async () => {
    const first = (subjectId: SubjectId) =>
      ask((accounts) => accounts.issueLink(subjectId, { evenIfSet: false, besideFresh: true }))
    for (const opened of [0, 1]) {
      const { email, subjectId } = await newcomer()
      const tokens = (await Promise.all([first(subjectId), first(subjectId)])) as ReadonlyArray<string>
      expect(await setPassword(tokens[opened]!)).toEqual({ device: expect.any(String) })
      expect(await signIn(email)).toMatchObject({ caller: { subjectId } })
      expect(await setPassword(tokens[1 - opened]!, "another good passphrase")).toMatchObject({ _tag: "LinkInvalid" })
      expect(await logOf(subjectId)).toContain("LinkRefused voided")
      expect(await first(subjectId)).toBeNull()
    }
  })

  test("that a third sale's follows within a minute leaves two, and after a minute one", async () => {
    const { subjectId } = await newcomer()
    const first = async () =>
      (await ask((accounts) => accounts.issueLink(subjectId, { evenIfSet: false, besideFresh: true }))) as string
    const live = async () =>
      (await owner`SELECT FROM account_links WHERE subject_id = ${subjectId} AND used_at IS NULL AND voided_at IS NULL`).length
    const eldest = await first()
    for (let n = 0; n < 3; n++) {
      now += 1_000
      await first()
      expect(await live()).toBe(2)
    }
    expect(await setPassword(eldest)).toMatchObject({ _tag: "LinkInvalid" })
    now += 60_000
    const newest = await first()
    expect(await live()).toBe(1)
    expect(await setPassword(newest)).toEqual({ device: expect.any(String) })
  })

  test("is voided by the next one, also when ten are asked for at once", async () => {
    const { subjectId } = await newcomer()
    const first = (await issue(subjectId))!
    const rest = (await Promise.all(Array.from({ length: 10 }, () => issue(subjectId)))) as string[]
    expect(await setPassword(first)).toMatchObject({ _tag: "LinkInvalid" })
    expect(await logOf(subjectId)).toContain("LinkRefused voided")
    const answers = await Promise.all(rest.map((token) => setPassword(token)))
    expect(answers.filter((answer) => "device" in answer)).toHaveLength(1)
  })

  test("is not given where there is a password, unless asked for on purpose, nor where there is no account", async () => {
    const { email, subjectId } = await settled()
    expect(await issue(subjectId)).toBeNull()
    const token = (await issue(subjectId, true))!
    expect(await signIn(email)).toHaveProperty("token") // Nobody loses his password by somebody else's asking.
    expect(await setPassword(token, "another good passphrase")).toEqual({ device: expect.any(String) })
    expect(await signIn(email, "another good passphrase")).toHaveProperty("token")
    expect(await issue(SubjectId.make("sub_nobody"), true)).toBeNull()
  })

  test("stays good after a password that was too weak", async () => {
    const { email, subjectId } = await newcomer()
    const token = (await issue(subjectId))!
    expect(await setPassword(token, "password1234")).toMatchObject({ _tag: "PasswordTooWeak", reason: "TooCommon" })
    expect(await setPassword(token, email.split("@")[0]!)).toMatchObject({ _tag: "PasswordTooWeak", reason: "OwnAddress" })
    expect(await setPassword(token)).toEqual({ device: expect.any(String) })
  })

  test("never issued is refused, whatever it looks like", async () => {
    for (const token of ["", "x", "A".repeat(43), "'; DROP TABLE accounts; --", "\u0000"])
      expect(await setPassword(token)).toMatchObject({ _tag: "LinkInvalid" })
  })

  test("ends every session when it sets the password", async () => {
    const { email, subjectId } = await settled()
    const { token } = await signIn(email)
    expect(await authenticate(token)).not.toBeNull()
    await setPassword((await issue(subjectId, true))!, "another good passphrase")
    expect(await authenticate(token)).toBeNull()
  })
})

describe("a password", () => {
  test.each([
    ["elevenchars", "TooShort"],
    ["🔑".repeat(11), "TooShort"], // Characters are counted, not their halves.
    [`${"qm".repeat(64)}q`, "TooLong"],
    ["finalfantasy", "TooCommon"],
    ["FinalFantasy", "TooCommon"],
    ["dragondragon", "TooCommon"],
    ["Monkey-2026!!!", "TooCommon"],
    ["!!Sunshine1987", "TooCommon"],
    ["123456123456", "TooCommon"],
    ["CaaS-caas-CAAS", "OwnAddress"],
    ["ana.lopez-caas", "OwnAddress"],
    ["lopez.lopez.ana", "OwnAddress"],
    ["quartz violin harbour", null],
    ["🔑".repeat(12), null],
    ["qm".repeat(64), null],
    ["ana.lopez likes quartz violins", null],
    ["xkqzwvjptrbn", null]
  ] as const)("%p is %p", (given, answer) => {
    expect(weakness(given, "Ana.Lopez@mail.example")).toBe(answer)
  })

  test("is checked against more than 3,000 common ones (OWASP ASVS 5.0, 6.2.4)", async () => {
    const text = await Bun.file(new URL("../../integrations/accounts/common-passwords.txt", import.meta.url)).text()
    const listed = text
      .slice(text.indexOf("\n\n") + 2)
      .trimEnd()
      .split("\n")
    expect(listed.length).toBeGreaterThan(3_000)
    // Whatever is long enough on the list, or becomes so by a year and signs, is refused.
    const stretched = listed.filter((word) => /^[a-z]{4,}$/.test(word)).map((word) => `${word}20260101!`.padEnd(12, "!"))
    expect(stretched.length).toBeGreaterThan(3_000)
    for (const word of [...listed.filter((each) => each.length >= 12), ...stretched])
      expect([word, weakness(word, "z@z.example")]).toEqual([word, "TooCommon"])
  })

  test("is kept as argon2id, m=19 MiB and t=2, and nobody's costs the same", async () => {
    const { subjectId } = await settled()
    const [row] = await owner`SELECT password_hash FROM accounts WHERE subject_id = ${subjectId}`
    expect(row.password_hash).toStartWith("$argon2id$v=19$m=19456,t=2,p=1$")
    expect(nobodysHash).toStartWith("$argon2id$v=19$m=19456,t=2,p=1$")
  })

  test("is not cut: what differs in the last of 128 characters is another one", async () => {
    const { email, subjectId } = await newcomer()
    const long = "qm".repeat(64)
    await setPassword((await issue(subjectId))!, long)
    expect(await signIn(email, `${long.slice(0, -1)}x`)).toMatchObject({ _tag: "SignInFailed" })
    expect(await signIn(email, long)).toHaveProperty("token")
  })
})

describe("a sign-in", () => {
  test("answers a stranger, a wrong password, an account without one, a disabled one and the wrong door alike", async () => {
    const [known, fresh, disabled] = [await settled(), await newcomer(), await settled()]
    await owner`UPDATE accounts SET disabled_at = now() WHERE subject_id = ${disabled.subjectId}`
    const answers = [
      await signIn("stranger@mail.example"),
      await signIn("", ""),
      await signIn("\u0000@\u0000", "x".repeat(10_000)),
      await signIn(known.email, "wrong wrong wrong"),
      await signIn(known.email, ""),
      await signIn(fresh.email),
      await signIn(disabled.email),
      await signIn(known.email, password, "intranet")
    ]
    for (const answer of answers) expect(JSON.stringify(answer)).toBe('{"_tag":"SignInFailed"}')
  })

  test("takes a stranger as long as a wrong password", async () => {
    const { email } = await settled()
    const took = async (address: string) => {
      const begin = performance.now()
      await signIn(address, "wrong wrong wrong")
      return performance.now() - begin
    }
    const [known, stranger]: [number[], number[]] = [[], []]
    for (let round = 0; round < 5; round++) {
      known.push(await took(email))
      stranger.push(await took("another@stranger.example"))
    }
    const fastest = (all: number[]) => Math.min(...all)
    // Without the hash a stranger would be answered in a twentieth of the time; the rest is room for a busy machine.
    expect(fastest(stranger)).toBeGreaterThan(fastest(known) * 0.4)
    expect(fastest(stranger)).toBeLessThan(fastest(known) * 2.5)
  })

  test.each([false, true])(
    "fails five times in 15 minutes and then waits, also with the right password (stranger: %p)",
    async (stranger) => {
      const { email, subjectId } = stranger ? { email: "nobody@stranger.example", subjectId: null } : await settled()
      for (let guess = 0; guess < 5; guess++) {
        expect(await signIn(email, `wrong guess number ${guess}`)).toMatchObject({ _tag: "SignInFailed" })
        now += minutes
      }
      expect(await signIn(` ${email.toUpperCase()} `)).toMatchObject({ _tag: "TooManyTries", retryAfterSeconds: 600 })
      now += 10 * minutes - 1
      for (let guess = 0; guess < 10; guess++)
        expect(await signIn(email)).toMatchObject({ _tag: "TooManyTries", retryAfterSeconds: 1 })
      now += 1
      expect(await signIn(email)).toMatchObject(stranger ? { _tag: "SignInFailed" } : { caller: { subjectId } })
      if (subjectId !== null)
        expect((await logOf(subjectId)).filter((line: string) => line === "SignInThrottled public")).toHaveLength(1)
    }
  )

  test("lets a hundred guesses at once be five", async () => {
    const { email } = await settled()
    const answers = await Promise.all(Array.from({ length: 100 }, (_, guess) => signIn(email, `wrong guess number ${guess}`)))
    expect(answers.filter(({ _tag }) => _tag === "SignInFailed")).toHaveLength(5)
    expect(answers.filter(({ _tag }) => _tag === "TooManyTries")).toHaveLength(95)
  })

  test("leaves no count behind of addresses nobody tries any more", async () => {
    await owner`DELETE FROM sign_in_tries`
    const stored = async () => (await owner`SELECT count(*)::int AS n FROM sign_in_tries`)[0].n
    for (let who = 0; who < 6; who++) await signIn(`passer-by-${who}@stranger.example`)
    expect(await stored()).toBe(6)
    now += 15 * minutes
    for (let who = 0; who < 2; who++) await signIn(`newcomer-${who}@stranger.example`)
    expect(await stored()).toBe(2)
  })

  test("with the right password begins the count anew", async () => {
    const { email } = await settled()
    for (let round = 0; round < 3; round++) {
      for (let guess = 0; guess < 4; guess++) await signIn(email, "wrong wrong wrong")
      expect(await signIn(email)).toHaveProperty("token")
    }
  })

  test("that many right ones begin at once is nobody's failure", async () => {
    const { email } = await settled()
    const answers = await Promise.all(Array.from({ length: 20 }, () => signIn(email)))
    expect(new Set(answers.map(({ token }) => token)).size).toBe(20)
    expect(answers.every(({ _tag }) => _tag === undefined)).toBe(true)
  })

  test("turns away at once what would wait longer than 64 others, and goes on afterwards", async () => {
    const crowd = await Promise.all(Array.from({ length: 80 }, (_, who) => signIn(`crowd${who}@stranger.example`)))
    expect(crowd.filter(({ _tag }) => _tag === "SignInFailed")).toHaveLength(66)
    expect(crowd.filter(({ _tag }) => _tag === "TooManyTries").map(({ retryAfterSeconds }) => retryAfterSeconds)).toEqual(
      Array(14).fill(5)
    )
    const { email } = await settled()
    expect(await signIn(email)).toHaveProperty("token")
  })

  test("of one with several posts is with the highest at the intranet, and as a customer at the public door, by one password", async () => {
    const { email, subjectId } = await settled("seller")
    await provision(subjectId, "manager")
    await provision(subjectId, "customer")
    expect(await issue(subjectId)).toBeNull()
    expect((await signIn(email, password, "intranet")).caller).toMatchObject({ role: "manager", dealershipId: madrid })
    expect((await signIn(email)).caller).toMatchObject({ role: "customer", dealershipId: null })
  })
})

describe("a session", () => {
  test("is for its own door, and for the very token alone", async () => {
    const [customer, seller] = [await settled(), await settled("seller")]
    const open = await signIn(customer.email)
    const staff = await signIn(seller.email, password, "intranet")
    expect(await authenticate(open.token)).toEqual(open.caller)
    expect(await authenticate(open.token, "intranet")).toBeNull()
    expect(await authenticate(staff.token, "intranet")).toEqual(staff.caller)
    expect(await authenticate(staff.token)).toBeNull()
    for (const forged of ["", `${open.token}A`, open.token.slice(1), open.caller.sessionId])
      expect(await authenticate(forged)).toBeNull()
  })

  test.each([
    ["customer", "public", 30, 12],
    ["operator", "intranet", 15, 8]
  ] as const)(
    "of a %s ends at the %s door after %d idle minutes, and after %d hours in any case",
    async (role, door, idle, absolute) => {
      const { email } = await settled(role)
      const { token, expiresAt } = await signIn(email, password, door)
      const end = now + absolute * hours
      expect(expiresAt).toBe(new Date(end).toISOString())
      while (now + (idle - 1) * minutes < end) {
        now += (idle - 1) * minutes
        expect(await authenticate(token, door)).not.toBeNull()
      }
      now = end - 1
      expect(await authenticate(token, door)).not.toBeNull()
      now = end
      expect(await authenticate(token, door)).toBeNull()

      const idler = await signIn(email, password, door)
      now += idle * minutes - 1
      expect(await authenticate(idler.token, door)).not.toBeNull()
      now += idle * minutes
      expect(await authenticate(idler.token, door)).toBeNull()
    }
  )

  test("writes that it was seen at most once a minute", async () => {
    const { email, subjectId } = await settled()
    const { token } = await signIn(email)
    const seen = async () =>
      (await owner`SELECT last_seen_at FROM sessions WHERE subject_id = ${subjectId}`)[0].last_seen_at.getTime()
    const begin = now
    now += 59_999
    await authenticate(token)
    expect(await seen()).toBe(begin)
    now += 1
    await authenticate(token)
    expect(await seen()).toBe(begin + minutes)
  })

  test("ends by signing out, and no other with it", async () => {
    const { email, subjectId } = await settled()
    const [one, other] = [await signIn(email), await signIn(email)]
    await ask((accounts) => accounts.signOut(one.caller.sessionId))
    await ask((accounts) => accounts.signOut(one.caller.sessionId))
    await ask((accounts) => accounts.signOut("ses_unknown"))
    expect(await authenticate(one.token)).toBeNull()
    expect(await authenticate(other.token)).not.toBeNull()
    expect((await logOf(subjectId)).filter((line: string) => line.startsWith("SignedOut"))).toHaveLength(1)
  })

  test("ends at once when the account is disabled, or its dealership is another", async () => {
    const [disabled, moved] = [await settled("seller"), await settled("seller")]
    const sessions = [await signIn(disabled.email, password, "intranet"), await signIn(moved.email, password, "intranet")]
    await owner`UPDATE accounts SET disabled_at = now() WHERE subject_id = ${disabled.subjectId}`
    await owner`UPDATE accounts SET dealership_id = 'dea_berlin' WHERE subject_id = ${moved.subjectId}`
    for (const { token } of sessions) expect(await authenticate(token, "intranet")).toBeNull()
  })
})

describe("what is left behind", () => {
  test("holds no address, name, password or token, in no table and in no defect", async () => {
    const { email, subjectId } = await newcomer()
    const link = (await issue(subjectId))!
    await setPassword(link)
    const { token } = await signIn(email)
    await signIn(email, "canary wrong password")
    await signIn("canary.stranger@mail.example", "canary wrong password")
    let dump = ""
    for (const { tablename } of await owner`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)
      dump += (await owner.unsafe(`SELECT coalesce(string_agg(row::text, E'\\n'), '') AS text FROM ${tablename} AS row`))[0].text
    expect(dump).toContain(subjectId)
    const secrets = [
      email,
      email.split("@")[0]!,
      "Canary Surname",
      password,
      link,
      token,
      "canary wrong password",
      "canary.stranger"
    ]
    const forms = secrets.flatMap((secret) => [
      secret,
      Buffer.from(secret).toString("hex"),
      Buffer.from(secret).toString("base64").slice(0, -4)
    ])
    forms.push(Buffer.from(token, "base64url").toString("hex"), Buffer.from(link, "base64url").toString("hex"))
    for (const form of forms) expect(dump.toLowerCase()).not.toContain(form.toLowerCase())

    const alone = await freshDatabase()
    const broken = people(alone.url)
    await broken.runPromise(Persons.use((persons) => persons.findByEmail(email)))
    await alone.drop() // From here on every statement is a defect.
    const exits: ReadonlyArray<Exit.Exit<unknown, unknown>> = [
      await broken.runPromiseExit(Accounts.use((accounts) => accounts.signIn(email, password, "public"))),
      await broken.runPromiseExit(Accounts.use((accounts) => accounts.setPassword(link, password))),
      await broken.runPromiseExit(Accounts.use((accounts) => accounts.authenticate(token, "public")))
    ]
    for (const exit of exits) {
      expect(Exit.isFailure(exit) && Cause.hasDies(exit.cause)).toBe(true)
      const said = `${Bun.inspect(exit, { depth: 20 })}${Exit.isFailure(exit) ? Cause.pretty(exit.cause) : ""}`
      for (const form of forms) expect(said).not.toContain(form)
    }
    await broken.dispose()
  })
})

describe("./caas admin create", () => {
  const caas = async (args: string[], env: Record<string, string> = {}) => {
    const child = Bun.spawn([process.execPath, "src/cli.ts", "admin", ...args], {
      cwd: new URL("../..", import.meta.url).pathname,
      env: {
        ...process.env,
        DATABASE_URL: database.url,
        PERSONS_KEY: key.toString("base64"),
        INTRANET_URL: "https://intranet.example/",
        ...env
      },
      stdio: ["ignore", "pipe", "pipe"]
    })
    const [out, err, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited])
    return { out, err, code }
  }

  test("lets an administrator in by a link that works once, and makes one person of two calls", async () => {
    now = Date.now() // The command lives in the database's own time.
    const email = "first.administrator@mail.example"
    const first = await caas(["create", "--email", email, "--name", "First Administrator"])
    expect(first).toMatchObject({ err: "", code: 0 })
    expect(first.out).not.toContain(email)
    const token = first.out.match(/^https:\/\/intranet\.example\/set-password#token=([A-Za-z0-9_-]{43})$/m)![1]!
    expect(await setPassword(token)).toEqual({ device: expect.any(String) })
    expect((await signIn(email, password, "intranet")).caller).toMatchObject({ role: "administrator", dealershipId: null })

    const second = await caas(["create", "--email", email.toUpperCase()])
    expect(second.code).toBe(0)
    expect(second.out).toContain("with a password already")
    expect(second.out).not.toContain("token=")
    const again = await caas(["create", "--email", email, "--again"])
    expect(again.out).toContain("#token=")
    const [count] = await owner`SELECT count(*)::int AS n FROM accounts WHERE role = 'administrator'`
    expect(count.n).toBe(1)
  })

  test("says what is missing, and repeats no address", async () => {
    const email = "canary@mail.example"
    expect(await caas(["create", "--email", email], { DATABASE_URL: "" })).toMatchObject({
      code: 1,
      err: expect.stringContaining("DATABASE_URL")
    })
    expect(await caas(["create", "--email", email], { PERSONS_KEY: "" })).toMatchObject({
      code: 1,
      err: expect.stringContaining("PERSONS_KEY")
    })
    expect(await caas(["create", "--email", "canary"])).toMatchObject({ code: 2, err: expect.stringContaining("--email") })
    expect(await caas(["create"])).toMatchObject({ code: 2, err: expect.stringContaining("--email") })
    expect(await caas(["remove", "--email", email])).toMatchObject({ code: 2, err: expect.stringContaining("Usage") })
    expect(await caas(["create", "--email", email, "--role", "x"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("Usage")
    })
    const unreachable = await caas(["create", "--email", email], { DATABASE_URL: "postgres://caas@127.0.0.1:1/none" })
    expect(unreachable.code).toBe(1)
    expect(unreachable.out + unreachable.err).not.toContain("canary")
  }, 30_000)
})
