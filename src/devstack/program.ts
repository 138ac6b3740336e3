/** Finds a server's program: on the PATH, in the usual places beside it, or fetched through apt without root. */

import { accessSync, constants, statSync } from "node:fs"
import { delimiter, join } from "node:path"
import { Schema } from "effect"

const usualPlaces = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"]

/** A program, where it came from (told to people), and the environment it needs. */
export type Program = { readonly file: string; readonly from: string; readonly env: Record<string, string> }

/** No server was given by URL and none can be started here. */
export class ProgramMissing extends Schema.TaggedError<ProgramMissing>()("ProgramMissing", {
  program: Schema.String,
  variable: Schema.String,
  aptPackage: Schema.String,
  brewFormula: Schema.String,
  composeUrl: Schema.String
}) {
  override get message() {
    return `${this.program} was not found. Do one of these and run again:
  1. set ${this.variable} to a running server
  2. put ${this.program} on the PATH (Debian, Ubuntu: sudo apt-get install ${this.aptPackage}; macOS: brew install ${this.brewFormula})
  3. docker compose up -d, then set ${this.variable}=${this.composeUrl}`
  }
}

/** The first of the names that can be run. An empty PATH means: look nowhere. */
export const onPath = (names: readonly string[], more: readonly string[] = []): string | undefined => {
  const path = process.env.PATH
  const folders = path ? [...path.split(delimiter), ...more, ...usualPlaces] : []
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(runnable)
}

const runnable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
