/** What the fleet keeps over the end of its process: each car's secure element and flash, the newest line of each. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import type { CarState } from "./car.ts"

const linesPerCar = 20 // Before the file is written anew.

export class Memory {
  readonly cars = new Map<string, CarState>()
  private lines = 0

  constructor(private readonly file: string | undefined) {
    if (file === undefined) return
    mkdirSync(dirname(file), { recursive: true })
    if (existsSync(file))
      for (const line of readFileSync(file, "utf8").split("\n")) {
        const state = stateOf(line)
        if (state !== null) this.cars.set(state.element.vin, state)
      }
    this.rewrite(file)
  }

  keep(state: CarState): void {
    this.cars.set(state.element.vin, state)
    if (this.file === undefined) return
    appendFileSync(this.file, `${JSON.stringify(state)}\n`, { mode: 0o600 })
    if (++this.lines > 1_000 + linesPerCar * this.cars.size) this.rewrite(this.file)
  }

  private rewrite(file: string) {
    writeFileSync(file, [...this.cars.values()].map((state) => `${JSON.stringify(state)}\n`).join(""), { mode: 0o600 })
    this.lines = this.cars.size
  }
}

/** Null for the line a crash may have torn. */
const stateOf = (line: string): CarState | null => {
  try {
    return line === "" ? null : JSON.parse(line)
  } catch {
    return null
  }
}
