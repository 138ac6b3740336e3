/** What we write to customers: a subject and plain sentences, in their language. No occasion without words. */
import type { PersonalData } from "#integrations/persons/persons.ts"
import type { NotifyCustomer } from "#machines/activation.ts"
import type { Notify } from "#machines/order.ts"
import type { NotifyOwner } from "#machines/vehicle.ts"

type Notice = (typeof Notify.Type)["notice"]
type ServiceNotice = (typeof NotifyCustomer.Type)["notice"]
type OwnerNotice = (typeof NotifyOwner.Type)["notice"]
type Words = readonly [subject: string, text: string]

const spanish: Record<Notice, Words> = {
  DepositReceived: ["Hemos recibido su señal", "Gracias. Su vehículo está pedido a fábrica; le avisaremos de cada paso."],
  DepositDeclined: [
    "Su banco no ha aceptado la señal",
    "Puede intentarlo de nuevo con este u otro medio de pago mientras dure el plazo."
  ],
  OrderCancelled: [
    "Su pedido está cancelado",
    "Si había pagado algo, se lo devolvemos al mismo medio de pago según las condiciones de su contrato."
  ],
  VehicleReady: ["Su vehículo está listo", "Para matricularlo y entregárselo falta el pago final. Puede hacerlo en el portal."],
  FinalPaymentReminder: [
    "Recordatorio del pago final",
    "Su vehículo le espera. Si el plazo vence sin el pago final, se pierde la señal."
  ],
  FinalPaymentDeclined: ["Su banco no ha aceptado el pago final", "Inténtelo de nuevo antes de que venza el plazo."],
  FinalPaymentReceived: ["Hemos recibido el pago final", "Ahora matriculamos su vehículo."],
  OrderForfeited: [
    "El plazo del pago final ha vencido",
    "El vehículo pasa al stock del concesionario y la señal se pierde, como dice su contrato."
  ],
  PapersNeeded: ["Falta documentación", "La autoridad de matriculación pide más documentos. Su concesionario le dirá cuáles."],
  VehicleRegistered: ["Su vehículo está matriculado", "Ya tiene matrícula. Preparamos el transporte."],
  OnItsWay: [
    "Su vehículo está en camino",
    "Se entrega en mano. Si no hay nadie, vuelve al concesionario; nunca se deja en la calle."
  ],
  CustomerWasAbsent: ["No le hemos encontrado", "El vehículo vuelve al concesionario, donde podrá recogerlo."],
  ReadyForPickup: ["Puede recoger su vehículo", "Le espera en su concesionario."],
  PickupReminder: ["Su vehículo sigue esperándole", "Le espera en su concesionario."],
  HandedOver: ["Disfrute de su vehículo", "La entrega está confirmada. La plataforma base está activa."],
  DepositReturned: ["Le hemos devuelto la señal", "La devolución va al mismo medio de pago."],
  PaymentReturned: ["Le hemos devuelto su pago", "La devolución va al mismo medio de pago."]
}

const english: Record<Notice, Words> = {
  DepositReceived: ["We have your deposit", "Thank you. Your car is ordered from the factory; we will tell you of every step."],
  DepositDeclined: ["Your bank declined the deposit", "You may try again with this or another method while the period lasts."],
  OrderCancelled: ["Your order is cancelled", "Whatever you had paid goes back to the same method, as your contract says."],
  VehicleReady: ["Your car is ready", "To register and deliver it, the final payment is due. You can make it in the portal."],
  FinalPaymentReminder: [
    "Reminder: final payment",
    "Your car is waiting. If the period ends without the final payment, the deposit is lost."
  ],
  FinalPaymentDeclined: ["Your bank declined the final payment", "Please try again before the period ends."],
  FinalPaymentReceived: ["We have your final payment", "We are now registering your car."],
  OrderForfeited: [
    "The period for the final payment has ended",
    "The car becomes dealership stock and the deposit is lost, as your contract says."
  ],
  PapersNeeded: ["Papers are missing", "The authority asks for more papers. Your dealership will tell you which."],
  VehicleRegistered: ["Your car is registered", "It has its plate. We are preparing the transport."],
  OnItsWay: [
    "Your car is on its way",
    "It is handed over in person. If nobody is there it returns to the dealership; it is never left in the street."
  ],
  CustomerWasAbsent: ["We did not find you", "The car returns to the dealership, where you can pick it up."],
  ReadyForPickup: ["You can pick up your car", "It is waiting at your dealership."],
  PickupReminder: ["Your car is still waiting", "It is waiting at your dealership."],
  HandedOver: ["Enjoy your car", "The handover is confirmed. The base platform is active."],
  DepositReturned: ["We returned your deposit", "It goes back to the same method."],
  PaymentReturned: ["We returned your payment", "It goes back to the same method."]
}

export const wordsFor = ({ notice, orderId, handoverPin }: typeof Notify.Type, { name, language }: PersonalData) => {
  const [subject, text] = (language === "es" ? spanish : english)[notice]
  const spoken = language === "es"
  const pin = handoverPin === undefined ? "" : spoken ? `\nPIN de entrega: ${handoverPin}` : `\nHandover PIN: ${handoverPin}`
  return { subject, text: `${spoken ? "Hola" : "Hello"} ${name}:\n\n${text}${pin}\n\n${spoken ? "Pedido" : "Order"}: ${orderId}\n` }
}

