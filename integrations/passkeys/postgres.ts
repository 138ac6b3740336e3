/** Passkeys in Postgres: made, kept, and shown to sign in or to step up. */
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyRegistrationResponse
} from "@simplewebauthn/server"
import { Duration, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { type Door, SignInFailed, StepUpFailed } from "../accounts/accounts.ts"
import { opening } from "../accounts/opening.ts"
import { securityLog } from "../accounts/security-log.ts"
import { renewal } from "../accounts/step-up.ts"
import { PlatformTime } from "../postgres/time.ts"
import { recoveryCodes } from "../second-factors/recovery-codes.ts"
import { assertion } from "./assertion.ts"
import { challengeIn, challengeLife, challenges } from "./challenges.ts"
import { type PasskeyOptions, PasskeyRefused, Passkeys } from "./passkeys.ts"

const rpName = "CaaS"
const algorithms = [-8, -7, -257] // EdDSA, ES256, RS256: what devices have (COSE).
const shortestId = 16 // Bytes: a credential id is chance, of 100 bits at least (WebAuthn level 3, 4).
const timeout = Duration.toMillis(challengeLife)

/** A door's host is what its passkeys belong to, and its origin the only page that may ask for them. */
export const PasskeysPostgres = (urls: { readonly publicUrl: string; readonly intranetUrl: string }) =>
  Layer.effect(
    Passkeys,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const time = yield* PlatformTime
      const log = yield* securityLog
      const codes = yield* recoveryCodes
      const { issue, use } = yield* challenges
      const { accountAt, open } = yield* opening
      const renew = yield* renewal
      const at = (door: Door) => {
        const { hostname, origin } = new URL(door === "public" ? urls.publicUrl : urls.intranetUrl)
        return { rpId: hostname, origin }
      }

      const shown = yield* assertion(at)

      return Passkeys.of({
        registration: Effect.fn("Passkeys.registration")(function* ({ subjectId, name, email }, door) {
          const known = yield* sql<{ id: string }>`
            SELECT credential_id AS id FROM passkeys WHERE subject_id = ${subjectId} AND door = ${door}`
          const challenge = yield* issue(door, subjectId)
          return yield* Effect.promise(async () =>
            asOptions(
              await generateRegistrationOptions({
                rpName,
                rpID: at(door).rpId,
                userID: new TextEncoder().encode(subjectId),
                userName: email,
                userDisplayName: name,
                challenge: Buffer.from(challenge, "base64url"),
                timeout,
                excludeCredentials: [...known],
                authenticatorSelection: { residentKey: "required", userVerification: "required" },
                supportedAlgorithmIDs: algorithms
              })
            )
          )
        }, Effect.orDie),

        register: Effect.fn("Passkeys.register")(
          function* ({ subjectId, sessionId }, door, name, response: RegistrationResponseJSON) {
            const challenge = challengeIn(response.response.clientDataJSON)
            if (challenge === null || !(yield* use(challenge, door, subjectId))) return yield* new PasskeyRefused()
            const { rpId, origin } = at(door)
            const { registrationInfo } = yield* Effect.promise(() =>
              verifyRegistrationResponse({
                response,
                expectedChallenge: challenge,
                expectedOrigin: origin,
                expectedRPID: rpId,
                requireUserVerification: true,
                supportedAlgorithmIDs: algorithms
              }).catch(() => ({ registrationInfo: undefined }))
            )
            if (registrationInfo === undefined) return yield* new PasskeyRefused()
            const { id, publicKey, counter } = registrationInfo.credential
            if (Buffer.from(id, "base64url").length < shortestId) return yield* new PasskeyRefused()
            const now = new Date(time.now())
            return yield* Effect.gen(function* () {
              const kept = yield* sql`
                INSERT INTO passkeys (credential_id, subject_id, door, public_key, counter, name, created_at)
                VALUES (${id}, ${subjectId}, ${door}, ${Buffer.from(publicKey)}, ${counter}, ${name}, ${now})
                ON CONFLICT (credential_id) DO NOTHING
                RETURNING credential_id`
              if (kept.length === 0) return yield* new PasskeyRefused() // Somebody has it: nobody takes it over.
              yield* sql`UPDATE sessions SET factor_at = ${now} WHERE session_id = ${sessionId}`
              yield* log("FactorAdded", subjectId, "passkey")
              return yield* codes.renewWhereNone(subjectId)
            }).pipe(sql.withTransaction)
          },
          Effect.catchTag("SqlError", Effect.die)
        ),

        challenge: Effect.fn("Passkeys.challenge")(function* (door: Door) {
          const challenge = yield* issue(door, null)
          return yield* Effect.promise(async () =>
            asOptions(
              await generateAuthenticationOptions({
                rpID: at(door).rpId,
                challenge: Buffer.from(challenge, "base64url"),
                timeout,
                userVerification: "required"
              })
            )
          )
        }, Effect.orDie),

        signIn: Effect.fn("Passkeys.signIn")(
          function* (door, response) {
            const subjectId = yield* shown(door, response)
            const account = yield* accountAt(subjectId, door)
            const opened =
              subjectId === null || account === undefined ? null : yield* open(subjectId, account, door, { withFactor: true })
            if (opened !== null) return opened
            yield* log("SignInRefused", subjectId, `${door} passkey`)
            return yield* new SignInFailed()
          },
          Effect.catchTag("SqlError", Effect.die)
        ),

        stepUp: Effect.fn("Passkeys.stepUp")(
          function* (caller, door, response) {
            if ((yield* shown(door, response)) === caller.subjectId) return yield* renew(caller, true)
            yield* log("StepUpRefused", caller.subjectId, `${caller.sessionId} passkey`)
            return yield* new StepUpFailed()
          },
          Effect.catchTag("SqlError", Effect.die)
        )
      })
    })
  )

const asOptions = (options: object): PasskeyOptions => ({ ...options })
