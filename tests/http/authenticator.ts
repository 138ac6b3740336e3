/** A passkey in software: a P-256 key, a counter, and the bytes that WebAuthn wants signed. Written from the specification, not from the library that judges it. */
import { createHash, createSign, generateKeyPairSync, randomBytes } from "node:crypto"

const sha256 = (data: string | Uint8Array) => createHash("sha256").update(data).digest()
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url")

/** CBOR (RFC 8949): numbers, text, bytes and maps, as far as an attestation needs them. */
const head = (major: number, n: number) =>
  n < 24
    ? Buffer.from([(major << 5) | n])
    : n < 256
      ? Buffer.from([(major << 5) | 24, n])
      : Buffer.from([(major << 5) | 25, n >> 8, n & 255])
type Cbor = number | string | Uint8Array | ReadonlyMap<number | string, Cbor>
const cbor = (value: Cbor): Buffer => {
  if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === "string") return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value])
  return Buffer.concat([head(5, value.size), ...[...value].flatMap(([key, inner]) => [cbor(key), cbor(inner)])])
}

const userPresent = 0x01
const userVerified = 0x04
const hasCredential = 0x40

/** What a page may get wrong, or a thief try. */
export interface Ceremony {
  readonly origin: string
  readonly rpId: string
  readonly challenge: string
  readonly counter?: number
  readonly verified?: boolean
  readonly userHandle?: string
}

export class Authenticator {
  private readonly keys = generateKeyPairSync("ec", { namedCurve: "P-256" })
  readonly credentialId: string
  private counter = 0

  constructor(idLength = 32) {
    this.credentialId = text(randomBytes(idLength))
  }

  private data({ rpId, counter, verified = true }: Ceremony, extra: number, rest: Uint8Array) {
    const count = Buffer.alloc(4)
    count.writeUInt32BE(counter ?? ++this.counter)
    const flags = userPresent | (verified ? userVerified : 0) | extra
    return Buffer.concat([sha256(rpId), Buffer.from([flags]), count, rest])
  }

  private client(type: string, { challenge, origin }: Ceremony) {
    return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }))
  }

  private around(response: object) {
    return { id: this.credentialId, rawId: this.credentialId, type: "public-key", clientExtensionResults: {}, response }
  }

  creates(ceremony: Ceremony) {
    const { x, y } = this.keys.publicKey.export({ format: "jwk" })
    const cose = new Map<number, Cbor>([
      [1, 2], // EC2
      [3, -7], // ES256
      [-1, 1], // P-256
      [-2, Buffer.from(x!, "base64url")],
      [-3, Buffer.from(y!, "base64url")]
    ])
    const id = Buffer.from(this.credentialId, "base64url")
    const rest = Buffer.concat([Buffer.alloc(16), Buffer.from([id.length >> 8, id.length & 255]), id, cbor(cose)])
    const attestation = new Map<string, Cbor>([
      ["fmt", "none"],
      ["attStmt", new Map()],
      ["authData", this.data({ counter: 0, ...ceremony }, hasCredential, rest)]
    ])
    return this.around({
      clientDataJSON: text(this.client("webauthn.create", ceremony)),
      attestationObject: text(cbor(attestation)),
      transports: ["internal"]
    })
  }

  shows(ceremony: Ceremony) {
    const authenticatorData = this.data(ceremony, 0, Buffer.alloc(0))
    const client = this.client("webauthn.get", ceremony)
    const signature = createSign("sha256").update(authenticatorData).update(sha256(client)).sign(this.keys.privateKey)
    return this.around({
      clientDataJSON: text(client),
      authenticatorData: text(authenticatorData),
      signature: text(signature),
      ...(ceremony.userHandle === undefined ? {} : { userHandle: text(Buffer.from(ceremony.userHandle)) })
    })
  }
}
