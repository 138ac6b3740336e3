/** Actors are owned by the partition: whoever holds its newest epoch may commit for it. */

/** A power of two. The database has one row per partition; start-up refuses a database with another count. */
export const partitionCount = 64
export const partitions: ReadonlyArray<number> = Array.from({ length: partitionCount }, (_, partition) => partition)

/** By the second part of the path, so that `vehicle/{vin}` and `activation/{vin}/…` live together. FNV-1a: any hash will do that never changes. */
export const partitionOf = (path: string): number => {
  const start = path.indexOf("/") + 1
  const slash = path.indexOf("/", start)
  const end = slash === -1 ? path.length : slash
  let hash = 0x811c9dc5
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ path.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % partitionCount
}
