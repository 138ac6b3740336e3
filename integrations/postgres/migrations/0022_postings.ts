/** What the ledger takes: which kind moves money from where to where, in which phase, whose VAT it may bear, and never more back than came by whatever way. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Kind → phase, and every pair of accounts (debit ← credit) that it may move money between. */
const kinds: Readonly<Record<string, readonly [phase: string, ...pairs: ReadonlyArray<string>]>> = {
  depositReceived: ["posted", "gateway ← customerDeposits"],
  finalPaymentReceived: ["posted", "gateway ← customerPayments"],
  latePaymentReceived: ["posted", "gateway ← refundsDue"],
  depositForfeited: ["posted", "customerDeposits ← forfeitedDeposits"],
  depositReturnOrdered: ["posted", "customerDeposits ← refundsDue"],
  depositWaived: ["posted", "customerDeposits ← receivables"],
  depositPenaltyOrdered: ["posted", "depositPenalties ← refundsDue"],
  finalPaymentReturnOrdered: ["posted", "customerPayments ← refundsDue"],
  paymentReturned: ["posted", "refundsDue ← gateway"],
  depositApplied: ["posted", "customerDeposits ← vehicleSales"],
  finalPaymentApplied: ["posted", "customerPayments ← vehicleSales"],
  serviceHeld: ["pending", "gateway ← serviceSales"],
  serviceReleased: ["voided", "gateway ← serviceSales"],
  serviceCaptured: ["posted", "gateway ← serviceSales"],
  serviceOwed: ["posted", "receivables ← serviceSales"],
  monthBilled: ["posted", "receivables ← serviceSales"],
  debtPaid: ["posted", "gateway ← receivables", "bank ← receivables"],
  billWaived: ["posted", "serviceSales ← receivables"],
  writtenOff: ["posted", "badDebts ← receivables"],
  serviceReturnOrdered: ["posted", "serviceSales ← refundsDue"],
  serviceReturned: ["posted", "refundsDue ← gateway"],
  lateServicePayment: ["posted", "gateway ← refundsDue"],
  refundFailed: ["posted", "gateway ← refundsDue"],
  refundPaidOut: ["posted", "refundsDue ← bank"],
  paymentSettled: ["posted", "bank ← gateway"],
  paymentSettlementFailed: ["posted", "receivables ← gateway", "receivables ← bank", "receivables ← disputes"],
  chargedBack: ["posted", "disputes ← gateway", "disputes ← bank"],
  disputeWon: ["posted", "gateway ← disputes", "bank ← disputes"],
  disputeLost: ["posted", "badDebts ← disputes"]
}
const income = "'vehicleSales', 'serviceSales', 'forfeitedDeposits'"

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  // A sale cannot go by another name, nor take the way of another kind: the kind that earns is the kind that needs its evidence.
  yield* sql`
    CREATE TABLE ledger_kinds (
      kind   text NOT NULL,
      phase  text NOT NULL,
      debit  text NOT NULL REFERENCES ledger_accounts,
      credit text NOT NULL REFERENCES ledger_accounts,
      PRIMARY KEY (kind, phase, debit, credit)
    )`
  for (const [kind, [phase, ...pairs]] of Object.entries(kinds))
    for (const pair of pairs) {
      const [debit, credit] = pair.split(" ← ") as [string, string]
      yield* sql`INSERT INTO ledger_kinds (kind, phase, debit, credit) VALUES (${kind}, ${phase}, ${debit}, ${credit})`
    }
  yield* sql`
    ALTER TABLE ledger ADD CONSTRAINT ledger_moves_as_its_kind
    FOREIGN KEY (kind, phase, debit, credit) REFERENCES ledger_kinds (kind, phase, debit, credit)`

  // VAT is part of the one leg that is an income's: anywhere else its posting has no other side.
  yield* sql.unsafe(`
    ALTER TABLE ledger ADD CONSTRAINT ledger_vat_of_income
    CHECK (vat_minor = 0 OR (debit IN (${income})) <> (credit IN (${income})))`)
  yield* sql`ALTER TABLE ledger ADD CONSTRAINT ledger_resolves_its_own CHECK (resolves IS NULL OR resolves = payment_id)`

  // By the gateway or by bank transfer, in one currency, and of two at once the second sees the first.
  yield* sql`
    CREATE OR REPLACE FUNCTION ledger_keeps_refunds_below_captures() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE taken bigint; returned bigint;
    BEGIN
      PERFORM pg_advisory_xact_lock(hashtextextended(NEW.payment_id, 0));
      SELECT coalesce(sum(amount_minor) FILTER (WHERE debit = 'gateway' AND kind NOT IN ('refundFailed', 'disputeWon')), 0),
             coalesce(sum(CASE WHEN kind IN ('serviceReturned', 'paymentReturned', 'refundPaidOut') THEN amount_minor
                               WHEN kind = 'refundFailed' THEN -amount_minor ELSE 0 END), 0)
      INTO taken, returned
      FROM ledger
      WHERE payment_id = NEW.payment_id AND currency = NEW.currency AND phase = 'posted';
      IF returned > taken THEN
        RAISE EXCEPTION 'payment % would give back % of % %', NEW.payment_id, returned, taken, NEW.currency USING ERRCODE = 'check_violation';
      END IF;
      RETURN NULL;
    END $$`
  yield* sql`DROP TRIGGER ledger_refund_within_capture ON ledger`
  yield* sql`
    CREATE TRIGGER ledger_refund_within_capture AFTER INSERT ON ledger
    FOR EACH ROW WHEN (NEW.kind IN ('serviceReturned', 'paymentReturned', 'refundPaidOut'))
    EXECUTE FUNCTION ledger_keeps_refunds_below_captures()`

  yield* sql`GRANT SELECT ON ledger_kinds TO caas_app`
})
