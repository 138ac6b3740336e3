/** A paper we made for a customer is kept once per command, under the hash of its bytes, and nobody changes it afterwards. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { createHash } from "node:crypto"
import { SQL } from "bun"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { sealAllClear } from "#integrations/paper-vault/clear.ts"
import { PaperVault } from "#integrations/paper-vault/paper-vault.ts"
import { PaperVaultPostgres } from "#integrations/paper-vault/postgres.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { PlatformTime } from "#integrations/postgres/time.ts"
import { PurchaseFilePostgres } from "#integrations/purchase-file/postgres.ts"
import { type NewPaper, PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import { ActivationId, OrderId, SubjectId } from "#machines/vocabulary.ts"
import { type Database, freshDatabase } from "#tests/database.ts"

const noon = Date.parse("2026-03-02T12:00:00.000Z")
const Time = Layer.succeed(PlatformTime, PlatformTime.of({ now: () => noon, advance: () => Effect.void }))
const invoice: NewPaper = {
  subjectId: SubjectId.make("sub_ana"),
  country: "ES",
  kind: "invoice",
  title: "Factura ES-2026-000042",
  mediaType: "application/pdf",
  bytes: Buffer.from("%PDF-1.7 42"),
  orderId: OrderId.make("ord_1"),
  activationId: null,
  vin: null
}
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")

const runtimeOn = (url: string) =>
  ManagedRuntime.make(
    PurchaseFilePostgres.pipe(
      Layer.provideMerge(PaperVaultPostgres({ key: Redacted.make(new Uint8Array(32).fill(7)) })),
      Layer.provideMerge(Layer.mergeAll(Postgres({ url: Redacted.make(url), connections: 4 }), Time))
    )
  )

let database: Database
let owner: SQL
let runtime: ReturnType<typeof runtimeOn>

beforeAll(async () => {
  database = await freshDatabase()
  owner = new SQL(database.url, { max: 1 })
  runtime = runtimeOn(database.url)
})
afterAll(async () => {
  await runtime.dispose()
  await owner.close()
  await database.drop()
})

const keep = (id: string, paper: Partial<NewPaper> = {}) =>
  runtime.runPromise(PurchaseFile.use((file) => file.keep({ ...invoice, ...paper }, id)))
const bytesOf = (documentId: string) => runtime.runPromise(PurchaseFile.use((file) => file.bytesOf(documentId)))
const rows = (id: string) => owner`SELECT * FROM purchase_papers WHERE command_id = ${id}`

describe("a paper of a purchase file", () => {
  test("is kept with its bytes under their hash", async () => {
    const kept = await keep("order/ord_1#7.0")
    expect(kept).toEqual({ documentId: expect.stringMatching(/^doc_[0-9a-f]{32}$/), sha256: sha256(invoice.bytes) })
    const [row] = await rows("order/ord_1#7.0")
    expect(Buffer.from((await bytesOf(kept.documentId))!).equals(Buffer.from(invoice.bytes))).toBe(true)
    expect(row).toMatchObject({ document_id: kept.documentId, subject_id: "sub_ana", kind: "invoice", order_id: "ord_1", size: 11 })
    expect(row.at).toEqual(new Date(noon))
  })

  test("made twenty times at once, each time with other bytes, is the first one for everybody", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => keep("order/ord_1#8.0", { bytes: Buffer.from(`%PDF-1.7 made at second ${n}`) }))
    )
    const [row, ...others] = await rows("order/ord_1#8.0")
    expect(others).toEqual([])
    const bytes = (await bytesOf(row.document_id))!
    for (const answer of answers) expect(answer).toEqual({ documentId: row.document_id, sha256: sha256(bytes) })
  })

  test("of another command is another paper, though not a byte differs", async () => {
    const activationId = ActivationId.make("act_1")
    const [one, other] = [
      await keep("activation/V/act_1#2.0", { activationId }),
      await keep("activation/V/act_1#3.0", { activationId })
    ]
    expect(one.sha256).toBe(other.sha256)
    expect(one.documentId).not.toBe(other.documentId)
  })

  test("that is empty or larger than 10 MiB is a mistake of whoever made it", async () => {
    await expect(keep("order/ord_1#9.0", { bytes: new Uint8Array() })).rejects.toThrow()
    await expect(keep("order/ord_1#9.0", { bytes: new Uint8Array(10 * 1024 * 1024 + 1) })).rejects.toThrow()
    expect([...(await rows("order/ord_1#9.0"))]).toEqual([])
  })

  test("is what its hash says, and is neither changed nor taken away by the platform's role", async () => {
    await keep("order/ord_1#10.0")
    await expect(
      Promise.resolve(
        owner`UPDATE purchase_papers SET bytes = 'other bytes', key_id = NULL, sealed = NULL WHERE command_id = 'order/ord_1#10.0'`
      )
    ).rejects.toThrow(/violates check constraint/)
    for (const change of ["UPDATE purchase_papers SET title = 'x'", "DELETE FROM purchase_papers"])
      await expect(
        owner.begin(async (tx) => {
          await tx.unsafe("SET LOCAL ROLE caas_app")
          await tx.unsafe(change)
        })
      ).rejects.toThrow(/permission denied/)
  })
})

describe("a paper under lock", () => {
  const drawer = { subjectId: SubjectId.make("sub_eva"), paperClass: "tax", country: "ES", at: new Date(noon) } as const
  const bytes = Buffer.from("%PDF-1.7 Eva's own")
  const seal = (more: Partial<Parameters<(typeof PaperVault)["Service"]["seal"]>[0]> = {}) =>
    runtime.runPromise(PaperVault.use((vault) => vault.seal({ ...drawer, ...more }, sha256(bytes), bytes)))
  const open = (paper: { readonly keyId: string; readonly sealed: Uint8Array }, hash = sha256(bytes)) =>
    runtime.runPromise(PaperVault.use((vault) => vault.open(paper, hash)))

  test("shares its key with those of the same person, class, country and year, and with no other", async () => {
    const keys = await Promise.all([seal(), seal(), seal()])
    expect(new Set(keys.map(({ keyId }) => keyId)).size).toBe(1)
    const others = [{ subjectId: SubjectId.make("sub_ines") }, { paperClass: "letter" }, { country: "DE" }] as const
    for (const other of [...others, { at: new Date("2027-01-01T00:00:00Z") }])
      expect((await seal(other)).keyId).not.toBe(keys[0]!.keyId)
    const [{ kept_until }] = await owner`SELECT kept_until FROM paper_keys WHERE key_id = ${keys[0]!.keyId}`
    expect(kept_until).toEqual(new Date("2033-01-01T00:00:00Z")) // Six years after the end of 2026.
  })

  test("opens to the same bytes; not with one of them changed, nor under another paper's hash or key", async () => {
    const paper = await seal()
    expect(Buffer.from((await open(paper))!).equals(bytes)).toBe(true)
    for (const place of [0, 12, paper.sealed.length - 1]) {
      const sealed = Uint8Array.from(paper.sealed)
      sealed[place]! ^= 1
      await expect(open({ ...paper, sealed })).rejects.toThrow(/does not open/)
    }
    await expect(open(paper, sha256(Buffer.from("another")))).rejects.toThrow(/does not open/)
    await expect(open({ ...paper, keyId: (await seal({ country: "FR" })).keyId })).rejects.toThrow(/does not open/)
  })

  test("that was kept in clear, before papers were sealed, is read as ever, and sealed in the background", async () => {
    const documentId = `doc_${"c".repeat(32)}`
    await owner`
      INSERT INTO purchase_papers (document_id, command_id, subject_id, kind, title, media_type, size, sha256, bytes, at)
      VALUES (${documentId}, 'clear#1.0', 'sub_eva', 'invoice', 'Factura', 'application/pdf', ${bytes.length}, ${sha256(bytes)}, ${bytes}, now())`
    expect(Buffer.from((await bytesOf(documentId))!).equals(bytes)).toBe(true)
    await runtime.runPromise(sealAllClear(null))
    const [row] = await rows("clear#1.0")
    expect([row.bytes, row.sealed.length, row.sha256]).toEqual([null, bytes.length + 28, sha256(bytes)])
    expect(Buffer.from((await bytesOf(documentId))!).equals(bytes)).toBe(true)
  })

  test("loses its key by one function alone, which asks whether the law's term is over or the person erased", async () => {
    const { keyId } = await seal({ paperClass: "letter" })
    const asApp = (text: string) =>
      owner.begin(async (tx) => {
        await tx.unsafe("SET LOCAL ROLE caas_app")
        await tx.unsafe(text)
      })
    await expect(asApp(`UPDATE paper_keys SET wrapped_key = NULL WHERE key_id = '${keyId}'`)).rejects.toThrow(/permission denied/)
    await expect(asApp(`DELETE FROM paper_keys WHERE key_id = '${keyId}'`)).rejects.toThrow(/permission denied/)
    await expect(asApp(`SELECT destroy_paper_key('${keyId}', 'retention')`)).rejects.toThrow(/is kept until/)
    await expect(asApp(`SELECT destroy_paper_key('${keyId}', 'erasure')`)).rejects.toThrow(/does not go with an erasure/)
    await expect(asApp("UPDATE persons SET ciphertext = NULL")).rejects.toThrow(/permission denied/)
  })
})
