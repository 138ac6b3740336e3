/** What has to end before somebody can be erased, each with what to do about it. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { SubjectId } from "#machines/vocabulary.ts"
import type { Blocker } from "./erasure.ts"

const words: Readonly<Record<Blocker["reason"], Pick<Blocker, "inWords" | "whatToDo">>> = {
  OpenOrder: {
    inWords: { es: "Tiene un pedido en curso.", en: "You have an order under way." },
    whatToDo: {
      es: "Espere a la entrega, o cancélelo en su concesionario.",
      en: "Wait for its handover, or cancel it at your dealership."
    }
  },
  OwnedVehicle: {
    inWords: { es: "Es titular de un coche.", en: "A car is yours." },
    whatToDo: {
      es: "Cambie su titularidad en un concesionario: sin titular no podríamos avisarle de un robo ni de una llamada a revisión.",
      en: "Have it put into another name at a dealership: without an owner nobody could be told of a theft or a recall."
    }
  },
  RunningService: {
    inWords: {
      es: "Un servicio está activo, o su pago no ha terminado.",
      en: "A service is running, or its payment is not finished."
    },
    whatToDo: { es: "Cancélelo, o espere a que termine.", en: "Cancel it, or wait until it has ended." }
  },
  OpenDebt: {
    inWords: { es: "Debe un importe.", en: "An amount is owed." },
    whatToDo: { es: "Páguelo en la aplicación; después, vuelva a pedirlo.", en: "Pay it in the app, then ask again." }
  },
  OpenDispute: {
    inWords: { es: "Su banco está decidiendo sobre un cargo.", en: "Your bank is deciding about a charge." },
    whatToDo: { es: "Espere a su decisión.", en: "Wait for its decision." }
  },
  UnsettledPayment: {
    inWords: { es: "Un pago aún no ha llegado al banco.", en: "A payment has not arrived at the bank yet." },
    whatToDo: { es: "Espere unos días.", en: "Wait a few days." }
  },
  OpenCase: {
    inWords: { es: "Hay un expediente abierto.", en: "A case is open." },
    whatToDo: { es: "Espere a que se cierre, o llame a atención al cliente.", en: "Wait until it is closed, or call support." }
  },
  UnderWay: {
    inWords: { es: "Algo está aún en camino.", en: "Something is still on its way." },
    whatToDo: { es: "Vuelva a pedirlo dentro de unos minutos.", en: "Ask again in a few minutes." }
  },
  StaffAccount: {
    inWords: { es: "Trabaja con nosotros con la misma dirección.", en: "You work with us under the same address." },
    whatToDo: {
      es: "Pida a un administrador que cierre su acceso de empleado.",
      en: "Ask an administrator to close your staff account."
    }
  }
}

const resting = "(free|mandated|captured|billed|voided|refunded|declined|writtenOff)" // Where nothing is asked of a bank any more.

/** In the order of the words above; none twice. A service that was paid for good and stayed with a car that is somebody else's now is none. */
export const blockersOf = Effect.fn("Erasure.blockers")(function* (subjectId: SubjectId) {
  const sql = yield* SqlClient.SqlClient
  const found = yield* sql<{ reason: Blocker["reason"]; count: number }>`
    WITH mine AS (
      SELECT path, type, closed, vin, state_path FROM actors WHERE subject_id = ${subjectId}
    ), owed AS (
      SELECT account FROM open_balances WHERE subject_id = ${subjectId} AND minor > 0
    )
    SELECT 'OpenOrder' AS reason, count(*)::int FROM mine WHERE type = 'order' AND NOT closed
    UNION ALL
    SELECT 'OwnedVehicle', count(*)::int FROM mine WHERE type = 'vehicle'
    UNION ALL
    SELECT 'RunningService', count(*)::int
    FROM mine s
    WHERE s.type = 'activation' AND NOT s.closed
      AND (s.state_path !~ ${`(^|[+])money[.]${resting}([+]|$)`}
           OR s.state_path !~ '(^|[+])service[.]active([.+]|$)'
           OR EXISTS (SELECT FROM mine v WHERE v.type = 'vehicle' AND v.vin = s.vin))
    UNION ALL
    SELECT 'OpenDebt', count(*)::int FROM owed WHERE account = 'receivables'
    UNION ALL
    SELECT 'OpenDispute', count(*)::int FROM owed WHERE account = 'disputes'
    UNION ALL
    SELECT 'UnsettledPayment', count(*)::int FROM owed WHERE account = 'gateway'
    UNION ALL
    SELECT 'OpenCase',
           (SELECT count(*) FROM risk_cases c WHERE c.subject_id = ${subjectId}
              AND NOT EXISTS (SELECT FROM risk_case_resolutions r WHERE r.case_id = c.case_id))::int
           + (SELECT count(*) FROM support_cases c WHERE c.subject_id = ${subjectId}
              AND NOT EXISTS (SELECT FROM support_case_resolutions r WHERE r.case_id = c.case_id))::int
    UNION ALL
    SELECT 'UnderWay', count(*)::int
    FROM mine JOIN outbox o ON o.path = mine.path AND o.state IN ('waiting', 'parked')
    UNION ALL
    SELECT 'StaffAccount', count(*)::int
    FROM accounts
    WHERE subject_id = ${subjectId} AND role <> 'customer' AND disabled_at IS NULL`
  return found.flatMap(({ reason, count }): ReadonlyArray<Blocker> => (count === 0 ? [] : [{ reason, count, ...words[reason] }]))
})
