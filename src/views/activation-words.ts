/** Where a purchased service stands, in words: one card that is kept up to date, never one mail per try (CO-21). By the names of the chart's states. */
import type { Language } from "./order-words.ts"

type Words = Readonly<Record<Language, string>>
interface Standing {
  readonly is: Words
  readonly next: Readonly<Record<Language, string | null>>
}

const nothingToDo = { en: null, es: null }
const drive = {
  en: "Park the car where it has a signal; it is switched on by itself.",
  es: "Aparque el coche donde haya cobertura; se activa solo."
}

const states: Readonly<Record<string, Standing>> = {
  "pending.paying": { is: { en: "Your bank is being asked", es: "Estamos consultando a su banco" }, next: nothingToDo },
  "pending.configuring": {
    is: { en: "Your car has been told; we wait for its answer", es: "Su coche ya lo sabe; esperamos su respuesta" },
    next: nothingToDo
  },
  "pending.waitingForParking": {
    is: { en: "It starts as soon as you park", es: "Se activa en cuanto aparque" },
    next: drive
  },
  retry: {
    is: { en: "Your car has not answered yet; we try again", es: "Su coche aún no ha contestado; lo intentamos de nuevo" },
    next: drive
  },
  active: { is: { en: "Active in your car", es: "Activo en su coche" }, next: nothingToDo },
  "escalated.open": {
    is: {
      en: "Your car did not answer: support is looking into it, and you pay nothing",
      es: "Su coche no ha contestado: el soporte lo está revisando y usted no paga nada"
    },
    next: nothingToDo
  },
  "escalated.giving": {
    is: { en: "A gift: it starts when your car answers", es: "Un regalo: se activa cuando su coche conteste" },
    next: nothingToDo
  },
  "escalated.closed": {
    is: { en: "Support has closed the case; nothing was charged", es: "El soporte ha cerrado el caso; no se ha cobrado nada" },
    next: { en: "You may buy it again.", es: "Puede comprarlo de nuevo." }
  },
  withdrawn: { is: { en: "Withdrawn", es: "Desistido" }, next: nothingToDo },
  ended: { is: { en: "Ended", es: "Terminado" }, next: { en: "You may buy it again.", es: "Puede comprarlo de nuevo." } },
  cancelled: { is: { en: "Cancelled; nothing was charged", es: "Cancelado; no se ha cobrado nada" }, next: nothingToDo },
  declined: {
    is: { en: "Not paid, so not activated", es: "Sin pago, por lo que no se ha activado" },
    next: { en: "Try another payment method.", es: "Pruebe con otro medio de pago." }
  }
}

/** While the bank wants to hear from the customer, that comes first. */
const atTheBank: Standing = {
  is: { en: "Your bank wants you to confirm the payment", es: "Su banco le pide que confirme el pago" },
  next: { en: "Confirm it at the address shown.", es: "Confírmelo en la dirección indicada." }
}

/** What comes before where the service stands, because the customer has to do something about it. By the money's state. */
const moneyFirst: Readonly<Record<string, Standing>> = {
  confirming: {
    is: { en: "Your bank wants you to confirm this month's payment", es: "Su banco le pide que confirme el pago de este mes" },
    next: { en: "Confirm it at the address shown.", es: "Confírmelo en la dirección indicada." }
  },
  owed: {
    is: {
      en: "A payment did not go through; the service stays in your car",
      es: "Un pago no se ha podido cobrar; el servicio sigue en su coche"
    },
    next: { en: "Pay it with this or another method.", es: "Páguelo con este u otro medio de pago." }
  },
  uncollected: {
    is: {
      en: "A payment is overdue; the service stays in your car, and new ones wait until it is paid",
      es: "Hay un pago vencido; el servicio sigue en su coche, y los nuevos esperan a que lo pague"
    },
    next: { en: "Pay it with this or another method.", es: "Páguelo con este u otro medio de pago." }
  },
  refundFailed: {
    is: { en: "Your bank did not take the refund", es: "Su banco no ha aceptado la devolución" },
    next: { en: "We pay it out by transfer and will contact you.", es: "Se la pagaremos por transferencia; le contactaremos." }
  }
}

/** Told of a state this table does not know yet; a test keeps the table complete. */
const unknown: Standing = { is: { en: "In progress", es: "En curso" }, next: nothingToDo }

export const knownServiceStates = Object.keys(states)

export const serviceInWords = (service: string, money: string, language: Language) => {
  const known = Object.hasOwn(states, service) ? states[service]! : unknown
  const first = money === "actionRequired" && service === "pending.paying" ? atTheBank : moneyFirst[money]
  const { is, next } = first ?? known
  return { inWords: is[language], next: next[language] }
}

const happenings: Readonly<Record<string, Words>> = {
  OptionPurchased: { en: "Bought", es: "Comprado" },
  PaymentActionRequired: { en: "Your bank asks you to confirm", es: "Su banco le pide confirmación" },
  PaymentAuthorised: { en: "The amount is held, not taken", es: "Importe retenido, no cobrado" },
  MandateGranted: { en: "Payment method accepted", es: "Medio de pago aceptado" },
  PaymentDeclined: { en: "Payment declined", es: "Pago rechazado" },
  OptionDelayed: { en: "Your car has it and waits for parking", es: "Su coche lo tiene y espera a aparcar" },
  OptionRejected: { en: "Your car did not take it", es: "Su coche no lo ha aceptado" },
  OptionConfirmed: { en: "Confirmed by your car", es: "Confirmado por su coche" },
  PaymentCaptured: { en: "Paid", es: "Pagado" },
  PaymentVoided: { en: "The held amount was released", es: "Importe retenido liberado" },
  PaymentReturned: { en: "Payment returned", es: "Pago devuelto" },
  PaymentSettlementFailed: { en: "Your payment did not arrive", es: "Su pago no ha llegado" },
  PaymentDisputed: { en: "You disputed the payment with your bank", es: "Ha reclamado el pago a su banco" },
  RefundFailed: { en: "The refund did not arrive", es: "La devolución no ha llegado" },
  PayDebt: { en: "You paid what was owed", es: "Ha pagado lo pendiente" },
  RequestWithdrawal: { en: "You withdrew", es: "Ha desistido" },
  CancelService: { en: "You cancelled", es: "Ha cancelado" },
  ResolveSupportCase: { en: "Support closed the case", es: "El soporte ha cerrado el caso" },
  VehicleStolen: { en: "The car was reported stolen", es: "El coche fue denunciado como robado" },
  OwnershipChanged: { en: "The car changed hands", es: "El coche cambió de manos" }
}

export const serviceHappenings: ReadonlyArray<string> = Object.keys(happenings)

/** Null for what a customer need not know of: timers, settlements, repeated questions. */
export const serviceHappening = (type: string, language: Language): string | null =>
  Object.hasOwn(happenings, type) ? happenings[type]![language] : null

export const tryInWords = (language: Language): string =>
  language === "en" ? "A try without an answer from your car" : "Un intento sin respuesta de su coche"
