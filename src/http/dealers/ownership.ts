/** A car that was sold second-hand (D-21): a dealer who knows both enters it. Permanent services stay with the car, recurring ones end. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import { Vehicle } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import { PersonalData, Persons } from "#integrations/persons/persons.ts"
import { customerSees, seenBy } from "#integrations/postgres/seen-by.ts"
import { iso, PlatformTime } from "#integrations/postgres/time.ts"
import { TransferOwnership } from "#machines/vehicle.ts"
import { SubjectId, Vin } from "#machines/vocabulary.ts"
import { type Heard, heardAs } from "#src/views/heard.ts"
import { vehicleAt } from "#src/views/vehicles.ts"
import { changingProblems } from "../answers.ts"
import { isStolen, NamedVehicle } from "../customers/own-vehicle.ts"
import { keyOf, sameAsFirst, takesKey } from "../idempotency.ts"
import type { HttpOptions } from "../options.ts"
import { malformed, notFound, refused } from "../problem.ts"
import type { Run } from "../run.ts"
import { agreedAt, asSeen, existing, SeenTexts } from "../seen-texts.ts"
import { dealer, type Seller } from "../session.ts"
import { answering, strictly, takes } from "../strict.ts"

const nobody = SubjectId.make("sub_nobody")
const sellersConsent = "ownership-transfer" // Without the seller's signature under it no car changes hands.

const Transfer = Schema.Struct({
  /** Of the owner who sells: who does not know it, does not know the owner. */
  sellerEmail: PersonalData.fields.email,
  buyer: PersonalData,
  consents: SeenTexts
}).annotate({ identifier: "OwnershipTransfer" })
const Transferred = Schema.Struct({ vin: Vin, ownerId: SubjectId }).annotate({ identifier: "OwnershipTransferred" })

type Needs = Accounts | ActorSystem | Persons | PlatformTime | SqlClient.SqlClient

export const ownership = (run: Run<Needs>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/dealer/vehicles/:vin/ownership", tags: ["Ownership"] })
    .use(dealer(run, options))
    .post(
      "",
      async ({ seller, params, headers, body, status }) =>
        status(201, await run(transfer(seller, params.vin, keyOf(headers), body))),
      {
        params: strictly(NamedVehicle),
        ...takesKey,
        ...takes(Transfer),
        response: { 201: answering(Transferred), ...changingProblems },
        detail: { summary: "Enter the sale of a used car; the buyer is mailed a one-time link" }
      }
    )

const asAsked = ({ type, body }: Heard): Heard => ({ type, body: { ...body, consents: asSeen(body.consents) } })

const transfer = Effect.fn("dealers.transfer")(function* (
  seller: Seller,
  vin: Vin,
  key: string,
  { sellerEmail, buyer, consents }: typeof Transfer.Type
) {
  const { subjectId: by, dealershipId } = seller
  const persons = yield* Persons
  const actors = yield* ActorSystem
  const time = yield* PlatformTime
  const to = Vehicle.at(vin)
  const id = `${by}/transfer/${vin}/${key}`
  const sellerId = yield* persons.findByEmail(sellerEmail)
  const first = yield* seenBy(seller)(heardAs(to.path, id)) // Before the owner is looked for: after a first time it is the buyer.
  if (first !== null) {
    const buyerId = yield* persons.findByEmail(buyer.email)
    sameAsFirst(asAsked(first), "TransferOwnership", { sellerId, buyerId, consents })
    return { vin, ownerId: buyerId! }
  }
  // The same answer for a car that is not there, one without an owner, and another owner than the dealer says: it is looked for with that owner's eyes.
  const owner = sellerId ?? nobody // Looked for all the same: whose address we know is nobody's business either.
  const row = yield* customerSees(owner)(vehicleAt(vin, owner))
  if (row === null || sellerId === null) return yield* Effect.fail(notFound())
  yield* existing(consents)
  if (!consents.some(({ text }) => text === sellersConsent))
    return yield* Effect.fail(malformed(`body consents: the seller's "${sellersConsent}" is not among them`, "ConsentMissing"))
  if (isStolen(row)) return yield* Effect.fail(refused("VehicleStolen")) // A look before the buyer is kept; the vehicle decides.

  const { subjectId: buyerId } = yield* persons.keep(buyer, by)
  const agreed = agreedAt(consents, iso(time.now()), buyer.language)
  const message = TransferOwnership.make({ sellerId, buyerId, dealershipId, by, consents: agreed })
  const { duplicate } = yield* actors.tell(to, message, { id })
  if (duplicate) {
    const raced = yield* seenBy(seller)(heardAs(to.path, id))
    sameAsFirst(raced === null ? null : asAsked(raced), "TransferOwnership", { sellerId, buyerId, consents })
  }
  return { vin, ownerId: buyerId }
})
