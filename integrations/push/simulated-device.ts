/** A push message as the device opens it, and as the push service judges it: by hands of their own (RFC 8188, 8291, 8292). */
import { createDecipheriv, createECDH, createHmac, createPublicKey, verify } from "node:crypto"

/** What a device keeps to itself when it subscribes. */
export interface DeviceKeys {
  readonly privateKey: string // Base64url, as all of these.
  readonly publicKey: string
  readonly auth: string
}

const hmac = (key: Uint8Array, ...pieces: ReadonlyArray<Uint8Array>) =>
  createHmac("sha256", key).update(Buffer.concat(pieces)).digest()
/** HKDF with one block: what is wanted is at most 32 bytes. */
const derived = (salt: Uint8Array, secret: Uint8Array, info: Uint8Array, length: number) =>
  hmac(hmac(salt, secret), info, Buffer.from([1])).subarray(0, length)

/** Throws where it is not sealed for this device. One record, as a push message is. */
export const opened = (body: Buffer, device: DeviceKeys): string => {
  const salt = body.subarray(0, 16)
  const keyLength = body.readUInt8(20)
  const sender = body.subarray(21, 21 + keyLength)
  const record = body.subarray(21 + keyLength)
  if (record.length > body.readUInt32BE(16)) throw new Error("more than one record")
  const pair = createECDH("prime256v1")
  pair.setPrivateKey(Buffer.from(device.privateKey, "base64url"))
  const receiver = Buffer.from(device.publicKey, "base64url")
  const shared = pair.computeSecret(sender)
  const secret = derived(
    Buffer.from(device.auth, "base64url"),
    shared,
    Buffer.concat([Buffer.from("WebPush: info\0"), receiver, sender]),
    32
  )
  const key = derived(salt, secret, Buffer.from("Content-Encoding: aes128gcm\0"), 16)
  const nonce = derived(salt, secret, Buffer.from("Content-Encoding: nonce\0"), 12)
  const cipher = createDecipheriv("aes-128-gcm", key, nonce)
  cipher.setAuthTag(record.subarray(-16))
  const padded = Buffer.concat([cipher.update(record.subarray(0, -16)), cipher.final()])
  const end = padded.lastIndexOf(2) // The last record's delimiter; zeros follow.
  if (end < 0 || padded.subarray(end + 1).some((byte) => byte !== 0)) throw new Error("no delimiter")
  return padded.subarray(0, end).toString("utf8")
}

/** Null where the sender is who the device subscribed to; else what is wrong with its word. `now`: milliseconds since 1970. */
export const vapidFault = (authorization: string | undefined, audience: string, senderKey: string, now: number): string | null => {
  const [, token, key] = /^vapid t=([\w.-]+),\s*k=([\w-]+)$/.exec(authorization ?? "") ?? []
  if (token === undefined || key === undefined) return "no vapid"
  if (key !== senderKey) return "another sender"
  const [header = "", claims = "", signature = ""] = token.split(".")
  const point = Buffer.from(key, "base64url")
  const jwk = {
    kty: "EC",
    crv: "P-256",
    x: point.subarray(1, 33).toString("base64url"),
    y: point.subarray(33).toString("base64url")
  }
  const good = verify(
    "sha256",
    Buffer.from(`${header}.${claims}`),
    { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" },
    Buffer.from(signature, "base64url")
  )
  if (!good) return "bad signature"
  const { aud, exp, sub } = JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<string, unknown>
  if (aud !== audience) return "another audience"
  if (typeof exp !== "number" || exp * 1000 < now || exp * 1000 > now + 24 * 60 * 60_000) return "expired"
  return typeof sub === "string" && /^(mailto:|https:)/.test(sub) ? null : "no contact"
}
