/** What may go wrong with a service on a car, planted in what the platform, the gateway or a car remembers. */
import type { GoodTown, Plant } from "./plants.ts"

export interface Bought {
  readonly activationId: string
  readonly vin: string
}

/** Services by what became of them. `active` runs for a time and was held and captured; `gated` asked the workshops first. */
export interface GoodServices extends GoodTown {
  readonly active: Bought
  readonly withdrawn: Bought
  readonly escalated: Bought
  readonly gated: Bought
  /** Billed by the month, and cancelled. */
  readonly cancelled: Bought
}

const pathOf = ({ vin, activationId }: Bought) => `'activation/${vin}/${activationId}'`
const paymentOf = ({ vin, activationId }: Bought) => `pay_${vin}-${activationId.slice("act_".length)}-service-1`
const paid = (ledgers: any, service: Bought, kind: string) =>
  ledgers.payments.find((line: any) => line.reference === paymentOf(service) && line.kind === kind)
const without = (lines: Array<any>, isIt: (line: any) => boolean) => lines.filter((line) => !isIt(line))
/** One entry more about what was captured, for the same amount. */
const bookedOf = (service: Bought, kind: string, debit: string, credit: string) => `
  INSERT INTO ledger (partition, path, version, position, at, activation_id, kind, payment_id, debit, credit, amount_minor, currency, subject_id, country, stream, item)
  SELECT partition, path, version, 97, at, activation_id, '${kind}', payment_id, '${debit}', '${credit}', amount_minor, currency, subject_id, country, stream, item
  FROM ledger WHERE kind = 'serviceCaptured' AND path = ${pathOf(service)}`
const flashOf = (ledgers: any, { vin }: Bought) => ledgers.flash.find((one: any) => one.vin === vin)

