/** The offline key: `./caas sign-catalogue` is run where it lies, and the platform believes what it printed. */
import { afterAll, describe, expect, test } from "bun:test"
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { featureCatalogue } from "#integrations/catalogue/features.ts"
import { saysCatalogue } from "#integrations/vehicle-trust/catalogue.ts"
import { signingKeyOf } from "#integrations/vehicle-trust/keys.ts"
import { carsTrust, newKey, vehicleKeys } from "#src/devstack/vehicle-keys.ts"

const root = join(import.meta.dir, "..", "..")
const home = mkdtempSync(join(tmpdir(), "caas-keys-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const signCatalogue = async (env: Record<string, string>) => {
  const child = Bun.spawn([process.execPath, "src/cli.ts", "sign-catalogue"], {
    cwd: root,
    env: { ...process.env, CAAS_HOME: home, ...env },
    stdio: ["ignore", "pipe", "pipe"]
  })
  const [said, errors, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited
  ])
  return { said: said.trim(), errors, code }
}

describe("./caas sign-catalogue", () => {
  test("prints what cars may be told to switch, signed by the key that is given", async () => {
    const key = newKey()
    const { said, errors, code } = await signCatalogue({ CATALOGUE_SIGNING_KEY: key })
    expect(code).toBe(0)
    expect(saysCatalogue(said, featureCatalogue())).toBe(true)
    expect(errors).toContain(`CATALOGUE_PUBLIC_KEY=${signingKeyOf(key)!.publicKey}`)
    expect(errors + said).not.toContain(key)
    expect(said).toBe((await vehicleKeys({ catalogue: key })).SIGNED_CATALOGUE) // The same text by the same key, always.
  })

  test("takes the one in .caas/ where none is given, makes it once, and keeps it from others", async () => {
    const [first, second] = [await signCatalogue({}), await signCatalogue({})]
    expect(first.code).toBe(0)
    expect(second.said).toBe(first.said)
    const file = join(home, "keys.json")
    const { CATALOGUE_SIGNING_KEY } = JSON.parse(readFileSync(file, "utf8"))
    expect((await vehicleKeys({ catalogue: CATALOGUE_SIGNING_KEY })).SIGNED_CATALOGUE).toBe(first.said)
    expect(statSync(file).mode & 0o077).toBe(0)
  })

  test("says what a key is, where it is given something else", async () => {
    const { said, errors, code } = await signCatalogue({ CATALOGUE_SIGNING_KEY: "a secret" })
    expect([said, code]).toEqual(["", 2])
    expect(errors).toContain("CATALOGUE_SIGNING_KEY must be 32 bytes in base64")
  })
})

describe("the keys of a platform and its cars", () => {
  test("are two, and the platform has the private half of one alone", async () => {
    const [config, catalogue] = [newKey(), newKey()]
    const keys = await vehicleKeys({ config, catalogue })
    expect(Object.values(keys).join()).not.toContain(catalogue)
    const { publicKey } = signingKeyOf(config)!
    expect(carsTrust(keys)).toEqual({ config: [publicKey], catalogue: [signingKeyOf(catalogue)!.publicKey] })
  })

  test("sign another catalogue than one that was changed", async () => {
    const { SIGNED_CATALOGUE } = await vehicleKeys()
    const real = featureCatalogue()
    expect(saysCatalogue(SIGNED_CATALOGUE, real)).toBe(true)
    const [name] = Object.keys(real.features)
    const { [name!]: _, ...fewer } = real.features
    for (const changed of [
      { ...real, edition: real.edition + 1 },
      { ...real, features: fewer },
      { ...real, more: 1 }
    ])
      expect(saysCatalogue(SIGNED_CATALOGUE, changed)).toBe(false)
    const [header, body, signature] = SIGNED_CATALOGUE.split(".")
    for (const text of ["", "a.b.c", `${header}.${body}.`, `${body}.${header}.${signature}`, `e30.${body}.${signature}`])
      expect(saysCatalogue(text, real)).toBe(false)
  })
})
