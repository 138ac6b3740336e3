/** No word we have, and none we ever said to a car, stops it from driving (I48). */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Evidence } from "./evidence.ts"
import type { Findings } from "./findings.ts"

/** Whatever reaches a car is one of these: the list of machines/vehicle-messages.ts once more, in another hand. */
const toCars = ["ConfigureVehicle", "AskVehicle", "CarryOutRemoteCommand", "ShowOnDisplay"]
const acts = ["lockDoors", "unlockDoors", "flashLights", "soundHorn", "startClimate", "stopClimate"]
const notices = ["ServiceActive", "ServiceEnded", "PhoneLinked", "PhoneUnlinked"]
/** What an actor of a car asks of others. */
const fromCars = [
  ...["OpenStockSale", "StartActivation", "ConfirmOption", "RejectOption", "DelayOption", "TellTheft", "TellOwnershipChange"],
  ...["WelcomeOwner", "NotifyOwner"]
]
const stopsDriving =
  "(immobili[sz]|(stop|halt|disable|block|lock|kill|cut|limit|slow)[._-]?(the)?(vehicle|car|engine|motor|driv|start|speed|power)|ignition|startPermission|limpHome)"

export const driving = Effect.fn("verify.driving")(function* (findings: Findings, { registry, after }: Evidence) {
  const sql = yield* SqlClient.SqlClient
  const [count] = yield* sql<{ said: number }>`
    SELECT (SELECT count(*)::int FROM whole.outbox) + (SELECT count(*)::int FROM whole.journal) AS said`
  findings.checked("I48", count!.said)

  const forbidden = new RegExp(stopsDriving, "i")
  for (const { type, perform, requests } of registry)
    for (const word of [...Object.keys(perform), ...requests])
      if (forbidden.test(word)) findings.violated("I48", `An actor ${type.name} can say or hear ${word}`)

  const said = yield* sql<{ place: string; type: string; times: number }>`
    SELECT place, type, count(*)::int AS times
    FROM (SELECT 'the outbox' AS place, type FROM whole.outbox UNION ALL SELECT 'a journal', type FROM whole.journal) words
    WHERE type ~* ${stopsDriving}
    GROUP BY place, type`
  for (const { place, type, times } of said) findings.violated("I48", `${type} stands in ${place} ${times} times`)

  const strange = yield* sql<{ path: string; version: number; type: string; what: string | null }>`
    SELECT path, version, type, coalesce(body ->> 'act', body ->> 'notice') AS what
    FROM whole.outbox
    WHERE path LIKE 'vehicle/%' AND (
      type NOT IN ${sql.in([...toCars, ...fromCars])}
      OR (type = 'CarryOutRemoteCommand' AND body ->> 'act' NOT IN ${sql.in(acts)})
      OR (type = 'ShowOnDisplay' AND body ->> 'notice' NOT IN ${sql.in(notices)})
    )`
  for (const { path, version, type, what } of strange)
    findings.violated("I48", `${path} version ${version} asked for ${what === null ? type : `${type} ${what}`}`)

  const features = yield* sql<{ id: string }>`
    SELECT DISTINCT feature ->> 'id' AS id
    FROM whole.outbox o, jsonb_array_elements(o.body -> 'options') option, jsonb_array_elements(option -> 'features') feature
    WHERE o.type = 'ConfigureVehicle' AND feature ->> 'id' ~* ${stopsDriving}`
  for (const { id } of features) findings.violated("I48", `A car was told to set ${id}`)
  for (const { vin, features } of after.flash ?? [])
    for (const { id } of features) if (forbidden.test(id)) findings.violated("I48", `${vin} runs ${id}`)
})
