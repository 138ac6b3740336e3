/** Where an order stands, in words: what is happening, who must act, and what the customer may do next. By the names of the chart's states. */
import type { PersonalData } from "#integrations/persons/persons.ts"

export type Language = PersonalData["language"]
export type Actor = "customer" | "dealer" | "factory" | "authority" | "carrier" | "us" | "nobody"

interface Words {
  readonly mustAct: Actor
  readonly is: Readonly<Record<Language, string>>
  readonly next: Readonly<Record<Language, string | null>>
}

const nothingToDo = { en: null, es: null }

const states: Readonly<Record<string, Words>> = {
  "reserved.awaitingDeposit": {
    mustAct: "customer",
    is: { en: "Waiting for your deposit", es: "A la espera de la señal" },
    next: { en: "Pay the deposit, or cancel free of charge.", es: "Pague la señal, o cancele sin coste." }
  },
  "reserved.ordering": {
    mustAct: "us",
    is: {
      en: "Deposit received; we are ordering your car from the factory",
      es: "Señal recibida; estamos pidiendo su coche a la fábrica"
    },
    next: nothingToDo
  },
  "reserved.orderUnknown": {
    mustAct: "us",
    is: { en: "Deposit received; the factory has not answered yet", es: "Señal recibida; la fábrica aún no ha contestado" },
    next: nothingToDo
  },
  "manufacturing.building": {
    mustAct: "factory",
    is: { en: "The factory is building your car", es: "La fábrica está construyendo su coche" },
    next: nothingToDo
  },
  "manufacturing.awaitingFinalPayment": {
    mustAct: "customer",
    is: { en: "Your car is ready; the final payment is due", es: "Su coche está listo; falta el pago final" },
    next: { en: "Pay the final amount before the date shown.", es: "Haga el pago final antes de la fecha indicada." }
  },
  "paid.registering": {
    mustAct: "authority",
    is: { en: "Paid; your car is being registered", es: "Pagado; su coche se está matriculando" },
    next: nothingToDo
  },
  "paid.papersMissing": {
    mustAct: "dealer",
    is: { en: "Paid; papers are missing for the registration", es: "Pagado; faltan documentos para la matriculación" },
    next: { en: "Bring the missing papers to your dealership.", es: "Lleve los documentos que faltan a su concesionario." }
  },
  "paid.portalDown": {
    mustAct: "us",
    is: {
      en: "Paid; the registration office does not answer, we keep asking",
      es: "Pagado; la oficina de matriculación no contesta, seguimos intentándolo"
    },
    next: nothingToDo
  },
  "registered.inTransit": {
    mustAct: "carrier",
    is: { en: "Registered and on its way", es: "Matriculado y en camino" },
    next: { en: "Keep the handover PIN at hand.", es: "Tenga a mano el PIN de entrega." }
  },
  "registered.returned": {
    mustAct: "carrier",
    is: { en: "You were not there; your car returns to the dealership", es: "No estaba; su coche vuelve al concesionario" },
    next: { en: "We tell you when it can be picked up.", es: "Le avisaremos cuando pueda recogerlo." }
  },
  "registered.awaitingPickup": {
    mustAct: "customer",
    is: { en: "Waiting for you at the dealership", es: "Le espera en el concesionario" },
    next: { en: "Pick it up; bring the handover PIN.", es: "Recójalo; lleve el PIN de entrega." }
  },
  delivered: { mustAct: "nobody", is: { en: "Handed over", es: "Entregado" }, next: nothingToDo },
  cancelled: { mustAct: "nobody", is: { en: "Cancelled", es: "Cancelado" }, next: nothingToDo },
  forfeited: {
    mustAct: "nobody",
    is: { en: "Closed; the deposit is lost", es: "Cerrado; la señal se ha perdido" },
    next: nothingToDo
  }
}

/** Told of a state this table does not know yet; a test keeps the table complete. */
const unknown: Words = { mustAct: "us", is: { en: "In progress", es: "En curso" }, next: nothingToDo }

export const knownStates = Object.keys(states)

export const wordsFor = (statePath: string, language: Language) => {
  const { mustAct, is, next } = Object.hasOwn(states, statePath) ? states[statePath]! : unknown
  return { mustAct, inWords: is[language], next: next[language] }
}

const happenings: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  RegisterSale: { en: "Order registered at the dealership", es: "Pedido registrado en el concesionario" },
  PayReservation: { en: "Deposit payment started", es: "Pago de la señal iniciado" },
  PayFinalAmount: { en: "Final payment started", es: "Pago final iniciado" },
  PaymentSucceeded: { en: "Payment received", es: "Pago recibido" },
  PaymentDeclined: { en: "Payment declined", es: "Pago rechazado" },
  PaymentReturned: { en: "Payment returned", es: "Pago devuelto" },
  FactoryAccepted: { en: "Ordered from the factory", es: "Pedido a la fábrica" },
  FactoryRefused: { en: "The factory cannot build it", es: "La fábrica no puede construirlo" },
  FactoryReportedInProgress: { en: "Production started", es: "Producción iniciada" },
  FactoryReportedReady: { en: "Built", es: "Construido" },
  FactoryReportedShipped: { en: "Left the factory", es: "Ha salido de la fábrica" },
  FactoryReportedCancelled: { en: "The factory cancelled it", es: "La fábrica lo ha cancelado" },
  SupplyPapers: { en: "Papers supplied", es: "Documentos entregados" },
  PapersRequested: { en: "Papers requested for the registration", es: "Documentos solicitados para la matriculación" },
  RegistrationRefused: { en: "Registration refused", es: "Matriculación denegada" },
  VehicleRegistered: { en: "Registered", es: "Matriculado" },
  TransportDeparted: { en: "On its way", es: "En camino" },
  TransportCustomerAbsent: { en: "Nobody was there to take it", es: "No había nadie para recibirlo" },
  ReportCustomerAbsent: { en: "Nobody was there to take it", es: "No había nadie para recibirlo" },
  TransportArrivedAtDealership: { en: "Arrived at the dealership", es: "Ha llegado al concesionario" },
  TransportDelivered: { en: "Handed over at the door", es: "Entregado a domicilio" },
  ConfirmHandover: { en: "Handed over", es: "Entregado" },
  CancelOrder: { en: "Cancelled", es: "Cancelado" }
}

export const orderHappenings: ReadonlyArray<string> = Object.keys(happenings)

/** Null for what a customer need not know of: settlements, timers, repeated questions. */
export const happeningFor = (type: string, language: Language): string | null =>
  Object.hasOwn(happenings, type) ? happenings[type]![language] : null
