/** One figure of the bench: medians of several runs taken in one go, against a limit taken in the same go. */

export interface Row {
  readonly name: string
  readonly what: string
  readonly unit: string
  readonly ours: number
  readonly limit: number | null
  readonly ratio: number | null
  readonly runs: ReadonlyArray<number>
  readonly goal: string
  readonly notes: ReadonlyArray<string>
}

export const median = (values: ReadonlyArray<number>) => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
