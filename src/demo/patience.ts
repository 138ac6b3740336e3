/** Waiting for what happens elsewhere, by looking again until it is there. */
import { Schema } from "effect"

/** It did not happen in time; `last` is what was seen instead. */
export class NotInTime extends Schema.TaggedError<NotInTime>()("NotInTime", { what: Schema.String, last: Schema.String }) {
  override get message() {
    return `${this.what} did not happen in time; last seen: ${this.last}`
  }
}

const everyMillis = 30
const patienceMillis = 15_000 // Wall clock: how long a person at the screen would wait.

/** Looks until `isIt` says yes, and answers what was seen. Throws NotInTime. */
export const until = async <A>(
  what: string,
  look: () => Promise<A> | A,
  isIt: (seen: A) => boolean,
  millis = patienceMillis
): Promise<A> => {
  for (const end = performance.now() + millis; ; await Bun.sleep(everyMillis)) {
    const seen = await look()
    if (isIt(seen)) return seen
    if (performance.now() > end) throw new NotInTime({ what, last: (JSON.stringify(seen) ?? "nothing").slice(0, 2000) })
  }
}
