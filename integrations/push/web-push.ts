/** Web Push by the library `web-push`, which seals and signs; what it made leaves by our own door (integrations/http/outbound.ts). */
import { createHash } from "node:crypto"
import { Effect, Layer, Redacted } from "effect"
import webPush from "web-push"
import { dispatch, NoAnswer } from "../http/outbound.ts"
import { Push, PushGone, PushUnreachable } from "./push.ts"
import type { VapidKey } from "./vapid.ts"

export interface PushOptions {
  readonly key: Redacted.Redacted<VapidKey>
  /** Origins of push services; `https://*.push.apple.com` stands for every name below it. */
  readonly services: ReadonlyArray<string>
  readonly timeoutMillis?: number
}

const contact = "mailto:operations@caas.example" // For a push service that has something to say to us.
const lifeSeconds = 24 * 60 * 60 // A device that was off longer reads it in the portal.

export const PushWeb = ({ key, services, ...options }: PushOptions): Layer.Layer<Push> => {
  const allowed = services.map(originPattern)
  const allows = (endpoint: string) => {
    if (!URL.canParse(endpoint)) return false
    const { origin, username, password } = new URL(endpoint)
    return username === "" && password === "" && allowed.some((pattern) => pattern.test(origin))
  }
  const vapid = Redacted.value(key)
  return Layer.succeed(Push, {
    applicationServerKey: vapid.publicKey,
    allows,
    send: Effect.fn("Push.send")(function* (to, message) {
      if (!allows(to.endpoint)) return yield* new PushGone({ reason: "ServiceNotAllowed" }) // The list was shorter when it came.
      const { id, card, title, text, urgent } = message
      const request = yield* Effect.try({
        try: () =>
          webPush.generateRequestDetails(to, JSON.stringify({ id, card, title, text }), {
            vapidDetails: { subject: contact, ...vapid },
            TTL: lifeSeconds,
            contentEncoding: "aes128gcm",
            urgency: urgent ? "high" : "normal",
            topic: createHash("sha256").update(card).digest("base64url").slice(0, 32)
          }),
        catch: () => new PushGone({ reason: "KeysUnusable" }) // The device's own: nothing can be sealed for it.
      })
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), String(value)])
      )
      const { "content-length": _, ...rest } = headers
      const status = yield* dispatch(
        { url: to.endpoint, ...options },
        { headers: rest, bytes: request.body ?? new Uint8Array() }
      ).pipe(Effect.mapError((cause) => new PushUnreachable({ cause })))
      if (status === 404 || status === 410) return yield* new PushGone({ reason: String(status) })
      if (status >= 300)
        return yield* new PushUnreachable({ cause: new NoAnswer({ why: "unexpected", detail: `status ${status}` }) })
    })
  })
}

/** The origin exactly; a star is one or more labels of a name. */
const originPattern = (service: string): RegExp =>
  new RegExp(`^${service.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replace("*", "[a-z0-9-]+(?:\\.[a-z0-9-]+)*")}$`)
