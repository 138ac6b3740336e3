/** What may be left behind of somebody who was erased, planted in what the platform remembers. */
import type { SubjectId } from "#machines/vocabulary.ts"
import type { GoodTown, Plant } from "./plants.ts"

export interface GoodErasure extends GoodTown {
  readonly erased: SubjectId
  readonly other: SubjectId
}

export const erasurePlants: ReadonlyArray<Plant<GoodErasure>> = [
  {
    what: "a person's key that came back out of a copy",
    reportedBy: ["I65"],
    sql: ({ erased, other }) => `
      ALTER TABLE persons DROP CONSTRAINT persons_check;
      UPDATE persons p SET wrapped_key = o.wrapped_key FROM persons o WHERE p.subject_id = '${erased}' AND o.subject_id = '${other}'`
  },
  {
    what: "an erasure that nobody has on record",
    reportedBy: ["I65"],
    sql: () => "DELETE FROM erasures"
  },
  {
    what: "somebody on record as erased who is not",
    reportedBy: ["I65"],
    sql: ({ other }) => `
      INSERT INTO erasures (subject_id, at, preview_hash, preview) VALUES ('${other}', now(), repeat('0', 64), '{}')`
  },
  {
    what: "an account that somebody erased could sign in with",
    reportedBy: ["I65"],
    sql: ({ erased }) => `UPDATE accounts SET disabled_at = NULL WHERE subject_id = '${erased}'`
  },
  {
    what: "a link that let somebody in, is gone, and no clock says that it took it",
    reportedBy: ["I64"],
    sql: () => "DELETE FROM destructions"
  },
  {
    what: "a device of somebody erased",
    reportedBy: ["I65"],
    sql: ({ erased }) => `
      INSERT INTO push_subscriptions VALUES ('push_' || repeat('0', 32), '${erased}', '\\x00', '\\x00', '\\x00', now())`
  },
  {
    what: "a paper of somebody erased that lies in clear",
    reportedBy: ["I65"],
    sql: ({ erased }) => `
      INSERT INTO purchase_papers (document_id, command_id, subject_id, kind, title, media_type, size, sha256, bytes, at)
      VALUES ('doc_' || repeat('0', 32), 'plant#1.0', '${erased}', 'notification', 'Aviso', 'text/plain', 6, encode(sha256('Canary'), 'hex'), 'Canary', now())`
  },
  {
    what: "the key of a letter that outlived its reader",
    reportedBy: ["I65"],
    sql: ({ erased, other }) => `
      UPDATE paper_keys SET subject_id = '${erased}', created_at = created_at - interval '1 day'
      WHERE subject_id = '${other}' AND paper_class = 'letter'`
  },
  {
    what: "bytes that a destroyed key has sealed",
    reportedBy: ["I65"],
    sql: () => `
      UPDATE purchase_papers d SET sealed = decode(repeat('00', d.size + 28), 'hex')
      FROM paper_keys k WHERE k.key_id = d.key_id AND k.destroyed_at IS NOT NULL`
  },
  {
    what: "an invoice that is kept beyond its term",
    reportedBy: ["I65"],
    sql: () => "UPDATE paper_keys SET kept_until = now() - interval '3 days' WHERE paper_class = 'tax'"
  }
]
