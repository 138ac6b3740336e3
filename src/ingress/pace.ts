/**
 * How much a gateway takes on at once, by how the last ones went. Reports that wait in a mailbox wait in front of customers: where they
 * take longer than a quarter of a second fewer are under way, and where nobody has room for them the gateway rests as well.
 */

const most = 512 // Messages under way: two fetches, one that waits for its commits and one that is looked at.
const fewest = 64 // Fewer would cost more: each look is a question to Postgres, each commit a flush.
const leastLook = 32
const more = 32 // After a fetch that went well.
const slowMillis = 250 // From being heard to being settled: at the pace of a busy machine, 2,000 a second, `most` take as long.
const tolerable = 0.25 // The share of those told to come back that changes nothing: a few actors are busy, or one of several owners is away.
const shortestRestMillis = 250
const longestRestMillis = 2_000

export class Pace {
  /** Messages that may be held unsettled. */
  hands = most
  /** Milliseconds to wait before the next fetch. */
  rest = 0
  #well = 0
  #slow = 0
  #refused = 0

  /** Of a fetch. */
  get limit() {
    return this.hands >> 1
  }

  /** Looked at together, by one statement. As long as that takes nobody else is served: a customer waits for some 15 ms of it. */
  get batch() {
    return Math.max(leastLook, this.hands >> 3)
  }

  went(well: boolean, millis: number) {
    if (!well) this.#refused++
    else if (millis > slowMillis) this.#slow++
    else this.#well++
  }

  /** Before each fetch: what came of those that were settled since the last one. */
  adapt() {
    const [well, slow, refused] = [this.#well, this.#slow, this.#refused]
    const all = well + slow + refused
    if (all === 0) return
    this.#well = this.#slow = this.#refused = 0
    const busy = refused > all * tolerable
    this.rest = busy ? Math.min(longestRestMillis, Math.max(shortestRestMillis, this.rest * 2)) : 0
    if (busy) this.hands = Math.max(fewest, this.hands >> 1)
    else if (slow > all / 2) this.hands = Math.max(fewest, this.hands - (this.hands >> 2))
    else this.hands = Math.min(most, this.hands + more)
  }
}
