/** What you may know about an actor from outside: its name, and the messages it understands. */
import type { Schema } from "effect"
import { wordsOf } from "./behavior.ts"

export interface Tagged {
  readonly type: string
}

export interface Address<in out Message> {
  readonly type: ActorType<Message>
  readonly path: string // "order/ord_42": the Postgres key, the log field, the end of a NATS subject
}

export interface ActorType<in out Message> {
  readonly name: string
  readonly Message: Schema.Codec<Message, any>
  /** The `type` of each of them. */
  readonly words: ReadonlySet<string>
  readonly at: (id: string) => Address<Message>
}

export const actorType = <Message extends Tagged>(
  name: string,
  Message: Schema.Codec<Message, any> & Schema.Union<ReadonlyArray<Schema.Top>>
): ActorType<Message> => {
  const type: ActorType<Message> = { name, Message, words: wordsOf(Message), at: (id) => ({ type, path: `${name}/${id}` }) }
  return type
}

/** "order/ord_42" → "order". */
export const typeName = (path: string) => path.slice(0, path.indexOf("/"))
