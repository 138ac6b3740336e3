/** Customers who look at their cars and buy something, at a pace of their own: they do not wait for each other, nor for an answer. */

const everyMillis = 100 // One looks, and one buys.
const patienceMillis = 10_000
/** Both are held first, need no workshop and exclude nothing. A car buys each of them once. */
const wishes = [
  { option: "heated-seats", term: { kind: "temporary", count: 3, unit: "month" } },
  { option: "streaming", term: { kind: "temporary", count: 1, unit: "month" } }
] as const

export interface Asked {
  readonly what: "look" | "purchase"
  readonly status: number // 0 where nobody answered in time.
  readonly millis: number
}

export interface Visit {
  readonly publicUrl: string
  readonly token: string
  readonly vin: string
}

/** Each visit is by the next of them; a car buys twice at most. */
export const startCustomers = (visits: ReadonlyArray<Visit>) => {
  const asked: Array<Asked> = []
  const under = new Set<Promise<void>>()
  let next = 0
  const ask = (what: Asked["what"], url: string, init: RequestInit) => {
    const begin = performance.now()
    const ended = (status: number) => void asked.push({ what, status, millis: performance.now() - begin })
    const answer = fetch(url, { ...init, signal: AbortSignal.timeout(patienceMillis) })
      .then((response) => response.arrayBuffer().then(() => ended(response.status)))
      .catch(() => ended(0))
      .finally(() => under.delete(answer))
    under.add(answer)
  }
  const visit = () => {
    const n = next++
    const { publicUrl, token, vin } = visits[n % visits.length]!
    const authorization = `Bearer ${token}`
    ask("look", `${publicUrl}/api/me/vehicles`, { headers: { authorization } })
    ask("purchase", `${publicUrl}/api/me/vehicles/${vin}/activations`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json", "idempotency-key": `reconnect-${n}` },
      body: JSON.stringify({
        ...wishes[Math.floor(n / visits.length)]!,
        paymentMethod: "tok_ok",
        consents: []
      })
    })
  }
  const timer = setInterval(visit, everyMillis)
  return {
    /** All that was asked since the last call, once it is answered. */
    since: async () => {
      await Promise.all(under)
      return asked.splice(0)
    },
    stop: () => clearInterval(timer)
  }
}

export interface Answered {
  readonly asked: number
  readonly p50: number // Milliseconds.
  readonly p99: number
  readonly max: number
  /** Status → how often; 0: no answer in time. */
  readonly statuses: Readonly<Record<number, number>>
}

export const summaryOf = (asked: ReadonlyArray<Asked>): Readonly<Record<Asked["what"], Answered>> => {
  const of = (what: Asked["what"]): Answered => {
    const theirs = asked.filter((one) => one.what === what)
    const millis = theirs.map((one) => one.millis).sort((a, b) => a - b)
    const at = (share: number) => Math.round(millis[Math.min(millis.length - 1, Math.floor(millis.length * share))] ?? 0)
    const statuses = Object.fromEntries(
      [...Map.groupBy(theirs, ({ status }) => status)].map(([status, { length }]) => [status, length])
    )
    return { asked: theirs.length, p50: at(0.5), p99: at(0.99), max: at(1), statuses }
  }
  return { look: of("look"), purchase: of("purchase") }
}