const ofServices: Readonly<Record<PersonalData["language"], Record<ServiceNotice, Words>>> = {
  es: {
    PaymentActionRequired: [
      "Confirme el pago con su banco",
      "Su banco le pide confirmar el pago del servicio. Hágalo en la aplicación."
    ],
    ServicePaymentDeclined: ["El pago no se ha podido realizar", "El servicio no se ha activado y no se le cobra nada."],
    ServiceActive: ["Su servicio está activo", "Su vehículo lo ha confirmado."],
    ServiceDelayed: [
      "Su servicio tarda un poco más",
      "Su vehículo aún no ha contestado. Lo intentamos de nuevo; hasta entonces no se cobra nada."
    ],
    ServiceFailed: ["No hemos podido activar su servicio", "Nuestro soporte técnico se ocupa. No se le cobra nada."],
    ServiceGiven: ["Su servicio corre de nuestra cuenta", "Se activará en cuanto su vehículo conteste, y no se le cobrará."],
    ServiceCancelled: ["Su servicio está cancelado", "No se le cobra nada por lo que no ha recibido."],
    ServiceEnded: ["Su servicio ha terminado", "Su vehículo lo desactiva en cuanto lo sabe."],
    WithdrawalAccepted: [
      "Su desistimiento está confirmado",
      "El contrato queda sin efecto. Si había pagado, se lo devolvemos al mismo medio de pago."
    ],
    ServicePaymentReturned: ["Le hemos devuelto su pago", "La devolución va al mismo medio de pago."]
  },
  en: {
    PaymentActionRequired: [
      "Confirm the payment with your bank",
      "Your bank asks you to confirm the payment of the service. You can do so in the app."
    ],
    ServicePaymentDeclined: ["The payment did not go through", "The service was not activated, and you are charged nothing."],
    ServiceActive: ["Your service is active", "Your car has confirmed it."],
    ServiceDelayed: [
      "Your service takes a little longer",
      "Your car has not answered yet. We try again; until then nothing is charged."
    ],
    ServiceFailed: ["We could not activate your service", "Our technical support takes care of it. You are charged nothing."],
    ServiceGiven: ["Your service is on us", "It becomes active as soon as your car answers, and is not charged."],
    ServiceCancelled: ["Your service is cancelled", "Nothing is charged for what you did not receive."],
    ServiceEnded: ["Your service has ended", "Your car switches it off as soon as it knows."],
    WithdrawalAccepted: [
      "Your withdrawal is confirmed",
      "The contract is void. Whatever you had paid goes back to the same method."
    ],
    ServicePaymentReturned: ["We returned your payment", "It goes back to the same method."]
  }
}

/** A confirmation on a durable medium says what was withdrawn from, and when (Directive 2011/83/EU, art. 11a): `at` is when it was decided. */
export const serviceMail = (
  { notice, option, vin, activationId }: typeof NotifyCustomer.Type,
  { name, language }: PersonalData,
  at: string
) => {
  const [subject, text] = ofServices[language][notice]
  const [greeting, service, car, reference, when] =
    language === "es"
      ? ["Hola", "Servicio", "Vehículo", "Referencia", "Fecha (UTC)"]
      : ["Hello", "Service", "Car", "Reference", "Date (UTC)"]
  return {
    subject,
    text: `${greeting} ${name}:\n\n${text}\n\n${service}: ${option}\n${car}: ${vin}\n${reference}: ${activationId}\n${when}: ${at}\n`
  }
}

const ofOwners: Readonly<Record<PersonalData["language"], Record<OwnerNotice, Words>>> = {
  es: {
    PhoneLinked: ["Un teléfono está enlazado con su vehículo", "Si no ha sido usted, desenlácelo en el portal."],
    PhoneUnlinked: ["El teléfono ya no está enlazado", "Su vehículo ya no obedece a ese teléfono."],
    TheftReported: ["Su vehículo consta como robado", "Hemos detenido lo pendiente y bloqueado el enlace y las compras."],
    TheftEnded: ["La denuncia de robo está levantada", "Puede volver a enlazar su teléfono y contratar servicios."],
    WarrantyLost: [
      "La garantía se ha perdido",
      "Falta un mantenimiento obligatorio. Su vehículo y sus servicios siguen funcionando."
    ],
    VehicleTransferred: ["Su vehículo tiene un nuevo titular", "Lo permanente queda en el vehículo; lo recurrente ha terminado."]
  },
  en: {
    PhoneLinked: ["A phone is linked to your car", "If it was not you, unlink it in the portal."],
    PhoneUnlinked: ["The phone is no longer linked", "Your car does not obey that phone any more."],
    TheftReported: ["Your car is reported stolen", "We stopped what was pending, and closed the link and purchases."],
    TheftEnded: ["The theft report is lifted", "You may link your phone and buy services again."],
    WarrantyLost: ["The warranty is lost", "A mandatory service was missed. Your car and your services go on working."],
    VehicleTransferred: ["Your car has a new owner", "What is permanent stays with the car; what recurs has ended."]
  }
}

export const ownerMail = ({ notice, vin }: typeof NotifyOwner.Type, { name, language }: PersonalData) => {
  const [subject, text] = ofOwners[language][notice]
  const [greeting, car] = language === "es" ? ["Hola", "Vehículo"] : ["Hello", "Car"]
  return { subject, text: `${greeting} ${name}:\n\n${text}\n\n${car}: ${vin}\n` }
}

export const credentialsMail = (link: string, { name, language }: PersonalData) =>
  language === "es"
    ? {
        subject: "Su acceso a CaaS",
        text: `Hola ${name}:\n\nSu concesionario ha registrado su compra. Elija su contraseña en las próximas 24 horas:\n${link}\n`
      }
    : {
        subject: "Your access to CaaS",
        text: `Hello ${name}:\n\nYour dealership has registered your purchase. Choose your password within 24 hours:\n${link}\n`
      }
