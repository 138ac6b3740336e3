/** The carriers over HTTP: `POST /transports` (S18). What becomes of a transport is told by webhook, or entered by a dealer. */
import { Effect, Layer, Schema } from "effect"
import { believe, type NoAnswer, type PartnerOptions, post, refusalOf } from "../http/outbound.ts"
import { CarrierRefused, Carriers, CarrierUnreachable, NewTransport, Transport } from "./transport.ts"

const Booked = Schema.Struct({ ...Transport.fields, to: NewTransport.fields.to })

/** There is no question to ask by reference: the carrier keeps one transport per (reference, to), so the caller repeats with the same id. */
export const CarriersHttp = (options: PartnerOptions): Layer.Layer<Carriers> =>
  Layer.succeed(Carriers, {
    book: Effect.fn("Carriers.book")((transport, id) =>
      post(options, "/transports", id, transport).pipe(
        Effect.flatMap((answer): Effect.Effect<typeof Transport.Type, CarrierRefused | NoAnswer> => {
          const reason = refusalOf(answer, transport.reference)
          if (reason !== null) return Effect.fail(new CarrierRefused({ reason }))
          return believe(Booked, (booked) => {
            if (booked.reference !== transport.reference) return "reference"
            return booked.to === transport.to ? null : "to"
          })(answer)
        }),
        Effect.catchTag("NoAnswer", (cause) => Effect.fail(new CarrierUnreachable({ cause })))
      )
    )
  })
