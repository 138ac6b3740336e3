/** Checks a bundle without asking anybody: every file is what the manifest says, none is missing or more, and not one byte of the archive is another. */
import { createHash } from "node:crypto"
import { Schema } from "effect"
import { unzipSync } from "fflate"
import { isSealed } from "#integrations/purchase-file/bundle-seal.ts"
import { archive } from "./archive.ts"
import { Manifest, manifestName, sealName } from "./manifest.ts"

/** The first thing that is wrong, and with which file; empty where it is the archive itself. */
export interface BundleFlaw {
  readonly flaw:
    | "NotAZip"
    | "FileCompressed"
    | "FileTwice"
    | "NoManifest"
    | "ManifestUnreadable"
    | "NoSeal"
    | "NotSealed"
    | "FileMissing"
    | "FileMore"
    | "FileChanged"
    | "ArchiveChanged"
  readonly name: string
}

const readManifest = Schema.decodeUnknownOption(Schema.fromJsonString(Manifest), { onExcessProperty: "error" })
const flawed = (flaw: BundleFlaw["flaw"], name = ""): BundleFlaw => ({ flaw, name })

/** `publicKey`: of whoever should have sealed it, in base64url. */
export const openBundle = async (bytes: Uint8Array, publicKey: string): Promise<Manifest | BundleFlaw> => {
  const files = contentsOf(bytes)
  if ("flaw" in files) return files
  const [text, seal] = [files.get(manifestName), files.get(sealName)]
  if (text === undefined) return flawed("NoManifest")
  if (seal === undefined) return flawed("NoSeal")
  const line = Buffer.from(seal).toString()
  if (!line.endsWith("\n") || !(await isSealed(text, line.slice(0, -1), publicKey))) return flawed("NotSealed", manifestName)
  const read = readManifest(Buffer.from(text).toString())
  if (read._tag === "None") return flawed("ManifestUnreadable")
  const manifest = read.value

  for (const { name, size, sha256 } of manifest.files) {
    const file = files.get(name)
    if (file === undefined) return flawed("FileMissing", name)
    if (file.length !== size || createHash("sha256").update(file).digest("hex") !== sha256) return flawed("FileChanged", name)
  }
  const named = new Set([manifestName, sealName, ...manifest.files.map(({ name }) => name)])
  for (const name of files.keys()) if (!named.has(name)) return flawed("FileMore", name)
  return Buffer.from(bytes).equals(madeAgain(files)) ? manifest : flawed("ArchiveChanged")
}

/** In the archive's own order. Nothing of ours is compressed: what is, is not inflated for a look. */
const contentsOf = (bytes: Uint8Array): ReadonlyMap<string, Uint8Array> | BundleFlaw => {
  const names: Array<string> = []
  let flaw: BundleFlaw | null = null
  try {
    const files = unzipSync(bytes, {
      filter: ({ name, compression }) => {
        if (compression !== 0) flaw ??= flawed("FileCompressed", name)
        if (names.includes(name)) flaw ??= flawed("FileTwice", name)
        names.push(name)
        return flaw === null
      }
    })
    return flaw ?? new Map(names.map((name) => [name, files[name]!]))
  } catch {
    return flawed("NotAZip")
  }
}

/** What lies between the files (names, sums, the table of contents) has no hash: it is compared with what we would have written. */
const madeAgain = (files: ReadonlyMap<string, Uint8Array>): Buffer => {
  const zip = archive()
  return Buffer.concat([...[...files].map(([name, file]) => zip.begin(name)(file, true)), zip.end()])
}
