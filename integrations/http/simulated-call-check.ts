/** Whose calls a simulated partner answers: RFC 9421 as it reads it, by the keys it was given beforehand. Not a line of the client's. */
import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto"
import type { IncomingMessage } from "node:http"

const freshSeconds = 300
const noncesKept = 10_000

const inputForm =
  /^sig=(\((?:"[a-z@-]+" ?)+\);created=(\d+);expires=(\d+);nonce="([\w-]{16,64})";keyid="([0-9a-f]{16})";alg="ed25519")$/
const signatureForm = /^sig=:([A-Za-z0-9+/]{86}==):$/

export class CallCheck {
  readonly #keys: ReadonlyMap<string, KeyObject>
  readonly #nonces = new Set<string>()

  /** Raw Ed25519 public keys, base64url: the platform's own, and during a rotation its next one. */
  constructor(callers: ReadonlyArray<string>) {
    this.#keys = new Map(
      callers.map((x) => [nameOf(x), createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" })] as const)
    )
  }

  /** What is wrong with a call's signature, in one word; null where it is the caller's own, of now, and over all that matters. */
  flaw(request: IncomingMessage, body: string): string | null {
    const header = (name: string) => String(request.headers[name] ?? "")
    const input = inputForm.exec(header("signature-input"))
    const signature = signatureForm.exec(header("signature"))
    if (input === null || signature === null) return "unsigned"
    const [, params, created, expires, nonce, keyid] = input as unknown as [string, string, string, string, string, string]
    const now = Date.now() / 1000
    if (Number(created) > now + freshSeconds || Number(created) < now - freshSeconds || Number(expires) < now) return "stale"
    const key = this.#keys.get(keyid)
    if (key === undefined) return "stranger"
    // Whoever took a call elsewhere brings its Host along, under which it was signed.
    if (portIn(header("host")) !== request.socket.localPort) return "elsewhere"
    const covered = [...params.slice(0, params.indexOf(")")).matchAll(/"([^"]+)"/g)].map(([, name]) => name!)
    const needed = ["@method", "@target-uri", ...(request.method === "POST" ? ["content-digest", "idempotency-key"] : [])]
    if (needed.some((name) => !covered.includes(name))) return "uncovered"
    const said: Record<string, string> = {
      "@method": request.method ?? "",
      "@target-uri": `http://${header("host")}${request.url}`
    }
    const lines = covered.map((name) => `"${name}": ${said[name] ?? header(name)}`)
    const base = Buffer.from([...lines, `"@signature-params": ${params}`].join("\n"))
    if (!verify(null, base, key, Buffer.from(signature[1]!, "base64"))) return "forged"
    if (request.method === "POST" && header("content-digest") !== digestOf(body)) return "altered"
    if (this.#nonces.has(nonce)) return "replayed"
    this.#nonces.add(nonce)
    if (this.#nonces.size > noncesKept) this.#nonces.delete(this.#nonces.values().next().value!)
    return null
  }
}

const portIn = (host: string) => (URL.canParse(`http://${host}`) ? Number(new URL(`http://${host}`).port || 80) : null)
const nameOf = (publicKey: string) => createHash("sha256").update(Buffer.from(publicKey, "base64url")).digest("hex").slice(0, 16)
const digestOf = (body: string) => `sha-256=:${createHash("sha256").update(body).digest("base64")}:`
