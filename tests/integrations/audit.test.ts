/** The chain through the logs of persons' acts, and the witness outside: the live client and the simulated notary sit one exam, and the notary's own ledger is the judge. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test"
import { createHash } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SQL } from "bun"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { Audit } from "#integrations/audit/audit.ts"
import { auditKeyOf, linked, openHead, signHead } from "#integrations/audit/chain.ts"
import { deposit } from "#integrations/audit/heads.ts"
import { AuditPostgres } from "#integrations/audit/postgres.ts"
import { seal } from "#integrations/audit/sealer.ts"
import { AuditWitness, type Deposit, HeadRefused, WitnessUnreachable } from "#integrations/audit-witness/audit-witness.ts"
import { AuditWitnessHttp } from "#integrations/audit-witness/http.ts"
import { startWitnessSimulator, type WitnessSimulator } from "#integrations/audit-witness/simulator.ts"
import type { SimulatorOptions } from "#integrations/http/simulated-partner.ts"
import { PlatformTimePostgres } from "#integrations/postgres/clock.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { PlatformTime } from "#integrations/postgres/time.ts"
import { SubjectId } from "#machines/vocabulary.ts"
import { letClockMove } from "#src/demo/database.ts"
import { newKey } from "#src/devstack/vehicle-keys.ts"
import { type Database, freshDatabase } from "#tests/database.ts"
import { patienceMillis, spoiledAnswers } from "./spoiled-answers.ts"

const key = auditKeyOf(newKey())!
const stranger = auditKeyOf(newKey())!
const running: Array<WitnessSimulator> = []
afterEach(async () => {
  for (const notary of running.splice(0)) await notary.stop()
})
const open = async (options: SimulatorOptions = {}) => {
  const notary = await startWitnessSimulator(options)
  running.push(notary)
  return notary
}
const heads = (notary: WitnessSimulator) => notary.ledger().filter(({ kind }) => kind === "head")

describe("a witness", () => {
  const chain = createHash("sha256").update("a beginning").digest()
  const entry = (n: number) => createHash("sha256").update(`row ${n}`).digest()
  const hashAt = (position: number, entries = entry) => {
    let hash: Uint8Array = chain
    for (let n = 1; n <= position; n++) hash = linked(hash, entries(n))
    return Buffer.from(hash).toString("hex")
  }
  const brought = async (after: number, position: number, { by = key, entries = entry } = {}): Promise<Deposit> => ({
    chain: chain.toString("hex"),
    after,
    entries: Array.from({ length: position - after }, (_, n) => entries(after + n + 1)),
    signed: await signHead(by, { v: 1, chain: chain.toString("hex"), position, hash: hashAt(position, entries) }),
    publicKey: by.publicKey
  })
  const via = <A, E>(at: { readonly url: string }, effect: Effect.Effect<A, E, AuditWitness>, timeoutMillis: number) =>
    Effect.runPromise(Effect.provide(effect, AuditWitnessHttp({ url: at.url, timeoutMillis })))
  const depositing = (what: Deposit) => AuditWitness.use((witness) => witness.deposit(what))
  const bring = (at: { readonly url: string }, what: Deposit) => via(at, depositing(what), 5_000)
  const noTo = (at: { readonly url: string }, what: Deposit, millis = 5_000) => via(at, Effect.flip(depositing(what)), millis)

  test("follows a chain from head to head, and keeps each once", async () => {
    const notary = await open()
    const first = await brought(0, 3)
    expect(await bring(notary, first)).toEqual(await bring(notary, first))
    await bring(notary, await brought(3, 7))
    expect(heads(notary).map(({ position, hash }) => [position, hash])).toEqual([
      [3, hashAt(3)],
      [7, hashAt(7)]
    ])
  })

  test("takes what goes on from a head before the newest, where our own note of it was lost", async () => {
    const notary = await open()
    await bring(notary, await brought(0, 3))
    await bring(notary, await brought(3, 5))
    await bring(notary, await brought(3, 8))
    expect(heads(notary).map(({ position }) => position)).toEqual([3, 5, 8])
  })

  const other = (n: number) => (n === 5 ? entry(99) : entry(n))
  test.each([
    ["another past", 0, 9, { entries: other }, "does_not_extend"],
    ["another past up to the very head", 0, 7, { entries: other }, "does_not_extend"],
    ["a chain whose tail was cut off", 0, 6, {}, "does_not_extend"],
    ["a place that nobody brought before", 6, 9, {}, "unknown_position"],
    ["the signature of another key", 7, 9, { by: stranger }, "not_signed"]
  ] as const)("refuses %s", async (_, after, position, how, reason) => {
    const notary = await open()
    await bring(notary, await brought(0, 7))
    expect(await noTo(notary, await brought(after, position, how))).toEqual(new HeadRefused({ reason }))
    expect(heads(notary).length).toBe(1)
  })

  test("refuses entries that do not lead to the head that was signed", async () => {
    const notary = await open()
    const honest = await brought(0, 7)
    expect(await noTo(notary, { ...honest, entries: [...honest.entries].reverse() })).toEqual(
      new HeadRefused({ reason: "does_not_extend" })
    )
  })

  for (const { called, fault, done, why } of spoiledAnswers("http://127.0.0.1:9/")) {
    test(`${called}: nothing is believed, and a repeat is kept once`, async () => {
      const notary = await open()
      notary.misbehave(fault)
      const what = await brought(0, 3)
      expect(await noTo(notary, what, patienceMillis)).toMatchObject({ _tag: "WitnessUnreachable", cause: { why } })
      expect(heads(notary).length).toBe(done ? 1 : 0)
      if (fault.fault === "error500AfterWork")
        return expect(await noTo(notary, what, patienceMillis)).toMatchObject({ cause: { why } }) // The key keeps its 500.
      await bring(notary, what)
      expect(heads(notary).length).toBe(1)
    })
  }

  test.each(["yesterday", "", "2026-13-45T00:00:00.000Z", "Infinity"])(
    "is not believed where it has kept a head at %p",
    async (at) => {
      using liar = Bun.serve({
        hostname: "127.0.0.1",
        port: 0,
        fetch: async (request) => Response.json({ reference: ((await request.json()) as any).reference, at })
      })
      expect(await noTo({ url: `http://127.0.0.1:${liar.port}` }, await brought(0, 3))).toBeInstanceOf(WitnessUnreachable)
    }
  )

  test("remembers over a restart", async () => {
    const folder = mkdtempSync(join(tmpdir(), "witness-"))
    try {
      const file = join(folder, "witness.jsonl")
      const before = await open({ file })
      await bring(before, await brought(0, 3))
      await before.stop()
      const after = await open({ file })
      expect(await noTo(after, await brought(0, 2))).toEqual(new HeadRefused({ reason: "does_not_extend" }))
      await bring(after, await brought(3, 4))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe("the chain", () => {
  let database: Database
  let owner: SQL
  const platform = () =>
    ManagedRuntime.make(
      AuditPostgres.pipe(
        Layer.provideMerge(PlatformTimePostgres),
        Layer.provideMerge(Postgres({ url: Redacted.make(database.url), connections: 4 }))
      )
    )
  let runtime: ReturnType<typeof platform>
  beforeAll(async () => {
    database = await freshDatabase()
    await letClockMove(database.url)
    owner = new SQL(database.url, { max: 3 })
    runtime = platform()
  })
  afterAll(async () => {
    await runtime?.dispose()
    await owner?.close()
    await database?.drop()
  })

  const act = (subject: string) => ({
    requestId: `req_${crypto.randomUUID()}`,
    sessionId: "ses_1",
    subjectId: SubjectId.make(subject),
    role: "operator" as const,
    dealershipId: null,
    method: "POST",
    route: "/api/operator/outbox/:commandId/retry",
    objects: ["order/ord_1#2.0", "ord_1"],
    reason: "because"
  })
  const begin = (subject: string) => runtime.runPromise(Audit.use((audit) => audit.begin(act(subject))))
  const sealAll = async () => {
    let all = 0
    for (let n = await runtime.runPromise(seal()); n > 0; n = await runtime.runPromise(seal())) all += n
    return all
  }
  const links = async () =>
    (await owner`SELECT position::int, source, source_position::int AS row, encode(entry, 'hex') AS entry, encode(hash, 'hex') AS hash FROM audit_chain ORDER BY position`) as ReadonlyArray<{
      position: number
      source: string
      row: number
      entry: string
      hash: string
    }>

  test("takes the rows of every log, each once, in one unbroken line", async () => {
    await begin("sub_1")
    await owner`INSERT INTO security_log (at, kind, subject_id, detail) VALUES (now(), 'SignedIn', 'sub_1', 'operator')`
    await owner`INSERT INTO operator_acts (at, by, act, target, reason) VALUES (now(), 'sub_1', 'retry', 'order/ord_1#2.0', 'because')`
    await owner`INSERT INTO audit_outcomes (request_id, at, status) VALUES ('req_x', now(), 200)`
    await owner`
      INSERT INTO purchase_file_reads (at, customer_id, by_subject_id, role, what) VALUES (now(), 'sub_2', 'sub_1', 'operator', 'record')`
    expect(await sealAll()).toBe(5)
    expect(await sealAll()).toBe(0)
    const all = await links()
    expect(all.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4, 5])
    expect(all.map(({ source }) => source)).toEqual([
      "beginning",
      ...["audit", "audit_outcomes", "operator_acts", "purchase_file_reads", "security_log"]
    ])
    for (const [n, { entry, hash }] of all.entries())
      if (n > 0) {
        const bytes = Buffer.concat([Buffer.from(all[n - 1]!.hash, "hex"), Buffer.from(entry, "hex")])
        expect(createHash("sha256").update(bytes).digest("hex")).toBe(hash)
      }
  })

  test("misses no row that commits late, behind others that came after it", async () => {
    const late = await owner.reserve()
    await late`BEGIN`
    const [{ position }] = await late`
      INSERT INTO security_log (at, kind, detail) VALUES (now(), 'SignedIn', 'late') RETURNING position::int`
    await owner`INSERT INTO security_log (at, kind, detail) VALUES (now(), 'SignedIn', 'early')`
    expect(await sealAll()).toBe(1)
    await late`COMMIT`
    late.release()
    expect(await sealAll()).toBe(1)
    expect((await links()).slice(-2).map(({ row }) => row)).toEqual([position + 1, position])
  })

  test("is sealed by one process at a time: three at once make one line", async () => {
    await Promise.all(Array.from({ length: 60 }, (_, n) => begin(`sub_${n}`)))
    const others = [platform(), platform()]
    const before = (await links()).length
    let sealed = 0
    while (sealed < 60) for (const n of await Promise.all([runtime, ...others].map((one) => one.runPromise(seal())))) sealed += n
    const all = await links()
    expect(all.length).toBe(before + 60)
    expect(all.map(({ position }) => position)).toEqual(all.map((_, n) => n))
    await Promise.all(others.map((one) => one.dispose()))
  })

  test("goes to the witness at once, and then with every ten minutes that brought something", async () => {
    const notary = await open()
    const carry = () => runtime.runPromise(deposit(Redacted.make(key)).pipe(Effect.provide(AuditWitnessHttp({ url: notary.url }))))
    const all = await links()
    expect(await carry()).toBe(all.length - 1)
    expect(await carry()).toBe(0)
    await begin("sub_3")
    await sealAll()
    expect(await carry()).toBe(0) // It may wait.
    await runtime.runPromise(PlatformTime.use((time) => time.advance(10 * 60_000)))
    expect(await carry()).toBe(1)
    const known = heads(notary)
    expect(known.map(({ position, hash }) => [position, hash])).toEqual([
      [all.length - 1, all.at(-1)!.hash],
      [all.length, (await links()).at(-1)!.hash]
    ])
    const kept = await owner`SELECT position::int, signed FROM audit_heads ORDER BY position`
    expect(kept.map(({ signed }: any) => signed)).toEqual(known.map(({ signed }) => signed))
    expect(await openHead(kept[1].signed, key.publicKey)).toMatchObject({ chain: all[0]!.hash, position: all.length })
    expect(await openHead(kept[1].signed, stranger.publicKey)).toBeNull()
  })

  test("is checked by a command, against the heads that somebody outside has kept", async () => {
    const folder = mkdtempSync(join(tmpdir(), "heads-"))
    const asked = async (heads: ReadonlyArray<string>, by: string, url = database.url) => {
      await Bun.write(join(folder, "heads"), `${heads.join("\n")}\n`)
      const program = Bun.spawn(
        [process.execPath, join(import.meta.dir, "..", "..", "src", "cli.ts"), "verify-audit", join(folder, "heads"), "--key", by],
        { env: { ...process.env, DATABASE_URL: url }, stdio: ["ignore", "pipe", "pipe"] }
      )
      return { said: await new Response(program.stdout).text(), code: await program.exited }
    }
    const other = await freshDatabase()
    try {
      const kept = (await owner`SELECT signed FROM audit_heads ORDER BY position`).map(({ signed }: any) => signed)
      expect(kept.length).toBe(2)
      expect(await asked(kept, key.publicKey)).toMatchObject({ code: 0, said: expect.stringContaining("heads     2 of 2") })
      expect(await asked(kept, stranger.publicKey)).toMatchObject({
        code: 1,
        said: expect.stringContaining("Line 1 is no head of ours, by this key")
      })
      expect(await asked(kept, key.publicKey, other.url)).toMatchObject({
        code: 1,
        said: expect.stringContaining("the chain has nothing there")
      })
      expect((await asked(kept, "no key")).code).toBe(2)
      expect((await asked(kept, folder)).code).toBe(2) // Not 1, by which a script knows that something is off.
      expect(await asked([], key.publicKey)).toEqual({ code: 2, said: "" }) // Held against nothing, any chain holds.
    } finally {
      rmSync(folder, { recursive: true })
      await other.drop()
    }
  })

  test("is refused by the witness where somebody has changed what it knows", async () => {
    const notary = await open()
    const carry = () =>
      runtime.runPromise(Effect.flip(deposit(Redacted.make(key)).pipe(Effect.provide(AuditWitnessHttp({ url: notary.url })))))
    await begin("sub_4")
    await sealAll()
    await runtime.runPromise(PlatformTime.use((time) => time.advance(10 * 60_000)))
    expect(await carry()).toEqual(new HeadRefused({ reason: "unknown_position" })) // This notary never heard of the heads before.
  })

  test("is no alarm where two gateways bring heads at once, and the later is there first", async () => {
    const notary = await open()
    await owner`DELETE FROM audit_heads`
    const carry = () => runtime.runPromise(deposit(Redacted.make(key)).pipe(Effect.provide(AuditWitnessHttp({ url: notary.url }))))
    notary.misbehave({ fault: "delayWork", ms: 700 })
    const slow = carry()
    await Bun.sleep(200)
    await begin("sub_5")
    await sealAll()
    expect(await carry()).toBeGreaterThan(60)
    expect(await slow).toBe(0)
    expect(notary.ledger().map(({ kind }) => kind)).toEqual(["head", "refusal"])
  })

  test("may be added to by the platform's role, and never changed", async () => {
    for (const statement of [
      "UPDATE audit SET subject_id = 'sub_9'",
      "DELETE FROM audit",
      "UPDATE audit_chain SET hash = entry",
      "DELETE FROM audit_chain",
      "DELETE FROM audit_outcomes",
      "DELETE FROM audit_heads",
      "INSERT INTO audit_unsealed VALUES ('audit', 1)"
    ]) {
      const role = await owner.reserve()
      await role.unsafe("SET ROLE caas_app")
      expect(
        await role.unsafe(statement).then(
          () => "done",
          ({ errno }) => errno
        )
      ).toBe("42501")
      await role.unsafe("RESET ROLE")
      role.release()
    }
  })
})

test("outcomes are written by the batch, the last of them when a process ends", async () => {
  const database = await freshDatabase()
  const sql = new SQL(database.url, { max: 1 })
  try {
    const runtime = ManagedRuntime.make(
      AuditPostgres.pipe(
        Layer.provideMerge(PlatformTimePostgres),
        Layer.provideMerge(Postgres({ url: Redacted.make(database.url), connections: 2 }))
      )
    )
    await runtime.runPromise(
      Audit.use((audit) => Effect.sync(() => Array.from({ length: 1_500 }, (_, n) => audit.ended(`req_${n}`, 200))))
    )
    await runtime.dispose()
    expect((await sql`SELECT count(*)::int AS n FROM audit_outcomes`)[0].n).toBe(1_500)
  } finally {
    await sql.close()
    await database.drop()
  }
})
