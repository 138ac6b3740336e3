/** What may go wrong with an order, planted in what the platform or a partner remembers. */
import type { GoodTown, Plant } from "./plants.ts"

/** Five orders, by what became of them. */
export interface GoodOrders extends GoodTown {
  readonly delivered: string
  readonly cancelled: string
  readonly resold: string
  readonly inTransit: string
  readonly unpaid: string
}

const orderPath = (id: string) => `'order/${id}'`
export const orderPlants: ReadonlyArray<Plant<GoodOrders>> = [
  {
    what: "a version that was skipped",
    reportedBy: ["I01"],
    sql: ({ delivered }) => `UPDATE actors SET version = version + 1 WHERE path = ${orderPath(delivered)}`
  },
  {
    what: "a message that was heard again after its actor was archived",
    reportedBy: ["I01", "I16", "I62"], // The other one, in whose place it stands, is missed by its caller; and the act was another's.
    sql: ({ delivered }) => `
      WITH gone AS (DELETE FROM journal WHERE path = ${orderPath(delivered)} AND version = 1 RETURNING *)
      INSERT INTO archive.journal SELECT * FROM gone;
      UPDATE journal SET message_id = old.message_id FROM archive.journal old
      WHERE journal.path = old.path AND journal.version = (
        SELECT min(version) FROM journal WHERE path = ${orderPath(delivered)} AND message_id LIKE 'sub_%'
      )`
  },
  {
    what: "a snapshot that its journal does not explain",
    reportedBy: ["I02"],
    sql: ({ delivered }) =>
      `UPDATE actors SET state = jsonb_set(state, '{context,model}', '"Modelo Dos"') WHERE path = ${orderPath(delivered)}`
  },
  {
    what: "a sender that was never heard",
    reportedBy: ["I02"],
    sql: () => `UPDATE actors SET state = jsonb_set(state, '{heardFrom}', '{"order/ord_x": 3}') WHERE type = 'vehicle'`
  },
  {
    what: "a facet of another dealership",
    reportedBy: ["I02", "I60"], // Its seller acted on it.
    sql: ({ delivered }) => `UPDATE actors SET dealership_id = 'dea_berlin' WHERE path = ${orderPath(delivered)}`
  },
  {
    what: "an answer that was not given",
    reportedBy: ["I02"],
    sql: ({ delivered }) => `UPDATE journal SET reply = '"cancelled"' WHERE path = ${orderPath(delivered)} AND version = 1`
  },
  {
    what: "an epoch that goes down",
    reportedBy: ["I03"],
    sql: ({ delivered }) => `
      UPDATE partitions SET epoch = epoch + 5;
      UPDATE journal SET epoch = epoch + 3 WHERE path = ${orderPath(delivered)} AND version = 1`
  },
  {
    what: "a webhook that says it was heard otherwise",
    reportedBy: ["I05"],
    sql: () => `UPDATE webhooks SET outcome = 'recorded: AlreadyKnown' WHERE source = 'factory' AND outcome = 'handled'`
  },
  {
    what: "a webhook that still waits when all is quiet",
    reportedBy: ["I05"],
    sql: () => `UPDATE webhooks SET state = 'received', applied_at = NULL WHERE webhook_id = 'evt_factory_1'`
  },
  {
    what: "a webhook that was answered with 2xx and is not there",
    reportedBy: ["I05"],
    ledgers: ({ webhooks }) => webhooks.factory.push({ id: "evt_factory_999", body: "{}", delivered: true })
  },
  {
    what: "a webhook that was answered with 2xx and says something else now",
    reportedBy: ["I05"],
    ledgers: ({ webhooks }) => {
      webhooks.factory[0].body = "{}"
    }
  },
  {
    what: "a forgery that was kept",
    reportedBy: ["I06"],
    options: (options) => ({ ...options, forgeries: ["factory/evt_factory_1"] })
  },
  {
    what: "a message from nobody",
    reportedBy: ["I07"],
    sql: ({ delivered }) =>
      `UPDATE journal SET message_id = 'nobody/booked/1' WHERE path = ${orderPath(delivered)} AND type = 'TransportBooked'`
  },
  {
    what: "an answer to a command of another story",
    reportedBy: ["I07"],
    sql: ({ delivered }) =>
      `UPDATE journal SET correlation = 'another' WHERE path = ${orderPath(delivered)} AND type = 'VehicleRegistered'`
  },
  {
    what: "a webhook's message without the webhook",
    reportedBy: ["I05", "I07"],
    sql: () => `DELETE FROM webhooks WHERE webhook_id = 'evt_factory_1'`
  },
  {
    what: "a command that nobody decided",
    reportedBy: ["I08"],
    sql: ({ delivered }) => `
      INSERT INTO outbox (partition, path, version, position, lane, type, body, state, due_at, at, correlation)
      SELECT partition, path, 1, 99, lane, type, body, state, due_at, at, correlation
      FROM outbox
      WHERE path = ${orderPath(delivered)} AND type = 'MoveVehicle' AND body ->> 'to' = 'carrier'`
  },
  {
    what: "a command that asks for something else",
    reportedBy: ["I08"],
    sql: ({ delivered }) =>
      `UPDATE outbox SET body = body || '{"model": "Modelo Dos"}' WHERE path = ${orderPath(delivered)} AND type = 'PlaceFactoryOrder'`
  },
  {
    what: "a command of nobody",
    reportedBy: ["I08"],
    sql: () => `
      INSERT INTO outbox (partition, path, version, position, lane, type, body, state, due_at, at, correlation)
      VALUES (0, 'order/ord_nobody', 1, 0, 'vehicle', 'StockVehicle', '{}', 'done', now(), now(), 'x')`
  },
  {
    what: "a transport that was booked twice",
    reportedBy: ["I09"],
    ledgers: ({ transport }, { delivered }) =>
      transport.push({ ...transport.find((line: any) => line.reference === delivered && line.kind === "booking") })
  },
  {
    what: "a refund that was given twice",
    reportedBy: ["I09", "I24", "I28"],
    ledgers: ({ payments }) => payments.push({ ...payments.find(({ kind }: any) => kind === "refund") })
  },
  {
    what: "a transport that nobody ordered",
    reportedBy: ["I10"],
    ledgers: ({ transport }) => transport.push({ ...transport[0], kind: "booking", reference: "ord_nobody" })
  },
  {
    what: "a mail that nobody ordered",
    reportedBy: ["I10"],
    ledgers: ({ mail }) => mail.push({ messageId: "0123456789@caas.example", subject: "Hello", text: "there" })
  },
  {
    what: "a command that still waits when all is quiet",
    reportedBy: ["I11"],
    sql: ({ delivered }) =>
      `UPDATE outbox SET state = 'waiting', finished_at = NULL WHERE path = ${orderPath(delivered)} AND type = 'SendCredentials'`
  },
  {
    what: "a command that is done here and not there",
    reportedBy: ["I11"],
    ledgers: (ledgers, { delivered }) => {
      ledgers.transport = ledgers.transport.filter((line: any) => line.reference !== delivered || line.kind !== "booking")
    }
  },
  {
    what: "a timer that got lost",
    reportedBy: ["I12"],
    sql: ({ unpaid }) => `DELETE FROM timers WHERE path = ${orderPath(unpaid)}`
  },
  {
    what: "a timer that nobody waits for",
    reportedBy: ["I12"],
    sql: ({ cancelled }) => `
      INSERT INTO timers (partition, path, timer_id, set_version, due_at, retry_at)
      SELECT partition, path, 'xstate.after.depositWindow.order.reserved', 1, now() + interval '1 year', now() + interval '1 year'
      FROM actors
      WHERE path = ${orderPath(cancelled)};
      UPDATE actors SET next_timer_at = due_at FROM timers WHERE actors.path = timers.path AND actors.path = ${orderPath(cancelled)}`
  },
  {
    what: "an order that nothing will wake",
    reportedBy: ["I02", "I12"],
    sql: ({ inTransit }) =>
      `UPDATE actors SET state = jsonb_set(state, '{context,transport,id}', 'null') WHERE path = ${orderPath(inTransit)}`
  },
  {
    what: "a car that is meant for an order nobody knows",
    reportedBy: ["I02", "I12"],
    sql: ({ resold }) => `
      UPDATE actors SET state = jsonb_set(state, '{context,orderId}', '"ord_nobody"')
      WHERE type = 'vehicle' AND state -> 'context' ->> 'orderId' = '${resold}'`
  },
  {
    what: "a timer that is overdue",
    reportedBy: ["I13"],
    sql: ({ unpaid }) => `UPDATE timers SET due_at = due_at - interval '30 days' WHERE path = ${orderPath(unpaid)}`
  },
  {
    what: "a timer that fired early",
    reportedBy: ["I13"],
    sql: () => `UPDATE journal SET at = at - interval '1 day' WHERE type LIKE 'xstate.after.finalPaymentReminder%'`
  },
  {
    what: "a parked command without a reason",
    reportedBy: ["I14"],
    sql: ({ delivered }) =>
      `UPDATE outbox SET state = 'parked', cause = NULL WHERE path = ${orderPath(delivered)} AND type = 'SendCredentials'`
  },
  {
    what: "a command that somebody discarded without saying so",
    reportedBy: ["I14"],
    sql: ({ delivered }) =>
      `UPDATE outbox SET state = 'discarded', cause = 'Gone' WHERE path = ${orderPath(delivered)} AND type = 'SendCredentials'`
  },
  {
    what: "a writer with an epoch that its partition never had",
    reportedBy: ["I15"],
    sql: ({ delivered }) => `UPDATE actors SET epoch = epoch + 7 WHERE path = ${orderPath(delivered)}`
  },
  {
    what: "a partition that nobody can own",
    reportedBy: ["I15"],
    sql: () => `DELETE FROM partitions WHERE partition = (SELECT partition FROM actors ORDER BY path LIMIT 1)`
  },
  {
    what: "an ok that was forgotten",
    reportedBy: ["I16"],
    options: (options) => ({
      ...options,
      history: [{ path: "order/ord_1", messageId: "sub_1/sell/ord_1", saw: "ok" }]
    })
  },
  {
    what: "a no that was done all the same",
    reportedBy: ["I16"],
    options: (options) => ({ ...options, history: options.history!.slice(0, 1).map((act) => ({ ...act, saw: "fail" as const })) })
  },
  {
    what: "an answer that changed with a wipe",
    reportedBy: ["I17"],
    options: (options, clean) => ({
      ...options,
      beforeWipe: {
        ...clean,
        invariants: clean.invariants.map((one) => (one.id === "I05" ? { ...one, violations: ["factory/evt_1 still waits"] } : one))
      }
    })
  },
  {
    what: "a view that forgets one leg of a transfer",
    reportedBy: ["I20"],
    sql: () => `
      DROP VIEW postings;
      CREATE VIEW postings AS
      SELECT path, version, position, at, order_id, activation_id, kind, payment_id, debit AS account, amount_minor AS minor, currency
      FROM ledger
      UNION ALL
      SELECT path, version, position, at, order_id, activation_id, kind, payment_id, credit, -amount_minor, currency
      FROM ledger WHERE kind <> 'depositForfeited';
      GRANT SELECT ON postings TO caas_app`
  },
  {
    what: "a transfer between the wrong accounts",
    reportedBy: ["I08", "I20"],
    sql: () => `
      ALTER TABLE ledger DROP CONSTRAINT ledger_moves_as_its_kind;
      UPDATE ledger SET credit = 'vehicleSales' WHERE kind = 'depositForfeited'`
  },
  {
    what: "a cent at the gateway",
    reportedBy: ["I24"],
    ledgers: ({ payments }) => {
      payments.find(({ kind }: any) => kind === "charge").amountMinor += 1
    }
  },
  {
    what: "a deposit that ended twice",
    reportedBy: ["I08", "I20", "I29"],
    sql: ({ delivered }) => `
      DROP INDEX ledger_deposit_ends_once;
      INSERT INTO ledger (partition, path, version, position, at, order_id, kind, payment_id, debit, credit, amount_minor, currency)
      SELECT partition, path, version, 90, at, order_id, 'depositForfeited', payment_id, 'customerDeposits', 'forfeitedDeposits', amount_minor, currency
      FROM ledger
      WHERE path = ${orderPath(delivered)} AND kind = 'depositApplied'`
  },
  {
    what: "a deposit that never ended",
    reportedBy: ["I08", "I29"],
    sql: ({ delivered }) => `DELETE FROM ledger WHERE path = ${orderPath(delivered)} AND kind = 'depositApplied'`
  },
  {
    what: "another factory order for the same sale",
    reportedBy: ["I44"],
    ledgers: ({ factory }, { delivered }) => {
      for (const line of factory) if (line.reference === delivered) line.factoryOrderId = "fo_999"
    }
  },
  {
    what: "a car that was registered for two orders",
    reportedBy: ["I44"],
    ledgers: ({ registration }, { delivered, inTransit }) => {
      const [one, other] = [delivered, inTransit].map((order) => registration.find(({ reference }: any) => reference === order))
      one.vin = other.vin
    }
  },
  {
    what: "a factory order before the deposit",
    reportedBy: ["I45"],
    ledgers: ({ factory }, { delivered }) => {
      for (const line of factory) if (line.reference === delivered) line.at = "2020-01-01T00:00:00.000Z"
    }
  },
  {
    what: "a registration without its final payment",
    reportedBy: ["I08", "I20", "I24", "I45"],
    sql: ({ inTransit }) => `DELETE FROM ledger WHERE path = ${orderPath(inTransit)} AND kind = 'finalPaymentReceived'`
  },
  {
    what: "a session that was used after it ended",
    reportedBy: ["I63"],
    sql: () => `
      UPDATE sessions SET ended_at = last_seen_at - interval '2 seconds'
      WHERE session_id = (SELECT min(session_id) FROM sessions)`
  },
  {
    what: "a seller who sold on after he was dismissed",
    reportedBy: ["I63"],
    sql: () => `UPDATE accounts SET disabled_at = created_at - interval '1 day' WHERE role = 'seller'`
  },
  {
    what: "a one-time link that set a password twice",
    reportedBy: ["I64"],
    sql: () => `
      INSERT INTO security_log (at, kind, subject_id, detail)
      SELECT at, kind, subject_id, detail FROM security_log WHERE kind = 'PasswordSet' LIMIT 1`
  }
]
