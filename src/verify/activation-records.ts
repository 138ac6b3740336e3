/** The record of each change in a car, as UN Regulation No. 156 asks for it (7.1.2): who asked, what changed, that the user was told, what the car answered (I66). */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Findings } from "./findings.ts"

export const activationRecords = Effect.fn("verify.activationRecords")(function* (findings: Findings) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{
    activation: string
    asked: boolean
    changed: boolean
    told: boolean
    answered: boolean
    signed: string | null
    key: string | null
  }>`
    SELECT e.activation_id AS activation,
           coalesce(first.body ->> 'channel' = 'bundle', false) OR EXISTS (
             SELECT FROM whole.journal j
             WHERE j.partition = e.partition AND j.path = 'vehicle/' || e.vin AND j.type = 'PurchaseOption' AND j.outcome = 'handled'
               AND j.message_id ~ '^sub_[^/]+/' AND j.body ->> 'activationId' = e.activation_id
           ) AS asked,
           EXISTS ( -- The whole state that was wanted; what was before is the document before.
             SELECT FROM whole.outbox o
             WHERE o.partition = e.partition AND o.path = 'vehicle/' || e.vin AND o.type = 'ConfigureVehicle' AND (o.body ->> 'cfgVersion')::int <= e.cfg_version
               AND jsonb_path_exists(o.body, '$.options[*] ? (@.activationId == $id)', jsonb_build_object('id', e.activation_id))
           ) AS changed,
           EXISTS (
             SELECT FROM whole.outbox o
             WHERE o.partition = e.partition AND o.path = 'activation/' || e.vin || '/' || e.activation_id
               AND o.type = 'NotifyCustomer' AND o.body ->> 'notice' IN ('ServiceActive', 'ServiceGiven')
           ) OR NOT EXISTS ( -- The car was too late: it was over, and not activated any more.
             SELECT FROM whole.journal j
             WHERE j.partition = e.partition AND j.path = 'activation/' || e.vin || '/' || e.activation_id AND j.type = 'OptionConfirmed' AND j.outcome = 'handled'
           ) AS told,
           EXISTS (
             SELECT FROM whole.journal j
             WHERE j.partition = e.partition AND j.path = 'activation/' || e.vin || '/' || e.activation_id AND j.type = 'OptionConfirmed'
               AND j.body ->> 'receiptId' = e.receipt_id
           ) AS answered,
           r.bytes AS signed,
           k.public_key AS key
    FROM evidence e
    JOIN vehicle_reports r ON r.receipt_id = e.receipt_id
    LEFT JOIN vehicle_keys k ON k.vin = e.vin
    LEFT JOIN whole.journal first ON first.partition = e.partition AND first.path = 'activation/' || e.vin || '/' || e.activation_id AND first.version = 1`
  findings.checked("I66", rows.length)
  for (const { activation, asked, changed, told, answered, signed, key } of rows) {
    const missing = [
      asked ? [] : ["who asked for it"],
      changed ? [] : ["what was changed in the car"],
      told ? [] : ["that its user was told"],
      answered ? [] : ["what the car answered"],
      key !== null && (signed ?? "") !== "" ? [] : ["the signature and its key"]
    ].flat()
    if (missing.length > 0) findings.violated("I66", `${activation} is active, and its record lacks ${missing.join(", ")}`)
  }
})
