/** A notary for heads of hash chains, who follows each from link to link. Shares no code with the client that calls it. */
import { createHash, createPublicKey, verify } from "node:crypto"
import {
  type Call,
  type Office,
  type Reply,
  type Simulator,
  type SimulatorOptions,
  startPartner
} from "../http/simulated-partner.ts"

export interface WitnessEntry {
  readonly at: string
  readonly kind: "head" | "refusal"
  readonly reference: string
  readonly chain: string
  readonly position: number | null
  /** Hex. */
  readonly hash: string | null
  readonly signed: string
  readonly publicKey: string
  readonly reason: string | null
}

export type WitnessSimulator = Simulator<WitnessEntry>

export const startWitnessSimulator = (options: SimulatorOptions = {}): Promise<WitnessSimulator> =>
  startPartner<WitnessEntry>("witness", options, (office) => {
    const notary = new Notary(office)
    return { answer: (call) => notary.answer(call), acts: {} }
  })

const entryBytes = 32
const mostEntries = 4_096
const hex = /^[0-9a-f]{64}$/

interface Signed {
  readonly chain: string
  readonly position: number
  readonly hash: string
}

class Notary {
  constructor(private readonly office: Office<WitnessEntry>) {}

  answer({ method, path, body, decline }: Call): Reply {
    if (method !== "POST" || path[0] !== "heads" || path.length !== 1) return { status: 404, body: { error: "no such path" } }
    const { reference, chain, after, entries, signed, publicKey } = body
    if (typeof reference !== "string" || typeof chain !== "string" || !hex.test(chain) || typeof after !== "number")
      return { status: 400, body: { error: "a field is missing" } }
    if (typeof entries !== "string" || typeof signed !== "string" || typeof publicKey !== "string")
      return { status: 400, body: { error: "a field is missing" } }
    const brought = { reference, chain, signed, publicKey }
    const refuse = (reason: string): Reply => {
      this.office.record({ ...brought, at: this.office.instant(), kind: "refusal", position: null, hash: null, reason })
      return { status: 409, body: { reference, reason } }
    }
    if (decline !== null) return refuse(decline)

    const known = this.office.entries().filter((entry) => entry.kind === "head" && entry.chain === chain)
    const head = open(signed, publicKey)
    if (head === null || head.chain !== chain || publicKey !== (known[0]?.publicKey ?? publicKey)) return refuse("not_signed")
    const again = known.find(({ position }) => position === head.position)
    if (again !== undefined)
      return again.hash === head.hash ? { status: 200, body: { reference, at: again.at } } : refuse("does_not_extend")

    const from = after === 0 ? chain : known.find(({ position }) => position === after)?.hash
    if (from === undefined || from === null) return refuse("unknown_position")
    const links = Buffer.from(entries, "base64")
    if (links.length !== (head.position - after) * entryBytes || links.length > mostEntries * entryBytes)
      return { status: 400, body: { error: "these are not the entries in between" } }
    const newest = Math.max(0, ...known.map(({ position }) => position!))
    if (head.position < newest) return refuse("does_not_extend")
    let hash = Buffer.from(from, "hex")
    for (let position = after + 1; position <= head.position; position++) {
      const entry = links.subarray((position - after - 1) * entryBytes, (position - after) * entryBytes)
      hash = createHash("sha256").update(hash).update(entry).digest()
      const witnessed = known.find((one) => one.position === position)
      if (witnessed !== undefined && witnessed.hash !== hash.toString("hex")) return refuse("does_not_extend")
    }
    if (hash.toString("hex") !== head.hash) return refuse("does_not_extend")
    const at = this.office.instant()
    this.office.record({ ...brought, at, kind: "head", position: head.position, hash: head.hash, reason: null })
    return { status: 201, body: { reference, at } }
  }
}

/** What a head says, where this key has signed it. */
const open = (signed: string, publicKey: string): Signed | null => {
  try {
    const [header = "", payload = "", signature = ""] = signed.split(".")
    const { alg, typ } = JSON.parse(Buffer.from(header, "base64url").toString())
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" })
    if (alg !== "EdDSA" || typ !== "caas-audit-head+jws") return null
    if (!verify(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, "base64url"))) return null
    const { chain, position, hash } = JSON.parse(Buffer.from(payload, "base64url").toString())
    return hex.test(chain) && hex.test(hash) && Number.isSafeInteger(position) && position > 0 ? { chain, position, hash } : null
  } catch {
    return null
  }
}
