/** Forgets everything `./caas up` has kept in this folder. */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { takeLock } from "#src/devstack/lock.ts"
import { home } from "#src/devstack/running.ts"
import { clearStack, lockName } from "#src/devstack/stack.ts"

export const summary = "clear the local data in .caas/; refuses while a platform runs from it"

/** Throws FolderInUse. */
export const run = async (): Promise<number> => {
  mkdirSync(home, { recursive: true })
  takeLock(join(home, lockName)) // Held while we delete, and deleted with the rest.
  clearStack(home)
  console.log("The local data is gone; the next ./caas up begins anew.")
  return 0
}
