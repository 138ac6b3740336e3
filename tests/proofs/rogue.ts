/** Somebody with full rights on the broker: hears everything, says anything under any name, and has no key that anybody believes. */
import { createHash, createHmac, generateKeyPairSync, sign } from "node:crypto"
import { connect } from "nats"
import { connectOptionsOf } from "#integrations/nats/nats.ts"

export interface Overheard {
  readonly vin: string
  readonly leaf: string
  readonly data: Uint8Array
}

export type Rogue = Awaited<ReturnType<typeof startRogue>>

const carsAtOnce = 400 // Messages to cars before the next breath,
const reportsAtOnce = 8 // and reports under one name: the stream keeps no more of one car.
const patienceMillis = 10_000

export const startRogue = async (natsUrl: string, space: string) => {
  const nats = await connect(connectOptionsOf(natsUrl))
  const manager = await nats.jetstreamManager()
  const overheard: Array<Overheard> = []
  const said = { toCars: 0, toPlatform: 0 }
  let listening = true
  nats.subscribe(`${space}.vehicles.>`, {
    callback: (_, { subject, data }) => {
      const [, , vin, leaf] = subject.split(".")
      if (listening) overheard.push({ vin: vin!, leaf: leaf!, data: Uint8Array.from(data) })
    }
  })
  await nats.flush()

  /** Until the platform has answered every report, however it did. Looks often: a thousand times in one test. */
  const heardByPlatform = async () => {
    for (const end = performance.now() + patienceMillis; ; await Bun.sleep(2)) {
      const { messages } = (await manager.streams.info(`VEHICLE_REPORTS_${space}`)).state
      if (messages === 0) return
      if (performance.now() > end) throw new Error(`${messages} reports were never answered`)
    }
  }
  const say = (vin: string, leaf: string, data: Uint8Array) => nats.publish(`${space}.vehicles.${vin}.${leaf}`, data)
  return {
    /** What it can replay. */
    overheard,
    said,
    /** What it says itself it need not hear. */
    stopsListening: () => {
      listening = false
    },
    toCar: async (vin: string, leaf: string, messages: Iterable<Uint8Array>) => {
      for (const data of messages) {
        say(vin, leaf, data)
        if (++said.toCars % carsAtOnce === 0) await nats.flush()
      }
      await nats.flush()
    },
    toPlatform: async (vin: string, messages: Iterable<Uint8Array>) => {
      for (const data of messages) {
        say(vin, "report", data)
        if (++said.toPlatform % reportsAtOnce !== 0) continue
        await nats.flush()
        await heardByPlatform()
      }
      await nats.flush()
      await heardByPlatform()
    },
    stop: () => nats.close()
  }
}

export const bytes = (text: string) => new TextEncoder().encode(text)

/** One copy per bit of `range`, with this bit turned over. */
export function* everyBit(message: Uint8Array, [from, to]: readonly [number, number]): Generator<Uint8Array> {
  for (let at = from; at < to; at++)
    for (let bit = 0; bit < 8; bit++) {
      const copy = Uint8Array.from(message)
      copy[at]! ^= 1 << bit
      yield copy
    }
}

/** One copy per byte, another bit in each. */
export function* everyByte(message: Uint8Array, [from, to]: readonly [number, number]): Generator<Uint8Array> {
  for (let at = from; at < to; at++) {
    const copy = Uint8Array.from(message)
    copy[at]! ^= 1 << (at % 8)
    yield copy
  }
}

export const payloadOf = (jws: string) => JSON.parse(Buffer.from(jws.split(".")[1]!, "base64url").toString())
const headerOf = (jws: string) => JSON.parse(Buffer.from(jws.split(".")[0]!, "base64url").toString())
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")

const own = generateKeyPairSync("ed25519")
const jwk = own.publicKey.export({ format: "jwk" })
const ownKid = createHash("sha256").update(Buffer.from(jwk.x!, "base64url")).digest("hex").slice(0, 16)

/** The same statement, or another, under every signature that somebody without the key can make. */
export const forgeries = (genuine: string, more: object): ReadonlyArray<string> => {
  const { typ, kid } = headerOf(genuine)
  const payload = { ...payloadOf(genuine), ...more }
  const signed = (header: object) => {
    const input = `${encoded(header)}.${encoded(payload)}`
    return `${input}.${sign(null, Buffer.from(input), own.privateKey).toString("base64url")}`
  }
  const [head, , signature] = genuine.split(".")
  const unsigned = `${encoded({ alg: "none", typ, kid })}.${encoded(payload)}`
  const shared = `${encoded({ alg: "HS256", typ, kid })}.${encoded(payload)}`
  const tag = createHmac("sha256", kid).update(shared).digest("base64url")
  return [
    signed({ alg: "EdDSA", typ, kid }),
    signed({ alg: "EdDSA", typ, kid: ownKid }),
    signed({ alg: "EdDSA", typ, kid, jwk }), // It brings its own key along,
    signed({ alg: "EdDSA", typ, kid, crit: ["b64"], b64: false }), // asks for other rules,
    signed({ alg: "EdDSA", typ }),
    `${unsigned}.`, // for none at all,
    `${unsigned}.${signature}`,
    `${shared}.${tag}`, // for a shared secret,
    `${head}.${encoded(payload)}.${signature}`, // or puts other words over a genuine name.
    `${head}.${encoded(payload)}.${Buffer.alloc(64).toString("base64url")}`
  ]
}
