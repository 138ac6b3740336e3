/** How much is fetched at once, by how the last ones were answered: who is told to come back asks for half as much, and later. */

const most = 256 // Messages of a fetch.
const fewest = 16
const more = 32 // After a fetch that went well.
const tolerable = 0.25 // The share of those told to come back that changes nothing: a few actors are busy, or one of several owners is away.
const shortestRestMillis = 250
const longestRestMillis = 2_000

export class Pace {
  limit = most
  /** Milliseconds to wait before the next fetch. */
  rest = 0
  #well = 0
  #refused = 0

  went(well: boolean) {
    well ? this.#well++ : this.#refused++
  }

  /** Before each fetch: what came of those that were answered since the last one. */
  adapt() {
    const [well, refused] = [this.#well, this.#refused]
    if (well + refused === 0) return
    this.#well = this.#refused = 0
    if (refused <= (well + refused) * tolerable) {
      this.limit = Math.min(most, this.limit + more)
      this.rest = 0
    } else {
      this.limit = Math.max(fewest, this.limit >> 1)
      this.rest = Math.min(longestRestMillis, Math.max(shortestRestMillis, this.rest * 2))
    }
  }
}
