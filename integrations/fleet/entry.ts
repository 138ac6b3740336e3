/** What the fleet writes down of itself: every document heard and why it was (not) obeyed, every switch, every word shown. */

/** Which way a message came: by the broker, by the API IoT, or by a phone beside the car. */
export type Way = "nats" | "apiIot" | "phone"

export type Happening =
  | { readonly kind: "built"; readonly model: string; readonly country: string; readonly publicKey: string; readonly link: string }
  /** `reason` of a refusal. The rest, from `document` on, is null where nobody we believe signed it for this car. */
  | {
      readonly kind: "document"
      readonly by: Way
      readonly verdict: "applied" | "waiting" | "refused"
      readonly reason: string | null
      readonly document: string | null
      readonly cfgVersion: number | null
      readonly issuedAt: string | null
      readonly expiresAt: string | null
      readonly namesThisBoot: boolean
      readonly flashVersion: number
      readonly highestVersion: number
    }
  /** `flashVersion`, `highestVersion`: before it. */
  | {
      readonly kind: "applied"
      readonly document: string
      readonly cfgVersion: number
      readonly flashVersion: number
      readonly highestVersion: number
      readonly parked: boolean
    }
  | ({ readonly kind: "on"; readonly why: "document" | "restored" } & Switched)
  | ({ readonly kind: "off"; readonly why: "document" | "ended" | "restored" } & Switched)
  /** One feature of a document that was taken otherwise. */
  | {
      readonly kind: "featureRefused"
      readonly cfgVersion: number
      readonly feature: string
      readonly option: string
      readonly activationId: string
      readonly reason: string
    }
  /** A new report, by the SHA-256 of its text; its repetitions are not written down. */
  | {
      readonly kind: "report"
      readonly report: "hello" | "receipt" | "state" | "pairing"
      readonly receiptId: string
      readonly counter: number
      readonly cfgVersion: number
    }
  | { readonly kind: "acknowledged"; readonly receiptId: string | null; readonly reason: string | null }
  | { readonly kind: "command"; readonly commandId: string | null; readonly act: string | null; readonly reason: string | null }
  | { readonly kind: "display"; readonly notice: string | null; readonly option: string | null; readonly reason: string | null }
  | { readonly kind: "reboot"; readonly bootId: string; readonly why: "told" | "flashRestored" | "clockSet" }

interface Switched {
  readonly feature: string
  readonly option: string
  readonly activationId: string
  readonly until: string | null
  readonly cfgVersion: number
}

/** `at`: when it really was. `carAt`: what the car believed. */
export type FleetEntry = Happening & { readonly at: string; readonly carAt: string; readonly vin: string }
