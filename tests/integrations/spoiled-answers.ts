/** Every way an answer can fail to tell what happened, for the contract test of each port. */
import type { Fault } from "#integrations/http/faults.ts"
import type { NoAnswer } from "#integrations/http/outbound.ts"

export interface SpoiledAnswer {
  readonly called: string
  readonly fault: Fault
  /** Whether the partner did the work all the same. */
  readonly done: boolean
  readonly why: NoAnswer["why"]
}

/** With clients that wait `patienceMillis` at most. */
export const patienceMillis = 250

export const spoiledAnswers = (elsewhere: string): ReadonlyArray<SpoiledAnswer> => [
  { called: "HTML with 200", fault: { fault: "garbage", form: "html" }, done: true, why: "unreadable" },
  { called: "half a JSON text with 200", fault: { fault: "garbage", form: "truncated" }, done: true, why: "unreadable" },
  { called: "the wrong types with 200", fault: { fault: "garbage", form: "wrongTypes" }, done: true, why: "unreadable" },
  { called: "an answer without an end", fault: { fault: "huge" }, done: true, why: "tooLarge" },
  { called: "an answer byte by byte", fault: { fault: "drip" }, done: true, why: "timedOut" },
  { called: "another order's answer", fault: { fault: "wrongReference" }, done: true, why: "notOurs" },
  { called: "a dropped reply", fault: { fault: "dropReply" }, done: true, why: "unreachable" },
  { called: "a 500 after the work", fault: { fault: "error500AfterWork" }, done: true, why: "failing" },
  { called: "a late answer", fault: { fault: "delay", ms: 600 }, done: true, why: "timedOut" },
  { called: "a lost request", fault: { fault: "loseRequest" }, done: false, why: "unreachable" },
  { called: "a 500", fault: { fault: "error500" }, done: false, why: "failing" },
  { called: "a 503", fault: { fault: "down" }, done: false, why: "failing" },
  { called: "a redirect", fault: { fault: "redirect", location: elsewhere }, done: false, why: "redirected" }
]
