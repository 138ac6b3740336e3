/** A yard with one car in it, the two keys it believes, and what can be signed with them: by the platform's own code, which the car does not share. */
import { createHash } from "node:crypto"
import { Schema } from "effect"
import { Car, type Surroundings } from "#integrations/fleet/car.ts"
import type { FleetEntry, Happening } from "#integrations/fleet/entry.ts"
import { blank } from "#integrations/fleet/flash.ts"
import { keyRing } from "#integrations/fleet/jws.ts"
import { manufacture } from "#integrations/fleet/secure-element.ts"
import { signJws, verifyJws } from "#integrations/vehicle-trust/jws.ts"
import { kidOf, type SigningKey, signingKeyOf, verifyingKeyOf } from "#integrations/vehicle-trust/keys.ts"
import { CarReport, ConfigDocument } from "#integrations/vehicle-trust/vehicle-trust.ts"
import { newKey } from "#src/devstack/vehicle-keys.ts"

export const vin = "VSSCAASZ1ZZ000007"
export const second = 1_000
export const minute = 60 * second
export const hour = 60 * minute
export const day = 24 * hour

export const config = signingKeyOf(newKey())!
export const offline = signingKeyOf(newKey())! // Signs catalogues.
export const stranger = signingKeyOf(newKey())!
export const trust = { config: [config.publicKey], catalogue: [offline.publicKey] }

export const catalogue = {
  v: 1,
  edition: 3,
  features: {
    "Cabin.Seat.Heating": { models: ["Modelo Uno", "Modelo Dos"], parameters: { level: { values: [1, 2, 3] } } },
    "Infotainment.Streaming": { models: ["Modelo Uno"], parameters: { enabled: { values: [true] } } },
    "Powertrain.Power.Boost": { models: ["Modelo Dos"], parameters: { percent: { values: [50] } } }
  }
}
export const hashOf = (text: string) => createHash("sha256").update(text).digest("hex")

export const heating = {
  id: "Cabin.Seat.Heating",
  option: "seat-heating",
  activationId: "act_1",
  until: null as string | null,
  parameters: { level: 2 } as Record<string, boolean | number | string>
}
export const streaming = {
  ...heating,
  id: "Infotainment.Streaming",
  option: "streaming",
  activationId: "act_2",
  parameters: { enabled: true }
}

/** What is said of a document besides what every document says. */
export interface Wording {
  readonly version?: number
  readonly features?: ReadonlyArray<typeof heating>
  readonly bootId?: string | null
  readonly livesFor?: number
  readonly issuedAt?: number
  readonly vin?: string
  readonly catalogue?: unknown
  readonly by?: SigningKey
  readonly catalogueBy?: SigningKey
  readonly typ?: string
  readonly more?: object
}

/** `document` and `catalogue`, as they travel. */
export const envelope = async (now: number, wording: Wording = {}) => {
  const { version = 1, features = [heating], bootId = null, livesFor = 15 * minute, issuedAt = now } = wording
  const catalogueJws = await signJws(wording.catalogueBy ?? offline, "caas-catalogue+jws", wording.catalogue ?? catalogue)
  const body = {
    v: 1,
    vin: wording.vin ?? vin,
    cfgVersion: version,
    features,
    onlyWhileParked: true,
    issuedAt: new Date(issuedAt).toISOString(),
    expiresAt: new Date(issuedAt + livesFor).toISOString(),
    bootId,
    catalogueHash: hashOf(catalogueJws),
    ...wording.more
  }
  if (wording.more === undefined) Schema.decodeUnknownSync(ConfigDocument)(body) // It is what the platform calls a document.
  const document = await signJws(wording.by ?? config, wording.typ ?? "caas-config+jws", body)
  return JSON.stringify({ document, catalogue: catalogueJws })
}

export const yard = () => {
  let now = Date.parse("2026-11-22T10:00:00.000Z")
  const entries: Array<Happening & Pick<FleetEntry, "at">> = []
  const said: Array<string> = []
  const element = manufacture({ vin, model: "Modelo Uno", country: "ES", link: "nats" })
  const around: Surroundings = {
    now: () => now,
    trust: { config: keyRing(trust.config), catalogue: keyRing(trust.catalogue) },
    note: (_, happening) => entries.push({ at: new Date(now).toISOString(), ...happening }),
    send: (_, leaf, text) => {
      if (leaf === "report") said.push(text)
      return false
    },
    reaches: () => {},
    keep: () => {}
  }
  const car = new Car({ element, image: blank }, around)
  const key = verifyingKeyOf(element.publicKey)
  /** As the platform reads it. */
  const read = async (text: string) => {
    const payload = await verifyJws(key, kidOf(element.publicKey), "caas-report+jws", text)
    if (payload === null) throw new Error("not signed by this car")
    return Schema.decodeUnknownSync(CarReport)(JSON.parse(payload), { onExcessProperty: "error" })
  }
  return {
    car,
    entries,
    said,
    now: () => now,
    pass: (millis: number) => {
      now += millis
      car.tick()
    },
    hears: async (wording?: Wording) => {
      car.hear("config", await envelope(now, wording), "nats")
    },
    /** What became of the last document. */
    verdict: () => {
      const last = entries.findLast((one) => one.kind === "document")!
      return last.reason ?? last.verdict
    },
    running: () => car.flash.image.features.map(({ id }) => id),
    of: <Kind extends Happening["kind"]>(kind: Kind) =>
      entries.filter((one): one is Extract<Happening, { kind: Kind }> & { at: string } => one.kind === kind),
    reports: () => Promise.all(said.map(read)),
    lastReport: () => read(said.at(-1)!)
  }
}
