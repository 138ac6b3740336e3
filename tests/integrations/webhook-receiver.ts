/** The other end of a partner's webhooks: verifies each with the `standardwebhooks` library and remembers it. */
import { Webhook } from "standardwebhooks"

export interface ReceivedWebhook {
  readonly id: string
  readonly event: any
}

export const webhookSecret = `whsec_${Buffer.from("a secret of thirty-two bytes ...").toString("base64")}`

export class WebhookReceiver implements Disposable {
  readonly received: Array<ReceivedWebhook> = []
  readonly forged: Array<string> = []
  refuseNext = 0

  private readonly server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      const body = await request.text()
      const headers = Object.fromEntries(request.headers)
      try {
        const event = new Webhook(webhookSecret).verify(body, headers)
        if (this.refuseNext-- > 0) return new Response(null, { status: 503 })
        this.received.push({ id: headers["webhook-id"]!, event })
        return new Response(null, { status: 202 })
      } catch {
        this.forged.push(body)
        return new Response(null, { status: 401 })
      }
    }
  })

  get target() {
    return { url: `http://127.0.0.1:${this.server.port}/webhooks`, secret: webhookSecret }
  }

  get statuses() {
    return this.received.map(({ event }) => event.status as string)
  }

  /** Resolves as soon as so many have come; fails the test after two seconds. */
  async count(wanted: number) {
    for (let waited = 0; this.received.length < wanted; waited += 10) {
      if (waited > 2_000) throw new Error(`only ${this.received.length} of ${wanted} webhooks came`)
      await Bun.sleep(10)
    }
  }

  [Symbol.dispose]() {
    this.server.stop(true)
  }
}
