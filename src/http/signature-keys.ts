/** The public keys that our calls to partners are signed by, where RFC 9421 signers are looked up: old and new while one replaces the other. */
import { Schema } from "effect"
import { Elysia } from "elysia"
import { kidOf } from "#integrations/vehicle-trust/keys.ts"
import type { HttpOptions } from "./options.ts"
import { answering } from "./strict.ts"

/** RFC 7517, with keys as RFC 8037 has them. `kid` is the `keyid` of our signatures. */
const KeySet = Schema.Struct({
  keys: Schema.Array(
    Schema.Struct({
      kty: Schema.Literal("OKP"),
      crv: Schema.Literal("Ed25519"),
      x: Schema.String,
      kid: Schema.String,
      use: Schema.Literal("sig"),
      alg: Schema.Literal("EdDSA")
    })
  )
}).annotate({ identifier: "KeySet" })

export const signatureKeys = ({ callsPublicKeys }: HttpOptions) => {
  const keys = callsPublicKeys.map((x) => ({ kty: "OKP", crv: "Ed25519", x, kid: kidOf(x), use: "sig", alg: "EdDSA" }) as const)
  return new Elysia().get("/.well-known/http-message-signatures-directory", () => ({ keys }), {
    response: { 200: answering(KeySet) },
    detail: { summary: "The keys that our own calls are signed by (RFC 9421)", tags: ["Health"], security: [] }
  })
}
