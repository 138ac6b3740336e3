/**
 * What was answered to the newest report of each car, by whichever gateway. A car that did not hear it says the same bytes again, and is
 * answered the same. Ed25519 signs the same words the same way: an answer that we would sign otherwise was not ours.
 */
import { createHash } from "node:crypto"
import { Effect, Option, Schema } from "effect"
import { listenToAcknowledgements } from "#integrations/vehicle-link/listening.ts"
import { unverified } from "#integrations/vehicle-trust/jws.ts"
import { Acknowledged, VehicleTrust } from "#integrations/vehicle-trust/vehicle-trust.ts"
import type { Vin } from "#machines/vocabulary.ts"

const carsKept = 20_000 // Those heard of last: some 12 MB. While a fleet comes back, most of what it says is said again.
const lengthLimit = 2 * 1024 // Bytes of an acknowledgement.
const pause = "500 millis" // After a connection that was not there.

interface Answered {
  readonly said: typeof Acknowledged.Type
  readonly acknowledgement: string
}

export class Repeats {
  readonly #newest = new Map<Vin, Answered>()

  /** Null where these very bytes were not answered, or not lately. */
  readonly of = Effect.fnUntraced(function* (this: Repeats, vin: Vin, jws: string) {
    const answered = this.#newest.get(vin)
    if (answered === undefined || answered.said.vin !== vin || answered.said.receiptId !== receiptOf(jws)) return null
    const trust = yield* VehicleTrust
    const ours = yield* trust.sign("caas-acknowledged+jws", answered.said)
    return ours === answered.acknowledgement ? ours : null
  })

  /** Runs for ever. Hears what this gateway says itself as well. */
  readonly listen = listenToAcknowledgements((vin, bytes) => {
    if (bytes.length > lengthLimit) return
    const acknowledgement = new TextDecoder().decode(bytes)
    const said = Option.getOrNull(decode(unverified(acknowledgement)?.text ?? ""))
    if (said === null) return
    this.#newest.delete(vin)
    this.#newest.set(vin, { said, acknowledgement })
    if (this.#newest.size > carsKept) this.#newest.delete(this.#newest.keys().next().value!)
  }).pipe(
    Effect.catchTag("NatsUnreachable", () => Effect.sleep(pause)),
    Effect.forever
  )
}

const receiptOf = (jws: string) => `rep_${createHash("sha256").update(jws).digest("hex")}`
const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Acknowledged))
