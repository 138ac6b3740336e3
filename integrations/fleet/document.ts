/** How a car judges a document it hears: who signed it, for whom, when, and whether all of it is in the catalogue. */
import type { Flash, Image, RefusedFeature, RunningFeature } from "./flash.ts"
import { objectOf, sha256 } from "./jws.ts"
import type { ElementState, SecureElement } from "./secure-element.ts"

export interface Document {
  readonly cfgVersion: number
  readonly features: ReadonlyArray<RunningFeature>
  readonly issuedAt: string
  readonly expiresAt: string
  readonly bootId: string | null
  /** SHA-256 of its signed text. */
  readonly hash: string
}

export type Judgement =
  | { readonly document: Document; readonly image: Image; readonly edition: number }
  /** `document`: where its signature holds and it is for this car. */
  | { readonly refused: string; readonly document: Document | null }

export interface Situation {
  readonly element: SecureElement
  readonly flash: Flash
  readonly bootId: string
  readonly time: number // By the car's own clock.
  readonly waitingVersion: number // Of a document it took and has not obeyed yet; 0: none.
}

const lengthLimit = 64 * 1024 // Of the envelope: what the broker lets through.
const featuresAtMost = 200

export const judged = (envelope: string, { element, flash, bootId, time, waitingVersion }: Situation): Judgement => {
  if (envelope.length > lengthLimit) return { refused: "TooLong", document: null }
  const { document: text, catalogue: catalogueText } = objectOf(envelope) ?? {}
  if (typeof text !== "string" || typeof catalogueText !== "string") return { refused: "NotAnEnvelope", document: null }
  const open = element.open("config", text)
  if ("reason" in open) return { refused: open.reason, document: null }
  const payload = open.payload as any
  if (payload?.v !== 1) return { refused: "NotADocument", document: null }
  const { state } = element
  if (payload.vin !== state.vin) return { refused: "OtherVehicle", document: null }
  const document = documentOf(payload, sha256(text))
  if (document === null) return { refused: "NotADocument", document: null }

  const no = (refused: string): Judgement => ({ refused, document })
  // The same version again only where the flash has lost what it wrote.
  const again = document.cfgVersion === state.highestVersion && flash.image.cfgVersion < state.highestVersion
  if ((document.cfgVersion <= state.highestVersion && !again) || document.cfgVersion < waitingVersion) return no("OldVersion")
  if (Date.parse(document.expiresAt) <= time && document.bootId !== bootId) return no("Expired")
  if (payload.catalogueHash !== sha256(catalogueText)) return no("OtherCatalogue")
  const openCatalogue = element.openCatalogue(catalogueText)
  if ("reason" in openCatalogue) return no(`Catalogue${openCatalogue.reason}`)
  const catalogue = openCatalogue.payload as any
  if (catalogue?.v !== 1 || !isNatural(catalogue.edition) || typeof catalogue.features !== "object") return no("NotACatalogue")
  if (catalogue.edition < state.highestEdition) return no("OldCatalogue")

  const refused: Array<RefusedFeature> = []
  const features = document.features.filter((feature) => {
    const reason = objection(feature, state, catalogue.features)
    if (reason !== null) refused.push({ id: feature.id, option: feature.option, activationId: feature.activationId, reason })
    return reason === null
  })
  const { edition } = catalogue
  const image: Image = {
    cfgVersion: document.cfgVersion,
    features,
    refused,
    catalogue: { edition, hash: payload.catalogueHash }
  }
  return { document, image, edition }
}

/** Why this feature is not switched on, whoever says so; null: nothing speaks against it. */
const objection = ({ id, parameters }: RunningFeature, { model }: ElementState, catalogue: any): string | null => {
  const known = Object.hasOwn(catalogue, id) ? catalogue[id] : undefined
  if (!Array.isArray(known?.models) || typeof known.parameters !== "object") return "UnknownFeature"
  if (!known.models.includes(model)) return "NotForThisModel"
  for (const [name, value] of Object.entries(parameters)) {
    const values = Object.hasOwn(known.parameters, name) ? known.parameters[name].values : undefined
    if (!Array.isArray(values) || !values.includes(value)) return "ParameterNotAllowed"
  }
  return null
}

const documentOf = (payload: any, hash: string): Document | null => {
  const { cfgVersion, features, issuedAt, expiresAt, bootId, onlyWhileParked } = payload
  if (!isNatural(cfgVersion) || !isInstant(issuedAt) || !isInstant(expiresAt) || onlyWhileParked !== true) return null
  if (bootId !== null && typeof bootId !== "string") return null
  if (!Array.isArray(features) || features.length > featuresAtMost || !features.every(isFeature)) return null
  const ids = features.map(({ id }) => id)
  if (new Set(ids).size !== ids.length) return null
  const inOrder = [...features].sort((a, b) => (a.id < b.id ? -1 : 1))
  return { cfgVersion, features: inOrder.map(plain), issuedAt, expiresAt, bootId, hash }
}

const plain = ({ id, option, activationId, until, parameters }: RunningFeature): RunningFeature => ({
  id,
  option,
  activationId,
  until,
  parameters
})
const isFeature = (one: any): one is RunningFeature =>
  [one?.id, one?.option, one?.activationId].every((name) => typeof name === "string") &&
  (one.until === null || isInstant(one.until)) &&
  typeof one.parameters === "object" &&
  one.parameters !== null
const isNatural = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
export const isInstant = (value: unknown): value is string =>
  typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) && !Number.isNaN(Date.parse(value))
