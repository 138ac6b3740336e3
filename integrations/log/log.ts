/** The log that operators read. What an outage would say a thousand times is said once, and then every few seconds with how often it was left out. */
import { Cause, Effect } from "effect"
import { inItsOwnWords, isPassing } from "../postgres/absence.ts"

const every = "10 seconds"

type About = Readonly<Record<string, unknown>>

/** A sentence of one speaker. The first is said at once; what was left out is counted, and said even where nothing follows. */
export const seldom = (sentence: string) => {
  let isQuiet = false
  let leftOut = 0
  let last: About = {}
  const say = (about: About) => Effect.logWarning(sentence).pipe(Effect.annotateLogs(about))
  const goOn: Effect.Effect<void> = Effect.suspend(() => {
    isQuiet = leftOut > 0
    if (!isQuiet) return Effect.void
    const about = { ...last, leftOut }
    leftOut = 0
    return Effect.andThen(say(about), later)
  })
  const later = Effect.andThen(Effect.sleep(every), goOn)
  return (about: About): Effect.Effect<void> =>
    Effect.suspend(() => {
      last = about
      if (isQuiet) return Effect.sync(() => void leftOut++)
      isQuiet = true
      return Effect.andThen(say(about), Effect.forkDetach(later))
    })
}

/** The same about failures: those that pass by themselves in Postgres' own words; what is a bug of ours with its cause, each time. */
export const stumbling = (sentence: string) => {
  const say = seldom(sentence)
  return (cause: Cause.Cause<unknown>, about: About = {}): Effect.Effect<void> => {
    const error = Cause.squash(cause)
    if (isPassing(error)) return say({ ...about, cause: inItsOwnWords(error) })
    return Effect.logWarning(sentence, cause).pipe(Effect.annotateLogs(about))
  }
}
