/** When a temporary service ends depends, by a few seconds, on its own name (machines have no dice): each copy's machine is asked for its own. */
import type { SQL } from "bun"
import { activation } from "#actors/activation.ts"
import { type HeardRow, replay } from "#actors/system/replay.ts"

export interface ServiceEnd {
  readonly path: string
  /** ISO 8601: what the sample's activation wants. */
  readonly until: string
  /** What it had heard when it said so. */
  readonly heard: ReadonlyArray<HeardRow>
}

/** Of every sample; `sql` is their database. Throws where a service has ended already: then its very timers would have to be each copy's own. */
export const serviceEnds = async (sql: SQL): Promise<ReadonlyArray<ServiceEnd>> => {
  const ended = await sql.unsafe(
    "SELECT path FROM actors WHERE type = 'activation' AND state -> 'context' ->> 'closedBecause' = 'TermEnded'"
  )
  if (ended.length > 0) throw new Error(`A sample's service has ended: ${ended[0].path}`)
  return sql.unsafe(`
    SELECT path, body ->> 'until' AS until, (
        SELECT jsonb_agg(jsonb_build_object(
          'version', version, 'messageId', message_id, 'type', type, 'at', extract(epoch FROM at) * 1000, 'body', body,
          'outcome', outcome, 'reply', reply
        ) ORDER BY version)
        FROM journal j
        WHERE j.path = o.path AND j.version <= o.version
      ) AS heard
    FROM outbox o
    WHERE type = 'WantOption' AND body ->> 'until' IS NOT NULL`)
}

/** What the same activation under another name wants, having heard the same. */
export const endOfCopy = ({ path, heard }: ServiceEnd, named: (text: string) => string): string => {
  const { turns, broken } = replay(activation, named(path), JSON.parse(named(JSON.stringify(heard))))
  const want = turns.at(-1)?.commands.find(({ type }) => type === "WantOption")?.body as { readonly until: string } | undefined
  if (broken !== null || want === undefined) throw new Error(`A copy of ${path} does not want what its sample wants: ${broken}`)
  return want.until
}

/** The same instant as Postgres writes it, in UTC. */
export const inPostgres = (iso: string) => iso.replace("T", " ").replace(/\.?0*Z$/, "+00")
