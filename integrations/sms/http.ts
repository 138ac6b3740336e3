/** Short messages over HTTP: `POST /messages`. */
import { Effect, Layer, Schema } from "effect"
import { believe, type NoAnswer, type PartnerOptions, post, refusalOf } from "../http/outbound.ts"
import { Sms, SmsRefused, SmsUnreachable } from "./sms.ts"

const Taken = Schema.Struct({ messageId: Schema.String, reference: Schema.String })

/** The carrier keeps one message per reference, so who does not know repeats with the same id. */
export const SmsHttp = (options: PartnerOptions): Layer.Layer<Sms> =>
  Layer.succeed(Sms, {
    send: Effect.fn("Sms.send")(({ to, text }: { readonly to: string; readonly text: string }, id: string) =>
      post(options, "/messages", id, { reference: id, to, text }).pipe(
        Effect.flatMap((answer): Effect.Effect<typeof Taken.Type, SmsRefused | NoAnswer> => {
          const reason = refusalOf(answer, id)
          if (reason !== null) return Effect.fail(new SmsRefused({ reason }))
          return believe(Taken, ({ reference }) => (reference === id ? null : "reference"))(answer)
        }),
        Effect.asVoid,
        Effect.catchTag("NoAnswer", (cause) => Effect.fail(new SmsUnreachable({ cause })))
      )
    )
  })
