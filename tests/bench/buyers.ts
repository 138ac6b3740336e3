/** Who presses "order with obligation to pay", where cars and the bank answer at once, and what each purchase took. */
import { SQL } from "bun"
import { Activation } from "#actors/addresses.ts"
import type { World } from "#src/simulated.ts"
import { carCount, type Owners } from "./owners.ts"

const atOnce = 64

/** All of these are held first, need no workshop and exclude nothing. A car buys each of them once. */
const wishes = [
  { option: "snow-mode", term: { kind: "temporary", count: 7, unit: "day" } },
  { option: "heated-seats", term: { kind: "temporary", count: 3, unit: "month" } },
  { option: "climate-ahead", term: { kind: "temporary", count: 1, unit: "month" } },
  { option: "streaming", term: { kind: "temporary", count: 1, unit: "month" } },
  { option: "concert-audio", term: { kind: "temporary", count: 7, unit: "day" } },
  { option: "lane-keeping", term: { kind: "temporary", count: 1, unit: "month" } }
] as const

interface Purchase {
  readonly path: string
  readonly sentAt: number // Milliseconds since 1970, by the clock that Postgres reads too.
  readonly answered: number // Milliseconds to the 201.
}

/** Milliseconds from the click; of each purchase in ascending order. */
export interface Taken {
  readonly answered: ReadonlyArray<number>
  readonly authorised: ReadonlyArray<number> // Until the activation has heard that the bank holds the money.
  readonly captured: ReadonlyArray<number> // Until it has heard that the money is taken: the car has confirmed before.
}

export const buyers = (
  { tokens, cars }: Owners,
  publicUrl: string,
  databaseUrl: string,
  world: World,
  /** Between two looks into the bank's ledger; seldom, where that is long. How long a purchase may take. */
  { lookMillis, patienceMillis } = { lookMillis: 10, patienceMillis: 60_000 }
) => {
  const sql = new SQL(databaseUrl, { max: 1 })
  let next = 0

  const buy = async (): Promise<Purchase> => {
    const n = next++
    const { vin, owner } = cars[n % carCount]!
    const wish = wishes[Math.floor(n / carCount)]
    if (wish === undefined) throw new Error("Every car has bought everything")
    const [sentAt, begin] = [Date.now(), performance.now()]
    const answer = await fetch(`${publicUrl}/api/me/vehicles/${vin}/activations`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${tokens[owner]}`,
        "content-type": "application/json",
        "idempotency-key": `bench-purchase-${n}`
      },
      body: JSON.stringify({ ...wish, paymentMethod: "tok_ok", consents: [] })
    })
    const body: any = await answer.json()
    if (answer.status !== 201) throw new Error(`${vin} was answered ${answer.status}: ${JSON.stringify(body)}`)
    return { path: Activation.at(`${vin}/${body.activationId}`).path, sentAt, answered: performance.now() - begin }
  }

  // The gateway's own ledger says when a purchase is over: who waits for one is told.
  const over = new Set<string>() // By the activation's name in the payment's reference.
  const waiting = new Map<string, () => void>()
  let read = 0
  const looking = setInterval(() => {
    const entries = world.payments.ledger()
    for (; read < entries.length; read++) {
      const { kind, reference } = entries[read]!
      if (kind !== "capture") continue
      world.payments.settle(reference) // Nobody is sold more than the bank has yet to settle.
      const name = reference.split("-").at(-3)!
      over.add(name)
      waiting.get(name)?.()
      waiting.delete(name)
    }
  }, lookMillis)
  const captured = async (path: string) => {
    const name = path.slice(path.indexOf("/act_") + "/act_".length)
    if (!over.has(name)) await new Promise<void>((resolve) => waiting.set(name, resolve))
  }
  const inTime = (work: Promise<unknown>, what: string) => {
    const { promise, reject } = Promise.withResolvers<never>()
    const late = setTimeout(() => reject(new Error(`Not in time: ${what}`)), patienceMillis)
    return Promise.race([work, promise]).finally(() => clearTimeout(late))
  }

  /** What the journal says of each: when its activation heard of the hold, and of the money. */
  const taken = async (purchases: ReadonlyArray<Purchase>): Promise<Taken> => {
    const [{ ahead }] = await sql`SELECT offset_ms::float8 AS ahead FROM clock` // Platform time, of ours.
    const heard = async (type: string) => {
      const paths = purchases.map(({ path }) => path)
      const rows = await sql`SELECT path, at FROM journal WHERE type = ${type} AND path = ANY(${sql.array(paths, "TEXT")})`
      const at = new Map<string, number>(rows.map((row: any) => [row.path, row.at.getTime() - ahead]))
      if (at.size !== purchases.length) throw new Error(`${at.size} of ${purchases.length} activations heard ${type}`)
      return purchases.map(({ path, sentAt }) => at.get(path)! - sentAt).sort((a, b) => a - b)
    }
    return {
      answered: purchases.map(({ answered }) => answered).sort((a, b) => a - b),
      authorised: await heard("PaymentAuthorised"),
      captured: await heard("PaymentCaptured")
    }
  }
  const heardOf = async (purchases: ReadonlyArray<Purchase>) => {
    const paths = purchases.map(({ path }) => path)
    const [row] =
      await sql`SELECT count(*)::int AS n FROM journal WHERE type = 'PaymentCaptured' AND path = ANY(${sql.array(paths, "TEXT")})`
    return row.n === purchases.length
  }
  const settled = async (purchases: ReadonlyArray<Purchase>) => {
    while (!(await heardOf(purchases))) await Bun.sleep(50)
  }

  return {
    /** As fast as they are done: so many at a time, each until its money is taken. Purchases per second. */
    rush: async (seconds: number, atATime = atOnce) => {
      const purchases: Array<Purchase> = []
      const begin = performance.now()
      const customer = async () => {
        while (performance.now() - begin < seconds * 1000) {
          const purchase = await buy()
          purchases.push(purchase)
          await inTime(captured(purchase.path), purchase.path)
        }
      }
      await Promise.all(Array.from({ length: atATime }, customer))
      const perSecond = purchases.length / ((performance.now() - begin) / 1000)
      await inTime(settled(purchases), "the last captures")
      return { perSecond, ...(await taken(purchases)) }
    },
    /** At a pace, whatever is still under way. */
    stroll: async (seconds: number, pace: number): Promise<Taken> => {
      const under: Array<Promise<Purchase>> = []
      const begin = performance.now()
      for (let n = 0; n < seconds * pace; n++) {
        const due = begin + (n / pace) * 1000 - performance.now()
        if (due > 1) await Bun.sleep(due)
        under.push(buy())
      }
      const purchases = await Promise.all(under)
      await inTime(settled(purchases), "the last captures")
      return taken(purchases)
    },
    close: async () => {
      clearInterval(looking)
      await sql.close()
    }
  }
}
