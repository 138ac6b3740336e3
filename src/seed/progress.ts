/** How far a long work has come: a bar that is redrawn on a terminal, a line every few seconds elsewhere. */

const width = 30 // Signs of the bar.
const redrawMillis = 200
const lineMillis = 10_000 // Between two lines, where nothing can be redrawn.

export interface Screen {
  readonly isTTY?: boolean
  readonly write: (text: string) => unknown
}

/** Answers what to call with how many are done, and at the end. Time counts from the first call. */
export const progressBar = (total: number, screen: Screen, clock: () => number = () => performance.now()) => {
  let begin: number | null = null
  let drawn = Number.NEGATIVE_INFINITY
  const every = screen.isTTY ? redrawMillis : lineMillis
  return (done: number) => {
    const now = clock()
    begin ??= now
    if (done < total && now - drawn < every) return
    drawn = now
    const text = lineOf(done, total, (now - begin) / 1000)
    screen.write(screen.isTTY ? `\r${text}\x1b[K${done >= total ? "\n" : ""}` : `${text}\n`)
  }
}

export const lineOf = (done: number, total: number, seconds: number): string => {
  const share = total === 0 ? 1 : Math.min(1, done / total)
  const full = Math.round(share * width)
  const rate = seconds > 0 ? done / seconds : 0
  const left = done >= total ? `in ${lasting(seconds)}` : rate > 0 ? `${lasting((total - done) / rate)} left` : ""
  const counts = `${done.toLocaleString("en")} of ${total.toLocaleString("en")}`
  return `[${"#".repeat(full)}${"-".repeat(width - full)}] ${counts}  ${Math.round(rate).toLocaleString("en")}/s  ${left}`
}

const lasting = (seconds: number) =>
  seconds < 60 ? `${Math.ceil(seconds)} s` : `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
