/** An HTTP input that is being made: how it shall be wrong, what comes along so far, and why nobody may accept it. */
import type { Dice } from "../dice.ts"
import { weighted } from "./chance.ts"
import type { Operation } from "./operations.ts"
import type { Person, Town } from "./town.ts"
import type { Known } from "./vocabulary.ts"

/** Where an input is wrong. */
export interface Manner {
  readonly body: boolean
  readonly parameters: boolean
  readonly headers: boolean
  readonly session: boolean
}

export const flawless: Manner = { body: false, parameters: false, headers: false, session: false }
export const mannerOf = (dice: Dice): Manner =>
  weighted(dice, [
    [40, flawless],
    [26, { ...flawless, body: true }],
    [12, { ...flawless, parameters: true }],
    [9, { ...flawless, headers: true }],
    [8, { ...flawless, session: true }],
    [5, { body: true, parameters: true, headers: true, session: true }]
  ])

export type Header = readonly [name: string, value: string]

export interface Draft {
  readonly operation: Operation
  readonly caller: Person
  readonly town: Town
  readonly known: Known
  readonly dice: Dice
  readonly manner: Manner
  readonly headers: Array<Header>
  /** Why nobody may say yes to it. */
  readonly reasons: Array<string>
}

/** As far as a header can hold it. */
export const latin = (text: string) => text.replace(/[^\x20-\x7e\xa1-\xff]/g, "?").trim()
