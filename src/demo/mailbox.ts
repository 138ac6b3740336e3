/** What people read in their mail: the link, the PIN, the news. */
import type { ReceivedMail } from "#integrations/mail/received-mail.ts"
import { until } from "./patience.ts"

export class Mailbox {
  constructor(private readonly delivered: () => ReadonlyArray<ReceivedMail>) {}

  of(email: string): ReadonlyArray<ReceivedMail> {
    return this.delivered().filter(({ to }) => to.includes(email))
  }

  /** The token of the newest link. Throws NotInTime. */
  async link(email: string): Promise<string> {
    return this.last(email, `a mail with a link to ${email}`, /#token=([A-Za-z0-9_-]+)/)
  }

  /** The handover PIN as it was last told. Throws NotInTime. */
  async pin(email: string): Promise<string> {
    return this.last(email, `a mail with a PIN to ${email}`, /PIN(?: de entrega)?: (\d{6})/)
  }

  /** Throws NotInTime. */
  async reads(email: string, subject: string): Promise<ReceivedMail> {
    const mails = await until(
      `the mail "${subject}" to ${email}`,
      () => this.of(email),
      (all) => all.some((mail) => mail.subject === subject)
    )
    return mails.findLast((mail) => mail.subject === subject)!
  }

  private async last(email: string, what: string, pattern: RegExp): Promise<string> {
    const find = () => this.of(email).flatMap(({ text }) => pattern.exec(text)?.[1] ?? [])
    return (await until(what, find, (found) => found.length > 0)).at(-1)!
  }
}
