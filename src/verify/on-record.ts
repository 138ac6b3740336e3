/** What a use of something that is good once leaves behind goes in time: with its holder's erasure, and a link with the clock of retention. */

import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { daysKept } from "#integrations/retention/clock.ts"

/** Whether the use that a row `s` of the security log tells of still has to be found where it was used up. The clock writes down when it took links. */
export const stillOnRecord = Effect.map(
  SqlClient.SqlClient,
  (sql) => sql`(
    NOT EXISTS (SELECT FROM persons p WHERE p.subject_id = s.subject_id AND p.erased_at IS NOT NULL)
    AND (s.kind <> 'PasswordSet' OR s.at >= coalesce(
      (SELECT max(d.at) FROM destructions d WHERE d.what = 'account links') - make_interval(days => ${daysKept.account_links}),
      '-infinity'
    ))
  )`
)
