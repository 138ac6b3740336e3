/** What a simulated partner remembers: a list of lines, in a file where one is named, so that it survives its process. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"

/** `book: "ledger"` is the partner's business and what others may read; `keys`, `webhooks` and `devices` are its own housekeeping. */
export interface Line {
  readonly book: "ledger" | "keys" | "webhooks" | "devices"
  readonly entry: any
}

export class SimulatedLedger {
  readonly lines: Array<Line> = []

  constructor(private readonly file: string | undefined) {
    if (file === undefined) return
    mkdirSync(dirname(file), { recursive: true })
    if (existsSync(file)) {
      for (const text of readFileSync(file, "utf8").split("\n")) {
        const line = lineOf(text)
        if (line !== null) this.lines.push(line)
      }
    }
    writeFileSync(file, this.lines.map((line) => `${JSON.stringify(line)}\n`).join("")) // Without the line a crash may have torn.
  }

  write(book: Line["book"], entry: any) {
    this.lines.push({ book, entry })
    if (this.file !== undefined) appendFileSync(this.file, `${JSON.stringify({ book, entry })}\n`)
  }

  entries(book: Line["book"]): ReadonlyArray<any> {
    return this.lines.filter((line) => line.book === book).map((line) => line.entry)
  }
}

const lineOf = (text: string): Line | null => {
  try {
    return text === "" ? null : JSON.parse(text)
  } catch {
    return null
  }
}
