/** Counts tries per address, with or without an account behind it: one who guesses waits, and learns nothing by waiting. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { PlatformTime } from "../postgres/time.ts"

const allowed = 5 // Failures in one window.
const window = 15 * 60_000 // Milliseconds.
const swept = 4 // Counts that are over, forgotten per try: invented addresses do not pile up.

export const signInTries = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const time = yield* PlatformTime
  return {
    /**
     * Counts a try before it is made, so that a hundred at once are not a hundred guesses. Answers null, or for how long to wait;
     * `first` is the try that closed the door.
     */
    begin: Effect.fnUntraced(function* (addressIndex: Uint8Array) {
      const now = time.now()
      const over = new Date(now - window)
      // A statement of its own that waits for nobody: two tries that sweep each other's address must not hold one another.
      yield* sql`
        DELETE FROM sign_in_tries
        WHERE ctid = ANY (ARRAY (SELECT ctid FROM sign_in_tries WHERE since <= ${over} LIMIT ${swept} FOR UPDATE SKIP LOCKED))`
      const [row] = yield* sql<{ tries: number; since: Date }>`
        INSERT INTO sign_in_tries AS counted (address_index, tries, since)
        VALUES (${addressIndex}, 1, ${new Date(now)})
        ON CONFLICT (address_index) DO UPDATE SET
          tries = CASE WHEN counted.since <= ${over} THEN 1 ELSE LEAST(counted.tries + 1, ${allowed + 2}) END,
          since = CASE WHEN counted.since <= ${over} OR counted.tries = 0 THEN EXCLUDED.since ELSE counted.since END
        RETURNING tries, since`
      const { tries, since } = row!
      if (tries <= allowed) return null
      return { retryAfterSeconds: Math.max(1, Math.ceil((since.getTime() + window - now) / 1000)), first: tries === allowed + 1 }
    }),

    /** The right password was given: the count begins anew. */
    forget: (addressIndex: Uint8Array) =>
      Effect.asVoid(sql`UPDATE sign_in_tries SET tries = 0 WHERE address_index = ${addressIndex}`)
  }
})
