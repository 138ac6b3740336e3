/** What cars themselves remember, held against what we ordered and what we say of them (I40, I41, I42, I43). */
import { createHash } from "node:crypto"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Evidence } from "./evidence.ts"
import type { Findings } from "./findings.ts"
import type { CarFlash, CarLine } from "./partner-ledgers.ts"
import type { ServiceRow } from "./services.ts"

const lateMillis = 60_000 // A service that runs on for a minute was forgotten.

export const cars = Effect.fn("verify.cars")(function* (
  findings: Findings,
  { quiet, now, before, after }: Evidence,
  services: ReadonlyArray<ServiceRow>
) {
  if (before.cars === null || after.cars === null || after.flash === null) {
    for (const id of ["I40", "I41", "I42", "I43"] as const) findings.skipped(id, "no ledger of the cars")
    return
  }
  yield* obeyed(findings, before.cars)
  rising(findings, after.cars, after.flash)
  endedInTime(findings, after.cars)
  if (quiet) {
    stillRunning(findings, after.cars, after.flash, now)
    yield* asWeSay(findings, after.flash, services, now)
  } else {
    findings.skipped("I40", "for a quiet period: a document or a report may be on its way")
    findings.skipped("I43", "in part: a car looks at its clock now and then")
  }
})

/** Each change has its document in the car's own book, and that document says what we had decided under its number. */
const obeyed = Effect.fnUntraced(function* (findings: Findings, lines: ReadonlyArray<CarLine>) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ vin: string; version: number; wanted: ReadonlyArray<string> }>`
    SELECT body ->> 'vin' AS vin, (body ->> 'cfgVersion')::int AS version,
           jsonb_path_query_array(body, '$.options[*].activationId') AS wanted
    FROM whole.outbox
    WHERE type = 'ConfigureVehicle'`
  const ordered = new Map(rows.map(({ vin, version, wanted }) => [`${vin} ${version}`, wanted]))
  const heard = new Map<string, CarLine>()
  for (const line of lines) {
    const { vin, kind, at, cfgVersion, document, activationId } = line
    const wanted = ordered.get(`${vin} ${cfgVersion}`)
    if (kind === "document" && line.verdict !== "refused") heard.set(`${vin} ${document}`, line)
    if (kind === "applied") {
      findings.checked("I41", 1)
      const flaw = wanted === undefined ? "we never ordered it" : flawOf(line, heard.get(`${vin} ${document}`))
      if (flaw !== null) findings.violated("I41", `${vin} applied ${cfgVersion} at ${at}: ${flaw}`)
    }
    if (kind === "on" && line.why === "document" && wanted?.includes(activationId ?? "") !== true)
      findings.violated("I41", `${vin} switched ${activationId} on at ${at}, by ${cfgVersion}, which does not name it`)
  }
})

/** The same version again only where the flash had lost it. An old document was in time if it was so when it was heard. */
const flawOf = (applied: CarLine, heard: CarLine | undefined): string | null => {
  if (heard === undefined) return "no such document was heard and believed"
  const [version, highest, flash] = [applied.cfgVersion ?? 0, applied.highestVersion ?? 0, applied.flashVersion ?? 0]
  if (heard.cfgVersion !== version) return `that document is ${heard.cfgVersion}`
  if (version < highest || (version === highest && flash >= version)) return `it had taken ${highest} before`
  if ((heard.expiresAt ?? "") <= heard.carAt && heard.namesThisBoot !== true) return `it had expired at ${heard.expiresAt}`
  return applied.parked === true ? null : "the car was being driven"
}

const rising = (findings: Findings, lines: ReadonlyArray<CarLine>, flashes: ReadonlyArray<CarFlash>) => {
  const highest = new Map<string, number>()
  const see = (vin: string, version: number, when: string) => {
    const was = highest.get(vin) ?? 0
    if (version < was) findings.violated("I42", `${vin} had taken ${was}, and ${when} the highest is ${version}`)
    highest.set(vin, Math.max(was, version))
  }
  for (const { vin, kind, at, cfgVersion, highestVersion } of lines) {
    if (highestVersion != null) see(vin, highestVersion, `at ${at}`)
    if (kind === "applied") see(vin, cfgVersion ?? 0, `at ${at}`)
  }
  findings.checked("I42", flashes.length)
  for (const { vin, cfgVersion, highestVersion } of flashes) {
    see(vin, highestVersion, "now")
    if (cfgVersion > highestVersion)
      findings.violated("I42", `${vin} runs ${cfgVersion}, and never took more than ${highestVersion}`)
  }
}

/** By the car's clock, which is the one it has. */
const endedInTime = (findings: Findings, lines: ReadonlyArray<CarLine>) => {
  for (const { vin, kind, why, carAt, until, activationId } of lines) {
    if (kind !== "off" || why !== "ended") continue
    findings.checked("I43", 1)
    if ((until ?? "9") > carAt)
      findings.violated("I43", `${vin} switched ${activationId} off at ${carAt}, before its end at ${until}`)
  }
}

const stillRunning = (findings: Findings, lines: ReadonlyArray<CarLine>, flashes: ReadonlyArray<CarFlash>, now: number) => {
  const slow = new Map(lines.map(({ vin, at, carAt }) => [vin, Date.parse(at) - Date.parse(carAt)])) // By the last line.
  for (const { vin, features } of flashes)
    for (const { activationId, until } of features) {
      if (until === null) continue
      findings.checked("I43", 1)
      if (Date.parse(until) + lateMillis + Math.max(0, slow.get(vin) ?? 0) < now)
        findings.violated("I43", `${vin} still runs ${activationId}, which ended at ${until}`)
    }
}

/** Where we know the car's last word, and it has applied ours: otherwise one of us has not heard yet, and says so. */
const asWeSay = Effect.fnUntraced(function* (
  findings: Findings,
  flashes: ReadonlyArray<CarFlash>,
  services: ReadonlyArray<ServiceRow>,
  now: number
) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ vin: string; decided: number; version: number; hash: string }>`
    SELECT v.vin, (v.state -> 'context' ->> 'cfgVersion')::int AS decided, r.cfg_version AS version, r.state_hash AS hash
    FROM actors v
    CROSS JOIN LATERAL (
      SELECT cfg_version, state_hash FROM vehicle_reports r WHERE r.vin = v.vin ORDER BY version DESC LIMIT 1
    ) r
    WHERE v.type = 'vehicle'`
  const known = new Map(rows.map((row) => [row.vin, row]))
  const active = Map.groupBy(
    services.filter(({ service }) => service === "active"),
    ({ vin }) => vin
  )
  for (const { vin, cfgVersion, features } of flashes) {
    const ours = known.get(vin)
    if (ours?.decided !== cfgVersion || ours.version !== cfgVersion || ours.hash !== hashOf(features)) continue
    findings.checked("I40", 1)
    const running = features.filter(({ until }) => until === null || Date.parse(until) > now)
    const theirs = new Set(running.map(({ activationId }) => activationId))
    const said = new Set((active.get(vin) ?? []).map(({ activationId }) => activationId))
    for (const one of said.difference(theirs)) findings.violated("I40", `We say that ${one} is active, and ${vin} does not have it`)
    for (const one of theirs.difference(said)) findings.violated("I40", `${vin} has ${one} active, and we say that it is not`)
  }
})

const hashOf = (features: CarFlash["features"]) =>
  createHash("sha256")
    .update(JSON.stringify(features.map(({ id, option, activationId, until }) => ({ id, option, activationId, until }))))
    .digest("hex")
