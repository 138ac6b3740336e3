/** How a letter reaches its actor: in this process, or wherever in the cluster its partition lives. */
import { Context, Effect } from "effect"
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
        tell: ({ path }, message, { id, cause = id, correlation = cause, traceId = null, sender }) =>
          Effect.flatMap(deliver({ path, id, message, cause, correlation, traceId, sender: sender ?? null, timer: null }), spoken)
      })
    )
  )
