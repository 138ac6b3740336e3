/** Mail over SMTP, by nodemailer. TLS by the address: `smtps://`, or STARTTLS where the server offers it. */
import { Effect, Layer, Schema } from "effect"
import { createTransport } from "nodemailer"
import { Mail, MailRefused, MailUnreachable, messageIdOf, type OutgoingMail } from "./mail.ts"

export interface MailOptions {
  /** `smtp://` or `smtps://`, with user and password where the server wants them. */
  readonly url: string
  readonly from?: string
  /** For the connection, the greeting and each silence. Wall clock: a socket knows no platform time. */
  readonly timeoutMillis?: number
}

/** What nodemailer said, without the address it said it about. */
export class SmtpFailure extends Schema.TaggedError<SmtpFailure>()("SmtpFailure", {
  code: Schema.String,
  response: Schema.NullOr(Schema.Int)
}) {
  override get message() {
    return this.response === null ? this.code : `${this.code}: ${this.response}`
  }
}

const timeoutMillis = 10_000

/** One connection per mail: nothing to keep alive, nothing to close. */
export const MailSmtp = (options: MailOptions): Layer.Layer<Mail> => {
  const millis = options.timeoutMillis ?? timeoutMillis
  const transport = createTransport({
    url: options.url,
    connectionTimeout: millis,
    greetingTimeout: millis,
    socketTimeout: millis,
    dnsTimeout: millis,
    disableFileAccess: true,
    disableUrlAccess: true
  })
  const from = options.from ?? "CaaS <no-reply@caas.example>"

  return Layer.succeed(Mail, {
    send: Effect.fn("Mail.send")(({ to, subject, text, attachments }: OutgoingMail, id: string) =>
      Effect.tryPromise({
        try: () =>
          transport.sendMail({
            from,
            to: { name: "", address: to },
            subject,
            text,
            attachments: (attachments ?? []).map(({ filename, mediaType, bytes }) => ({
              filename,
              contentType: mediaType,
              content: Buffer.from(bytes)
            })),
            messageId: `<${messageIdOf(id)}>`
          }),
        catch: told
      }).pipe(Effect.asVoid)
    )
  })
}

/** 5xx to the envelope or the text is for good; 5xx to our password is our mistake, and 4xx means later. */
const told = (error: unknown) => {
  const { code, responseCode } = (error ?? {}) as { code?: unknown; responseCode?: unknown }
  const name = typeof code === "string" ? code : "EUNKNOWN"
  const response = typeof responseCode === "number" ? responseCode : null
  if (response !== null && response >= 500 && (name === "EENVELOPE" || name === "EMESSAGE"))
    return new MailRefused({ reason: String(response) })
  if (response === null && name === "EENVELOPE") return new MailRefused({ reason: "no_such_address" })
  return new MailUnreachable({ cause: new SmtpFailure({ code: name, response }) })
}
