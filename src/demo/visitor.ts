/** Somebody who speaks HTTP with the platform and knows nothing else of it. */
import { Schema } from "effect"

export interface Answer {
  readonly status: number
  /** JSON; bytes where it is a document; null where there is nothing. */
  readonly body: any
}

/** The platform answered otherwise than the caller had to expect. */
export class AnsweredOtherwise extends Schema.TaggedError<AnsweredOtherwise>()("AnsweredOtherwise", {
  who: Schema.String,
  asked: Schema.String,
  status: Schema.Int,
  body: Schema.String
}) {
  override get message() {
    return `${this.who} asked ${this.asked} and was told ${this.status}: ${this.body}`
  }
}

export interface Identity {
  readonly name: string
  readonly email: string
  /** Where it was chosen before, and by somebody else. */
  readonly password?: string
}

export interface Sent {
  /** JSON, or bytes with their media type. */
  readonly body?: unknown
  readonly bytes?: { readonly type: string; readonly data: Uint8Array<ArrayBuffer> }
  /** The Idempotency-Key. */
  readonly key?: string
}

/** Every password of a story: long enough, and nobody's own. */
const everybodys = "paseo-largo-7-olivos"

export class Visitor {
  readonly name: string
  readonly email: string
  private readonly password: string
  private token: string | null = null

  /** `carries`: how the session is shown, as a browser does or as a program does. */
  constructor(
    { name, email, password = everybodys }: Identity,
    private readonly door: string,
    private readonly carries: "bearer" | "cookie" = "bearer"
  ) {
    this.name = name
    this.email = email
    this.password = password
  }

  /** Sets the password with the one-time link. The answer's status is 204 where it was taken. */
  choosePassword(token: string): Promise<Answer> {
    return this.send("POST", "/api/auth/credentials", { body: { token, password: this.password } })
  }

  /** Throws AnsweredOtherwise. */
  async signIn(): Promise<void> {
    const answer = await this.send("POST", "/api/auth/sessions", { body: { email: this.email, password: this.password } })
    if (answer.status !== 201) throw this.surprised("POST /api/auth/sessions", answer)
    this.token = answer.body.token
  }

  /**
   * Any answer. What wants to know once more who asks is told so; a session that has ended in the meantime (the clock moves fast here) is begun
   * again. Once.
   */
  async ask(method: string, path: string, sent: Sent = {}): Promise<Answer> {
    if (this.token === null) await this.signIn()
    const answer = await this.send(method, path, sent)
    if (answer.status !== 401) return answer
    if (answer.body?.reason === "StepUpNeeded") await this.stepUp()
    else await this.signIn()
    return this.send(method, path, sent)
  }

  /** Shows the password once more. Throws AnsweredOtherwise. */
  private async stepUp(): Promise<void> {
    const path = "/api/auth/sessions/current/step-up"
    const answer = await this.send("POST", path, { body: { password: this.password } })
    if (answer.status !== 200) throw this.surprised(`POST ${path}`, answer)
    this.token = answer.body.token
  }

  /** The body of a 2xx. Throws AnsweredOtherwise. */
  async does(method: string, path: string, sent: Sent = {}): Promise<any> {
    const answer = await this.ask(method, path, sent)
    if (answer.status >= 300) throw this.surprised(`${method} ${path}`, answer)
    return answer.body
  }

  private async send(method: string, path: string, { body, bytes, key }: Sent): Promise<Answer> {
    const headers = new Headers({ accept: "application/json", origin: new URL(this.door).origin })
    if (this.token !== null && this.carries === "bearer") headers.set("authorization", `Bearer ${this.token}`)
    if (this.token !== null && this.carries === "cookie") headers.set("cookie", `sid=${this.token}`)
    if (key !== undefined) headers.set("idempotency-key", key)
    if (bytes !== undefined) headers.set("content-type", bytes.type)
    else if (body !== undefined) headers.set("content-type", "application/json")
    const payload = bytes?.data ?? (body === undefined ? undefined : JSON.stringify(body))
    const response = await fetch(`${this.door}${path}`, { method, headers, ...(payload === undefined ? {} : { body: payload }) })
    const answer = new Uint8Array(await response.arrayBuffer())
    const isJson = /[/+]json\b/.test(response.headers.get("content-type") ?? "")
    const told = isJson ? JSON.parse(new TextDecoder().decode(answer)) : answer
    return { status: response.status, body: answer.length === 0 ? null : told }
  }

  private surprised(asked: string, { status, body }: Answer) {
    return new AnsweredOtherwise({ who: this.name, asked, status, body: JSON.stringify(body) })
  }
}
