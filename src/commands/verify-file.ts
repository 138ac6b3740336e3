/** Says whether an exported purchase file is as it left us. Needs the file and a public key: no database, no network, no platform. */
import { readFileSync } from "node:fs"
import { kidOf } from "#integrations/vehicle-trust/keys.ts"
import { type BundleFlaw, openBundle } from "#src/bundle/open-bundle.ts"
import { askedOf, keyWords } from "#src/paper-key.ts"

export const summary = "FILE.zip [--key FILE|PUBLICKEY]: whether an exported purchase file is whole, and as it was sealed; offline"

const usage = `Usage: ./caas verify-file FILE.zip [--key FILE|PUBLICKEY]
${keyWords}`

/** Answers 1 where anything is off, 2 where it could not be asked. */
export const run = async (args: string[]): Promise<number> => {
  const asked = askedOf(args, usage)
  if (asked === null) return 2
  const { file, key } = asked
  const read = await openBundle(readFileSync(file), key.publicKey)
  if ("flaw" in read) {
    const about = read.name === "" ? "" : ` ${JSON.stringify(read.name)}`
    console.error(`${file}:${about} ${why[read.flaw]} (${read.flaw})\nkey       ${kidOf(key.publicKey)}, ${key.from}`)
    return 1
  }
  console.log(`customer  ${read.customerId}`)
  console.log(`made at   ${read.madeAt}`)
  console.log(`files     ${read.files.length}, each as its hash says; none is missing, none is more`)
  console.log("seal      holds: every byte of the archive is as it left us")
  console.log(`key       ${kidOf(key.publicKey)}, ${key.from}`)
  return 0
}

const why: Readonly<Record<BundleFlaw["flaw"], string>> = {
  NotAZip: "this is not a ZIP archive, or it was cut off",
  FileCompressed: "is compressed: the archive was packed anew",
  FileTwice: "is there twice",
  NoManifest: "there is no manifest in it: it is not an export of ours",
  ManifestUnreadable: "the manifest is not one of ours",
  NoSeal: "there is no seal in it: it is not an export of ours, or something was taken out",
  NotSealed: "is not sealed by this key as it is: manifest or seal was changed, or another key has sealed it",
  FileMissing: "is missing",
  FileMore: "was added",
  FileChanged: "was changed after it was sealed",
  ArchiveChanged: "the files are as they were, the archive around them is not: it was packed anew, or bytes of it were changed"
}
