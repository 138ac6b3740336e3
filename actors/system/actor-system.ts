/** How anyone speaks to an actor, wherever it lives. */
import { Context, type Effect } from "effect"
import type { Address, Tagged } from "./actor-type.ts"
import type { NotHeard, Sender, Standing } from "./letter.ts"

export interface TellOptions {
  readonly id: string
  readonly cause?: string
  readonly correlation?: string
  readonly traceId?: string | null
  readonly sender?: Sender
}

export class ActorSystem extends Context.Service<
  ActorSystem,
  {
    /** Answers once the turn is durable. A message told twice with one id is heard once, and answered twice. */
    readonly tell: <Message extends Tagged>(
      to: Address<Message>,
      message: NoInfer<Message>,
      options: TellOptions
    ) => Effect.Effect<Standing, NotHeard>
  }
>()("actors/ActorSystem") {}
