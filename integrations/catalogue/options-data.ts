/** The options themselves, in the seed's six categories (CO-02). A change of any row is a new edition; what was bought keeps its own. */
import type { Category, Feature, Term } from "#machines/option-terms.ts"
import type { Country } from "#machines/vocabulary.ts"

/** Grows by one with every change of the rows below. Cars refuse a signed catalogue that is older than the one they know. */
export const optionsEdition = 1

/** Minor units, VAT of the country included. Of a recurring service: per month. All prices are assumed. */
type Price = Readonly<Record<Country, number>>

export interface OptionRow {
  readonly category: Category
  readonly name: { readonly en: string; readonly es: string }
  readonly features: ReadonlyArray<Feature>
  readonly models: ReadonlyArray<string> // That have the hardware.
  /** An offer is an option and one of its terms. */
  readonly offers: ReadonlyArray<{ readonly term: Term; readonly price: Price }>
  readonly requires: ReadonlyArray<string>
  readonly excludes: ReadonlyArray<string>
  /** Where its type approval holds, and how we know; null where none is needed (CO-41). */
  readonly homologation: { readonly countries: ReadonlyArray<Country>; readonly source: string } | null
  /** Closed while maintenance is overdue, or nobody can say (S16). */
  readonly maintenanceGated: boolean
  readonly retry: Retry
}

/** Retries after the first try, how long each try waits, and the wait before the first retry (four times as long before each further one). */
export interface Retry {
  readonly retries: number
  readonly acknowledgementSeconds: number
  readonly backoffSeconds: number
}

const prices = (ES: number, DE: number, FR: number, PT: number, IT: number): Price => ({ ES, DE, FR, PT, IT })
const free = prices(0, 0, 0, 0, 0)
const days = (count: number): Term => ({ kind: "temporary", count, unit: "day" })
const months = (count: number): Term => ({ kind: "temporary", count, unit: "month" })
const trial = (count: number): Term => ({ kind: "trial", count, unit: "day" })
const permanent: Term = { kind: "permanent" }
const recurring: Term = { kind: "recurring" }

/** Somebody sits in the car and waits: soon and often. 1, 4, 16, 64 minutes. */
const comfort: Retry = { retries: 4, acknowledgementSeconds: 60, backoffSeconds: 60 }
/** 5, 20, 80 minutes. */
const standard: Retry = { retries: 3, acknowledgementSeconds: 120, backoffSeconds: 300 }
/** It waits for parking anyhow: 15 minutes, 1 hour, 4 hours. */
const driving: Retry = { retries: 3, acknowledgementSeconds: 300, backoffSeconds: 900 }

const everyModel = ["Modelo Uno", "Modelo Dos"]
const everywhere: ReadonlyArray<Country> = ["ES", "DE", "FR", "PT", "IT"]
const wholeVehicle = "assumed: part of the vehicle's EU type approval"

