/** The key a seeded car signs with, made of the seed and its number, so that the same seed gives the same cars. A demonstration's key: who knows the seed has it. */
import { createHash, createHmac, createPrivateKey, createPublicKey, sign } from "node:crypto"

const pkcs8 = Buffer.from("302e020100300506032b657004220420", "hex") // What stands before the 32 bytes in PKCS #8 (RFC 8410).

export const carKey = (seed: string, serial: string) => {
  const secret = createHmac("sha256", seed).update(`car ${serial}`).digest()
  const key = createPrivateKey({ key: Buffer.concat([pkcs8, secret]), format: "der", type: "pkcs8" })
  const raw = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32)
  const kid = createHash("sha256").update(raw).digest("hex").slice(0, 16)
  const head = base64url(JSON.stringify({ alg: "EdDSA", typ: "caas-report+jws", kid }))
  return {
    publicKey: raw.toString("base64url"),
    /** As the car's firmware writes it: compact JWS. */
    signed: (report: string): string => {
      const said = `${head}.${base64url(report)}`
      return `${said}.${sign(null, Buffer.from(said), key).toString("base64url")}`
    }
  }
}
const base64url = (text: string) => Buffer.from(text).toString("base64url")
