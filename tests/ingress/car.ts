/** A car as far as its signature goes, with code of its own: a key, and reports that are right unless a test says otherwise. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto"
import type { CarReport } from "#integrations/vehicle-trust/vehicle-trust.ts"
import { Vin } from "#machines/vocabulary.ts"

export type Told = { -readonly [Field in keyof CarReport]: CarReport[Field] }

export class Car {
  readonly vin: Vin
  readonly publicKey: string
  private readonly key: KeyObject
  counter = 0

  constructor(serial: number) {
    this.vin = Vin.make(`VSSZZZ5FZJR${String(serial).padStart(6, "0")}`)
    const { privateKey, publicKey } = generateKeyPairSync("ed25519")
    this.key = privateKey
    this.publicKey = publicKey.export({ format: "jwk" }).x!
  }

  /** Each is a later one than the one before. */
  report(more: Partial<Told> = {}): Told {
    const features = more.features ?? []
    return {
      v: 1,
      vin: this.vin,
      kind: "state",
      cfgVersion: 0,
      features,
      refused: [],
      waitingVersion: null,
      stateHash: createHash("sha256").update(JSON.stringify(features)).digest("hex"),
      bootId: "boot-1",
      counter: ++this.counter,
      at: "2026-03-02T09:00:00.000Z",
      pairing: null,
      done: [],
      ...more
    }
  }

  /** Any text, under any header, signed by this car. */
  sign(body: unknown, header: object = {}): string {
    const kid = createHash("sha256").update(Buffer.from(this.publicKey, "base64url")).digest("hex").slice(0, 16)
    const part = (value: unknown) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url")
    const text = `${part({ alg: "EdDSA", typ: "caas-report+jws", kid, ...header })}.${part(body)}`
    return `${text}.${sign(null, Buffer.from(text), this.key).toString("base64url")}`
  }

  says(more: Partial<Told> = {}): string {
    return this.sign(this.report(more))
  }
}

/** The receipt that these bytes are. */
export const receiptOf = (jws: string) => `rep_${createHash("sha256").update(jws).digest("hex")}`
