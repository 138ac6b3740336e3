/** Accounts in Postgres: who was let in by whom, and the doors they come through. */
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { PlatformTime } from "../postgres/time.ts"
import { Accounts } from "./accounts.ts"
import { links } from "./links.ts"
import { passwordHashing } from "./password-hash.ts"
import { securityLog } from "./security-log.ts"
import { sessions } from "./sessions.ts"
import { signIn } from "./sign-in.ts"

export const AccountsPostgres = Layer.effect(
  Accounts,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const time = yield* PlatformTime
    const log = yield* securityLog
    const hashing = yield* passwordHashing

    const provision: Accounts["Service"]["provision"] = Effect.fn("Accounts.provision")(
      function* ({ subjectId, role, dealershipId, createdBy }) {
        // A person has one password: a second post, or a car bought by an employee, comes with the one already set.
        const provisioned = yield* sql`
          INSERT INTO accounts (subject_id, role, dealership_id, password_hash, created_by, created_at)
          VALUES (${subjectId}, ${role}, ${dealershipId},
            (SELECT password_hash FROM accounts
             WHERE subject_id = ${subjectId} AND disabled_at IS NULL AND password_hash IS NOT NULL LIMIT 1),
            ${createdBy}, ${new Date(time.now())})
          ON CONFLICT (subject_id, role) DO NOTHING
          RETURNING role`
        if (provisioned.length > 0) yield* log("AccountProvisioned", subjectId, `${role} by ${createdBy}`)
      },
      sql.withTransaction,
      Effect.orDie
    )

    return Accounts.of({ provision, ...(yield* links(hashing)), signIn: yield* signIn(hashing), ...(yield* sessions) })
  })
)
