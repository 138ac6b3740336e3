/** What a simulated partner can be told to get wrong. Each fault waits in a list and is used up by the call or webhook it spoils. */

const onAnswers = [
  "decline", // a business no, with `reason`
  "delay", // the work is done, the answer comes `ms` later
  "delayWork", // the work itself is done `ms` later, when the caller may have given up
  "garbage", // the work is done, the answer is 200 and nonsense, in `form`
  "wrongReference", // the work is done, the answer speaks of another reference
  "wrongAmount", // the work is done, the answer speaks of another amount
  "dropReply", // the work is done, the socket closed without an answer
  "loseRequest", // no work, the socket closed without an answer
  "error500", // no work, 500
  "error500AfterWork", // the work is done, and this key is answered with 500 from now on
  "down", // no work, 503; with `ms` instead of `times`: every connection is closed for so long
  "redirect", // no work, 307 to `location`
  "huge", // the work is done, the answer has no end
  "drip" // the work is done, the answer comes byte by byte and has no end
] as const

const onWebhooks = [
  "duplicate", // sent `copies` times at once, with the same webhook-id
  "reorder", // kept back until the next webhook has gone out, at most `ms`
  "delayWebhook", // sent `ms` later
  "loseWebhook" // never sent
] as const

export type AnswerFault = (typeof onAnswers)[number]
export type WebhookFault = (typeof onWebhooks)[number]

export interface Fault {
  readonly fault: AnswerFault | WebhookFault
  /** How many calls or webhooks it spoils; 1 where it is not said. */
  readonly times?: number
  /** How many calls it lets pass first; 0 where it is not said. */
  readonly skip?: number
  /** Which calls it spoils; POST where it is not said. */
  readonly on?: "GET" | "POST" | "any"
  readonly ms?: number
  readonly form?: "html" | "truncated" | "wrongTypes"
  readonly reason?: string
  readonly location?: string
  readonly copies?: number
}

export class Faults {
  private waiting: Array<{ readonly fault: Fault; skip: number }> = []
  private downUntil = 0

  /** Wall clock: an outage is one of real sockets. */
  add(...faults: ReadonlyArray<Fault>) {
    for (const fault of faults) {
      if (fault.fault === "down" && fault.ms !== undefined) this.downUntil = Date.now() + fault.ms
      else for (let n = 0; n < (fault.times ?? 1); n++) this.waiting.push({ fault, skip: n === 0 ? (fault.skip ?? 0) : 0 })
    }
  }

  clear() {
    this.waiting = []
    this.downUntil = 0
  }

  get unplugged() {
    return Date.now() < this.downUntil
  }

  forCall(method: string): Fault | undefined {
    return this.take((fault) => isOn(onAnswers, fault) && (fault.on === "any" || (fault.on ?? "POST") === method))
  }

  forWebhook(): Fault | undefined {
    return this.take((fault) => isOn(onWebhooks, fault))
  }

  private take(spoils: (fault: Fault) => boolean) {
    const at = this.waiting.findIndex((one) => spoils(one.fault) && one.skip-- <= 0)
    return at < 0 ? undefined : this.waiting.splice(at, 1)[0]!.fault
  }
}

const isOn = (names: ReadonlyArray<string>, fault: Fault) => names.includes(fault.fault)

/** Of a body another process sent: is this a list of faults? */
export const areFaults = (value: unknown): value is ReadonlyArray<Fault> =>
  Array.isArray(value) && value.every((one) => [...onAnswers, ...onWebhooks].includes(one?.fault))
