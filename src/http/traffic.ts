/**
 * How much one address and one session may ask of a door, whatever they ask. Counted in this process alone: it costs no round trip, and what
 * it keeps out is a flood, which two gateways may let in twice. What costs money, mails or actors is counted in Redis besides, at its route.
 */
import { isIP } from "node:net"
import { inProcess } from "./address.ts"
import { tooMany } from "./problem.ts"

/** Generous: an office of fifty behind one address, an app that somebody taps without end. */
export const perMinute = { address: 6_000, session: 1_200 }

const minute = 60_000
const countedAtMost = 100_000 // Beyond, strangers of this minute share one count: memory has an end.

export class Traffic {
  #counts = new Map<string, number>()
  #since = 0

  /** `now`: milliseconds that only grow. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Throws a 429 with Retry-After. `token`: of the session, where the caller shows one, whether or not it is any. */
  admit(address: string, token: string | null): void {
    if (address === inProcess || isThisMachine(address)) return // Its own proxies are named in TRUSTED_PROXIES; whoever else is here needs no door.
    this.#count(`address/${networkOf(address)}`, perMinute.address)
    if (token !== null) this.#count(`session/${Bun.hash(token)}`, perMinute.session)
  }

  #count(key: string, most: number) {
    const now = this.now()
    if (now - this.#since >= minute) {
      this.#counts = new Map()
      this.#since = now
    }
    const kept = this.#counts.size < countedAtMost || this.#counts.has(key) ? key : "everybody else"
    const count = (this.#counts.get(kept) ?? 0) + 1
    this.#counts.set(kept, count)
    if (count > most) throw tooMany(Math.ceil((this.#since + minute - now) / 1000))
  }
}

const isThisMachine = (address: string) => address.startsWith("127.") || address === "::1"

/** Of IPv6 the /64: everybody has 2^64 addresses. */
const networkOf = (address: string) => {
  if (isIP(address) !== 6) return address
  const [head = "", tail] = address.split("::")
  const groups = head === "" ? [] : head.split(":")
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === "" ? 0 : tail.split(":").length)
  return [...groups, ...Array(missing).fill("0")].slice(0, 4).join(":")
}
