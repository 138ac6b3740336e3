/** What a run of money histories must have met: one that did not proves nothing about it. */

export const situations = [
  "bought by the month",
  "bought at a price",
  "somebody who owes may buy nothing",
  "settled",
  "settlement failed after delivery",
  "settlement failed after the money had gone back",
  "disputed",
  "settled and disputed at once",
  "dispute won",
  "dispute lost",
  "charge confirmed at the bank",
  "charge refused at the bank",
  "withdrawal of what was never active",
  "withdrawal of what was owed",
  "withdrawal of what was paid",
  "withdrawal of what cost nothing yet",
  "withdrawal too late",
  "cancelled, and billed to that day",
  "debt paid",
  "debt paid in vain",
  "paid while the bank was asked",
  "paid what nobody owed",
  "writtenOff",
  "paidOut",
  "dismissed",
  "the wrong word for a case",
  "refund that did not arrive",
  "a settlement of another amount",
  "a month that was billed",
  "a debt that finance got",
  "a webhook that was lost, and found in the gateway's list"
] as const
export type Situation = (typeof situations)[number]

export type Tally = Map<Situation, number>
export const met = (tally: Tally, situation: Situation, times = 1) => tally.set(situation, (tally.get(situation) ?? 0) + times)
