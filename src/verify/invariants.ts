/** What must always be so, in plain words. A number, once given, is never given to another; the gaps belong to parts that are not built yet. */

/** `quiet` means: in full only when nothing is on its way any more. */
export const invariants = {
  I01: "An actor's version never skips and never repeats",
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
  I24: "Our gateway account and the gateway's own ledger agree per payment, to the minor unit",
  I29: "A deposit is kept or returned exactly once per order",
  I44: "One order has at most one factory order, one VIN and one registration, and nobody else has the same",
  I45: "No factory order before the deposit, no registration before the final payment, no handover before the registration"
} as const

export type InvariantId = keyof typeof invariants
