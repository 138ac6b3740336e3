/** What the platform is made of: listed, locked, without scripts of strangers, without anybody else's sign-in, and without a secret in its files. */
import { afterAll, describe, expect, test } from "bun:test"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import Ajv from "ajv"
import { billOfMaterials } from "#src/bill-of-materials.ts"

const root = join(import.meta.dir, "..")
const text = (file: string) => readFileSync(join(root, file), "utf8")
const manifest = JSON.parse(text("package.json"))
const lock = text("bun.lock")
const packages = (Bun.JSONC.parse(lock) as any).packages as Record<string, [string, string, object, string]>
const folder = mkdtempSync(join(tmpdir(), "caas-secrets-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe("the bill of materials", () => {
  const bill = JSON.parse(billOfMaterials(lock, manifest))
  const component = new Map<string, any>(bill.components.map((one: any) => [one["bom-ref"], one]))

  test("is CycloneDX 1.6 by the very schema", () => {
    const folder = join(
      dirname(createRequire(import.meta.url).resolve("@cyclonedx/cyclonedx-library/package.json")),
      "res",
      "schema"
    )
    const schema = (name: string) => JSON.parse(readFileSync(join(folder, `${name}.SNAPSHOT.schema.json`), "utf8"))
    const judge = new Ajv({ strict: false, validateFormats: false, allErrors: true })
    // It refers to the others by their files' names.
    for (const name of ["spdx", "jsf-0.82", "cryptography-defs"]) {
      const { $id: _, ...more } = schema(name)
      judge.addSchema(more, `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`)
    }
    const valid = judge.compile(schema("bom-1.6"))
    expect([valid(bill), valid.errors]).toEqual([true, null])
    expect(valid({ ...bill, specVersion: "1.6", components: [{ type: "nonsense", name: "x" }] })).toBe(false)
  })

  test("has every package of the lock file, at its version, with the digest of its archive, and no other", () => {
    const listed = bill.components.map(({ "bom-ref": key, group, name, version, hashes }: any) => [
      key,
      `${group === undefined ? "" : `${group}/`}${name}@${version}`,
      `sha512-${Buffer.from(hashes[0].content, "hex").toString("base64")}`
    ])
    expect(listed.sort()).toEqual(
      Object.entries(packages)
        .map(([key, [what, , , digest]]) => [key, what, digest])
        .sort()
    )
    expect(listed.length).toBeGreaterThan(200)
  })

  test("tells what runs with the platform from what only builds and tests it", () => {
    for (const name of Object.keys(manifest.dependencies)) expect([name, component.get(name)?.scope]).toEqual([name, "required"])
    for (const name of Object.keys(manifest.optionalDependencies))
      if (component.has(name)) expect([name, component.get(name).scope]).toEqual([name, "optional"])
    const tools = Object.keys(manifest.devDependencies).filter((name) => component.get(name)?.scope === "excluded")
    expect(tools).toEqual(expect.arrayContaining(["@biomejs/biome", "secretlint", "@redocly/cli", "fast-check"]))
    const references = new Set([bill.metadata.component["bom-ref"], ...component.keys()])
    for (const { ref, dependsOn = [] } of bill.dependencies)
      for (const one of [ref, ...dependsOn]) expect(references).toContain(one)
    // Whatever a required one needs is required.
    const needs = new Map<string, ReadonlyArray<string>>(bill.dependencies.map(({ ref, dependsOn = [] }: any) => [ref, dependsOn]))
    const optional = (key: string) => Object.keys((packages[key]![2] as any).optionalDependencies ?? {})
    for (const [key, { scope }] of component)
      if (scope === "required")
        for (const needed of needs.get(key) ?? [])
          if (!optional(key).some((name) => needed === name || needed.endsWith(`/${name}`)))
            expect([key, needed, component.get(needed).scope]).toEqual([key, needed, "required"])
  })

  test("is the same bytes each time, as ./caas sbom prints them", async () => {
    const child = Bun.spawn([process.execPath, "src/cli.ts", "sbom"], { cwd: root, stdout: "pipe" })
    expect(await new Response(child.stdout).text()).toBe(`${billOfMaterials(lock, manifest)}\n`)
  })
})

describe("the lock file", () => {
  test("has nobody's sign-in but our own", () => {
    const foreign =
      /^(@?passport|next-auth|@auth\/|auth0|@auth0\/|@okta\/|okta|openid-client|oidc|google-auth|googleapis|@google-cloud\/|@azure\/|msal|@clerk\/|@supabase\/|firebase|@firebase\/|keycloak|saml|@node-saml\/|lucia|arctic|better-auth|@workos|oauth)/
    expect(
      Object.keys(packages).filter((key) => key.split("/").some((_, n, names) => foreign.test(names.slice(n).join("/"))))
    ).toEqual([])
    expect(
      ["openid-client", "x/@okta/okta-auth-js", "passport-google"].every((key) =>
        key.split("/").some((_, n, names) => foreign.test(names.slice(n).join("/")))
      )
    ).toBe(true)
  })

  test("lets no package run a script of its own when it is installed", () => {
    expect(manifest.trustedDependencies ?? []).toEqual([])
    expect((Bun.JSONC.parse(lock) as any).trustedDependencies ?? []).toEqual([])
  })

  test("names the digest of every archive", () =>
    expect(Object.values(packages).filter(([, , , digest]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(digest))).toEqual([]))

  test("takes nothing that was published in the last week", () => {
    const { install } = Bun.TOML.parse(text("bunfig.toml")) as { install?: { minimumReleaseAge?: number } }
    expect(install?.minimumReleaseAge).toBe(7 * 24 * 3600)
  })
})

describe("the files of this project", () => {
  const lint = (cwd: string, ...what: ReadonlyArray<string>) => {
    const config = ["--secretlintrc", join(root, ".secretlintrc.json"), "--secretlintignore", join(root, ".gitignore")]
    const { exitCode, stdout, stderr } = Bun.spawnSync(
      [process.execPath, "x", "--no-install", "secretlint", ...config, "--maskSecrets", ...what],
      { cwd }
    )
    return { exitCode, said: `${stdout}${stderr}` }
  }

  test("hold no secret that a linter knows", () => expect(lint(root, "**/*", ".ci/*")).toEqual({ exitCode: 0, said: "" }))

  test("would not keep one that was left in them", () => {
    writeFileSync(
      join(folder, "left.ts"),
      `const key = "${["AKIA", "IOSFODNN7QRSTUVW"].join("")}"\n-----BEGIN ${"RSA PRIVATE"} KEY-----\n${"MIIE".repeat(40)}\n-----END ${"RSA PRIVATE"} KEY-----\n`
    )
    const { exitCode, said } = lint(root, join(folder, "*.ts"))
    expect([exitCode, said]).toEqual([1, expect.stringContaining("left.ts")])
  })

  test("are looked at by a rule that leaves out only what is no file of the project", () =>
    expect(text(".gitignore").trim().split("\n")).toEqual(["node_modules/", ".caas/", "*.cpuprofile", "cluster.env"]))

  test("come with nobody's build that runs at an install", () => expect(existsSync(join(root, ".npmrc"))).toBe(false))
})
