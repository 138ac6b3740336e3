/** Short messages, by whoever carries them. */
import { Context, type Effect, Schema } from "effect"

export class Sms extends Context.Service<
  Sms,
  {
    /** `id` is the same for every copy of one message; the carrier delivers it once. `to`: "+34600111222". */
    readonly send: (
      message: { readonly to: string; readonly text: string },
      id: string
    ) => Effect.Effect<void, SmsRefused | SmsUnreachable>
  }
>()("integrations/Sms") {}

/** The carrier will never take it: no such number, most likely. */
export class SmsRefused extends Schema.TaggedError<SmsRefused>()("SmsRefused", { reason: Schema.String }) {}

/** Nobody knows whether the carrier took it. Sent again under the same id, it is delivered once. */
export class SmsUnreachable extends Schema.TaggedError<SmsUnreachable>()("SmsUnreachable", { cause: Schema.Defect() }) {}
