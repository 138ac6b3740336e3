/** Accounts in Postgres: who was let in by whom, and the doors they come through. */
import { Effect, Layer, type Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { accessTokens } from "../mobile-tokens/access-token.ts"
import { PlatformTime } from "../postgres/time.ts"
import { SecondFactorsPostgres } from "../second-factors/postgres.ts"
import { Accounts } from "./accounts.ts"
import { disablement } from "./disablement.ts"
import { links } from "./links.ts"
import { passwordHashing } from "./password-hash.ts"
import { securityLog } from "./security-log.ts"
import { sessions } from "./sessions.ts"
import { signIn } from "./sign-in.ts"
import { stepUp } from "./step-up.ts"

const AccountsAlone = ({ key }: Keyed) =>
  Layer.effect(
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
          SELECT subject_id, ${role}, ${dealershipId},
            (SELECT password_hash FROM accounts
             WHERE subject_id = ${subjectId} AND disabled_at IS NULL AND password_hash IS NOT NULL LIMIT 1),
            ${createdBy}, ${new Date(time.now())}
          FROM persons
          WHERE subject_id = ${subjectId} AND erased_at IS NULL
          ON CONFLICT (subject_id, role) DO NOTHING
          RETURNING role`
          if (provisioned.length > 0) yield* log("AccountProvisioned", subjectId, `${role} by ${createdBy}`)
        },
        sql.withTransaction,
        Effect.orDie
      )

      return Accounts.of({
        provision,
        ...(yield* links(hashing, key)),
        signIn: yield* signIn(hashing, key),
        ...(yield* sessions(accessTokens(key))),
        stepUp: yield* stepUp(hashing),
        ...(yield* disablement)
      })
    })
  )

interface Keyed {
  /** The key-encryption key of people's data: what seals secrets and signs tokens is derived from it. */
  readonly key: Redacted.Redacted<Uint8Array>
}

/** Accounts, and the second factors that they ask for. */
export const AccountsPostgres = (options: Keyed) => AccountsAlone(options).pipe(Layer.provideMerge(SecondFactorsPostgres(options)))
