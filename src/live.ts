/** Every port with its real counterpart behind it. The only file that names live clients. */
import { Layer } from "effect"
import { FactoryHttp } from "#integrations/factory/http.ts"
import { MailSmtp } from "#integrations/mail/smtp.ts"
import { PaymentsHttp } from "#integrations/payments/http.ts"
import { PushWeb } from "#integrations/push/web-push.ts"
import { RegistrationHttp } from "#integrations/registration/http.ts"
import { SmsHttp } from "#integrations/sms/http.ts"
import { CarriersHttp } from "#integrations/transport/http.ts"
import { VehicleLinkRoads } from "#integrations/vehicle-link/roads.ts"
import { WorkshopsHttp } from "#integrations/workshops/http.ts"
import type { Partners, PushSettings } from "./config.ts"

export const Live = ({ factory, payments, registration, transport, smtp, sms, workshops, apiIot }: Partners, push: PushSettings) =>
  Layer.mergeAll(
    FactoryHttp({ url: factory }),
    PaymentsHttp({ url: payments }),
    RegistrationHttp({ url: registration }),
    CarriersHttp({ url: transport }),
    MailSmtp({ url: smtp }),
    SmsHttp({ url: sms }),
    PushWeb(push),
    WorkshopsHttp({ url: workshops }),
    VehicleLinkRoads({ url: apiIot })
  )
