/** What happened to a car, in words, for whoever owned it then. What it reports of its services is told with those. */
import type { Language } from "./order-words.ts"

const happenings: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  VehicleMoved: { en: "The car is yours", es: "El coche es suyo" },
  LinkApp: { en: "Phone linked", es: "Teléfono vinculado" },
  UnlinkApp: { en: "Phone unlinked", es: "Teléfono desvinculado" },
  ReportTheft: { en: "Reported stolen", es: "Denunciado como robado" },
  EndTheft: { en: "Report of theft ended", es: "Denuncia de robo retirada" },
  TransferOwnership: { en: "The car changed hands", es: "El coche cambió de manos" }
}

export const vehicleHappenings: ReadonlyArray<string> = Object.keys(happenings)

/** Null for what an owner need not know of. */
export const vehicleHappening = (type: string, language: Language): string | null =>
  Object.hasOwn(happenings, type) ? happenings[type]![language] : null
