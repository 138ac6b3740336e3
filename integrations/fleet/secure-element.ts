/** The part of a car that survives everything: its key, its name, whom it believes, and what must never go backwards. */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto"
import { type KeyRing, nameOf, type Opened, opened, signed } from "./jws.ts"

export type Link = "nats" | "apiIot"

/** As it is kept: plain JSON. */
export interface ElementState {
  readonly vin: string
  readonly model: string
  readonly country: string
  readonly link: Link
  readonly publicKey: string // Raw, base64url.
  readonly privateKey: string // PKCS 8, base64.
  highestVersion: number // Of a document it ever took.
  highestEdition: number // Of a catalogue.
  counter: number // Of its reports.
  trustedTime: number // The highest `issuedAt` that was signed for it, in milliseconds since 1970.
  odometerMetres: number
  /** Remote commands carried out, until they expire: nobody opens the doors twice with one click. */
  commands: ReadonlyArray<{ readonly id: string; readonly expiresAt: number }>
  lastNotice: { readonly at: number; readonly hash: string }
}

/** Whom cars believe: who may say what runs in them, and who may say what there is to run. */
export interface TrustList {
  readonly config: KeyRing
  readonly catalogue: KeyRing
}

export const manufacture = (car: Pick<ElementState, "vin" | "model" | "country" | "link">): ElementState => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519")
  return {
    ...car,
    publicKey: publicKey.export({ format: "jwk" }).x!,
    privateKey: privateKey.export({ format: "der", type: "pkcs8" }).toString("base64"),
    highestVersion: 0,
    highestEdition: 0,
    counter: 0,
    trustedTime: 0,
    odometerMetres: 40 * 1000,
    commands: [],
    lastNotice: { at: 0, hash: "" }
  }
}

export class SecureElement {
  private readonly key: KeyObject
  private readonly kid: string

  constructor(
    readonly state: ElementState,
    private readonly trust: TrustList
  ) {
    this.key = createPrivateKey({ key: Buffer.from(state.privateKey, "base64"), format: "der", type: "pkcs8" })
    this.kid = nameOf(state.publicKey)
  }

  sign(report: unknown): string {
    return signed("caas-report+jws", this.kid, report, this.key)
  }

  open(typ: "config" | "command" | "display" | "acknowledged", text: string): Opened {
    return opened(text, `caas-${typ}+jws`, this.trust.config)
  }

  openCatalogue(text: string): Opened {
    return opened(text, "caas-catalogue+jws", this.trust.catalogue)
  }
}
