/** Where what was fetched or prepared once is kept between runs: server programs and an empty Postgres cluster. */

import { mkdirSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Schema } from "effect"
import { isRoot } from "./account.ts"

/** The cache folder belongs to somebody else, who could put programs into it for us to run. */
export class CacheNotOurs extends Schema.TaggedError<CacheNotOurs>()("CacheNotOurs", { folder: Schema.String }) {
  override get message() {
    return `The cache folder ${this.folder} belongs to, or may be written by, another account.\nRemove it, or set CAAS_CACHE to a folder of your own.`
  }
}

/** The cache folder, made if need be. Programs are run from it, so nobody else may be able to write there. Throws CacheNotOurs. */
export const cacheFolder = (): string => {
  const home = isRoot ? "/var/lib" : (process.env.XDG_CACHE_HOME ?? join(process.env.HOME ?? tmpdir(), ".cache"))
  const folder = process.env.CAAS_CACHE ?? join(home, "caas-dev")
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  const { uid, mode } = statSync(folder)
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0) throw new CacheNotOurs({ folder })
  return folder
}
