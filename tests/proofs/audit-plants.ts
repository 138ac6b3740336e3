/** What may be done to the record of who did what, and who has to notice. The last of it only somebody outside can know. */
import { until } from "#src/demo/patience.ts"
import type { Town } from "#src/demo/town.ts"
import type { GoodTown, Plant } from "./plants.ts"

/** Until somebody outside knows how far the chain has come. */
export const witnessed = ({ world }: Town) =>
  until(
    "a head at the witness",
    async () => world.witness.ledger().length,
    (heads) => heads > 0
  )

const said = `json_build_array('security_log', s.position, to_char(s.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), s.kind, s.subject_id, s.detail)::text`
const act = (objects: string) => `
  WITH planted AS (
    INSERT INTO audit (at, request_id, session_id, subject_id, role, method, route, objects)
    SELECT at, 'req_' || gen_random_uuid(), 'ses_planted', subject_id, role, 'POST', route, ${objects}
    FROM audit WHERE role = 'customer' ORDER BY position LIMIT 1
    RETURNING request_id, at
  )
  INSERT INTO audit_outcomes (request_id, at, status) SELECT request_id, at, 202 FROM planted`

export const auditPlants: ReadonlyArray<Plant<GoodTown>> = [
  {
    what: "a row of the audit that says something else now",
    reportedBy: ["I04"],
    sql: () => "UPDATE audit SET route = '/api/me' WHERE position = 2"
  },
  {
    what: "a row of the security log that was taken away",
    reportedBy: ["I04"],
    sql: () =>
      "DELETE FROM security_log WHERE kind = 'LinkIssued' AND position = (SELECT min(position) FROM security_log WHERE kind = 'LinkIssued')"
  },
  {
    what: "two rows of the audit that changed their places",
    reportedBy: ["I04"],
    sql: () => `
      ALTER TABLE audit_chain DROP CONSTRAINT audit_chain_source_source_position_key;
      UPDATE audit_chain a SET source = b.source, source_position = b.source_position, entry = b.entry
      FROM audit_chain b WHERE (a.position, b.position) IN ((2, 3), (3, 2))`
  },
  {
    what: "a link that was taken out of the chain with its row",
    reportedBy: ["I04"],
    sql: () => `
      WITH gone AS (DELETE FROM audit_outcomes WHERE position = 1)
      DELETE FROM audit_chain WHERE source = 'audit_outcomes' AND source_position = 1
      AND NOT EXISTS (SELECT FROM audit_heads h WHERE h.position = audit_chain.position)`
  },
  {
    what: "a row that never got its place in the chain",
    reportedBy: ["I04"],
    sql: () => `
      INSERT INTO security_log (at, kind, detail) VALUES (now(), 'SignInRefused', 'intranet');
      DELETE FROM audit_unsealed WHERE source = 'security_log'`
  },
  {
    what: "a tail of the chain that was cut off, as if its rows still waited: the witness knows",
    reportedBy: ["I04"],
    sql: () => `
      DELETE FROM audit_heads;
      INSERT INTO audit_unsealed SELECT source, source_position FROM audit_chain WHERE position > 1;
      DELETE FROM audit_chain WHERE position > 1`
  },
  {
    what: "a past that was written anew, sealed from end to end: the witness knows",
    reportedBy: ["I04"],
    sql: () => `
      UPDATE security_log SET detail = 'nobody' WHERE position = (SELECT min(source_position) FROM audit_chain WHERE source = 'security_log');
      UPDATE audit_chain c SET entry = sha256(convert_to(${said}, 'UTF8'))
      FROM security_log s WHERE c.source = 'security_log' AND s.position = c.source_position;
      WITH RECURSIVE anew AS (
        SELECT position, hash FROM audit_chain WHERE position = 0
        UNION ALL
        SELECT c.position, sha256(anew.hash || c.entry) FROM anew JOIN audit_chain c ON c.position = anew.position + 1
      )
      UPDATE audit_chain c SET hash = anew.hash FROM anew WHERE anew.position = c.position`
  },
  {
    what: "a head that its witness never saw",
    reportedBy: ["I04"],
    ledgers: (ledgers) => ledgers.witness.splice(0)
  },
  {
    what: "a change that somebody made past the audit",
    reportedBy: ["I62"],
    sql: () => `
      UPDATE journal SET correlation = message_id
      WHERE (path, version) = (SELECT path, version FROM journal WHERE message_id LIKE 'sub_%/pay/%' ORDER BY path, version LIMIT 1)`
  },
  {
    what: "a change that the audit gives to somebody else",
    reportedBy: ["I62"],
    sql: () => `
      UPDATE journal SET correlation = (SELECT request_id FROM audit WHERE role = 'customer' ORDER BY position LIMIT 1)
      WHERE message_id LIKE 'sub_%/sell/%' AND version = 1`
  },
  {
    what: "an act in a session that had ended before",
    reportedBy: ["I63"],
    sql: () =>
      "UPDATE sessions SET ended_at = created_at - interval '1 hour' WHERE session_id = (SELECT session_id FROM audit ORDER BY position LIMIT 1)"
  },
  {
    what: "a one-time link that let somebody in twice",
    reportedBy: ["I64"],
    sql: () => `
      INSERT INTO security_log (at, kind, subject_id, detail)
      SELECT at, kind, subject_id, detail FROM security_log WHERE kind = 'PasswordSet' ORDER BY position LIMIT 1`
  },
  {
    what: "a customer's act on another customer's order",
    reportedBy: ["I60"],
    sql: () =>
      act(`ARRAY[(SELECT substr(path, 7) FROM actors WHERE type = 'order' AND actors.subject_id <> audit.subject_id LIMIT 1)]`)
  },
  {
    what: "a customer's act on a car that was never theirs",
    reportedBy: ["I60"],
    sql: () => act("ARRAY['VSSZZZ6KZPZ000001']")
  },
  {
    what: "a dealership's look into another one's sale",
    reportedBy: ["I60"],
    sql: () => `
      INSERT INTO purchase_file_reads (at, customer_id, by_subject_id, role, dealership_id, order_id, what)
      SELECT now(), subject_id, 'sub_other', 'seller', 'dea_berlin', substr(path, 7), 'sale' FROM actors WHERE type = 'order' LIMIT 1`
  }
]
