/** A mail as the person at the other end reads it: decoded by the simulated mailbox's own hands (RFC 2045, 2047, 5322). */
export interface ReceivedMail {
  readonly at: string
  readonly to: ReadonlyArray<string>
  readonly from: string
  readonly subject: string
  /** Without the angle brackets; the same for every copy of one mail. */
  readonly messageId: string
  readonly text: string
  readonly attachments: ReadonlyArray<ReceivedAttachment>
}

export interface ReceivedAttachment {
  readonly filename: string
  readonly mediaType: string
  readonly base64: string
}

/** A text, or a text and what is attached to it (`multipart/mixed`), is all that is understood. `raw` is one character per byte. */
export const readMail = (
  raw: string,
  at: string,
  envelope: { readonly from: string; readonly to: ReadonlyArray<string> }
): ReceivedMail => {
  const { headers, body } = partOf(raw)
  const boundary = parameter(headers.get("content-type"), "boundary")
  const parts = boundary === null ? [{ headers, body }] : partsOf(body, boundary)
  const [text, ...attached] = parts
  return {
    at,
    ...envelope,
    subject: unworded(headers.get("subject") ?? ""),
    messageId: (headers.get("message-id") ?? "").replace(/^<|>$/g, ""),
    text: text === undefined ? "" : Buffer.from(contentOf(text), "latin1").toString("utf8").replaceAll("\r\n", "\n").trimEnd(),
    attachments: attached.map((part) => ({
      filename: parameter(part.headers.get("content-disposition"), "filename") ?? "",
      mediaType: (part.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase(),
      base64: Buffer.from(contentOf(part), "latin1").toString("base64")
    }))
  }
}

interface Part {
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

const partOf = (raw: string): Part => {
  const border = raw.indexOf("\r\n\r\n")
  return { headers: headersOf(border < 0 ? raw : raw.slice(0, border)), body: border < 0 ? "" : raw.slice(border + 4) }
}

/** RFC 2046, 5.1: what stands before the first border and after the last is nobody's. */
const partsOf = (body: string, boundary: string): ReadonlyArray<Part> =>
  `\r\n${body}`
    .split(`\r\n--${boundary}`)
    .slice(1)
    .filter((part) => !part.startsWith("--"))
    .map((part) => partOf(part.replace(/^[ \t]*\r\n/, "")))

const contentOf = ({ headers, body }: Part) => decoded(body, headers.get("content-transfer-encoding") ?? "7bit")

/** `name="value"`, also in pieces and with signs of its own (RFC 2231): `name*0*=utf-8''Se%C3%B1al`. */
const parameter = (header: string | undefined, name: string): string | null => {
  const pieces = [...(header ?? "").matchAll(new RegExp(`[;\\s]${name}(\\*\\d+)?(\\*)?=(?:"([^"]*)"|([^;\\s]*))`, "gi"))]
  if (pieces.length === 0) return null
  const value = pieces.map(([, , , quoted, plain]) => quoted ?? plain ?? "").join("")
  return pieces.some(([, , extended]) => extended !== undefined)
    ? decodeURIComponent(value.replace(/^utf-8''/i, ""))
    : unworded(value)
}

const headersOf = (text: string) =>
  new Map(
    text
      .replace(/\r\n[ \t]+/g, " ")
      .split("\r\n")
      .map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()])
  )

const decoded = (body: string, encoding: string) => {
  if (encoding.toLowerCase() === "base64") return Buffer.from(body, "base64").toString("latin1")
  return encoding.toLowerCase() === "quoted-printable" ? unquoted(body.replace(/=\r\n/g, "")) : body
}

const unquoted = (text: string) =>
  text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

const unworded = (text: string) =>
  text
    .replace(/\?=\s+=\?/g, "?==?")
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, kind: string, words: string) =>
      Buffer.from(
        kind.toLowerCase() === "b" ? Buffer.from(words, "base64") : Buffer.from(unquoted(words.replaceAll("_", " ")), "latin1")
      ).toString("utf8")
    )
