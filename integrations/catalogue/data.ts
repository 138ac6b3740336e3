/** The catalogue itself. A change of any number is a new edition. */
import type { Term } from "#machines/option-terms.ts"
import type { Country, Currency } from "#machines/vocabulary.ts"

/** Grows by one with every change of the rows below. */
export const edition = 2

/** VAT: the standard rates of 2026, which cars and services share. */
export const countries: Readonly<Record<Country, { readonly currency: Currency; readonly vatPercent: number }>> = {
  ES: { currency: "EUR", vatPercent: 21 },
  DE: { currency: "EUR", vatPercent: 19 },
  FR: { currency: "EUR", vatPercent: 20 },
  PT: { currency: "EUR", vatPercent: 23 },
  IT: { currency: "EUR", vatPercent: 22 }
}

/** Gross prices in minor units, VAT of the country included. The net prices are assumed. */
export const models: Readonly<Record<string, Readonly<Record<Country, number>>>> = {
  "Modelo Uno": { ES: 31_900_00, DE: 31_400_00, FR: 31_650_00, PT: 32_450_00, IT: 32_150_00 },
  "Modelo Dos": { ES: 44_900_00, DE: 44_150_00, FR: 44_550_00, PT: 45_650_00, IT: 45_250_00 }
}

export interface PlanRow {
  readonly depositMinor: number
  /** `confirmatory`: the deposit comes back once if we cannot deliver. `penitential`: twice (Código Civil 1454). */
  readonly depositKind: "confirmatory" | "penitential"
  readonly depositWindowDays: number
  readonly finalPaymentWindowDays: number
  readonly finalPaymentAttempts: number
  /** Services that the car's price includes, for the models that have the hardware (S5). */
  readonly bundle?: ReadonlyArray<{ readonly option: string; readonly term: Term }>
}

/** The sales plans (planes comerciales). Windows and attempts are plan data (D-8). */
export const plans: Readonly<Record<string, PlanRow>> = {
  base: {
    depositMinor: 1_000_00,
    depositKind: "confirmatory",
    depositWindowDays: 7,
    finalPaymentWindowDays: 15,
    finalPaymentAttempts: 3
  },
  plus: {
    depositMinor: 2_000_00,
    depositKind: "penitential",
    depositWindowDays: 7,
    finalPaymentWindowDays: 15,
    finalPaymentAttempts: 3,
    bundle: [
      { option: "streaming", term: { kind: "temporary", count: 1, unit: "month" } },
      { option: "heated-seats", term: { kind: "permanent" } }
    ]
  }
}
