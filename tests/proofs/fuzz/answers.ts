/** What no answer may be, whatever was asked: undescribed, our mistake, talkative about the inside, or about somebody else. */
import { type Operation, problemType } from "./operations.ts"

export interface Answer {
  readonly status: number
  readonly mediaType: string
  readonly text: string
  /** Null where there is none. */
  readonly body: any
  readonly millis: number
}

export const answerOf = async (response: Response, begin: number): Promise<Answer> => {
  const mediaType = (response.headers.get("content-type") ?? "").split(";")[0]!.trim()
  const isText = /json|text/.test(mediaType)
  const bytes = await response.arrayBuffer()
  const text = isText ? new TextDecoder().decode(bytes) : ""
  return {
    status: response.status,
    mediaType,
    text,
    body: mediaType.includes("json") ? parsed(text) : null,
    millis: performance.now() - begin
  }
}
const parsed = (text: string): unknown => {
  if (text === "") return null
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const hangs = 10_000 // Milliseconds.

/** Words of the inside: statements, stacks, paths, and what JavaScript says where nothing was to be said. */
const inside =
  /\bSELECT\b.*\bFROM\b|\bINSERT INTO\b|\bUPDATE\b.*\bSET\b|PostgresError|SqlError|PgError|syntax error at or|violates .* constraint|\bat [\w.<>]+ \(|\.ts:\d+|node_modules|\bundefined\b|\[object \w+\]|\bNaN\b|ECONNREFUSED|ENOTFOUND|\b(Type|Range|Reference|URI)Error\b|\b(Parse|Schema)Error\b|FiberFailure|\/(tmp|home|usr|var)\/\w/

const careless = /\[object \w+\]|"undefined"|node_modules|PostgresError/ // Also where we say yes.

export interface Judged {
  readonly operation: Operation | null
  readonly answer: Answer
  /** Why this may not be accepted; null where it may. */
  readonly invalid: string | null
  /** Words that only others may read. */
  readonly canaries: ReadonlyArray<string>
  /** Its body stays with the server. */
  readonly isHead: boolean
}

/** What is wrong with an answer; null where nothing is. */
export const wrongWith = ({ operation, answer, invalid, canaries, isHead }: Judged): string | null => {
  const { status, mediaType, text, body, millis } = answer
  if (millis > hangs) return `took ${Math.round(millis)} ms`
  if (status >= 500 && status !== 503) return `status ${status}`
  if (invalid !== null && status < 300) return `${status}, although it was invalid: ${invalid}`
  if (isHead) return null
  if (body === undefined) return `${status} with a body that is no JSON`
  if (status >= 400 && operation?.path !== "/health/ready") {
    const bad = badProblem(answer)
    if (bad !== null) return bad
  }
  const slip = careless.exec(text)
  if (slip !== null) return `${status} says ${slip[0]}`
  const told = canaries.find((canary) => text.includes(canary))
  if (told !== undefined) return `${status} tells of somebody else: ${told}`
  if (operation === null) return status >= 400 ? null : `${status} where there is no such route`
  return operation.contradiction(status, mediaType, body)
}

const badProblem = ({ status, mediaType, text, body }: Answer): string | null => {
  if (mediaType !== problemType) return `${status} as ${mediaType || "nothing"}, not as a problem`
  if (body === null || typeof body !== "object") return `${status} without a problem`
  if (body.status !== status) return `a problem of status ${body.status} in an answer of status ${status}`
  if (!/^\/problems\/[a-z-]+$/.test(body.type)) return `a problem of type ${body.type}`
  if (typeof body.detail !== "string" || body.detail.length < 10) return "a problem that does not say what to do"
  const said = inside.exec(text)
  return said === null ? null : `the inside is told: ${said[0].slice(0, 80)}`
}
