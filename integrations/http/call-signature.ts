/** How our calls to partners are signed: HTTP Message Signatures (RFC 9421) by Ed25519, over what is asked of whom, the body's digest (RFC 9530) and the Idempotency-Key. */
import { createHash, sign } from "node:crypto"
import { Redacted } from "effect"
import { httpbis } from "http-message-signatures"
import type { SecretKey } from "../vehicle-trust/keys.ts"

export interface UnsignedCall {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Absent with a GET. */
  readonly body?: string
}

/**
 * The call's headers, with `Signature` and `Signature-Input`, and `Content-Digest` where there is a body. It counts for five minutes by the wall
 * clock (the library's `expires`), and its nonce never comes again: a repeated call is signed anew.
 */
export const signedHeaders = async (secret: SecretKey, call: UnsignedCall): Promise<Record<string, string>> => {
  const { key, kid } = Redacted.value(secret)
  const digest = call.body === undefined ? {} : { "content-digest": digestOf(call.body) }
  const { headers } = await httpbis.signMessage(
    {
      key: { id: kid, alg: "ed25519", sign: async (base) => sign(null, base, key) },
      fields: ["@method", "@target-uri", ...Object.keys(digest), ...(call.body === undefined ? [] : ["idempotency-key"])],
      params: ["created", "expires", "nonce", "keyid", "alg"],
      paramValues: { nonce: crypto.randomUUID() }
    },
    { method: call.method, url: call.url, headers: { ...call.headers, ...digest } }
  )
  return headers as Record<string, string>
}

const digestOf = (body: string) => `sha-256=:${createHash("sha256").update(body).digest("base64")}:`
