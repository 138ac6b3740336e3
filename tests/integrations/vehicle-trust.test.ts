/** What we sign a car believes, and what a car signs we believe: two codes that share no line, and what neither takes. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { createHash, createPublicKey, verify } from "node:crypto"
import { SQL } from "bun"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { type Fleet, startFleet } from "#integrations/fleet/fleet.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { signCatalogue } from "#integrations/vehicle-trust/catalogue.ts"
import { kidOf, signingKeyOf } from "#integrations/vehicle-trust/keys.ts"
import { VehicleTrustPostgres } from "#integrations/vehicle-trust/postgres.ts"
import { type ConfigDocument, VehicleTrust } from "#integrations/vehicle-trust/vehicle-trust.ts"
import { Vin } from "#machines/vocabulary.ts"
import { type Database, freshDatabase } from "#tests/database.ts"

const vin = Vin.make("VSSCAASZ1ZZ000007")
const other = Vin.make("VSSCAASZ1ZZ000008")
const seed = (byte: number) => Buffer.alloc(32, byte).toString("base64")
const config = signingKeyOf(seed(1))!
const offline = signingKeyOf(seed(2))!
const heating = { id: "Cabin.Seat.Heating", option: "seat-heating", activationId: "act_1", until: null }
const catalogue = await signCatalogue(offline, {
  v: 1,
  edition: 1,
  features: { [heating.id]: { models: ["Modelo Uno"], parameters: { level: { values: [2] } } } }
})
const hashOf = (text: string) => createHash("sha256").update(text).digest("hex")

let database: Database
let sql: SQL
let fleet: Fleet
let runtime: ReturnType<typeof runtimeOn>
const runtimeOn = (url: string) =>
  ManagedRuntime.make(
    VehicleTrustPostgres({ signingKey: Redacted.make(config), catalogue }).pipe(
      Layer.provide(Postgres({ url: Redacted.make(url), connections: 2 }))
    )
  )
const using = <A, E>(use: (trust: VehicleTrust["Service"]) => Effect.Effect<A, E>) => runtime.runPromise(VehicleTrust.use(use))
const refusal = (from: Vin, jws: string) => using((trust) => Effect.flip(trust.read(from, jws)))

beforeAll(async () => {
  database = await freshDatabase()
  sql = new SQL(database.url, { max: 1 })
  runtime = runtimeOn(database.url)
  fleet = await startFleet({ trust: { config: [config.publicKey], catalogue: [offline.publicKey] }, manual: true })
  for (const [position, car] of [vin, other].entries())
    await sql`
      INSERT INTO vehicle_keys (vin, public_key, link, partition, path, version, position, at)
      VALUES (${car}, ${fleet.build(car, "Modelo Uno", "ES").publicKey}, 'nats', 0, 'vehicle/x', 1, ${position}, now())`
})
afterAll(async () => {
  await runtime.dispose()
  await fleet.stop()
  await sql.close()
  await database.drop()
})

const document = (cfgVersion: number, more: Partial<ConfigDocument> = {}): ConfigDocument => ({
  v: 1,
  vin,
  cfgVersion,
  features: [{ ...heating, parameters: { level: 2 } }],
  onlyWhileParked: true,
  issuedAt: new Date(Date.now()).toISOString(),
  expiresAt: new Date(Date.now() + 60_000).toISOString(),
  bootId: null,
  catalogueHash: hashOf(catalogue),
  ...more
})
/** As a phone carries it: the envelope to the car, its receipt back. */
const carry = async (body: ConfigDocument) => {
  const envelope = await using((trust) =>
    Effect.map(trust.sign("caas-config+jws", body), (signed) => ({ document: signed, catalogue: trust.catalogue.jws }))
  )
  return fleet.car(vin).carry(JSON.stringify(envelope))
}

describe("a signature of ours", () => {
  test("is EdDSA under our key's name, over the very body", async () => {
    const notice = { v: 1, vin, notice: "ServiceActive", option: null, at: "2026-03-02T09:00:00.000Z", showWhen: "parked" } as const
    const jws = await using((trust) => trust.sign("caas-display+jws", notice))
    const [header, body, signature] = jws.split(".") as [string, string, string]
    const said = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString())
    expect(said(header)).toEqual({ alg: "EdDSA", typ: "caas-display+jws", kid: kidOf(config.publicKey) })
    expect(said(body)).toEqual(notice)
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: config.publicKey }, format: "jwk" })
    expect(verify(null, Buffer.from(`${header}.${body}`), key, Buffer.from(signature, "base64url"))).toBe(true)
  })

  test("travels with the catalogue that another key has signed, and with its hash", async () => {
    expect(await using((trust) => Effect.succeed(trust.catalogue))).toEqual({ jws: catalogue, hash: hashOf(catalogue) })
    expect(kidOf(offline.publicKey)).not.toBe(kidOf(config.publicKey))
  })

  test("is obeyed by a car, and the car's receipt is believed here under the hash of its bytes", async () => {
    const receipt = await carry(document(1))
    const { report, receiptId } = await using((trust) => trust.read(vin, receipt))
    expect(receiptId as string).toBe(`rep_${hashOf(receipt)}`)
    expect(report).toMatchObject({ vin, kind: "receipt", cfgVersion: 1, features: [heating], refused: [] })
    expect(report.stateHash).toBe(hashOf(JSON.stringify(report.features)))
  })
})

describe("a car's report", () => {
  test("is not believed from another car, from nobody's car, or when it is longer than 16 KiB", async () => {
    const receipt = await carry(document(2))
    expect(await refusal(other, receipt)).toMatchObject({ reason: "BadSignature" })
    expect(await refusal(Vin.make("VSSCAASZ1ZZ000009"), receipt)).toMatchObject({ reason: "UnknownVehicle" })
    expect(await refusal(vin, "x".repeat(16 * 1024 + 1))).toMatchObject({ reason: "TooLong" })
    expect(await refusal(vin, "x".repeat(16 * 1024))).toMatchObject({ reason: "NotAReport" })
  })

  test("is not believed under a key that came later: the factory's word stands", async () => {
    await expect(
      Promise.resolve(sql`
        INSERT INTO vehicle_keys (vin, public_key, link, partition, path, version, position, at)
        VALUES (${vin}, ${config.publicKey}, 'nats', 0, 'vehicle/x', 2, 0, now())`)
    ).rejects.toThrow(/vehicle_keys_vin_key|duplicate/)
  })

  test("of a car whose key is known is read without the database; of another it has to wait for it", async () => {
    const gone = await freshDatabase()
    const owner = new SQL(gone.url, { max: 1, onclose: () => {} })
    const { publicKey } = fleet.build(vin, "Modelo Uno", "ES")
    await owner`
      INSERT INTO vehicle_keys (vin, public_key, link, partition, path, version, position, at)
      VALUES (${vin}, ${publicKey}, 'nats', 0, 'vehicle/x', 1, 0, now())`
    await owner.close()
    const receipt = await carry(document(3))
    const alone = runtimeOn(gone.url)
    const read = (from: Vin) => alone.runPromise(Effect.result(VehicleTrust.use((trust) => trust.read(from, receipt))))
    expect(await read(vin)).toMatchObject({ _tag: "Success" })
    await gone.drop()
    expect(await read(vin)).toMatchObject({ _tag: "Success" })
    expect(await read(other)).toMatchObject({ _tag: "Failure", failure: { _tag: "KeysUnreachable" } })
    await alone.dispose()
  })
})
