/** Who asked for what under which id, what was answered, and when. An answer that never came is unknown, never a no. */
import { writeFileSync } from "node:fs"
import type { ClientAct } from "#src/verify/evidence.ts"

export type Kind = "sale" | "paper" | "payment" | "cancellation" | "purchase" | "command" | "report"
export type Saw = "ok" | "fail" | "info"

export interface Operation {
  readonly kind: Kind
  readonly path: string
  readonly messageId: string
  /** Milliseconds since the history began. */
  readonly invoked: number
  /** What was answered when it was asked for the first time, and when. */
  first: Saw | null
  firstAt: number
  /** What is known by now. */
  saw: Saw
  asks: number
}

/** From the moment of a fault until everybody has had the time to notice that it is over. */
export interface Disturbance {
  readonly name: string
  readonly from: number
  to: number
}

export interface Availability {
  readonly operations: number
  /** Of all that were asked for, those done at the first asking. A no is an answer, too. */
  readonly answeredAtOnce: number
  readonly calm: { readonly operations: number; readonly answeredAtOnce: number }
}

export class History {
  readonly operations: Array<Operation> = []
  readonly disturbances: Array<Disturbance> = []
  private readonly events: Array<string> = []
  private readonly begin = performance.now()

  get now() {
    return performance.now() - this.begin
  }

  invoke(kind: Kind, path: string, messageId: string): Operation {
    const operation: Operation = { kind, path, messageId, invoked: this.now, first: null, firstAt: 0, saw: "info", asks: 0 }
    this.operations.push(operation)
    this.note(operation, "invoke")
    return operation
  }

  saw(operation: Operation, saw: Saw): void {
    operation.asks++
    operation.saw = saw
    if (operation.first === null) {
      operation.first = saw
      operation.firstAt = this.now
    }
    this.note(operation, saw)
  }

  /** Until `end` is called: somebody is doing harm. */
  disturbed(name: string): Disturbance {
    const disturbance = { name, from: this.now, to: Number.POSITIVE_INFINITY }
    this.disturbances.push(disturbance)
    this.events.push(JSON.stringify({ at: Math.round(disturbance.from), fault: name }))
    return disturbance
  }

  /** For the judge, who looks each of them up in the journal. */
  acts(): ReadonlyArray<ClientAct> {
    return this.operations.map(({ path, messageId, saw }) => ({ path, messageId, saw }))
  }

  availability(): Availability {
    const asked = this.operations.filter(({ first }) => first !== null)
    const calm = asked.filter(({ invoked, firstAt }) => !this.disturbances.some(({ from, to }) => from < firstAt && invoked < to))
    const answered = (some: ReadonlyArray<Operation>) => some.filter(({ first }) => first !== "info").length
    return {
      operations: asked.length,
      answeredAtOnce: answered(asked),
      calm: { operations: calm.length, answeredAtOnce: answered(calm) }
    }
  }

  /** One line per event, in the order they happened. */
  write(file: string): void {
    writeFileSync(file, `${this.events.join("\n")}\n`)
  }

  private note({ kind, path, messageId }: Operation, event: "invoke" | Saw) {
    this.events.push(JSON.stringify({ at: Math.round(this.now), event, kind, path, messageId }))
  }
}
