/** What each country asks of whoever registers a car: papers, the holder's fields, and the shape of its plates (S22.4). A new country is a new row. */
import type { Country } from "#machines/vocabulary.ts"
import { isAusweisnummer, isCodiceFiscale, isDniOrNie, isNif } from "./national-ids.ts"

/** The field's name is also its name in `NewRegistration.holder`. */
export type HolderField = "name" | "nationalId" | "street" | "postalCode" | "city"

export interface FieldRule {
  readonly field: HolderField
  readonly valid: (value: string) => boolean
  readonly source: string
}

export interface PaperRule {
  /** Its name in the document store and in `PapersMissing`. */
  readonly kind: string
  /** What the people at the counter call it. */
  readonly called: string
  readonly source: string
}

export interface CountryRules {
  readonly papers: ReadonlyArray<PaperRule>
  readonly holder: ReadonlyArray<FieldRule>
  /** Ordinary passenger cars, new registrations only, as the authority prints them. */
  readonly plate: { readonly pattern: RegExp; readonly example: string; readonly source: string }
}

const filled = (value: string) => value.trim().length > 0 && value.length <= 200
const shaped = (pattern: RegExp) => (value: string) => pattern.test(value)

const nameAndAddress = (source: string, postalCode: RegExp): ReadonlyArray<FieldRule> => [
  { field: "name", valid: filled, source },
  { field: "street", valid: filled, source },
  { field: "city", valid: filled, source },
  { field: "postalCode", valid: shaped(postalCode), source: "assumed: the national post's format" }
]