export const options: Readonly<Record<string, OptionRow>> = {
  "power-plus": {
    category: "performance",
    name: { en: "Power +50 %", es: "Potencia +50 %" },
    features: [{ id: "Powertrain.Power.Boost", parameters: { percent: 50 } }],
    models: everyModel,
    offers: [
      { term: days(7), price: prices(89_00, 87_00, 88_00, 91_00, 90_00) },
      { term: months(1), price: prices(249_00, 245_00, 247_00, 253_00, 251_00) },
      { term: permanent, price: prices(2_990_00, 2_940_00, 2_965_00, 3_040_00, 3_015_00) }
    ],
    requires: [],
    excludes: ["power-start"],
    homologation: { countries: ["ES", "DE", "FR", "IT"], source: "assumed: Portugal registers the lower power only" },
    maintenanceGated: true,
    retry: driving
  },
  "power-start": {
    category: "performance",
    name: { en: "Power +25 %", es: "Potencia +25 %" },
    features: [{ id: "Powertrain.Power.Boost", parameters: { percent: 25 } }],
    models: everyModel,
    offers: [
      { term: trial(2), price: free },
      { term: months(1), price: prices(129_00, 127_00, 128_00, 131_00, 130_00) },
      { term: recurring, price: prices(99_00, 97_00, 98_00, 101_00, 100_00) }
    ],
    requires: [],
    excludes: ["power-plus"],
    homologation: { countries: everywhere, source: "assumed: inside the registered power" },
    maintenanceGated: true,
    retry: driving
  },
  "highway-pilot": {
    category: "autonomousDriving",
    name: { en: "Highway pilot", es: "Piloto de autopista" },
    features: [{ id: "ADAS.HighwayPilot", parameters: { maxSpeedKmh: 130 } }],
    models: ["Modelo Dos"],
    offers: [
      { term: months(1), price: prices(199_00, 196_00, 197_00, 202_00, 201_00) },
      { term: recurring, price: prices(159_00, 156_00, 157_00, 162_00, 160_00) }
    ],
    requires: ["adaptive-cruise", "lane-keeping"],
    excludes: [],
    homologation: { countries: ["DE", "FR"], source: "assumed: UN R157 in force, and national law allows its use" },
    maintenanceGated: true,
    retry: driving
  },
  "parking-pilot": {
    category: "autonomousDriving",
    name: { en: "Parking pilot", es: "Piloto de aparcamiento" },
    features: [{ id: "ADAS.ParkingPilot", parameters: { maxSpeedKmh: 5 } }],
    models: everyModel,
    offers: [
      { term: days(7), price: prices(19_00, 18_50, 18_75, 19_50, 19_25) },
      { term: permanent, price: prices(690_00, 679_00, 684_00, 701_00, 695_00) }
    ],
    requires: [],
    excludes: [],
    homologation: { countries: everywhere, source: "assumed: UN R79, remote-controlled parking" },
    maintenanceGated: true,
    retry: driving
  },
  "sport-mode": {
    category: "traction",
    name: { en: "Sport mode", es: "Modo deportivo" },
    features: [
      { id: "Chassis.SportMode", parameters: { damping: "firm" } },
      { id: "Chassis.StabilityControl.SportProgram", parameters: { late: true } }
    ],
    models: everyModel,
    offers: [
      { term: days(7), price: prices(39_00, 38_50, 38_75, 39_75, 39_50) },
      { term: permanent, price: prices(590_00, 580_00, 585_00, 600_00, 595_00) }
    ],
    requires: [],
    excludes: ["off-road-mode", "snow-mode"],
    homologation: { countries: everywhere, source: wholeVehicle },
    maintenanceGated: true,
    retry: driving
  },
  "snow-mode": {
    category: "traction",
    name: { en: "Snow mode", es: "Modo nieve" },
    features: [{ id: "Chassis.SnowMode", parameters: { gentleStart: true } }],
    models: everyModel,
    offers: [
      { term: days(7), price: prices(14_00, 13_75, 13_90, 14_25, 14_10) },
      { term: months(3), price: prices(49_00, 48_00, 48_50, 50_00, 49_50) }
    ],
    requires: [],
    excludes: ["sport-mode"],
    homologation: { countries: everywhere, source: wholeVehicle },
    maintenanceGated: false,
    retry: standard
  },
  "off-road-mode": {
    category: "traction",
    name: { en: "Off-road mode", es: "Modo todoterreno" },
    features: [{ id: "Chassis.OffRoadMode", parameters: { rideHeightMillimetres: 40 } }],
    models: ["Modelo Dos"],
    offers: [
      { term: days(7), price: prices(29_00, 28_50, 28_75, 29_50, 29_25) },
      { term: permanent, price: prices(490_00, 482_00, 486_00, 498_00, 494_00) }
    ],
    requires: [],
    excludes: ["sport-mode"],
    homologation: { countries: everywhere, source: wholeVehicle },
    maintenanceGated: true,
    retry: driving
  },
  "heated-seats": {
    category: "climate",
    name: { en: "Heated seats", es: "Asientos calefactados" },
    features: [{ id: "Cabin.Seat.Heating", parameters: { levels: 3 } }],
    models: everyModel,
    offers: [
      { term: trial(7), price: free },
      { term: months(3), price: prices(45_00, 44_25, 44_60, 45_75, 45_40) },
      { term: permanent, price: prices(350_00, 344_00, 347_00, 356_00, 353_00) }
    ],
    requires: [],
    excludes: [],
    homologation: null,
    maintenanceGated: false,
    retry: comfort
  },
  "climate-ahead": {
    category: "climate",
    name: { en: "Climate ahead of the journey", es: "Climatización anticipada" },
    features: [{ id: "Cabin.HVAC.Preconditioning", parameters: { minutes: 30 } }],
    models: everyModel,
    offers: [
      { term: months(1), price: prices(9_90, 9_75, 9_80, 10_10, 9_99) },
      { term: recurring, price: prices(7_90, 7_75, 7_80, 8_05, 7_95) }
    ],
    requires: [],
    excludes: [],
    homologation: null,
    maintenanceGated: false,
    retry: comfort
  },
  streaming: {
    category: "entertainment",
    name: { en: "Streaming", es: "Streaming" },
    features: [{ id: "Cabin.Infotainment.Streaming", parameters: { quality: "high" } }],
    models: everyModel,
    offers: [
      { term: trial(14), price: free },
      { term: months(1), price: prices(12_90, 12_70, 12_80, 13_10, 13_00) },
      { term: recurring, price: prices(9_90, 9_75, 9_80, 10_10, 9_99) }
    ],
    requires: [],
    excludes: [],
    homologation: null,
    maintenanceGated: false,
    retry: comfort
  },
  "concert-audio": {
    category: "entertainment",
    name: { en: "Concert audio", es: "Sonido de concierto" },
    features: [{ id: "Cabin.Infotainment.Audio", parameters: { profile: "concert", channels: 12 } }],
    models: everyModel,
    offers: [
      { term: days(7), price: prices(7_90, 7_75, 7_80, 8_05, 7_95) },
      { term: permanent, price: prices(290_00, 285_00, 287_00, 295_00, 292_00) }
    ],
    requires: [],
    excludes: [],
    homologation: null,
    maintenanceGated: false,
    retry: comfort
  },
  "lane-keeping": {
    category: "driverAssistance",
    name: { en: "Lane keeping", es: "Mantenimiento de carril" },
    features: [{ id: "ADAS.LaneKeeping", parameters: { intervention: "steer" } }],
    models: everyModel,
    offers: [
      { term: months(1), price: prices(29_00, 28_50, 28_75, 29_50, 29_25) },
      { term: recurring, price: prices(19_00, 18_75, 18_85, 19_30, 19_15) },
      { term: permanent, price: prices(590_00, 580_00, 585_00, 600_00, 595_00) }
    ],
    requires: [],
    excludes: [],
    homologation: { countries: everywhere, source: "assumed: UN R79, corrective steering" },
    maintenanceGated: false, // It makes a neglected car safer, not faster.
    retry: standard
  },
  "adaptive-cruise": {
    category: "driverAssistance",
    name: { en: "Adaptive cruise control", es: "Control de crucero adaptativo" },
    features: [{ id: "ADAS.CruiseControl", parameters: { adaptive: true, stopAndGo: true } }],
    models: everyModel,
    offers: [
      { term: days(7), price: prices(15_00, 14_75, 14_90, 15_25, 15_10) },
      { term: recurring, price: prices(24_00, 23_60, 23_80, 24_40, 24_20) },
      { term: permanent, price: prices(790_00, 777_00, 783_00, 803_00, 796_00) }
    ],
    requires: [],
    excludes: [],
    homologation: { countries: everywhere, source: wholeVehicle },
    maintenanceGated: true, // It brakes.
    retry: standard
  }
}
