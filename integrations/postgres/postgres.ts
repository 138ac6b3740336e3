/** The one database: its pools, and how arrays travel to it. The platform works under the restricted role; only migrations use the owner's rights. */
import { PgClient, PgTypes } from "@effect/sql-pg"
import { Duration, Effect, Layer, type Redacted, Result } from "effect"
import { PostgresSilent } from "./absence.ts"

/** May read and insert; may update only what is not insert-only; may not change tables, nor pass by row security. */
export const restrictedRole = "caas_app"

/** What the platform itself works with. A statement may wait 5 s, a lock 2 s, an open transaction 10 s. */
export const Postgres = (options: { readonly url: Redacted.Redacted; readonly connections: number }) =>
  PgClient.layer({
    url: options.url,
    maxConnections: options.connections,
    applicationName: "caas",
    connectTimeout: "5 seconds",
    keepAlive: "10 seconds", // A connection nobody uses is not found dead only by the next question.
    startupParameters: {
      role: restrictedRole,
      search_path: "public,pg_temp", // Named, what is temporary comes last: nobody puts a table of his own before the audit.
      statement_timeout: "5000",
      lock_timeout: "2000",
      idle_in_transaction_session_timeout: "10000"
    }
  }).pipe(Layer.orDie)

/** For migrations, `reset`, `verify` and tests: the owner's own rights, no time limits. */
export const PostgresOwner = (options: { readonly url: Redacted.Redacted }) =>
  PgClient.layer({ url: options.url, maxConnections: 4, applicationName: "caas-owner", connectTimeout: "5 seconds" }).pipe(
    Layer.orDie
  )

const patience = Duration.seconds(8) // Longer than a statement may take; the driver then needs up to 10 s to break the connection off.

/** An end to waiting for a Postgres that says nothing: a silent connection only we can give up. Who gives up does not know what was stored. The wait ends even where nobody may interrupt the caller, and only by its own end. */
export const answeredInTime = <A, E, R>(asking: Effect.Effect<A, E, R>): Effect.Effect<A, E | PostgresSilent, R> =>
  Effect.timeoutOrElse(Effect.interruptible(asking), {
    duration: patience,
    orElse: () => Effect.fail(new PostgresSilent({ seconds: Duration.toSeconds(patience) }))
  })

/** Arrays as parameters. They travel typed: an empty one has no element to guess from, and one type is one prepared statement. */
const array = (oid: number) => (values: Iterable<unknown>) =>
  Result.getOrThrow(PgTypes.array(Array.isArray(values) ? values : [...values], oid))

export const texts = array(PgTypes.OID.text)
export const int2s = array(PgTypes.OID.int2)
export const int4s = array(PgTypes.OID.int4)
const bigints = array(PgTypes.OID.int8)
/** As texts: a bigint may be more than a number holds. */
export const int8s = (values: ReadonlyArray<string>) => bigints(values.map(BigInt))
export const byteas = array(PgTypes.OID.bytea)
export const bools = array(PgTypes.OID.bool)
/** Milliseconds since 1970, or Dates. */
export const instants = array(PgTypes.OID.timestamptz)
