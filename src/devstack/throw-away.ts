/** A stack that leaves nothing behind: for tests, benches and demos. */
import { existsSync, mkdtempSync, readdirSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { holderOf } from "./lock.ts"
import { clearStack, lockName, type Stack, type StackOptions, stack } from "./stack.ts"

const prefix = "caas-stack-"

/** A stack in a temporary folder, which goes when it stops. One that was killed is cleared away by the next. */
export const throwAwayStack = async (options: StackOptions): Promise<Stack> => {
  clearKilled()
  const folder = mkdtempSync(join(tmpdir(), prefix))
  const clear = () => clearStack(folder)
  try {
    const started = await stack(folder, options)
    return { ...started, stop: () => started.stop().then(clear) }
  } catch (error) {
    clear()
    throw error
  }
}

const clearKilled = () => {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(prefix))) {
    const lock = join(tmpdir(), name, lockName)
    if (!existsSync(lock) || holderOf(lock) !== undefined) continue
    try {
      clearStack(join(tmpdir(), name))
    } catch {
      // Another account's; its owner clears it.
    }
  }
}
