/** What runs in a car, in memory that a workshop (or a thief) can set back to an older copy. */

export interface RunningFeature {
  readonly id: string
  readonly option: string
  readonly activationId: string
  readonly until: string | null
  readonly parameters: Readonly<Record<string, boolean | number | string>>
}

export interface RefusedFeature {
  readonly id: string
  readonly option: string
  readonly activationId: string
  readonly reason: string
}

export interface Image {
  readonly cfgVersion: number // The document it was written by; 0: none.
  readonly features: ReadonlyArray<RunningFeature> // In the order of their ids.
  readonly refused: ReadonlyArray<RefusedFeature>
  readonly catalogue: { readonly edition: number; readonly hash: string } | null
}

export const blank: Image = { cfgVersion: 0, features: [], refused: [], catalogue: null }
const copiesAtMost = 8

export class Flash {
  private readonly older: Array<Image> = []

  constructor(public image: Image = blank) {}

  write(image: Image) {
    this.older.push(this.image)
    if (this.older.length > copiesAtMost) this.older.shift()
    this.image = image
  }

  /** The copy before the last writing, and so on back; the oldest there is. */
  restore(back = 1) {
    this.image = this.older.at(-back) ?? this.older[0] ?? blank
  }

  get nextEnd(): number {
    return Math.min(...this.image.features.map(({ until }) => (until === null ? Number.POSITIVE_INFINITY : Date.parse(until))))
  }
}
