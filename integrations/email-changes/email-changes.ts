/** A person's new mail address, which counts when somebody has shown that they read what is sent there. */
import { Context, type Effect } from "effect"
import type { SubjectId } from "#machines/vocabulary.ts"
import type { LinkInvalid } from "../accounts/accounts.ts"

export class EmailChanges extends Context.Service<
  EmailChanges,
  {
    /** The token of a link to the new address: 24 h, once; an earlier one is void. Whether the address is somebody's already is not said. */
    readonly ask: (subjectId: SubjectId, email: string) => Effect.Effect<string>
    /** From now on the person signs in with it. Links that went to the old address are void. Answers the old address, for a word to it. */
    readonly confirm: (token: string) => Effect.Effect<{ readonly subjectId: SubjectId; readonly from: string }, LinkInvalid>
  }
>()("integrations/EmailChanges") {}
