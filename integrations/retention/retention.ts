/** How long papers are kept: class by class and country by country, the law that says so, and when a key has to be destroyed. Data, for counsel to read. */
import { Schema } from "effect"
import type { Country } from "#machines/vocabulary.ts"

/** By what obliges us to keep a paper, not by what it looks like. The names are stored. */
export const PaperClass = Schema.Literals(["tax", "contract", "registration", "letter"])
export type PaperClass = typeof PaperClass.Type

export interface Term {
  /** Whole years, counted from the end of the calendar year of the paper. */
  readonly years: number
  readonly law: string
  /** Read by an engineer, or a longer term chosen to be safe: counsel has not said yes to it. */
  readonly assumed: boolean
}

export interface Retention {
  readonly called: { readonly es: string; readonly en: string }
  /** `kept`: an erasure waits for the end of the term (GDPR art. 17(3)(b) and (e)). `gone`: nothing obliges us, so it goes with the erasure. */
  readonly onErasure: "kept" | "gone"
  readonly terms: Readonly<Record<Country, Term>>
}

const by = (years: number, law: string): Term => ({ years, law, assumed: false })
const assumed = (years: number, law: string): Term => ({ years, law, assumed: true })
const ours = (years: number): Readonly<Record<Country, Term>> => {
  const term = assumed(years, "GDPR art. 5(1)(e): as long as it serves the customer's own file")
  return { ES: term, DE: term, FR: term, PT: term, IT: term }
}

export const retention: Readonly<Record<PaperClass, Retention>> = {
  tax: {
    called: { es: "facturas y facturas rectificativas", en: "invoices and credit notes" },
    onErasure: "kept",
    terms: {
      ES: by(6, "Código de Comercio art. 30 (6 años; LGT art. 66: 4)"),
      DE: assumed(8, "AO § 147 (3), UStG § 14b: 8 Jahre seit 2025 (Bücher: 10)"),
      FR: by(10, "Code de commerce art. L123-22"),
      PT: assumed(10, "CIVA art. 52; CIRC art. 123"),
      IT: by(10, "Codice civile art. 2220")
    }
  },
  contract: {
    called: { es: "acuses de desistimiento", en: "acknowledgements of withdrawals" },
    onErasure: "kept",
    terms: {
      ES: by(6, "Código de Comercio art. 30 (correspondencia)"),
      DE: assumed(6, "HGB § 257 (4) (Handelsbriefe)"),
      FR: assumed(10, "Code de la consommation art. L213-1, D213-2 (contrat électronique)"),
      PT: assumed(10, "Código Comercial art. 40"),
      IT: by(10, "Codice civile art. 2220 (corrispondenza)")
    }
  },
  registration: {
    called: { es: "copias de documentos para matricular", en: "copies of registration papers" },
    onErasure: "gone",
    terms: ours(2)
  },
  letter: { called: { es: "cartas y avisos", en: "letters and notices" }, onErasure: "gone", terms: ours(3) }
}

/** The first moment at which nothing obliges us any more: the beginning of the year after the last one it is kept for, UTC. */
export const keptUntil = (paperClass: PaperClass, country: Country, year: number): Date =>
  new Date(Date.UTC(year + retention[paperClass].terms[country].years + 1, 0, 1))
