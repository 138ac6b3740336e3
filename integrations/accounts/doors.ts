/** Where people knock: the addresses that mails point to. */
import { Context } from "effect"

export class Doors extends Context.Service<Doors, { readonly publicUrl: string; readonly intranetUrl: string }>()(
  "integrations/Doors"
) {}

/** The token is in the fragment: it reaches no server log, and a scanner that follows the link uses nothing up. */
export const passwordLink = (door: string, token: string) => `${door}/set-password#token=${token}`