export const servicePlants: ReadonlyArray<Plant<GoodServices>> = [
  {
    what: "a report of a car under another car's key",
    reportedBy: ["I06", "I08"],
    sql: ({ active, escalated }) => `
      UPDATE vehicle_keys SET public_key = (SELECT public_key FROM vehicle_keys WHERE vin = '${escalated.vin}')
      WHERE vin = '${active.vin}'`
  },
  {
    what: "a forged report that was heard",
    reportedBy: ["I06"],
    options: (options) => ({
      ...options,
      forgeries: [options.history!.find(({ messageId }) => messageId.startsWith("car/"))!.messageId]
    })
  },
  {
    what: "a report that nobody kept",
    reportedBy: ["I07"],
    sql: ({ active }) => `
      UPDATE journal SET message_id = 'car/rep_${"0".repeat(64)}'
      WHERE path = 'vehicle/${active.vin}' AND version = (
        SELECT max(version) FROM journal WHERE path = 'vehicle/${active.vin}' AND message_id LIKE 'car/%' AND outcome = 'handled'
      )`
  },
  {
    what: "an answer of the workshops about another car",
    reportedBy: ["I07"],
    sql: ({ gated, escalated }) => `
      UPDATE journal SET message_id = replace(message_id, '${gated.vin}', '${escalated.vin}')
      WHERE path = 'vehicle/${gated.vin}' AND type = 'MaintenanceChecked'`
  },
  {
    what: "a service whose car answered under a key that nobody kept",
    reportedBy: ["I06", "I08", "I66"],
    sql: ({ active }) => `DELETE FROM vehicle_keys WHERE vin = '${active.vin}'`
  },
  {
    what: "a service that nobody asked for",
    reportedBy: ["I02", "I66"],
    sql: ({ active }) => `
      UPDATE journal SET outcome = 'handled: so they say'
      WHERE path = 'vehicle/${active.vin}' AND type = 'PurchaseOption' AND body ->> 'activationId' = '${active.activationId}'`
  },
  {
    what: "a hold that nobody asked for",
    reportedBy: ["I10", "I23"],
    ledgers: (ledgers, { active }) => {
      const line = { ...paid(ledgers, active, "authorise"), reference: `${paymentOf(active).slice(0, -1)}7` }
      ledgers.payments.push(line, { ...line, kind: "expire" }, { ...line, kind: "expire" })
    }
  },
  {
    what: "a hold that is done here and not there",
    reportedBy: ["I11"],
    ledgers: (ledgers, { escalated }) => {
      ledgers.payments = without(ledgers.payments, ({ reference }) => reference === paymentOf(escalated))
    }
  },
  {
    what: "a service whose end nobody waits for",
    reportedBy: ["I12"],
    sql: ({ active }) => `DELETE FROM timers WHERE path = ${pathOf(active)}`
  },
  {
    what: "money for a service that went to another account",
    reportedBy: ["I08", "I20"],
    sql: ({ active }) => `
      ALTER TABLE ledger DROP CONSTRAINT ledger_moves_as_its_kind;
      UPDATE ledger SET credit = 'vehicleSales' WHERE path = ${pathOf(active)} AND kind = 'serviceCaptured'`
  },
  {
    what: "a capture for what no car ever had",
    reportedBy: ["I21"],
    ledgers: (ledgers, { active }) => {
      ledgers.cars = without(ledgers.cars, ({ kind, activationId }) => kind === "on" && activationId === active.activationId)
    }
  },
  {
    what: "a capture without evidence",
    reportedBy: ["I08", "I21"],
    sql: ({ active }) => `
      ALTER TABLE ledger DROP CONSTRAINT ledger_evidence;
      DELETE FROM evidence WHERE activation_id = '${active.activationId}'`
  },
  {
    what: "money that is pending for ever",
    reportedBy: ["I08", "I20", "I23"],
    sql: ({ active }) => `UPDATE ledger SET resolves = NULL WHERE path = ${pathOf(active)} AND kind = 'serviceCaptured'`
  },
  {
    what: "a month that was billed before its car had it",
    reportedBy: ["I08", "I21"],
    sql: ({ cancelled }) => `
      UPDATE ledger SET period = '2020-01'
      WHERE path = ${pathOf(cancelled)} AND kind = 'monthBilled' AND version = (
        SELECT min(version) FROM ledger WHERE path = ${pathOf(cancelled)} AND kind = 'monthBilled'
      )`
  },
  {
    what: "a month that was billed after its service had ended",
    reportedBy: ["I08", "I30"],
    sql: ({ cancelled }) => `
      UPDATE ledger SET period = '2999-12'
      WHERE path = ${pathOf(cancelled)} AND kind = 'monthBilled' AND version = (
        SELECT max(version) FROM ledger WHERE path = ${pathOf(cancelled)} AND kind = 'monthBilled'
      )`
  },
  {
    what: "a service that was withdrawn and is still earned by",
    reportedBy: ["I08", "I20", "I25"],
    sql: ({ withdrawn }) => `DELETE FROM ledger WHERE path = ${pathOf(withdrawn)} AND kind = 'serviceReturnOrdered'`
  },
  {
    what: "a service that was charged twice",
    reportedBy: ["I10", "I22", "I24"],
    ledgers: (ledgers, { active }) =>
      ledgers.payments.push({
        ...paid(ledgers, active, "capture"),
        kind: "charge",
        capture: "immediate",
        reference: `${paymentOf(active).slice(0, -1)}2`
      })
  },
  {
    what: "a hold that nobody let go",
    reportedBy: ["I23"],
    ledgers: (ledgers, { escalated }) => {
      ledgers.payments = without(ledgers.payments, ({ kind, reference }) => kind === "void" && reference === paymentOf(escalated))
    }
  },
  {
    what: "a hold that ended twice",
    reportedBy: ["I23"],
    ledgers: (ledgers, { active }) => ledgers.payments.push({ ...paid(ledgers, active, "capture"), kind: "expire" })
  },
  {
    what: "a cent at the gateway",
    reportedBy: ["I24"],
    ledgers: (ledgers, { active }) => {
      paid(ledgers, active, "capture").amountMinor -= 1
    }
  },
  {
    what: "a settlement that we never heard of",
    reportedBy: ["I24"],
    ledgers: (ledgers, { active }) => ledgers.payments.push({ ...paid(ledgers, active, "capture"), kind: "settle" })
  },
  {
    what: "a chargeback that is in our books alone",
    reportedBy: ["I08", "I24"],
    sql: ({ active }) => bookedOf(active, "chargedBack", "disputes", "gateway")
  },
  {
    what: "a settlement that failed, and is nobody's case",
    reportedBy: ["I08", "I24", "I27"],
    sql: ({ active }) => bookedOf(active, "paymentSettlementFailed", "receivables", "gateway")
  },
  {
    what: "a case of a settlement that never failed",
    reportedBy: ["I08", "I27"],
    sql: ({ active }) => `
      INSERT INTO risk_cases (partition, path, version, position, at, case_id, kind, activation_id, vin, subject_id, payment_id, amount_minor, currency, reason)
      SELECT partition, path, version, 97, at, 'risk_planted-1', 'settlementFailed', activation_id, '${active.vin}', subject_id, payment_id, amount_minor, currency, 'x'
      FROM ledger WHERE kind = 'serviceCaptured' AND path = ${pathOf(active)}`
  },
  {
    what: "a refund that came back to us, and at the gateway never did",
    reportedBy: ["I08", "I28"],
    sql: ({ withdrawn }) => bookedOf(withdrawn, "refundFailed", "gateway", "refundsDue")
  },
  {
    what: "an open balance that the ledger does not sum to",
    reportedBy: ["I20"],
    sql: () => "UPDATE open_balances SET minor = minor + 1 WHERE account = 'gateway'"
  },
  {
    what: "a service that was withdrawn and still runs",
    reportedBy: ["I25"],
    ledgers: (ledgers, { withdrawn }) =>
      flashOf(ledgers, withdrawn).features.push({
        id: "Z.Last",
        option: "any",
        activationId: withdrawn.activationId,
        until: null
      })
  },
  {
    what: "a withdrawal that nobody acknowledged",
    reportedBy: ["I08", "I10", "I25"],
    sql: ({ withdrawn }) => `DELETE FROM outbox WHERE path = ${pathOf(withdrawn)} AND type = 'AcknowledgeWithdrawal'`
  },
  {
    what: "money that came back before it was taken",
    reportedBy: ["I28"],
    ledgers: (ledgers, { withdrawn }) => {
      const refund = paid(ledgers, withdrawn, "refund")
      ledgers.payments = [refund, ...without(ledgers.payments, (line) => line === refund)]
    }
  },
  {
    what: "a car that has less than we say",
    reportedBy: ["I08", "I40"],
    sql: ({ active }) => `
      UPDATE vehicle_reports SET state_hash = encode(sha256('[]'), 'hex') WHERE vin = '${active.vin}'`,
    ledgers: (ledgers, { active }) => {
      flashOf(ledgers, active).features = []
    }
  },
  {
    what: "a car that obeyed what it never heard",
    reportedBy: ["I41"],
    ledgers: (ledgers, { active }) => {
      ledgers.cars = without(ledgers.cars, ({ kind, vin }) => kind === "document" && vin === active.vin)
    }
  },
  {
    what: "a car that obeyed a document that had expired",
    reportedBy: ["I41"],
    ledgers: (ledgers, { active }) => {
      for (const line of ledgers.cars)
        if (line.kind === "document" && line.vin === active.vin)
          Object.assign(line, { expiresAt: "2020-01-01T00:00:00.000Z", namesThisBoot: false })
    }
  },
  {
    what: "a car that obeyed while it was driven",
    reportedBy: ["I41"],
    ledgers: (ledgers, { active }) => {
      for (const line of ledgers.cars) if (line.kind === "applied" && line.vin === active.vin) line.parked = false
    }
  },
  {
    what: "a document that we never decided on",
    reportedBy: ["I41"],
    ledgers: (ledgers, { active }) => {
      const [document, applied] = ["document", "applied"].map((wanted) =>
        ledgers.cars.findLast(({ kind, vin, verdict }: any) => kind === wanted && vin === active.vin && verdict !== "refused")
      )
      const forged = { document: "f".repeat(64), cfgVersion: 900_000, highestVersion: 899_999 }
      ledgers.cars.push({ ...document, ...forged }, { ...applied, ...forged })
      Object.assign(flashOf(ledgers, active), { highestVersion: 900_000 })
    }
  },
  {
    what: "a car that has forgotten what it took",
    reportedBy: ["I42"],
    ledgers: (ledgers, { active }) => {
      flashOf(ledgers, active).highestVersion = 0
    }
  },
  {
    what: "a withdrawal in time that was refused as late",
    reportedBy: ["I26"],
    sql: ({ active }) => `
      INSERT INTO refused_withdrawals (activation_id, vin, subject_id, step, submitted_at, refused_at)
      SELECT '${active.activationId}', '${active.vin}', subject_id, 'confirmation', created_at + interval '13 days', created_at + interval '20 days'
      FROM (SELECT subject_id, (SELECT at FROM journal WHERE path = ${pathOf(active)} AND version = 1) AS created_at
            FROM actors WHERE path = ${pathOf(active)}) AS service`
  },
  {
    what: "a service that runs past its end",
    reportedBy: ["I43"],
    ledgers: (ledgers, { active }) => {
      for (const feature of flashOf(ledgers, active).features)
        if (feature.activationId === active.activationId) feature.until = "2020-01-01T00:00:00.000Z"
    }
  },
  {
    what: "two purchases of the same for the same car",
    reportedBy: ["I02", "I12", "I40", "I46"],
    sql: ({ withdrawn, active }) => `
      UPDATE actors SET state_path = 'service.active+money.free' WHERE path = ${pathOf(withdrawn)};
      UPDATE journal SET body = jsonb_set(
        jsonb_set(body, '{terms,option}', (SELECT body -> 'terms' -> 'option' FROM journal WHERE path = ${pathOf(active)} AND version = 1)),
        '{vin}', '"${active.vin}"'
      ) WHERE path = ${pathOf(withdrawn)} AND version = 1`
  },
  {
    what: "a gated service that was sold on an old answer",
    reportedBy: ["I08", "I47"],
    sql: ({ gated }) => `UPDATE gate_decisions SET asked_at = asked_at - interval '30 days' WHERE vin = '${gated.vin}'`
  },
  {
    what: "a command that stops cars",
    reportedBy: ["I08", "I48"],
    sql: ({ active }) => `
      INSERT INTO outbox (partition, path, version, position, lane, type, body, state, due_at, at, correlation)
      SELECT partition, path, 1, 99, 'config/99', 'StopVehicle', '{}', 'done', now(), now(), 'x'
      FROM actors WHERE path = 'vehicle/${active.vin}'`
  },
  {
    what: "a feature that stops a car",
    reportedBy: ["I48"],
    ledgers: (ledgers, { active }) =>
      flashOf(ledgers, active).features.push({ id: "Powertrain.Immobilizer", option: "any", activationId: "act_x", until: null })
  },
  {
    what: "a failed service without a support case",
    reportedBy: ["I08", "I49"],
    sql: ({ escalated }) => `DELETE FROM support_cases WHERE activation_id = '${escalated.activationId}'`
  },
  {
    what: "a notice that nobody was told of",
    reportedBy: ["I50"],
    sql: ({ active }) => `
      DELETE FROM notification_deliveries WHERE notice_id LIKE 'activation/${active.vin}/${active.activationId}#%';
      DELETE FROM notifications WHERE notice_id LIKE 'activation/${active.vin}/${active.activationId}#%'`
  },
  {
    what: "a mail that we call sent and nobody received",
    reportedBy: ["I50"],
    sql: ({ active }) => `
      UPDATE notification_deliveries SET message_id = 'other@caas.example'
      WHERE notice_id = (SELECT min(notice_id) FROM notifications WHERE activation_id = '${active.activationId}')`
  },
  {
    what: "two different mails under one name",
    reportedBy: ["I50"],
    ledgers: (ledgers) => ledgers.mail.push({ ...ledgers.mail.at(-1), subject: "Something else" })
  },
  {
    what: "a push message that nobody was to get",
    reportedBy: ["I50"],
    ledgers: (ledgers) => ledgers.push.push({ messageId: "f".repeat(32), title: "Hello", text: "from nobody" })
  },
  {
    what: "a short message that came twice",
    reportedBy: ["I50"],
    sql: ({ active }) => `
      INSERT INTO notification_deliveries (notice_id, channel, message_id, state, due_at, finished_at)
      SELECT min(notice_id), 'sms', 'twice', 'sent', now(), now() FROM notifications WHERE activation_id = '${active.activationId}'`,
    ledgers: (ledgers) => {
      for (const kind of ["message", "message"]) ledgers.sms.push({ kind, reference: "twice" })
    }
  },
  {
    what: "something that was switched off because of maintenance",
    reportedBy: ["I08", "I51"],
    sql: ({ gated }) => `
      INSERT INTO outbox (partition, path, version, position, lane, type, body, state, due_at, at, correlation)
      SELECT partition, path, version, 99, 'config/99', 'ConfigureVehicle', '{}', 'done', now(), now(), 'x'
      FROM journal WHERE path = 'vehicle/${gated.vin}' AND type = 'MaintenanceChecked' LIMIT 1`
  }
]
