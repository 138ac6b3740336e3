/** Looks at processes from outside, by number. */
import { beginning } from "#src/devstack/beginning.ts"

export const alive = (pid: number): boolean => beginning(pid) !== undefined

/** Those of the processes that still live after the time is over; as soon as none does, an empty list. */
export const survivors = async (pids: readonly number[], millis: number): Promise<number[]> => {
  const end = performance.now() + millis
  for (;;) {
    const left = pids.filter(alive)
    if (left.length === 0 || performance.now() > end) return left
    await Bun.sleep(20)
  }
}
