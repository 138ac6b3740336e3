/** A carrier of short messages whose phones exist on paper only. Shares no code with the client that calls it. */
import {
  type Call,
  type Office,
  type Reply,
  type Simulator,
  type SimulatorOptions,
  startPartner
} from "../http/simulated-partner.ts"

export interface SmsEntry {
  readonly at: string
  readonly kind: "message" | "repeat" | "refusal"
  /** The caller's own name for the message: one message per reference, however often it is asked for. */
  readonly reference: string
  readonly messageId: string | null
  readonly to: string
  readonly text: string
  readonly reason: string | null
}

export interface SmsSimulator extends Simulator<SmsEntry> {
  /** What a phone has received. */
  readonly phone: (number: string) => ReadonlyArray<SmsEntry>
  /** No such number, from now on. */
  readonly disconnect: (number: string) => void
}

export const startSmsSimulator = async (options: SimulatorOptions = {}): Promise<SmsSimulator> => {
  let exchange!: Exchange
  const simulator = await startPartner<SmsEntry>("sms", options, (office) => {
    exchange = new Exchange(office)
    return { answer: (call) => exchange.answer(call), acts: { disconnect: (number) => exchange.disconnect(number) } }
  })
  return {
    ...simulator,
    phone: (number) => simulator.ledger().filter(({ kind, to }) => kind === "message" && to === number),
    disconnect: (number) => exchange.disconnect(number)
  }
}

const longestText = 10 * 153 // Characters of a message in ten parts (3GPP TS 23.040).

class Exchange {
  private readonly taken = new Map<string, SmsEntry>()
  private readonly gone = new Set<string>()

  constructor(private readonly office: Office<SmsEntry>) {
    for (const entry of office.entries()) if (entry.kind === "message") this.taken.set(entry.reference, entry)
  }

  disconnect(number: string) {
    this.gone.add(number)
  }

  answer({ method, path, body, decline }: Call): Reply {
    if (method !== "POST" || path[0] !== "messages" || path.length !== 1) return { status: 404, body: { error: "no such path" } }
    const { reference, to, text } = body
    if (typeof reference !== "string" || typeof to !== "string" || typeof text !== "string" || text.length > longestText)
      return { status: 400, body: { error: "a field is missing, or too long" } }
    const known = this.taken.get(reference)
    if (known !== undefined) {
      if (known.to !== to) return { status: 409, body: { error: "this reference went to another number" } }
      this.office.record({ ...known, at: this.office.instant(), kind: "repeat" })
      return { status: 200, body: { messageId: known.messageId, reference } }
    }
    const entry = { at: this.office.instant(), reference, to, text }
    const reason = decline ?? (this.gone.has(to) || !/^\+[0-9]{6,15}$/.test(to) ? "no_such_number" : null)
    if (reason !== null) {
      this.office.record({ ...entry, kind: "refusal", messageId: null, reason })
      return { status: 422, body: { reference, reason } }
    }
    const message: SmsEntry = { ...entry, kind: "message", messageId: `sms_${this.taken.size + 1}`, reason: null }
    this.office.record(message)
    this.taken.set(reference, message)
    return { status: 201, body: { messageId: message.messageId, reference } }
  }
}
