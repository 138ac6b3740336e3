/** A caller who asks again, with the same key, until somebody answers; and who remembers what was seen. */
import type { ClientAct } from "#src/verify/evidence.ts"

export interface Answer {
  readonly status: number
  readonly body: any
}

export interface Asked {
  readonly body?: unknown
  readonly bytes?: Uint8Array<ArrayBuffer>
  readonly key?: string
  /** Asks once. Null: nobody knows what came of it. */
  readonly once?: boolean
}

const pauseMillis = 60
const patienceMillis = 240_000 // Wall clock: longer than any number of lives should take, on a busy machine.
const callMillis = 5_000

export class StubbornCaller {
  private token: string | null = null
  private signingIn: Promise<void> | null = null
  subjectId = ""

  constructor(
    private readonly door: string,
    readonly email: string,
    private readonly password: string,
    /** Sign-ins are counted per address, and we are many at one: somebody has to make Redis forget. */
    private readonly forgetLimits: () => Promise<unknown>
  ) {}

  /** Throws where there is no answer for 90 s. A 5xx, a 429 and silence are no answers; a 4xx is one. */
  async ask(method: string, path: string, asked: Asked & { readonly once: true }): Promise<Answer | null>
  async ask(method: string, path: string, asked?: Asked): Promise<Answer>
  async ask(method: string, path: string, asked: Asked = {}): Promise<Answer | null> {
    let last = "silence"
    for (const end = performance.now() + patienceMillis; performance.now() < end; await Bun.sleep(pauseMillis)) {
      if (this.token === null) await this.signIn()
      const answer = await this.send(method, path, asked)
      if (answer?.status === 401) {
        this.token = null
        continue // Nothing was done: asking again is no second time.
      }
      if (asked.once === true) return answer === null || answer.status >= 500 || answer.status === 429 ? null : answer
      if (answer !== null) last = JSON.stringify(answer)
      if (answer?.status === 429) await this.forgetLimits()
      else if (answer !== null && answer.status < 500) return answer
    }
    throw new Error(`${this.email} asked ${method} ${path} in vain; last: ${last}`)
  }

  /** The body of a 2xx. */
  async does(method: string, path: string, asked: Asked = {}): Promise<any> {
    const answer = await this.ask(method, path, asked)
    if (answer.status >= 300) throw new Error(`${this.email} asked ${method} ${path} and was told ${JSON.stringify(answer)}`)
    return answer.body
  }

  /** With the newest link there is: each repeat of the mail made the one before void. */
  async choosePassword(newestLink: () => string | null): Promise<void> {
    const tried = new Set<string>()
    for (const end = performance.now() + patienceMillis; performance.now() < end; await Bun.sleep(pauseMillis)) {
      const token = newestLink()
      if (token === null) continue
      const answer = await this.send("POST", "/api/auth/credentials", { body: { token, password: this.password } })
      if (answer === null || answer.status >= 500) {
        tried.add(token) // It may have been used all the same.
        continue
      }
      if (answer.status === 204) return
      if (answer.status === 429) await this.forgetLimits()
      else if (tried.has(token) && (await this.trySignIn())) return
    }
    throw new Error(`${this.email} never got a link that works`)
  }

  private signIn(): Promise<void> {
    this.signingIn ??= (async () => {
      for (const end = performance.now() + patienceMillis; performance.now() < end; await Bun.sleep(pauseMillis))
        if (await this.trySignIn()) return
      throw new Error(`${this.email} could not sign in`)
    })().finally(() => {
      this.signingIn = null
    })
    return this.signingIn
  }

  private async trySignIn(): Promise<boolean> {
    const answer = await this.send("POST", "/api/auth/sessions", { body: { email: this.email, password: this.password } })
    if (answer?.status === 429) await this.forgetLimits()
    if (answer?.status !== 201) return false
    this.token = answer.body.token
    this.subjectId = answer.body.subjectId
    return true
  }

  private async send(method: string, path: string, { body, bytes, key }: Asked): Promise<Answer | null> {
    const headers = new Headers({ origin: new URL(this.door).origin })
    if (this.token !== null) headers.set("authorization", `Bearer ${this.token}`)
    if (key !== undefined) headers.set("idempotency-key", key)
    if (bytes !== undefined) headers.set("content-type", "application/pdf")
    else if (body !== undefined) headers.set("content-type", "application/json")
    const payload = bytes ?? (body === undefined ? null : JSON.stringify(body))
    try {
      const signal = AbortSignal.timeout(callMillis)
      const response = await fetch(`${this.door}${path}`, { method, headers, body: payload, signal })
      const text = await response.text()
      return { status: response.status, body: text === "" ? null : JSON.parse(text) }
    } catch {
      return null
    }
  }
}

/** What callers saw, for the judge: an ok is in the journal, a no is not, silence may be either. */
export class Chronicle {
  readonly acts: Array<ClientAct> = []

  saw(path: string, messageId: string, answer: Answer | null) {
    this.acts.push({ path, messageId, saw: answer === null ? "info" : answer.status < 300 ? "ok" : "fail" })
  }
}
