/** Tells a customer something, once, where they want it: mail, push, SMS or the car's display (S8, S23, NO-01…10). */
import { Context, type Effect, Schema } from "effect"
import type { ActivationId, OrderId, SubjectId, Vin } from "#machines/vocabulary.ts"
import type { Attachment } from "../mail/mail.ts"
import type { Facts, Occasion } from "./occasions.ts"
import type { FactMissing } from "./wording.ts"

export type { Facts, Occasion } from "./occasions.ts"

export const Channel = Schema.Literals(["mail", "push", "sms", "display"])
export type Channel = typeof Channel.Type

export interface Notice {
  readonly subjectId: SubjectId
  /** By the word the machine has for it: "ServiceActive". How weighty it is, and what it has to bring, is in occasions.ts. */
  readonly occasion: Occasion
  /** Notices with one card replace each other where a channel can do that: all tries of one activation are one. */
  readonly card: string
  /** What the words name. Never a name: those are resolved when it is sent. */
  readonly facts: Facts
  readonly orderId: OrderId | null
  readonly activationId: ActivationId | null
  readonly vin: Vin | null
  /** Go with the mail. */
  readonly attachments: ReadonlyArray<Attachment>
}

export class Notifications extends Context.Service<
  Notifications,
  {
    /**
     * At least once, with a message id per (`id`, channel), so that a repeat can be told from a second one; at most one distinct message
     * per (`id`, channel). A channel that will never take it (bounced, unsubscribed) gives way to the next; an outage is tried again.
     */
    readonly send: (notice: Notice, id: string) => Effect.Effect<void, NotificationWaits | NoChannelLeft | FactMissing>
  }
>()("integrations/Notifications") {}

/** A channel was not there: the command is tried again. */
export class NotificationWaits extends Schema.TaggedError<NotificationWaits>()("NotificationWaits", {
  channel: Channel,
  reason: Schema.String
}) {}

/** Every channel that may carry it has refused it for good, each with its reason: somebody has to write a letter. */
export class NoChannelLeft extends Schema.TaggedError<NoChannelLeft>()("NoChannelLeft", { reason: Schema.String }) {}
