/** Whether this program may work with these servers and this database. Every start asks; each no says what to do. */
import { Effect, Redacted, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { registry } from "#actors/registry.ts"
import { partitionCount } from "#actors/system/partition.ts"
import { jetStreamAt } from "#integrations/nats/jetstream.ts"
import { migrate } from "#integrations/postgres/migrations.ts"
import { Postgres, PostgresOwner } from "#integrations/postgres/postgres.ts"
import type { RunnerSettings } from "./config.ts"

const oldestPostgres = 15 // The oldest that the tests are run on. Effect Cluster's locks need 14.

/** The server's major version is below what the tables and the cluster need. */
export class PostgresTooOld extends Schema.TaggedError<PostgresTooOld>()("PostgresTooOld", { found: Schema.Int }) {
  override get message() {
    return `Postgres ${this.found} is too old; this program needs ${oldestPostgres} or newer. Upgrade the server (pg_upgrade keeps the data), or name another one in DATABASE_URL.`
  }
}

/** The database was made by a program that divides actors otherwise: with this one, each would be looked for where it is not. */
export class PartitionsDiffer extends Schema.TaggedError<PartitionsDiffer>()("PartitionsDiffer", { found: Schema.Int }) {
  override get message() {
    return `This database has ${this.found} partitions; this program works with ${partitionCount}. Start the program that made it, or name another database in DATABASE_URL: the count is fixed when a database is made.`
  }
}

/** A newer version of this machine has run on the database, and may have left actors that this program cannot read. */
export class ProgramTooOld extends Schema.TaggedError<ProgramTooOld>()("ProgramTooOld", {
  machine: Schema.String,
  found: Schema.Int,
  known: Schema.Int
}) {
  override get message() {
    return `This database has been worked on with version ${this.found} of the machine ${JSON.stringify(this.machine)}; this program knows ${this.known}. Start a newer program; docs/runbook.md says how to go back where there is none.`
  }
}

/** The role that the platform works under could read and change what its policies keep from it. */
export class RoleTooPowerful extends Schema.TaggedError<RoleTooPowerful>()("RoleTooPowerful", { role: Schema.String }) {
  override get message() {
    return `The role ${this.role}, which the platform works under, is a superuser or passes by row security. ALTER ROLE ${this.role} NOSUPERUSER NOBYPASSRLS, then start again.`
  }
}

/** NATS answers, and keeps no streams: webhooks and reports would wait for ever. */
export class JetStreamMissing extends Schema.TaggedError<JetStreamMissing>()("JetStreamMissing", { server: Schema.String }) {
  override get message() {
    return `NATS at ${this.server} has no JetStream. Start it with -js (or jetstream {} in its file), and enable it for the account in NATS_URL.`
  }
}

/** Brings the database up to date on the way. Throws one of the above. NATS that is away is no reason: everybody waits for it on his own. */
export const expectFit = async ({ databaseUrl, natsUrl }: Pick<RunnerSettings, "databaseUrl" | "natsUrl">): Promise<void> => {
  const streams = jetStreamAt(natsUrl)
  await expectFitDatabase(databaseUrl)
  if ((await streams) === "missing") throw new JetStreamMissing({ server: new URL(natsUrl).host })
}

/** The same, for whoever works on the database alone. */
export const expectFitDatabase = async (url: Redacted.Redacted): Promise<void> => {
  const asking = <A, E>(effect: Effect.Effect<A, E, SqlClient.SqlClient>) =>
    Effect.runPromise(Effect.provide(effect, PostgresOwner({ url })))
  await asking(expectPostgres)
  await migrate(Redacted.value(url))
  await asking(Effect.andThen(expectPartitions, expectMachines))
  await Effect.runPromise(Effect.provide(expectRestricted, Postgres({ url, connections: 1 })))
}

/** Asked as the platform itself asks. */
const expectRestricted = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [asked] = yield* sql<{ role: string; above: boolean }>`
    SELECT rolname AS role, rolsuper OR rolbypassrls AS above FROM pg_roles WHERE rolname = current_user`
  if (asked!.above) return yield* new RoleTooPowerful({ role: asked!.role })
})

const expectPostgres = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [server] = yield* sql<{ major: number }>`SELECT current_setting('server_version_num')::int / 10000 AS major`
  yield* postgresFits(server!.major)
})

/** Fails with PostgresTooOld. */
export const postgresFits = (major: number): Effect.Effect<void, PostgresTooOld> =>
  major < oldestPostgres ? Effect.fail(new PostgresTooOld({ found: major })) : Effect.void

const expectPartitions = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [{ found }] = (yield* sql`SELECT count(*)::int AS found FROM partitions`) as unknown as [{ found: number }]
  if (found !== partitionCount) return yield* new PartitionsDiffer({ found })
})

const expectMachines = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const ran = yield* sql<{ type: string; newest: number }>`SELECT type, max(version) AS newest FROM machines GROUP BY type`
  for (const { type: machine, newest: found } of ran) {
    const known = registry.find(({ type }) => type.name === machine)?.machineVersion ?? 0
    if (found > known) return yield* new ProgramTooOld({ machine, found, known })
  }
})

/** Said by whoever hosts actors, once it stands: from now on no older program starts here. */
export const keepMachines = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  for (const { type, machineVersion: version } of registry)
    yield* sql`INSERT INTO machines ${sql.insert({ type: type.name, version })} ON CONFLICT DO NOTHING`
}).pipe(Effect.orDie)
