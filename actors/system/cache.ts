/** Snapshots of the actors last heard of, so that a busy actor is not read from Postgres again. Correctness never depends on it. */
import type { Resident } from "./turn.ts"

const residentsKept = 10_000
const bytesKept = 64 * 1024 * 1024

export class Cache {
  readonly #residents = new Map<string, Resident>() // In the order they were last heard of.
  bytes = 0

  get size() {
    return this.#residents.size
  }

  get(path: string): Resident | undefined {
    return this.#residents.get(path)
  }

  keep(resident: Resident) {
    this.forget(resident.path)
    this.#residents.set(resident.path, resident)
    this.bytes += resident.bytes
    while (this.#residents.size > residentsKept || this.bytes > bytesKept) this.forget(this.#residents.keys().next().value!)
  }

  /** The residents of these partitions. */
  forgetAll(of: (partition: number) => boolean) {
    for (const { path, partition } of [...this.#residents.values()]) if (of(partition)) this.forget(path)
  }

  forget(path: string) {
    const known = this.#residents.get(path)
    if (known === undefined) return
    this.#residents.delete(path)
    this.bytes -= known.bytes
  }
}
