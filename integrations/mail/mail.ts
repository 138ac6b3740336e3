/** Mail, over SMTP. */
import { createHash } from "node:crypto"
import { Context, type Effect, Schema } from "effect"

export interface Attachment {
  readonly filename: string
  readonly mediaType: "application/pdf"
  readonly bytes: Uint8Array
}

export interface OutgoingMail {
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly attachments?: ReadonlyArray<Attachment>
}

export class Mail extends Context.Service<
  Mail,
  {
    /** `id` becomes the Message-ID, so a repeat can be told from a second mail. */
    readonly send: (letter: OutgoingMail, id: string) => Effect.Effect<void, MailRefused | MailUnreachable>
  }
>()("integrations/Mail") {}

/** The server will never take this mail (5xx): the address is wrong, most likely. */
export class MailRefused extends Schema.TaggedError<MailRefused>()("MailRefused", { reason: Schema.String }) {}

/** The server was not there, or said to come again (4xx). */
export class MailUnreachable extends Schema.TaggedError<MailUnreachable>()("MailUnreachable", { cause: Schema.Defect() }) {}

/** A command's id may hold signs that a Message-ID may not (RFC 5322, 3.6.4), so it is hashed: the same command, the same Message-ID. */
export const messageIdOf = (id: string) => `${createHash("sha256").update(id).digest("hex").slice(0, 32)}@caas.example`
