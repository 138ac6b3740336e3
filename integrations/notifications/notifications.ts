/** Tells a customer something, once, where they want it: mail, push, SMS or the car's display (S8, S23, NO-01…10). */
import { Context, type Effect, Schema } from "effect"
import type { ActivationId, OrderId, SubjectId, Vin } from "#machines/vocabulary.ts"

/**
 * `legal`: by mail always, at once, and kept; nobody can switch it off. `contract`: money and contract; at least one channel.
 * `service`: how things go; any channel, or none. `progress`: one live card that is replaced, never a mail of its own.
 */
export const NoticeClass = Schema.Literals(["legal", "contract", "service", "progress"])
export type NoticeClass = typeof NoticeClass.Type

export const Channel = Schema.Literals(["mail", "push", "sms", "display"])
export type Channel = typeof Channel.Type

export interface Attachment {
  readonly filename: string
  readonly mediaType: "application/pdf"
  readonly bytes: Uint8Array
}

export interface Notice {
  readonly subjectId: SubjectId
  readonly class: NoticeClass
  /** The occasion, by the word the machine has for it: "ServiceActive". */
  readonly occasion: string
  /** Notices with one card replace each other where a channel can do that: all tries of one activation are one. */
  readonly card: string
  /** What the templates need: { option: "snow-mode", orderId: …, at: … }. Never a name: those are resolved when it is sent. */
  readonly facts: Readonly<Record<string, string>>
  readonly orderId: OrderId | null
  readonly activationId: ActivationId | null
  readonly vin: Vin | null
  readonly attachments: ReadonlyArray<Attachment>
}

export class Notifications extends Context.Service<
  Notifications,
  {
    /**
     * At least once, with a message id per (`id`, channel), so that a repeat can be told from a second one; at most one distinct message
     * per (`id`, channel). A channel that will never take it (bounced, unsubscribed) gives way to the next; an outage is tried again.
     */
    readonly send: (notice: Notice, id: string) => Effect.Effect<void, NotificationWaits | NoChannelLeft>
  }
>()("integrations/Notifications") {}

/** A channel was not there, or it is night where the customer sleeps: tried again at `until`, or soon. */
export class NotificationWaits extends Schema.TaggedError<NotificationWaits>()("NotificationWaits", {
  channel: Channel,
  reason: Schema.String
}) {}

/** Every channel that may carry it has refused it for good: somebody has to write a letter. */
export class NoChannelLeft extends Schema.TaggedError<NoChannelLeft>()("NoChannelLeft", { tried: Schema.Array(Schema.String) }) {}
