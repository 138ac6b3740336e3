/** What customers are told, in Spanish: a subject and plain sentences. `{fact}` stands for a fact that the occasion brings. */
import type { Fact, Occasion } from "./occasions.ts"

export const spanish: Readonly<Record<Occasion, readonly [subject: string, text: string]>> = {
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
  PaymentReturned: ["Le hemos devuelto su pago", "La devolución va al mismo medio de pago."],

  PurchaseConfirmed: [
    "Confirmación de su contratación",
    "Ha contratado {option} para su vehículo {vin}. Las condiciones y el formulario de desistimiento están en su expediente de compra."
  ],
  PaymentActionRequired: [
    "Confirme el pago con su banco",
    "Su banco le pide confirmar el pago del servicio. Hágalo en la aplicación."
  ],
  PaymentConfirmationNeeded: [
    "Su banco pide que confirme un pago",
    "El cobro de {option} espera su confirmación. Hágalo en el portal; mientras tanto el servicio sigue activo."
  ],
  ServicePaymentDeclined: ["El pago no se ha podido realizar", "El servicio no se ha activado y no se le cobra nada."],
  ServiceActive: ["Su servicio está activo", "Su vehículo lo ha confirmado."],
  ServiceDelayed: [
    "Su servicio tarda un poco más",
    "Su vehículo aún no ha contestado. Lo intentamos de nuevo; hasta entonces no se cobra nada."
  ],
  ServiceRetrying: ["Lo intentamos de nuevo", "Volvemos a pedir a su vehículo que active {option}. No tiene que hacer nada."],
  ServiceFailed: ["No hemos podido activar su servicio", "Nuestro soporte técnico se ocupa. No se le cobra nada."],
  ServiceGiven: ["Su servicio corre de nuestra cuenta", "Se activará en cuanto su vehículo conteste, y no se le cobrará."],
  ServiceCancelled: ["Su servicio está cancelado", "No se le cobra nada por lo que no ha recibido."],
  ServiceEnded: ["Su servicio ha terminado", "Su vehículo lo desactiva en cuanto lo sabe."],
  WithdrawalAcknowledged: [
    "Hemos recibido su desistimiento",
    "Acusamos recibo de su desistimiento de {option}. El justificante va adjunto y está en su expediente de compra."
  ],
  WithdrawalAccepted: [
    "Su desistimiento está confirmado",
    "El contrato queda sin efecto. Si había pagado, se lo devolvemos al mismo medio de pago."
  ],
  ServicePaymentReturned: ["Le hemos devuelto su pago", "La devolución va al mismo medio de pago."],
  MonthBilled: [
    "Su factura de {month}",
    "Por {option} le cobramos {amount}, lo consumido en ese mes. La factura está en su expediente de compra."
  ],
  PaymentOverdue: [
    "No hemos podido cobrar su servicio",
    "Lo intentaremos de nuevo. Puede cambiar el medio de pago de {option} en el portal; el servicio sigue activo."
  ],
  PaymentUncollected: [
    "Su servicio termina por falta de pago",
    "No hemos conseguido cobrar {option}, y no se renueva. Su vehículo sigue funcionando como siempre; lo debido figura en el portal."
  ],
  SettlementFailed: [
    "Su banco ha devuelto un pago",
    "Un pago que constaba como hecho no nos ha llegado. En el portal puede repetirlo con otro medio de pago."
  ],
  RefundDelayed: [
    "Su devolución tarda más de lo previsto",
    "Su dinero es suyo y nos ocupamos de ello. Le avisaremos cuando esté hecha."
  ],

  PhoneLinked: ["Un teléfono está enlazado con su vehículo", "Si no ha sido usted, desenlácelo en el portal."],
  PhoneUnlinked: ["El teléfono ya no está enlazado", "Su vehículo ya no obedece a ese teléfono."],
  TheftReported: ["Su vehículo consta como robado", "Hemos detenido lo pendiente y bloqueado el enlace y las compras."],
  TheftEnded: ["La denuncia de robo está levantada", "Puede volver a enlazar su teléfono y contratar servicios."],
  WarrantyLost: [
    "La garantía se ha perdido",
    "Falta un mantenimiento obligatorio. Su vehículo y sus servicios siguen funcionando."
  ],
  VehicleTransferred: ["Su vehículo tiene un nuevo titular", "Lo permanente queda en el vehículo; lo recurrente ha terminado."]
}

/** How each fact is called where it stands below the words. */
export const spanishLabels: Readonly<Record<Fact, string>> = {
  handoverPin: "PIN de entrega",
  option: "Servicio",
  vin: "Vehículo",
  orderId: "Pedido",
  activationId: "Referencia",
  month: "Mes",
  amount: "Importe",
  attempt: "Intento",
  until: "Hasta (UTC)",
  at: "Fecha (UTC)"
}
