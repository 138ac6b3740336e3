/** Tells one process from another that got its number later. */
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"

/**
 * When a process began, as text that no later process with the same number repeats; undefined where no such process runs.
 * A number alone is not enough: numbers are used again, soonest in containers, where each start hands out the same few.
 * A zombie has ended: it only waits to be asked how.
 */
export const beginning = (pid: number): string | undefined => {
  if (process.platform !== "linux")
    return spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim() || undefined
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ") // The name before may hold spaces.
    if (fields[0] === "Z") return undefined
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${fields[19]}` // Ticks since the machine started.
  } catch {
    return undefined
  }
}
