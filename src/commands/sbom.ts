/** Prints what the platform is made of, for scanners and for whoever asks where a library is in use. */
import { join } from "node:path"
import { billOfMaterials, type Manifest } from "#src/bill-of-materials.ts"

export const summary = "the bill of materials of this version, from bun.lock: ./caas sbom > caas.cdx.json (CycloneDX 1.6)"

const root = join(import.meta.dir, "..", "..")

export const run = async (args: string[]): Promise<number> => {
  if (args.length > 0) {
    console.error("Usage: ./caas sbom > FILE")
    return 2
  }
  const manifest = (await Bun.file(join(root, "package.json")).json()) as Manifest
  console.log(billOfMaterials(await Bun.file(join(root, "bun.lock")).text(), manifest))
  return 0
}
