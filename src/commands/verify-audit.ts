/** Says whether who did what is as it was sealed, and goes through heads that somebody outside has kept. Needs the database, or a copy of it, and a public key. */
import { readFileSync, statSync } from "node:fs"
import { Effect, Redacted } from "effect"
import { auditKeyOf, type Head, openHead } from "#integrations/audit/chain.ts"
import { PostgresOwner } from "#integrations/postgres/postgres.ts"
import { kidOf } from "#integrations/vehicle-trust/keys.ts"
import { localInvoiceKey } from "#src/devstack/running.ts"
import { followed, leftOut } from "#src/verify/audit-chain.ts"
import { Findings } from "#src/verify/findings.ts"

export const summary =
  "FILE [--key FILE|PUBLICKEY]: whether the audit of DATABASE_URL is unbroken, and goes through the heads in FILE"

const usage = `Usage: ./caas verify-audit FILE [--key FILE|PUBLICKEY]
  FILE has the heads that the witness keeps, as it keeps them: a JWS a line.
  PUBLICKEY is what ./caas keys prints as AUDIT_PUBLIC_KEY; a FILE has it in it.
  Without --key: AUDIT_PUBLIC_KEY or INVOICE_SIGNING_KEY of the environment, or the key in .caas/.`

/** Answers 1 where anything is off, 2 where it could not be asked. */
export const run = async ([file, flag, named, ...more]: string[]): Promise<number> => {
  const asked = file !== undefined && (flag === undefined || (flag === "--key" && named !== undefined && more.length === 0))
  if (!asked) return refuse(usage)
  const key = keyOf(named)
  if (key === null)
    return refuse(named === undefined ? `There is no key to ask.\n${usage}` : `${named} is no public key.\n${usage}`)
  if (!isFile(file)) return refuse(`There is no file ${file}.`)
  const url = process.env.DATABASE_URL
  if (!url) return refuse("Set DATABASE_URL to the owner's address of a database, or start ./caas up in this folder first.")

  const texts = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
  if (texts.length === 0)
    return refuse(`${file} has no head in it. A chain that is held against nothing proves nothing: ask the witness again.`)
  const heads = await Promise.all(texts.map((text) => openHead(text.trim(), key)))
  const findings = new Findings()
  for (const [n, head] of heads.entries())
    if (head === null) findings.violated("I04", `Line ${n + 1} is no head of ours, by this key`)
  const known = heads.filter((head): head is Head => head !== null)
  const hashes = await Effect.gen(function* () {
    const hashes = yield* followed(findings, new Set([0, ...known.map(({ position }) => position)]))
    yield* leftOut(findings)
    return hashes
  }).pipe(Effect.provide(PostgresOwner({ url: Redacted.make(url) })), Effect.runPromise)
  for (const { chain, position, hash } of known) {
    if (chain !== hashes.get(0)) findings.violated("I04", `The head at ${position} is of another chain, ${chain}`)
    else if (hashes.get(position) !== hash)
      findings.violated("I04", `The head at ${position} is ${hash}; the chain has ${hashes.get(position) ?? "nothing"} there`)
  }

  const { checked, violations } = findings.report().invariants.find(({ id }) => id === "I04")!
  console.log(`chain     ${hashes.get(0) ?? "none"}\nlinks     ${Math.max(0, checked - 1)} followed, from the first to the newest`)
  console.log(
    `heads     ${known.length} of ${texts.length}, the newest at ${Math.max(0, ...known.map(({ position }) => position))}`
  )
  console.log(`key       ${kidOf(key)}`)
  for (const violation of violations) console.log(`✗ ${violation}`)
  console.log(violations.length === 0 ? "holds" : `${violations.length} violations`)
  return violations.length === 0 ? 0 : 1
}

const refuse = (why: string): number => {
  console.error(why)
  return 2
}

const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() === true

const keyOf = (named: string | undefined): string | null => {
  if (named !== undefined) return publicKeyIn(isFile(named) ? readFileSync(named, "utf8") : named)
  const { AUDIT_PUBLIC_KEY, INVOICE_SIGNING_KEY } = process.env
  return publicKeyIn(AUDIT_PUBLIC_KEY ?? "") ?? auditKeyOf(INVOICE_SIGNING_KEY || localInvoiceKey() || "")?.publicKey ?? null
}

/** 32 bytes in base64url, alone or as `AUDIT_PUBLIC_KEY=…` among other lines. */
const publicKeyIn = (text: string): string | null => /^(?:AUDIT_PUBLIC_KEY=)?([A-Za-z0-9_-]{43})$/m.exec(text.trim())?.[1] ?? null
