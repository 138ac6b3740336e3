/** The seal of a purchase file that is taken along: our signature over its manifest, which has the hash of everything else (EX-08). */
import { createHash } from "node:crypto"
import { Context, Effect, Layer, Redacted, Schema } from "effect"
import { signJws, verifyJws } from "../vehicle-trust/jws.ts"
import { kidOf, type SecretKey, verifyingKeyOf } from "../vehicle-trust/keys.ts"

const typ = "caas-purchase-file+jws"
const Said = Schema.Struct({ v: Schema.Literal(1), size: Schema.Natural, sha256: Schema.String })
const readSaid = Schema.decodeUnknownOption(Schema.fromJsonString(Said), { onExcessProperty: "error" })

export class BundleSeal extends Context.Service<
  BundleSeal,
  {
    /** A JWS. The same for the same bytes: Ed25519 has no dice. */
    readonly seal: (manifest: Uint8Array) => Effect.Effect<string>
  }
>()("integrations/BundleSeal") {}

/** `key`: INVOICE_SIGNING_KEY, which papers are sealed with, too; what it signs here can never pass for one of those. */
export const BundleSealed = (options: { readonly key: SecretKey }) =>
  Layer.succeed(
    BundleSeal,
    BundleSeal.of({
      seal: (manifest) =>
        Effect.promise(() =>
          signJws(Redacted.value(options.key), typ, {
            v: 1,
            size: manifest.length,
            sha256: sha256(manifest)
          } satisfies typeof Said.Type)
        )
    })
  )

/** Whether this very key has sealed these very bytes. */
export const isSealed = async (manifest: Uint8Array, jws: string, publicKey: string): Promise<boolean> => {
  const text = await verifyJws(verifyingKeyOf(publicKey), kidOf(publicKey), typ, jws)
  const said = text === null ? null : readSaid(text)
  return said?._tag === "Some" && said.value.size === manifest.length && said.value.sha256 === sha256(manifest)
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")
