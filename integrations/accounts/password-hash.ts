/** Passwords as argon2id, few at a time: a hash costs 19 MiB and 50 to 70 ms of a core, so a crowd at the door must queue. */
import { Effect, Semaphore } from "effect"

const cost = { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 } as const // KiB and passes, OWASP Password Storage Cheat Sheet.
const atOnce = 2 // Hashes.
const waiting = 64 // Sign-ins, about 2 s of work; further ones are turned away.

/** Of a password nobody has: verified where there is no account, so that the answer takes as long. */
export const nobodysHash =
  "$argon2id$v=19$m=19456,t=2,p=1$/vmzwk9GiwusDTwKNGJPvceEYhUoR8ETs2+qiqZd3T8$m/hpsJlyQ8/+aqzCx4yygs2jGx9oHA56TUxUakr+Obo"

/** One queue before the hashing; the layer of accounts makes one per process. */
export const passwordHashing = Effect.map(Semaphore.make(atOnce), (permits) => {
  let inside = 0
  return {
    /** Waits its turn; only for callers who have shown a token, since this queue has no end. */
    hash: (password: string) => permits.withPermit(Effect.promise(() => Bun.password.hash(password, cost))),

    /** Takes as long where `hash` is null, and answers false. To be called inside `inTurn`. */
    verify: (password: string, hash: string | null) =>
      Effect.map(
        Effect.promise(() => Bun.password.verify(password, hash ?? nobodysHash)),
        (right) => right && hash !== null
      ),

    /** Runs the effect when it is its turn, or `full` at once where too many wait. */
    inTurn: <A, E, R, Full>(effect: Effect.Effect<A, E, R>, full: Effect.Effect<never, Full>): Effect.Effect<A, E | Full, R> =>
      Effect.suspend((): Effect.Effect<A, E | Full, R> => {
        if (inside >= atOnce + waiting) return full
        inside++
        return Effect.ensuring(
          permits.withPermit(effect),
          Effect.sync(() => inside--)
        )
      })
  }
})
