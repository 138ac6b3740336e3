/** Why not, in plain words: every reason for which a car or a service refuses, with what would help. The compiler misses the one that is forgotten. */
import type { ActivationRefusal } from "#machines/activation.ts"
import type { Reason } from "#machines/eligibility.ts"
import type { VehicleRefusal } from "#machines/vehicle.ts"
import type { Language } from "./order-words.ts"

type Named = Reason | Exclude<VehicleRefusal, `${string}:${string}`> | ActivationRefusal | "NotOffered"
type Words = Readonly<Record<Language, string>>

const noSuch: Words = { en: "There is nothing here.", es: "Aquí no hay nada." } // A stranger is told no more.

/** "%" stands for what the reason is about. */
const reasons: Readonly<Record<Named, Words>> = {
  NotYourVehicle: noSuch,
  NotYourService: noSuch,
  NotTheOwner: noSuch,
  OtherDealership: noSuch,

  // Money.
  PaymentOverdue: {
    en: "A service is not paid for yet. Pay what is owed first; your car keeps what it has.",
    es: "Hay un servicio pendiente de pago. Pague primero lo que debe; su coche conserva lo que tiene."
  },
  ExposureLimitReached: {
    en: "Payments of yours have not arrived at the bank yet. Try again in a few days, or buy something smaller.",
    es: "Tiene pagos que aún no han llegado al banco. Inténtelo dentro de unos días, o contrate algo menor."
  },
  NothingOwed: { en: "Nothing is owed for this service.", es: "No debe nada por este servicio." },
  PaymentInProgress: {
    en: "The bank is being asked already. Wait for its answer.",
    es: "Ya se está consultando al banco. Espere su respuesta."
  },
  NoRiskCase: {
    en: "There is no such case. Look at the list of risk cases.",
    es: "No existe ese expediente. Mire la lista de riesgos."
  },
  RiskCaseClosed: { en: "This case is closed already.", es: "Este expediente ya está cerrado." },
  NotThisKindOfCase: {
    en: "A case of this kind does not end like that. Choose another resolution.",
    es: "Un expediente de este tipo no se cierra así. Elija otra resolución."
  },

  // Why a service is not open to a car.
  NoRoadToVehicle: {
    en: "We cannot reach this car. Ask your dealership.",
    es: "No podemos conectar con este coche. Consulte a su concesionario."
  },
  VehicleStolen: {
    en: "The car is reported stolen. End the report first.",
    es: "El coche está denunciado como robado. Retire antes la denuncia."
  },
  OptionAlreadyOwned: { en: "The car has this service already.", es: "El coche ya tiene este servicio." },
  PurchaseUnderWay: {
    en: "A purchase of this service is under way. Wait for its outcome.",
    es: "Hay una compra de este servicio en curso. Espere a su resultado."
  },
  TrialUsed: {
    en: "You have tried this service in this car already. Take it for a term.",
    es: "Ya ha probado este servicio en este coche. Contrátelo por un plazo."
  },
  NotForThisModel: { en: "This model does not have the equipment for it.", es: "Este modelo no tiene el equipamiento necesario." },
  NotHomologated: {
    en: "It is not approved in the country the car is registered in.",
    es: "No está homologado en el país en que está matriculado el coche."
  },
  Requires: { en: "It needs %, active in the car.", es: "Necesita %, activo en el coche." },
  ConflictsWith: { en: "It cannot run together with %.", es: "No puede funcionar junto con %." },
  MaintenanceOverdue: {
    en: "Maintenance is overdue: %. Have it done at an official workshop; you may go on using the car.",
    es: "El mantenimiento está vencido: %. Hágalo en un taller oficial; puede seguir usando el coche."
  },
  MaintenanceUnknown: {
    en: "The workshops do not answer at the moment, and this service needs their word. Try again later.",
    es: "Los talleres no contestan en este momento y este servicio necesita su confirmación. Inténtelo más tarde."
  },
  PaymentMethodMissing: { en: "Name a payment method.", es: "Indique un medio de pago." },
  NotOffered: {
    en: "We do not offer this service for this term. Take one from the car's options.",
    es: "No ofrecemos este servicio por ese plazo. Elija uno de las opciones del coche."
  },

  // The app and the car.
  AppNotLinked: { en: "Link the app to the car first.", es: "Vincule antes la aplicación al coche." },
  AlreadyLinked: {
    en: "The app is linked already. Unlink it to link another phone.",
    es: "La aplicación ya está vinculada. Desvincúlela para vincular otro teléfono."
  },
  NoPairingCode: { en: "Ask for a code on the car's screen first.", es: "Pida antes un código en la pantalla del coche." },
  PairingCodeExpired: {
    en: "The code is too old. Ask for a new one on the car's screen.",
    es: "El código ha caducado. Pida uno nuevo en la pantalla del coche."
  },
  PairingCodeUsed: {
    en: "The code was used. Ask for a new one on the car's screen.",
    es: "El código ya se ha usado. Pida uno nuevo en la pantalla del coche."
  },
  WrongPairingCode: { en: "That is not the code on the car's screen.", es: "Ese no es el código de la pantalla del coche." },
  NoRoadForCommands: {
    en: "This car cannot be controlled from the app.",
    es: "Este coche no se puede controlar desde la aplicación."
  },
  AlreadySent: { en: "This command was sent already.", es: "Esta orden ya se ha enviado." },

  // Theft and resale.
  AlreadyStolen: { en: "The theft is reported already.", es: "El robo ya está denunciado." },
  NotStolen: { en: "No theft is reported.", es: "No hay ningún robo denunciado." },
  AlreadyOwner: { en: "The buyer owns the car already.", es: "El comprador ya es el propietario del coche." },
  NotHandedOver: { en: "The car has not been handed over yet.", es: "El coche aún no se ha entregado." },
  AlreadyAssigned: { en: "Somebody else has bought this car.", es: "Otra persona ha comprado este coche." },
  OrderExists: { en: "This order had the car before.", es: "Este pedido ya tuvo el coche." },
  PlanDoesNotFitPrice: {
    en: "The plan does not fit the price of the car.",
    es: "El plan comercial no se ajusta al precio del coche."
  },

  // A service that was bought.
  AlreadyClosed: { en: "This service has closed already.", es: "Este servicio ya está cerrado." },
  WithdrawalPeriodExpired: {
    en: "The fourteen days in which you could withdraw are over.",
    es: "Han pasado los catorce días en que podía desistir."
  },
  NotActive: { en: "This service is not active.", es: "Este servicio no está activo." },
  NotRecurring: {
    en: "Only a recurring service can be cancelled; this one ends by itself or was bought for good.",
    es: "Solo se puede cancelar un servicio recurrente; este termina solo o es permanente."
  },
  NoSupportCase: { en: "There is no support case for it.", es: "No hay ningún caso de soporte." },
  SupportCaseClosed: { en: "This support case is closed.", es: "Este caso de soporte está cerrado." }
}

/** "Requires:snow-mode" is about snow-mode. */
const partsOf = (reason: string): readonly [name: string, about: string | null] => {
  const at = reason.indexOf(":")
  return at < 0 ? [reason, null] : [reason.slice(0, at), reason.slice(at + 1)]
}

/** "Requires:snow-mode" is a kind of no called "Requires". */
export const nameOfReason = (reason: string): string => partsOf(reason)[0]

/** Null where nobody wrote words for it. `about` stands in for what the reason itself names. */
export const reasonInWords = (reason: string, language: Language, about: string | null = partsOf(reason)[1]): string | null => {
  const name = nameOfReason(reason)
  if (!Object.hasOwn(reasons, name)) return null
  const words = reasons[name as Named][language]
  return about === null ? words.replace(/: %|%/, "") : words.replace("%", about)
}
