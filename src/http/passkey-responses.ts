/** What browsers answer for a passkey, as `PublicKeyCredential.toJSON` writes it (WebAuthn level 3, 5.1). The library judges what is in it. */
import { Schema } from "effect"

const bytes = (longest: number) => Schema.String.check(Schema.isPattern(new RegExp(`^[A-Za-z0-9_-]{1,${longest}}$`)))
const id = bytes(1400)
const around = {
  id,
  rawId: id,
  type: Schema.Literal("public-key"),
  authenticatorAttachment: Schema.optionalKey(Schema.Literals(["platform", "cross-platform"])),
  clientExtensionResults: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)) // We ask for none, and read none.
}

export const PasskeyAssertion = Schema.Struct({
  ...around,
  response: Schema.Struct({
    clientDataJSON: bytes(4096),
    authenticatorData: bytes(4096),
    signature: bytes(4096),
    userHandle: Schema.optionalKey(bytes(128))
  })
}).annotate({ identifier: "PasskeyAssertion" })

export const PasskeyAttestation = Schema.Struct({
  ...around,
  response: Schema.Struct({
    clientDataJSON: bytes(4096),
    attestationObject: bytes(16_384),
    authenticatorData: Schema.optionalKey(bytes(8192)),
    publicKey: Schema.optionalKey(bytes(4096)),
    publicKeyAlgorithm: Schema.optionalKey(Schema.Int),
    transports: Schema.optionalKey(Schema.Array(Schema.String.check(Schema.isMaxLength(32))).check(Schema.isMaxLength(8)))
  })
}).annotate({ identifier: "PasskeyAttestation" })

/** What `navigator.credentials.create` and `.get` take. */
export const PasskeyOptions = Schema.Record(Schema.String, Schema.Unknown).annotate({ identifier: "PasskeyOptions" })
