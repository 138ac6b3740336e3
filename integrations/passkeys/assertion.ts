/** Whose passkey has signed: the cryptography is the library's, the rules around it are here. */
import { type AuthenticationResponseJSON, verifyAuthenticationResponse } from "@simplewebauthn/server"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { SubjectId } from "#machines/vocabulary.ts"
import type { Door } from "../accounts/accounts.ts"
import { PlatformTime } from "../postgres/time.ts"
import { challengeIn, challenges } from "./challenges.ts"

/** What a door's passkeys belong to, and the only page that may ask for them. */
export interface Site {
  readonly rpId: string
  readonly origin: string
}

interface Passkey {
  readonly subjectId: SubjectId
  readonly publicKey: Uint8Array<ArrayBuffer>
  readonly counter: number
}

export const assertion = (at: (door: Door) => Site) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const time = yield* PlatformTime
    const { use } = yield* challenges

    /** Whose passkey has signed this; null for whatever is wrong. Its counter moves on, and never back. */
    return Effect.fnUntraced(function* (door: Door, response: AuthenticationResponseJSON) {
      const challenge = challengeIn(response.response.clientDataJSON)
      if (challenge === null || !(yield* use(challenge, door, null))) return null
      const [passkey] = yield* sql<Passkey>`
        SELECT subject_id AS "subjectId", public_key AS "publicKey", counter::float8 AS counter
        FROM passkeys
        WHERE credential_id = ${response.id} AND door = ${door}`
      if (passkey === undefined) return null
      const { rpId, origin } = at(door)
      const answer = yield* Effect.promise(
        () =>
          verifyAuthenticationResponse({
            response,
            expectedChallenge: challenge,
            expectedOrigin: origin,
            expectedRPID: rpId,
            credential: { id: response.id, publicKey: new Uint8Array(passkey.publicKey), counter: passkey.counter },
            requireUserVerification: true
          }).catch(() => null) // It throws for whatever is wrong; what it says is for developers.
      )
      if (answer === null || !answer.verified) return null
      const { userHandle } = response.response
      if (userHandle !== undefined && Buffer.from(userHandle, "base64url").toString() !== passkey.subjectId) return null
      const moved = yield* sql`
        UPDATE passkeys SET counter = ${answer.authenticationInfo.newCounter}, used_at = ${new Date(time.now())}
        WHERE credential_id = ${response.id} AND counter = ${passkey.counter}
        RETURNING credential_id`
      return moved.length > 0 ? passkey.subjectId : null
    })
  })
