/** What every call to a partner has in common: JSON both ways, ten seconds, one MiB, no redirects, and no belief in what does not fit. */
import { Effect, Schema } from "effect"
import type { SecretKey } from "../vehicle-trust/keys.ts"
import { signedHeaders, type UnsignedCall } from "./call-signature.ts"

/** Where a partner lives. Addresses come from the configuration only, never from a message (OWASP API7). */
export interface PartnerOptions {
  readonly url: string
  /** For the whole call, body included. Wall clock: a socket knows no platform time. */
  readonly timeoutMillis?: number
  /** What our calls are signed with (RFC 9421); unsigned where it is not given: a partner whose interface is fixed, a device's push service. */
  readonly callsKey?: SecretKey
}

const timeoutMillis = 10_000
const bodyLimitBytes = 1024 * 1024 // After decompression.

/**
 * Nobody knows what the partner did. `detail` never quotes the answer, which may hold personal data.
 * `unreachable` no connection, or it broke · `timedOut` · `failing` 5xx, 408, 425, 429 · `redirected` · `tooLarge` · `unreadable` not JSON,
 * or not of the agreed shape · `notOurs` an answer for another reference, amount or currency · `unexpected` a 4xx that is no business answer.
 */
export class NoAnswer extends Schema.TaggedError<NoAnswer>()("NoAnswer", {
  why: Schema.Literals(["unreachable", "timedOut", "failing", "redirected", "tooLarge", "unreadable", "notOurs", "unexpected"]),
  detail: Schema.String
}) {
  override get message() {
    return `${this.why}: ${this.detail}`
  }
}

/** A 2xx or 4xx with a JSON body, not yet believed. */
export interface Answer {
  readonly status: number
  readonly body: unknown
  /** The body as it came. */
  readonly text: string
}

export const get = (partner: PartnerOptions, path: string) =>
  ask(partner, path, { method: "GET", headers: { accept: "application/json" } })

/** `id` is the command's id: repeated with the command, so that asking twice is asking once. */
export const post = (partner: PartnerOptions, path: string, id: string, body: unknown) =>
  ask(partner, path, {
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/json", "idempotency-key": id },
    body: JSON.stringify(body)
  })

/**
 * Bytes to an address that a person brought, and that its caller has found among those that the configuration allows. Of the answer only the
 * status is wanted: whatever else it says is not read.
 */
export const dispatch = (
  partner: PartnerOptions,
  { headers, bytes }: { readonly headers: Readonly<Record<string, string>>; readonly bytes: Uint8Array }
): Effect.Effect<number, NoAnswer> =>
  call(
    partner,
    "",
    async () => ({ method: "POST", headers, body: new Uint8Array(bytes) }),
    async ({ status }) => {
      if (status >= 300 && status < 400) throw new NoAnswer({ why: "redirected", detail: `status ${status}` })
      if (isFailing(status)) throw new NoAnswer({ why: "failing", detail: `status ${status}` })
      return status
    }
  )

/** Decodes a 2xx, and asks `mismatch` which field is not ours (null: all are). Fields we do not know are tolerated. */
export const believe =
  <A>(schema: Schema.Codec<A, any>, mismatch: (value: A) => string | null) =>
  (answer: Answer): Effect.Effect<A, NoAnswer> => {
    if (answer.status >= 400) return Effect.fail(new NoAnswer({ why: "unexpected", detail: `status ${answer.status}` }))
    return decode(schema, answer.body).pipe(
      Effect.flatMap((value) => {
        const field = mismatch(value)
        return field === null ? Effect.succeed(value) : Effect.fail(new NoAnswer({ why: "notOurs", detail: field }))
      })
    )
  }

/** The reason of a business no: 402, 404, 409, 410 or 422 that names our reference. Other 4xx are our mistake, not the partner's decision. */
export const refusalOf = (answer: Answer, reference: string): string | null => {
  if (![402, 404, 409, 410, 422].includes(answer.status) || !Schema.is(Refusal)(answer.body)) return null
  if (answer.body.reference !== reference) return null
  return codeOf(answer.body.reason)
}

/** A partner's reason as messages may hold it: a code stays, free text, which may hold a name, becomes `unspecified`. */
export const codeOf = (reason: string): string => (/^[A-Za-z0-9_-]{1,64}$/.test(reason) ? reason : "unspecified")

const Refusal = Schema.Struct({ reference: Schema.String, reason: Schema.String })

