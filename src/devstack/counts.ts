/** How many tests passed: from the runner's JUnit report, checked against what it said and how it ended. */
import { existsSync, readFileSync } from "node:fs"

export type Counts = { readonly passed: number; readonly failed: number; readonly skipped: number }

/**
 * `report`: path of the JUnit file. `said`: the end of the runner's output. `code`: its exit code.
 * A file that does not load is missing from the report and stands only in what was said; a runner that crashed wrote no report.
 * Never answers "0 failed" for a runner that failed.
 */
export const countTests = (report: string, said: string, code: number): Counts => {
  const head = existsSync(report) ? (readFileSync(report, "utf8").match(/<testsuites [^>]*>/)?.[0] ?? "") : ""
  const number = (text: string, pattern: RegExp) => Number(text.match(pattern)?.[1] ?? 0)
  const reported = number(head, /\bfailures="(\d+)"/)
  const skipped = number(head, /\bskipped="(\d+)"/)
  const failed = Math.max(reported, number(said, /^\s*(\d+) fail$/m), code === 0 ? 0 : 1)
  return { passed: number(head, /\btests="(\d+)"/) - reported - skipped, failed, skipped }
}

export const sum = (all: readonly Counts[]): Counts => ({
  passed: all.reduce((total, counts) => total + counts.passed, 0),
  failed: all.reduce((total, counts) => total + counts.failed, 0),
  skipped: all.reduce((total, counts) => total + counts.skipped, 0)
})

export const sentence = ({ passed, failed, skipped }: Counts): string => `${passed} passed, ${failed} failed, ${skipped} skipped`
