/** Papers are what their bytes say, kept once, and listed with the order they belong to. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { createHash } from "node:crypto"
import { SQL } from "bun"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { Documents } from "#integrations/documents/documents.ts"
import { DocumentsPostgres } from "#integrations/documents/postgres.ts"
import { PaperVaultPostgres } from "#integrations/paper-vault/postgres.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { PlatformTime } from "#integrations/postgres/time.ts"
import { PurchaseFilePostgres } from "#integrations/purchase-file/postgres.ts"
import { PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import { OrderId, SubjectId } from "#machines/vocabulary.ts"
import { type Database, freshDatabase } from "#tests/database.ts"

const noon = Date.parse("2026-03-02T12:00:00.000Z")
const Time = Layer.succeed(PlatformTime, PlatformTime.of({ now: () => noon, advance: () => Effect.void }))
const seller = SubjectId.make("sub_seller")
const customerId = SubjectId.make("sub_ana")
const mib = 1024 * 1024

const bytes = (head: string | ReadonlyArray<number>, size = 64) => {
  const paper = new Uint8Array(size)
  paper.set(typeof head === "string" ? Buffer.from(head) : head)
  return paper
}
const pdf = (text: string, size?: number) => bytes(`%PDF-1.7 ${text}`, size)

const runtimeOn = (url: string) =>
  ManagedRuntime.make(
    Layer.mergeAll(DocumentsPostgres, PurchaseFilePostgres).pipe(
      Layer.provide(PaperVaultPostgres({ key: Redacted.make(new Uint8Array(32).fill(7)) })),
      Layer.provide([Postgres({ url: Redacted.make(url), connections: 4 }), Time])
    )
  )

let database: Database
let owner: SQL
let runtime: ReturnType<typeof runtimeOn>
let order = 0

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

const newOrder = () => OrderId.make(`ord_papers-${++order}`)
const keep = (orderId: OrderId, kind: string, paper: Uint8Array) =>
  runtime.runPromise(
    Documents.use((documents) => documents.keep({ orderId, customerId, country: "ES", kind, bytes: paper, by: seller })).pipe(
      Effect.catch(Effect.succeed)
    )
  )
const list = (orderId: OrderId) => runtime.runPromise(Documents.use((documents) => documents.listOf(orderId)))

describe("a paper", () => {
  test.each([
    ["application/pdf", pdf("contract")],
    ["image/jpeg", bytes([0xff, 0xd8, 0xff, 0xe0])],
    ["image/png", bytes([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])]
  ])("is kept as %s by its first bytes, under the hash of all of them", async (mediaType, paper) => {
    const orderId = newOrder()
    const sha256 = createHash("sha256").update(paper).digest("hex")
    expect(await keep(orderId, "identity", paper)).toEqual({ kind: "identity", sha256 })
    expect(await list(orderId)).toEqual([{ kind: "identity", sha256, mediaType, size: 64, at: "2026-03-02T12:00:00.000Z" }])
    const [row] = await owner`SELECT sealed, by FROM documents WHERE order_id = ${orderId}`
    expect(Buffer.from(row.sealed).includes(Buffer.from(paper.slice(0, 3)))).toBe(false)
    const opened = await runtime.runPromise(
      PurchaseFile.use((file) => file.registrationBytesOf({ orderId, kind: "identity", sha256 }))
    )
    expect(Buffer.from(opened!).equals(Buffer.from(paper))).toBe(true)
    expect(row.by).toBe(seller)
  })

  test.each([
    ["Empty", new Uint8Array()],
    ["NeitherPdfJpegNorPng", bytes("<html><script>alert(1)</script>")],
    ["NeitherPdfJpegNorPng", bytes(" %PDF-1.7")],
    ["NeitherPdfJpegNorPng", bytes([0xff, 0xd8], 2)],
    ["NeitherPdfJpegNorPng", bytes("PK\u0003\u0004")],
    ["LargerThan10MiB", pdf("", 10 * mib + 1)]
  ])("is refused with %s, and nothing is kept", async (reason, paper) => {
    const orderId = newOrder()
    expect(await keep(orderId, "identity", paper)).toMatchObject({ _tag: "DocumentRefused", reason })
    expect(await list(orderId)).toEqual([])
  })

  test("may have exactly 10 MiB", async () => {
    const orderId = newOrder()
    expect(await keep(orderId, "scan", pdf("", 10 * mib))).toMatchObject({ kind: "scan" })
    expect((await list(orderId))[0]!.size).toBe(10 * mib)
  })

  test("kept twenty times at once is kept once; another kind or order is another paper", async () => {
    const [one, other] = [newOrder(), newOrder()]
    await Promise.all(Array.from({ length: 20 }, () => keep(one, "contract", pdf("same"))))
    await keep(one, "invoice", pdf("same"))
    await keep(other, "contract", pdf("same"))
    expect((await list(one)).map(({ kind }) => kind)).toEqual(["contract", "invoice"])
    expect(await list(other)).toHaveLength(1)
  })

  test("is what its hash says: the table refuses bytes under another paper's hash", async () => {
    const sha256 = createHash("sha256").update(pdf("mine")).digest("hex")
    const forged = owner`
      INSERT INTO documents (order_id, kind, sha256, bytes, media_type, size, by, at)
      VALUES ('ord_forged', 'contract', ${sha256}, ${pdf("yours")}, 'application/pdf', 64, 'sub_x', now())`
    await expect(Promise.resolve(forged)).rejects.toThrow(/violates check constraint/)
  })
})
