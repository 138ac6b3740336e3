/** Who plays: the town, the teller, and the staff every story needs. */
import type { Seller } from "./seller.ts"
import type { Teller } from "./teller.ts"
import type { Town } from "./town.ts"
import type { Answer } from "./visitor.ts"

export interface Stage {
  readonly town: Town
  readonly teller: Teller
  readonly seller1: Seller
  readonly seller2: Seller
}

/** "202", or "409 WrongPin". */
export const told = ({ status, body }: Answer) => (body?.reason === undefined ? String(status) : `${status} ${body.reason}`)

/** A story that went otherwise than it is written. */
export class StoryBroken extends Error {
  readonly _tag = "StoryBroken"
}

/** Throws StoryBroken. */
export const insist = (what: string, holds: boolean) => {
  if (!holds) throw new StoryBroken(what)
}