/** An unknown outcome is not repeated at once: the partner is asked, one time, what it knows by our reference. */
export const orFind =
  <A, F>(find: Effect.Effect<A | null, F>) =>
  <B, E>(attempt: Effect.Effect<B, E | NoAnswer>): Effect.Effect<A | B, E | NoAnswer> =>
    attempt.pipe(
      Effect.catchIf(
        (error): error is NoAnswer => error instanceof NoAnswer,
        (unknown) =>
          find.pipe(
            Effect.mapError(() => unknown),
            Effect.flatMap(
              (found): Effect.Effect<A, NoAnswer> => (found === null ? Effect.fail(unknown) : Effect.succeed(found as A))
            )
          )
      )
    ) as Effect.Effect<A | B, E | NoAnswer>

const decode = <A>(schema: Schema.Codec<A, any>, value: unknown) =>
  Effect.mapError(
    Schema.decodeUnknownEffect(schema)(value),
    () => new NoAnswer({ why: "unreadable", detail: "the answer is not of the agreed shape" })
  )

const ask = (partner: PartnerOptions, path: string, asked: Omit<UnsignedCall, "url">): Effect.Effect<Answer, NoAnswer> => {
  const { callsKey } = partner
  const init = async (url: string) =>
    callsKey === undefined ? asked : { ...asked, headers: await signedHeaders(callsKey, { ...asked, url }) }
  return call(partner, path, init, async (response) => ({ status: response.status, ...parsed(await bytes(judged(response))) }))
}

/** `fetch`, because status, redirects, size and time have to be judged before anything is read, and one signal has to end all of it. */
const call = <A>(
  partner: PartnerOptions,
  path: string,
  init: (url: string) => Promise<RequestInit>,
  read: (response: Response) => Promise<A>
) =>
  Effect.tryPromise({
    try: async (interrupted) => {
      const enough = new AbortController()
      const signal = AbortSignal.any([interrupted, enough.signal, AbortSignal.timeout(partner.timeoutMillis ?? timeoutMillis)])
      const url = new URL(`${partner.url.replace(/\/$/, "")}${path}`).href
      const response = await fetch(url, { ...(await init(url)), signal, redirect: "manual" })
      try {
        return await read(response)
      } finally {
        enough.abort() // Whatever was not read is not wanted.
      }
    },
    catch: (error) => (error instanceof NoAnswer ? error : new NoAnswer(nameOf(error)))
  })

const judged = (response: Response) => {
  const { status } = response
  if (status >= 300 && status < 400) throw new NoAnswer({ why: "redirected", detail: `status ${status}` })
  if (isFailing(status)) throw new NoAnswer({ why: "failing", detail: `status ${status}` })
  const type = response.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase()
  if (type !== "application/json") throw new NoAnswer({ why: "unreadable", detail: "the Content-Type is not application/json" })
  return response
}

const isFailing = (status: number) => status >= 500 || [408, 425, 429].includes(status)

const bytes = async (response: Response) => {
  const chunks: Array<Uint8Array> = []
  let size = 0
  const reader = response.body?.getReader()
  for (let next = await reader?.read(); next?.value !== undefined; next = await reader?.read()) {
    size += next.value.byteLength
    if (size > bodyLimitBytes) throw new NoAnswer({ why: "tooLarge", detail: `more than ${bodyLimitBytes} bytes` })
    chunks.push(next.value)
  }
  return Buffer.concat(chunks)
}

const parsed = (bytes: Uint8Array): Pick<Answer, "body" | "text"> => {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes)
    return { body: JSON.parse(text, keepable), text }
  } catch {
    throw new NoAnswer({ why: "unreadable", detail: "the body is not JSON" })
  }
}

/** A text with a NUL or half a character is none that Postgres keeps: an actor told of it would break on it five times, and be quarantined. */
export const keepable = (_key: string, value: unknown) => {
  if (typeof value === "string" && (value.includes("\0") || !value.isWellFormed())) throw new SyntaxError("not a text")
  return value
}

const nameOf = (error: unknown): { why: NoAnswer["why"]; detail: string } => {
  if (error instanceof DOMException && error.name === "TimeoutError") return { why: "timedOut", detail: "no whole answer in time" }
  const code = (error as { code?: unknown } | null)?.code
  return { why: "unreachable", detail: typeof code === "string" ? code : "the connection broke" }
}
