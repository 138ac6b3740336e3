/** How a simulated partner calls back: Standard Webhooks headers, at least once, in no promised order, until somebody answers 2xx. */
import { createHmac } from "node:crypto"
import type { Faults } from "./faults.ts"
import type { SimulatedLedger } from "./simulated-ledger.ts"

export interface WebhookTarget {
  readonly url: string
  /** `whsec_` and the base64 of at least 24 bytes. */
  readonly secret: string
}

export interface SentWebhook {
  readonly id: string
  readonly body: string
  readonly tries: number
  readonly delivered: boolean
}

const retryMillis = 300
const triesAtMost = 200 // A minute. A restarted partner begins anew with what was not delivered.
const patienceMillis = 5_000
const inFlightAtMost = 32
const keptBackMillis = 1_000

interface Pending {
  readonly id: string
  readonly body: string
  tries: number
}

export class SimulatedWebhooks {
  private readonly events = new Map<string, { body: string; tries: number; delivered: boolean }>()
  private readonly queue: Array<Pending> = []
  private readonly timers = new Set<ReturnType<typeof setTimeout>>()
  private keptBack: Pending | null = null
  private inFlight = 0
  private stopped = false

  constructor(
    private readonly name: string,
    private readonly ledger: SimulatedLedger,
    private readonly faults: Faults,
    private target: WebhookTarget | undefined
  ) {
    for (const entry of ledger.entries("webhooks")) {
      if (entry.delivered === true) this.events.get(entry.id)!.delivered = true
      else this.events.set(entry.id, { body: entry.body, tries: 0, delivered: false })
    }
    this.resume()
  }

  subscribe(target: WebhookTarget) {
    this.target = target
    this.resume()
  }

  /** Every event has one id, however often it is sent. */
  announce(event: unknown) {
    const id = `evt_${this.name}_${this.events.size + 1}`
    const body = JSON.stringify(event)
    this.events.set(id, { body, tries: 0, delivered: false })
    this.ledger.write("webhooks", { id, body })
    this.dispatch({ id, body, tries: 0 })
  }

  sent(): ReadonlyArray<SentWebhook> {
    return [...this.events].map(([id, event]) => ({ id, ...event }))
  }

  stop() {
    this.stopped = true
    for (const timer of this.timers) clearTimeout(timer)
  }

  private resume() {
    if (this.target === undefined) return
    const waiting = new Set(this.queue.map((pending) => pending.id))
    for (const [id, event] of this.events) {
      if (!event.delivered && event.tries === 0 && !waiting.has(id)) this.push({ id, body: event.body, tries: 0 })
    }
  }

  private dispatch(pending: Pending) {
    if (this.target === undefined) return
    const fault = this.faults.forWebhook()
    if (fault?.fault === "loseWebhook") return
    if (fault?.fault === "delayWebhook") return this.later(fault.ms ?? keptBackMillis, () => this.push(pending))
    if (fault?.fault === "reorder") {
      this.keptBack = pending
      return this.later(fault.ms ?? keptBackMillis, () => this.release())
    }
    for (let copy = 1; copy < (fault?.fault === "duplicate" ? (fault.copies ?? 2) : 1); copy++) this.push({ ...pending })
    this.push(pending)
    if (this.keptBack !== null) this.later(50, () => this.release()) // The younger one shall arrive first.
  }

  private release() {
    if (this.keptBack !== null) this.push(this.keptBack)
    this.keptBack = null
  }

  private push(pending: Pending) {
    this.queue.push(pending)
    this.drain()
  }

  private drain() {
    while (!this.stopped && this.inFlight < inFlightAtMost && this.queue.length > 0) void this.deliver(this.queue.shift()!)
  }

  private async deliver(pending: Pending) {
    const event = this.events.get(pending.id)!
    this.inFlight++
    event.tries++
    pending.tries++
    const accepted = await this.call(pending)
    this.inFlight--
    if (accepted && !event.delivered) {
      event.delivered = true
      if (!this.stopped) this.ledger.write("webhooks", { id: pending.id, delivered: true })
    }
    if (!accepted && pending.tries < triesAtMost) this.later(retryMillis, () => this.push(pending))
    this.drain()
  }

  private async call({ id, body }: Pending): Promise<boolean> {
    const target = this.target!
    const timestamp = String(Math.floor(Date.now() / 1000)) // Of this try, by the wall clock: freshness is judged by it.
    const key = Buffer.from(target.secret.replace(/^whsec_/, ""), "base64")
    const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")
    try {
      const response = await fetch(target.url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "webhook-id": id,
          "webhook-timestamp": timestamp,
          "webhook-signature": `v1,${signature}`
        },
        body,
        redirect: "manual",
        signal: AbortSignal.timeout(patienceMillis)
      })
      await response.arrayBuffer()
      return response.ok
    } catch {
      return false
    }
  }

  private later(millis: number, then: () => void) {
    if (this.stopped) return
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      then()
    }, millis)
    this.timers.add(timer)
  }
}
