/** Rare situations, counted: a run that did not meet them proves nothing about them. */

export const situations = [
  "the same click twice",
  "two tabs at once",
  "a stranger at the door",
  "withdrawal while the car was tried",
  "withdrawal of what was active, and its money came back",
  "withdrawal too late",
  "theft while a service was pending",
  "resale with a recurring service",
  "resale with a permanent service",
  "every try failed, and a case was opened",
  "case closed uncharged",
  "case closed with a gift, and the car got it",
  "the car's word after it was given up",
  "hold renewed",
  "hold that would not have lasted",
  "hold lost, and the money taken anew",
  "money owed by an empty account",
  "customer did not confirm with the bank",
  "settlement failed, and the service stayed",
  "drift healed",
  "a feature wiped from the flash",
  "a wrong clock",
  "document lost, and sent again",
  "car drove, and obeyed when it parked",
  "confirmed in a later try",
  "term ended",
  "maintenance overdue",
  "workshops did not answer",
  "phone as courier",
  "NATS forgot everything"
] as const
export type Situation = (typeof situations)[number]

export class Tally {
  private readonly counts = new Map<Situation, number>(situations.map((one) => [one, 0]))

  met(situation: Situation, times = 1) {
    this.counts.set(situation, this.counts.get(situation)! + times)
  }
  add(other: Tally) {
    for (const [situation, times] of other.counts) this.met(situation, times)
  }
  get all(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.counts)
  }
  get missing(): ReadonlyArray<Situation> {
    return situations.filter((one) => this.counts.get(one) === 0)
  }
}
