/** One stack per folder: a lock that names its holder, and does not outlive it. */

import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { Schema } from "effect"
import { beginning } from "./beginning.ts"

/** A living process holds the lock of this folder. */
export class FolderInUse extends Schema.TaggedError<FolderInUse>()("FolderInUse", { folder: Schema.String, pid: Schema.Number }) {
  override get message() {
    return `Process ${this.pid} already runs from ${this.folder}. Stop it first: Ctrl-C in its terminal, or kill ${this.pid}.`
  }
}

/** The process that holds the lock file, if it still runs. */
export const holderOf = (file: string): number | undefined => {
  try {
    const { pid, began } = JSON.parse(readFileSync(file, "utf8")) as { pid: number; began: string }
    return beginning(pid) === began ? pid : undefined
  } catch {
    return undefined
  }
}

/** Takes the lock, also from a holder that is gone. Answers how to give it back. Throws FolderInUse. */
export const takeLock = (file: string): (() => void) => {
  const ours = `${file}.${process.pid}`
  const text = JSON.stringify({ pid: process.pid, began: beginning(process.pid), token: crypto.randomUUID() })
  for (let tries = 0; tries < 8; tries++) {
    try {
      writeFileSync(ours, text)
      linkSync(ours, file) // Appears with its content or not at all.
      return () => {
        if (readText(file) === text) rmSync(file, { force: true })
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
    } finally {
      rmSync(ours, { force: true })
    }
    const pid = holderOf(file)
    if (pid !== undefined) throw new FolderInUse({ folder: dirname(file), pid })
    clearAway(file, readText(file))
  }
  throw new Error(`could not take the lock ${file}`)
}

const readText = (file: string): string | undefined => {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return undefined
  }
}

// Two newcomers may meet at one stale lock: whoever moved away a lock that is not the stale one puts it back.
const clearAway = (file: string, stale: string | undefined) => {
  const aside = `${file}.${process.pid}.stale`
  try {
    renameSync(file, aside)
    if (readText(aside) !== stale) linkSync(aside, file)
  } catch {
    // Somebody else was faster; the next try sees who.
  } finally {
    rmSync(aside, { force: true })
  }
}
