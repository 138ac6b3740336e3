/** What machines want customers to be told, as notices: for which card, with which facts. The compiler asks for words for every notice of every machine. */
import type { Notice } from "#integrations/notifications/notifications.ts"
import type { PersonalData } from "#integrations/persons/persons.ts"
import type { AcknowledgeWithdrawal, NotifyCustomer } from "#machines/activation.ts"
import type { Notify } from "#machines/order.ts"
import type { NotifyOwner } from "#machines/vehicle.ts"

const nothing = { orderId: null, activationId: null, vin: null, attachments: [] }

export const ofOrder = ({ notice, subjectId, orderId, handoverPin }: typeof Notify.Type): Notice => ({
  ...nothing,
  subjectId,
  occasion: notice,
  card: orderId,
  facts: { orderId, ...(handoverPin === undefined ? {} : { handoverPin }) },
  orderId
})

export const ofService = (
  { notice, subjectId, option, vin, activationId, month, amount }: typeof NotifyCustomer.Type,
  at: string
): Notice => ({
  ...nothing,
  subjectId,
  occasion: notice,
  card: activationId, // All tries of one activation are one card.
  facts: {
    option,
    vin,
    activationId,
    at,
    ...(month === undefined ? {} : { month }),
    ...(amount === undefined ? {} : { amount: `${amount.amountMinor} ${amount.currency}` })
  },
  activationId,
  vin
})

/** A confirmation on a durable medium says what was withdrawn from, and when it was submitted (Directive 2011/83/EU, art. 11a). */
export const ofWithdrawal = (
  { customerId, option, vin, activationId, submittedAt }: typeof AcknowledgeWithdrawal.Type,
  attachments: Notice["attachments"]
): Notice => ({
  ...nothing,
  subjectId: customerId,
  occasion: "WithdrawalAcknowledged",
  card: activationId,
  facts: { option, vin, activationId, at: submittedAt },
  activationId,
  vin,
  attachments
})

export const ofOwner = ({ notice, subjectId, vin }: typeof NotifyOwner.Type): Notice => ({
  ...nothing,
  subjectId,
  occasion: notice,
  card: vin,
  facts: { vin },
  vin
})

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
