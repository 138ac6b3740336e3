/** Every port with its real counterpart behind it. The only file that names live clients. */
import { Layer } from "effect"
import { AuditWitnessHttp } from "#integrations/audit-witness/http.ts"
import { FactoryHttp } from "#integrations/factory/http.ts"
import { MailSmtp } from "#integrations/mail/smtp.ts"
import { PaymentsHttp } from "#integrations/payments/http.ts"
import { PushWeb } from "#integrations/push/web-push.ts"
import { RegistrationHttp } from "#integrations/registration/http.ts"
import { SmsHttp } from "#integrations/sms/http.ts"
import { CarriersHttp } from "#integrations/transport/http.ts"
import { VehicleLinkRoads } from "#integrations/vehicle-link/roads.ts"
import { WorkshopsHttp } from "#integrations/workshops/http.ts"
import type { RunnerSettings } from "./config.ts"

export const Live = ({ partners, push, callsSigningKey: callsKey }: RunnerSettings) => {
  const { factory, payments, registration, transport, smtp, sms, workshops, apiIot, auditWitness } = partners
  return Layer.mergeAll(
    FactoryHttp({ url: factory, callsKey }),
    PaymentsHttp({ url: payments, callsKey }),
    RegistrationHttp({ url: registration, callsKey }),
    CarriersHttp({ url: transport, callsKey }),
    MailSmtp({ url: smtp }),
    SmsHttp({ url: sms, callsKey }),
    PushWeb(push),
    WorkshopsHttp({ url: workshops, callsKey }),
    // The API IoT "cannot be modified": it asks for no signature. What it carries is signed itself, end to end, for the car.
    VehicleLinkRoads({ url: apiIot }),
    AuditWitnessHttp({ url: auditWitness, callsKey })
  )
}
