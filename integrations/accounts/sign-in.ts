/** Signing in: the same answer in the same time for a stranger, a wrong password and an account without one. */
import { Effect, type Redacted } from "effect"
import { Persons } from "../persons/persons.ts"
import { SecondFactors } from "../second-factors/second-factors.ts"
import { type Door, SecondFactorRequired, SignInFailed, type SignInMeans, TooManyTries } from "./accounts.ts"
import { deviceTokens } from "./devices.ts"
import { opening } from "./opening.ts"
import type { passwordHashing } from "./password-hash.ts"
import { securityLog } from "./security-log.ts"
import { signInTries } from "./sign-in-tries.ts"

const crowded = new TooManyTries({ retryAfterSeconds: 5 })

export const signIn = (hashing: Effect.Success<typeof passwordHashing>, key: Redacted.Redacted<Uint8Array>) =>
  Effect.gen(function* () {
    const persons = yield* Persons
    const factors = yield* SecondFactors
    const log = yield* securityLog
    const tries = yield* signInTries
    const { accountAt, open } = yield* opening
    const devices = deviceTokens(key)

    const attempt = Effect.fnUntraced(
      function* (email: string, password: string, door: Door, { totp, recoveryCode, device, phone }: SignInMeans) {
        const index = persons.indexOf(email)
        const counted = (device === undefined ? null : devices.countedBy(device, index)) ?? index
        const subjectId = yield* persons.findByEmail(email)
        const wait = yield* tries.begin(counted)
        if (wait !== null) {
          if (wait.first) yield* log("SignInThrottled", subjectId, door)
          return yield* new TooManyTries({ retryAfterSeconds: wait.retryAfterSeconds })
        }
        const refuse = Effect.andThen(log("SignInRefused", subjectId, door), Effect.fail(new SignInFailed()))
        const account = yield* accountAt(subjectId, door)
        const right = yield* hashing.verify(password, account?.password_hash ?? null)
        if (!right || subjectId === null || account === undefined) return yield* refuse
        const withFactor = yield* factors.isEnrolled(subjectId, door)
        const shown = totp !== undefined ? { totp } : recoveryCode !== undefined ? { recoveryCode } : null
        if (withFactor && (shown === null || !(yield* factors.show(subjectId, shown)))) {
          yield* log("FactorRefused", subjectId, `${door} ${shown === null ? "missing" : "wrong"}`)
          return yield* new SecondFactorRequired()
        }
        const opened = yield* open(subjectId, account, door, { withFactor, phone })
        if (opened === null) return yield* refuse
        yield* tries.forget(counted)
        return { ...opened, device: device !== undefined && counted !== index ? device : devices.issue(index) }
      },
      Effect.catchTag("SqlError", Effect.die)
    )

    return Effect.fn("Accounts.signIn")((email: string, password: string, door: Door, means: SignInMeans = {}) =>
      hashing.inTurn(attempt(email, password, door, means), Effect.fail(crowded))
    )
  })
