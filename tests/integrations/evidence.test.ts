/** Money is taken only where a row says that the car did it: the very activation, by the very report. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { SQL } from "bun"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { Evidence, EvidenceMissing } from "#integrations/evidence/evidence.ts"
import { EvidencePostgres } from "#integrations/evidence/postgres.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { ActivationId, ReceiptId } from "#machines/vocabulary.ts"
import { type Database, freshDatabase } from "#tests/database.ts"

const receipt = ReceiptId.make(`rep_${"a".repeat(64)}`)
const otherReceipt = ReceiptId.make(`rep_${"b".repeat(64)}`)
const activation = ActivationId.make("act_1")

const runtimeOn = (url: string) =>
  ManagedRuntime.make(EvidencePostgres.pipe(Layer.provide(Postgres({ url: Redacted.make(url), connections: 4 }))))
let database: Database
let runtime: ReturnType<typeof runtimeOn>

beforeAll(async () => {
  database = await freshDatabase()
  runtime = runtimeOn(database.url)
  const owner = new SQL(database.url, { max: 1 })
  const turn = [1, "vehicle/VSSCAASZ1ZZ000001", 7, "2026-03-02T12:00:00.000Z", "VSSCAASZ1ZZ000001"]
  for (const [position, id] of [receipt, otherReceipt].entries())
    await owner.unsafe(
      `INSERT INTO vehicle_reports
         (partition, path, version, at, vin, position, receipt_id, evidence, cfg_version, state_hash, boot_id, counter, bytes)
       VALUES ($1, $2, $3, $4, $5, $6, $7, 'signedReceipt', 3, 'hash', 'boot', 1, 'jws')`,
      [...turn, position, id]
    )
  await owner.unsafe(
    `INSERT INTO evidence (partition, path, version, at, vin, position, receipt_id, activation_id, option, cfg_version)
     VALUES ($1, $2, $3, $4, $5, 2, $6, $7, 'streaming', 3)`,
    [...turn, receipt, activation]
  )
  await owner.close()
})
afterAll(async () => {
  await runtime.dispose()
  await database.drop()
})

const judged = (receiptId: ReceiptId, activationId: ActivationId) =>
  runtime.runPromise(
    Evidence.use((evidence) => evidence.require(receiptId, activationId)).pipe(
      Effect.match({ onFailure: (error): unknown => error, onSuccess: (): unknown => "found" })
    )
  )

test("evidence is found for the activation that the report confirmed", async () =>
  expect(await judged(receipt, activation)).toBe("found"))

test("evidence is missing for another activation, another report, and both", async () => {
  const other = ActivationId.make("act_2")
  expect(await judged(receipt, other)).toEqual(new EvidenceMissing({ receiptId: receipt, activationId: other }))
  expect(await judged(otherReceipt, activation)).toEqual(new EvidenceMissing({ receiptId: otherReceipt, activationId: activation }))
  expect(await judged(otherReceipt, other)).toBeInstanceOf(EvidenceMissing)
})

test("evidence is unreachable, and not missing, where the database does not answer", async () => {
  const lost = await freshDatabase()
  const elsewhere = runtimeOn(lost.url)
  try {
    const asked = () => elsewhere.runPromise(Effect.flip(Evidence.use((evidence) => evidence.require(receipt, activation))))
    expect(await asked()).toMatchObject({ _tag: "EvidenceMissing" })
    await lost.drop()
    expect(await asked()).toMatchObject({ _tag: "EvidenceUnreachable" })
  } finally {
    await elsewhere.dispose()
  }
})
