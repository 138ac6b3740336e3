/** The secrets partners sign their webhooks with. */
import { Context, Layer, Redacted } from "effect"
import { Webhook } from "standardwebhooks"
import type { WebhookSource } from "./webhooks.ts"

/** Per partner one `whsec_…`; during a rotation the new one and the old one, afterwards the new one alone (F55). */
export type Secrets = Readonly<Record<WebhookSource, ReadonlyArray<Redacted.Redacted | string>>>

const leastBytes = 24 // Of a secret, as Standard Webhooks asks.
const mostAtOnce = 2 // A third is one that a rotation forgot, and that somebody still knows.

export class WebhookSecrets extends Context.Service<
  WebhookSecrets,
  { readonly of: (source: WebhookSource) => ReadonlyArray<Webhook> }
>()("integrations/WebhookSecrets") {
  /** Dies at start on a partner without a secret or with a third, and on a secret that is too short or is none: better than 401 for everybody. */
  static readonly layer = (secrets: Secrets) => {
    const read = (source: WebhookSource) => {
      if (secrets[source].length === 0) throw new Error(`No webhook secret for ${source}`)
      if (secrets[source].length > mostAtOnce)
        throw new Error(
          `${source} has ${secrets[source].length} webhook secrets; ${mostAtOnce} may be live at a time: take the oldest away`
        )
      return secrets[source].map((secret) => {
        const text = Redacted.isRedacted(secret) ? Redacted.value(secret) : secret
        const bytes = Buffer.from(text.replace(/^whsec_/, ""), "base64")
        if (!text.startsWith("whsec_") || bytes.length < leastBytes)
          throw new Error(`A webhook secret of ${source} is not whsec_ and ${leastBytes} bytes of base64`)
        return new Webhook(text)
      })
    }
    return Layer.sync(WebhookSecrets, () => {
      const known = { factory: read("factory"), payments: read("payments"), transport: read("transport") }
      return { of: (source) => known[source] }
    })
  }
}
