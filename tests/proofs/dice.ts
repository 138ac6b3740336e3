/** Chance that can be had again: the same seed throws the same numbers. */

export class Dice {
  constructor(private state: number) {}

  /** From 0 to below 1 (mulberry32). */
  throw(): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.throw() * (most - least + 1))
  }

  oneOf<A>(all: ReadonlyArray<A>): A {
    return all[Math.floor(this.throw() * all.length)]!
  }
}
