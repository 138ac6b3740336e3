/** Who leaves is out at once; who comes back is let in by somebody (OWASP ASVS 5.0, 7.4.2). */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { PlatformTime } from "../postgres/time.ts"
import { type AccountAct, AccountUnknown, LastAdministrator, OwnAccount } from "./accounts.ts"
import { securityLog } from "./security-log.ts"

export const disablement = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const time = yield* PlatformTime
  const log = yield* securityLog

  const keep = (act: "disable" | "enable", { subjectId, role, by, reason }: AccountAct) => sql`
    INSERT INTO operator_acts (at, by, act, target, reason)
    VALUES (${new Date(time.now())}, ${by}, ${act}, ${`${subjectId}/${role}`}, ${reason})`

  const disable = Effect.fn("Accounts.disable")(
    function* (act: AccountAct) {
      const { subjectId, role, by } = act
      if (subjectId === by) return yield* new OwnAccount()
      const now = new Date(time.now())
      // All of them are locked: of two who disable each other at once, the second finds nobody left but himself.
      const administrators = yield* sql<{ subject_id: string }>`
        SELECT subject_id FROM accounts WHERE role = 'administrator' AND disabled_at IS NULL ORDER BY subject_id FOR UPDATE`
      if (role === "administrator" && administrators.every(({ subject_id }) => subject_id === subjectId))
        return yield* new LastAdministrator()
      const known = yield* sql<{ already: boolean }>`
        SELECT disabled_at IS NOT NULL AS already FROM accounts WHERE subject_id = ${subjectId} AND role = ${role} FOR UPDATE`
      if (known.length === 0) return yield* new AccountUnknown()
      if (known[0]!.already) return
      yield* sql`UPDATE accounts SET disabled_at = ${now} WHERE subject_id = ${subjectId} AND role = ${role}`
      yield* sql`
        UPDATE sessions SET ended_at = ${now}
        WHERE subject_id = ${subjectId} AND role = ${role} AND ended_at IS NULL`
      // A link sets the one password of all their posts: for those that stay, a new one is asked for.
      yield* sql`
        UPDATE account_links SET voided_at = ${now}
        WHERE subject_id = ${subjectId} AND used_at IS NULL AND voided_at IS NULL`
      yield* keep("disable", act)
      yield* log("AccountDisabled", subjectId, `${role} by ${by}`)
    },
    sql.withTransaction,
    Effect.catchTag("SqlError", Effect.die)
  )

  const enable = Effect.fn("Accounts.enable")(
    function* (act: AccountAct) {
      const { subjectId, role, by } = act
      const known = yield* sql<{ disabled: boolean }>`
        SELECT disabled_at IS NOT NULL AS disabled FROM accounts WHERE subject_id = ${subjectId} AND role = ${role} FOR UPDATE`
      if (known.length === 0) return yield* new AccountUnknown()
      if (!known[0]!.disabled) return
      yield* sql`UPDATE accounts SET disabled_at = NULL WHERE subject_id = ${subjectId} AND role = ${role}`
      yield* keep("enable", act)
      yield* log("AccountEnabled", subjectId, `${role} by ${by}`)
    },
    sql.withTransaction,
    Effect.catchTag("SqlError", Effect.die)
  )

  return { disable, enable }
})
