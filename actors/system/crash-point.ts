/** Names the moments at which a process may die. Nothing happens there, unless a kill test gives the names a meaning. */
import { Context } from "effect"

export type Reached = (point: string) => void

export const CrashPoint = Context.Reference<Reached>("actors/CrashPoint", { defaultValue: () => () => {} })
