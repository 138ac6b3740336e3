/** The audit's witness over HTTP: `POST /heads`. */
import { createHash } from "node:crypto"
import { Effect, Layer, Schema } from "effect"
import { Instant } from "#machines/vocabulary.ts"
import { believe, type NoAnswer, type PartnerOptions, post, refusalOf } from "../http/outbound.ts"
import { AuditWitness, type Deposit, HeadRefused, WitnessUnreachable } from "./audit-witness.ts"

const Kept = Schema.Struct({ reference: Schema.String, at: Instant })

export const AuditWitnessHttp = (options: PartnerOptions): Layer.Layer<AuditWitness> =>
  Layer.succeed(AuditWitness, {
    deposit: Effect.fn("AuditWitness.deposit")(({ entries, ...deposit }: Deposit) => {
      const reference = createHash("sha256").update(deposit.signed).digest("hex") // Ed25519 has no dice: the same head is the same text.
      // What comes between may be more the next time, and a key is one body's.
      const key = `${reference}-${deposit.after}`
      return post(options, "/heads", key, { reference, ...deposit, entries: Buffer.concat(entries).toString("base64") }).pipe(
        Effect.flatMap((answer): Effect.Effect<typeof Kept.Type, HeadRefused | NoAnswer> => {
          const reason = refusalOf(answer, reference)
          if (reason !== null) return Effect.fail(new HeadRefused({ reason }))
          return believe(Kept, (kept) =>
            kept.reference !== reference ? "reference" : Number.isNaN(Date.parse(kept.at)) ? "at" : null
          )(answer)
        }),
        Effect.map(({ at }) => ({ at })),
        Effect.catchTag("NoAnswer", (cause) => Effect.fail(new WitnessUnreachable({ cause })))
      )
    })
  })
