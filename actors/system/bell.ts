/** What a loop sleeps by: for a while, or until somebody rings. Who rings while it works is heard when it lies down. */
import { Effect } from "effect"

export class Bell {
  #rung = false
  #wake = () => {}

  readonly ring = () => {
    this.#rung = true
    this.#wake()
  }

  /** What rings from now on is about what comes after. */
  hush() {
    this.#rung = false
  }

  readonly sleep = (millis: number): Effect.Effect<void> =>
    Effect.callback<void>((resume) => {
      const timer = setTimeout(() => this.#wake(), millis)
      this.#wake = () => {
        clearTimeout(timer)
        this.#wake = () => {}
        resume(Effect.void)
      }
      if (this.#rung) this.#wake()
      return Effect.sync(() => clearTimeout(timer))
    })
}
