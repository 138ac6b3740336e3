/** What must always be so, in plain words. A number, once given, is never given to another; the gaps belong to parts that are not built yet. */

/** `quiet` means: in full only when nothing is on its way any more. */
export const invariants = {
  I01: "An actor's version never skips and never repeats, and no message is heard twice",
  I02: "Replaying an actor's journal gives its snapshot, its facets and every answer it gave",
  I03: "An actor's journal epochs never go down",
  I05: "Every accepted webhook is kept, and was heard by its order once or rejected with a reason; quiet: none waits",
  I06: "Nothing was accepted that was not validly signed by a known sender",
  I07: "Every journal row has a cause: a person, a webhook, a command or a timer that exists",
  I08: "The commands and records of a replay are the outbox and the ledger, row by row",
  I09: "The outside did each thing at most once per reference",
  I10: "The outside did nothing that we did not order",
  I11: "What is done was done outside; quiet: everything ordered is done, or given up with a reason",
  I12: "What an actor waits for is what its journal set; quiet: each is closed, waits for a timer or for somebody outside",
  I13: "No timer fired before it was due, or without being set; quiet: none is overdue",
  I14: "Nothing is parked, discarded or quarantined without a reason and without its actor being told",
  I15: "Each partition has one owner, and nobody wrote with an epoch its partition never had",
  I16: "What callers saw is true: every ok is in the journal once, every no is absent, every silence is there at most once",
  I17: "Wiping Redis and NATS changes no answer",
  I20: "The ledger sums to zero per transfer and currency, between the accounts its kinds name, and owes nobody less than nothing",
  I21: "Nobody is charged for a service whose car did not have it: no capture without its evidence, and the car's own books",
  I22: "Nobody is charged twice for one service, or for one month of it, nor more than it costs",
  I23: "Each hold ends once: captured, voided or expired; none is open past its life; quiet: none is open for what is over",
  I24: "Our gateway account and the gateway's own ledger agree per payment, to the minor unit",
  I25: "A withdrawn service ends with nothing paid, inactive in its car, and acknowledged once",
  I26: "A withdrawal submitted within its period is never refused as late, however long we took to hear it",
  I28: "Nothing is given back that was not taken, and never more than was taken",
  I29: "A deposit is kept or returned exactly once per order",
  I40: "What a car that reported after its last change has active is what we say it has",
  I41: "Every change in a car was ordered by a validly signed, unexpired document for that car, with a version above all before",
  I42: "The highest version a car has taken never goes down",
  I43: "A temporary service is off in the car at its end, whether anybody can reach it or not",
  I44: "One order has at most one factory order, one VIN and one registration, and nobody else has the same",
  I45: "No factory order before the deposit, no registration before the final payment, no handover before the registration",
  I46: "At most one open purchase per car and option",
  I47: "A maintenance-gated service was sold only on an answer of the workshops that was open, and younger than its policy says",
  I48: "Nothing was ever told or sent to a car that stops it from driving",
  I49: "A service that failed in every try has exactly one support case, and costs nothing",
  I51: "Nothing a customer has was switched off because of maintenance",
  I52: "Invoice numbers have no gap and no double per series, each is sealed to the one before, and none credits more than it corrects"
} as const

export type InvariantId = keyof typeof invariants
