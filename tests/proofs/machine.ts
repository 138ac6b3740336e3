/** The machine a long proof ran on, as its record says it. */
import { cpus, totalmem } from "node:os"

export const machine = () => ({
  cpu: cpus()[0]?.model.trim(),
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  system: `${process.platform} ${process.arch}`,
  bun: Bun.version
})
