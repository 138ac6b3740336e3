/** Telemetry by the day: a slice is made before its first sample and dropped as a whole, and what has no slice is kept all the same. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const daysAhead = 2 // Slices that wait for their first sample, beyond today's.
const slicesAtOnce = 366 // Made by one call at most.

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  // What is there becomes the part for samples that no slice is for, and leaves it below: nothing is copied but what moves.
  yield* sql`ALTER TABLE telemetry RENAME TO telemetry_unsliced`
  yield* sql`ALTER INDEX telemetry_by_vin RENAME TO telemetry_unsliced_by_vin`
  yield* sql`
    CREATE TABLE telemetry (                        -- Insert-only: samples as they came. No place, no person.
      LIKE telemetry_unsliced
    ) PARTITION BY RANGE (heard_at)`
  yield* sql`CREATE INDEX telemetry_by_vin ON telemetry (vin, heard_at)`
  // A sample must find a place whatever day it names: platform time may jump by years, and nobody may have looked since.
  yield* sql`ALTER TABLE telemetry ATTACH PARTITION telemetry_unsliced DEFAULT`

  // The platform's role may make no tables. It may call these two, which take no name from it.
  yield* sql.unsafe(`
    CREATE FUNCTION make_telemetry_slices() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
      slice_day date;
      slice     text;
      made      integer := 0;
    BEGIN
      PERFORM pg_advisory_xact_lock(hashtext('telemetry slices')); -- Every runner calls.
      FOR slice_day IN
        SELECT day
        FROM (
          SELECT (now() + offset_ms * interval '1 millisecond')::timestamptz AT TIME ZONE 'UTC' AS today FROM clock
        ) platform, LATERAL (
          SELECT (today + ahead * interval '1 day')::date FROM generate_series(0, ${daysAhead}) ahead
          UNION
          SELECT DISTINCT (heard_at AT TIME ZONE 'UTC')::date FROM telemetry_unsliced
        ) wanted (day)
        WHERE to_regclass('telemetry_' || to_char(day, 'YYYYMMDD')) IS NULL AND day BETWEEN '1970-01-01' AND '9999-12-30'
        ORDER BY day
        LIMIT ${slicesAtOnce}
      LOOP
        slice := 'telemetry_' || to_char(slice_day, 'YYYYMMDD');
        EXECUTE format('CREATE TABLE %I (LIKE telemetry INCLUDING INDEXES)', slice);
        LOCK TABLE telemetry_unsliced IN ACCESS EXCLUSIVE MODE; -- Attaching asks for it, and nobody may come in between.
        EXECUTE format(
          'WITH moved AS (DELETE FROM telemetry_unsliced WHERE heard_at >= %1$L AND heard_at < %2$L RETURNING *)
           INSERT INTO %3$I SELECT * FROM moved',
          slice_day::timestamp AT TIME ZONE 'UTC', (slice_day + 1)::timestamp AT TIME ZONE 'UTC', slice);
        EXECUTE format(
          'ALTER TABLE telemetry ATTACH PARTITION %3$I FOR VALUES FROM (%1$L) TO (%2$L)',
          slice_day::timestamp AT TIME ZONE 'UTC', (slice_day + 1)::timestamp AT TIME ZONE 'UTC', slice);
        made := made + 1;
      END LOOP;
      RETURN made;
    END $$`)
  yield* sql.unsafe(`
    CREATE FUNCTION drop_telemetry_slices(days_kept integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
      slice   text;
      dropped integer := 0;
    BEGIN
      IF days_kept IS NULL OR days_kept < 1 THEN RAISE 'Telemetry is kept for a day at least, not for %', days_kept; END IF;
      PERFORM pg_advisory_xact_lock(hashtext('telemetry slices'));
      FOR slice IN
        SELECT relname
        FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid, clock
        WHERE inhparent = 'telemetry'::regclass AND relname ~ '^telemetry_[0-9]{8}$'
          AND to_date(right(relname, 8), 'YYYYMMDD')
            < ((now() + offset_ms * interval '1 millisecond') AT TIME ZONE 'UTC')::date - days_kept
      LOOP
        EXECUTE format('DROP TABLE %I', slice);
        dropped := dropped + 1;
      END LOOP;
      RETURN dropped;
    END $$`)
  yield* sql`SELECT make_telemetry_slices()`

  yield* sql`GRANT SELECT, INSERT ON telemetry TO caas_app`
  yield* sql`REVOKE ALL ON telemetry_unsliced FROM caas_app` // By the whole alone.
  yield* sql`REVOKE ALL ON FUNCTION make_telemetry_slices(), drop_telemetry_slices(integer) FROM PUBLIC`
  yield* sql`GRANT EXECUTE ON FUNCTION make_telemetry_slices(), drop_telemetry_slices(integer) TO caas_app`
})