export const countries: { readonly [C in Country]: CountryRules } = {
  ES: {
    papers: [
      { kind: "identityDocument", called: "DNI, NIE o pasaporte", source: "DGT, Matriculación ordinaria (public page)" },
      { kind: "roadTaxReceipt", called: "justificante del IVTM", source: "RDLeg 2/2004, art. 99.1" },
      {
        kind: "registrationTaxForm",
        called: "modelo 576, 05 o 06",
        source: "Ley 38/1992, art. 65; DGT, Matriculación ordinaria (public page)"
      }
    ],
    holder: [
      ...nameAndAddress("DGT, Matriculación ordinaria (public page)", /^(0[1-9]|[1-4]\d|5[0-2])\d{3}$/),
      {
        field: "nationalId",
        valid: isDniOrNie,
        source: "RD 1065/2007, arts. 19 and 20; Ministerio del Interior, letra del DNI/NIE (public page)"
      }
    ],
    // Four digits, three letters, without vowels, Ñ and Q.
    plate: { pattern: /^\d{4} [BCDFGHJKLMNPRSTVWXYZ]{3}$/, example: "0001 MBB", source: "RD 2822/1998, annex XVIII" }
  },
  DE: {
    papers: [
      { kind: "identityDocument", called: "Personalausweis oder Reisepass", source: "FZV 2023, § 6" },
      { kind: "insuranceConfirmation", called: "elektronische Versicherungsbestätigung (eVB)", source: "FZV 2023, § 49" },
      { kind: "taxDirectDebit", called: "SEPA-Mandat für die Kraftfahrzeugsteuer", source: "KraftStG, § 13 (1)" }
    ],
    holder: [
      ...nameAndAddress("FZV 2023, § 6", /^\d{5}$/),
      {
        field: "nationalId",
        valid: isAusweisnummer,
        source: "PAuswG, § 2 (8); check digit as in ICAO Doc 9303. That the portal asks for it: assumed"
      }
    ],
    // District, one or two letters, a number of at most four digits, E for electric: at most eight characters in all.
    plate: {
      pattern: /^(?=(?:[A-ZÄÖÜ\d][- ]?){1,8}$)[A-ZÄÖÜ]{1,3}-[A-Z]{1,2} [1-9]\d{0,3}E?$/,
      example: "B-CA 1001",
      source: "FZV 2023, §§ 9–12 and annexes; the hyphen as it is commonly written"
    }
  },
  FR: {
    papers: [
      {
        kind: "identityDocument",
        called: "justificatif d'identité",
        source: "Préfecture de police, pièces constitutives (public page)"
      },
      {
        kind: "proofOfAddress",
        called: "justificatif de domicile de moins de six mois",
        source: "Préfecture de police, pièces constitutives (public page)"
      },
      {
        kind: "insuranceCertificate",
        called: "attestation d'assurance",
        source: "Code des assurances, art. L211-1; asked for at registration: service-public.fr"
      },
      {
        kind: "registrationRequest",
        called: "demande d'immatriculation, cerfa 13749",
        source: "service-public.fr, formulaire 13749"
      }
    ],
    holder: nameAndAddress("Arrêté du 9 février 2009, immatriculation des véhicules", /^\d{5}$/), // No national number is asked for.
    // SIV: two letters, three digits, two letters, without I, O, U; never SS, and WW is provisional.
    plate: {
      pattern: /^(?!SS|WW)[A-HJ-NP-TV-Z]{2}-(?!000)\d{3}-(?!SS)[A-HJ-NP-TV-Z]{2}$/,
      example: "GA-001-AA",
      source: "Arrêté du 9 février 2009, modalités d'immatriculation (SIV)"
    }
  },
  PT: {
    papers: [
      { kind: "identityDocument", called: "cartão de cidadão", source: "assumed: IMT, pedido de matrícula" },
      { kind: "registrationTaxReceipt", called: "comprovativo do ISV (DAV)", source: "Lei 22-A/2007, Código do ISV, art. 17" },
      { kind: "registrationRequest", called: "modelo 9 do IMT", source: "assumed: IMT, pedido de matrícula" }
    ],
    holder: [
      ...nameAndAddress("assumed: IMT, pedido de matrícula", /^\d{4}-\d{3}$/),
      { field: "nationalId", valid: isNif, source: "DL 14/2013 (NIF); check digit as published by the Autoridade Tributária" }
    ],
    // Since March 2020: two letters, two digits, two letters; K, W and Y among them; spaces where the hyphens were.
    plate: { pattern: /^[A-Z]{2} \d{2} [A-Z]{2}$/, example: "BA 01 AA", source: "DL 54/2005, art. 3, and DL 2/2020" }
  },
  IT: {
    papers: [
      { kind: "identityDocument", called: "documento di identità", source: "assumed: STA, prima immatricolazione" },
      { kind: "registrationRequest", called: "istanza unificata", source: "D.Lgs. 98/2017 (documento unico)" },
      {
        kind: "certificateOfConformity",
        called: "certificato di conformità",
        source: "D.Lgs. 285/1992 (Codice della strada), arts. 76 and 93"
      }
    ],
    holder: [
      ...nameAndAddress("D.Lgs. 285/1992 (Codice della strada), art. 93", /^\d{5}$/),
      { field: "nationalId", valid: isCodiceFiscale, source: "DM 23 December 1976, no. 13813" }
    ],
    // Two letters, three digits, two letters, without I, O, Q, U.
    plate: {
      pattern: /^[A-HJ-NPR-TV-Z]{2} \d{3} [A-HJ-NPR-TV-Z]{2}$/,
      example: "GA 001 AA",
      source: "DPR 495/1992, arts. 255–257 and annexes; letters left out: assumed from published series"
    }
  }
}

/** The fields whose value is missing or not valid in that country; empty where all is well. For the door, before a sale is registered. */
export const invalidHolderFields = (country: Country, holder: Readonly<Record<string, string>>): ReadonlyArray<HolderField> =>
  countries[country].holder.filter(({ field, valid }) => !valid(holder[field] ?? "")).map(({ field }) => field)

/** Only what the country asks for: nothing else about a person leaves the house. */
export const holderFor = (country: Country, holder: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    countries[country].holder.flatMap(({ field }) => (holder[field] === undefined ? [] : [[field, holder[field]]]))
  )

export const isPlateOf = (country: Country, plate: string) => countries[country].plate.pattern.test(plate)
