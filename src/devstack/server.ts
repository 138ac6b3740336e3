/** What a started server is to whoever uses it. */
import type { Launched } from "./launch.ts"

export type Server = Launched & {
  readonly url: string
  /** Where its program came from, told to people. */
  readonly from: string
}
