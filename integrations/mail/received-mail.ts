/** A mail as the person at the other end reads it: decoded by the simulated mailbox's own hands (RFC 2045, 2047, 5322). */
export interface ReceivedMail {
  readonly at: string
  readonly to: ReadonlyArray<string>
  readonly from: string
  readonly subject: string
  /** Without the angle brackets; the same for every copy of one mail. */
  readonly messageId: string
  readonly text: string
}

/** Single-part text is all that is understood. `raw` is one character per byte. */
export const readMail = (
  raw: string,
  at: string,
  envelope: { readonly from: string; readonly to: ReadonlyArray<string> }
): ReceivedMail => {
  const border = raw.indexOf("\r\n\r\n")
  const headers = headersOf(border < 0 ? raw : raw.slice(0, border))
  const body = decoded(border < 0 ? "" : raw.slice(border + 4), headers.get("content-transfer-encoding") ?? "7bit")
  return {
    at,
    ...envelope,
    subject: unworded(headers.get("subject") ?? ""),
    messageId: (headers.get("message-id") ?? "").replace(/^<|>$/g, ""),
    text: Buffer.from(body, "latin1").toString("utf8").replaceAll("\r\n", "\n").trimEnd()
  }
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
