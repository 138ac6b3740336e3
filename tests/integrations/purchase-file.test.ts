/** A paper we made for a customer is kept once per command, under the hash of its bytes, and nobody changes it afterwards. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { createHash } from "node:crypto"
import { SQL } from "bun"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
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
      Layer.provide(PaperVaultPostgres({ key: Redacted.make(new Uint8Array(32).fill(7)) })),
      Layer.provide([Postgres({ url: Redacted.make(url), connections: 4 }), Time])
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
