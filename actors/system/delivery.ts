/** How a letter reaches its actor: in this process, or wherever in the cluster its partition lives. */
import { Context, Effect } from "effect"
import { CurrentRequest } from "#integrations/audit/audit.ts"
import { ActorSystem } from "./actor-system.ts"
import { type Answer, type Letter, spoken } from "./letter.ts"

type Deliver = (letter: Letter) => Effect.Effect<Answer>

export class Delivery extends Context.Service<Delivery, { readonly deliver: Deliver }>()("actors/Delivery") {}

/** Whoever can deliver letters can be spoken through. */
export const speaking = (deliver: Deliver): Context.Context<Delivery | ActorSystem> =>
  Context.make(Delivery, { deliver }).pipe(
    Context.add(
      ActorSystem,
      ActorSystem.of({
        /** What a person tells begins with their request: by its id the audit and the journals are one story. */
        tell: Effect.fnUntraced(function* ({ path }, message, { id, cause = id, correlation, traceId = null, sender }) {
          const begun = correlation ?? (yield* CurrentRequest) ?? cause
          return yield* spoken(
            yield* deliver({ path, id, message, cause, correlation: begun, traceId, sender: sender ?? null, timer: null })
          )
        })
      })
    )
  )
