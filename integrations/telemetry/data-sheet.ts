/** What a buyer is told of a car's data before the contract, as data (Regulation (EU) 2023/2854, Data Act, art. 3(2) and (3)): what, how often, how long, where, who, and how to get at it. */
import type { Sample } from "./telemetry.ts"

interface Words {
  readonly es: string
  readonly en: string
}
interface Measured {
  readonly unit: string
  readonly called: Words
}

/** A higher number with every change: who has bought was told by an older one. */
export const dataSheetEdition = 1

/** Every field of a sample: the compiler asks for what is forgotten. */
export const measured: Readonly<Record<keyof Sample, Measured>> = {
  at: { unit: "ISO 8601, UTC", called: { es: "hora según el reloj del coche", en: "time by the car's clock" } },
  odometerMetres: { unit: "m", called: { es: "cuentakilómetros", en: "odometer" } },
  chargePercent: { unit: "%", called: { es: "carga de la batería", en: "charge of the battery" } },
  parked: { unit: "boolean", called: { es: "si está estacionado", en: "whether it is parked" } },
  cabinCelsius: { unit: "°C", called: { es: "temperatura del habitáculo", en: "temperature of the cabin" } }
}

export const dataSheet = (daysKept: number) => ({
  edition: dataSheetEdition,
  measured: Object.entries(measured).map(([field, { unit, called }]) => ({ field, unit, called })),
  alsoReported: {
    es: "Qué funciones tiene activas, en qué versión, firmado por el propio coche: prueba de cada servicio cobrado.",
    en: "Which features are active, in which version, signed by the car itself: the evidence of each service that is charged."
  },
  notCollected: {
    es: "Ni la posición, ni la conducción, ni quién va dentro.",
    en: "Neither its place, nor how it is driven, nor who is in it."
  },
  howOften: {
    es: "De forma continua mientras el coche tiene conexión, según él mismo decide; como mucho 32 muestras por segundo.",
    en: "Continuously while the car is connected, as it decides by itself; 32 samples a second at most."
  },
  daysKept,
  keptWhere: {
    es: "En nuestros servidores en la Unión Europea; nada se guarda en el coche para otros.",
    en: "On our servers in the European Union; nothing is stored in the car for others."
  },
  receivers: [
    { es: "Usted, y quien sea titular después solo lo suyo.", en: "You; who owns the car later has only what is theirs." },
    { es: "Nosotros, para mostrárselo y atenderle. A nadie más.", en: "We, to show it to you and to help you. Nobody else." }
  ],
  access: {
    live: "GET /api/me/vehicles/{vin}/data",
    export: "GET /api/me/vehicles/{vin}/data/export"
  }
})
