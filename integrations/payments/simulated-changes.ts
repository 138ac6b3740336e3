/** Which payments changed since when: what `GET /payments?since=&cursor=` is read from, the oldest change first. */
import type { Reply } from "../http/simulated-partner.ts"
import { type Payment, told } from "./simulated-payment.ts"

const page = 100

export class Changes {
  /** A payment that changed again is somewhere further on, and skipped here. */
  private readonly all: Array<{ readonly payment: Payment; readonly at: string }> = []

  add(payment: Payment, at: string) {
    payment.changedAt = at
    payment.change = this.all.push({ payment, at }) - 1
  }

  /** The cursor is the place after the last change that was told: who changes while somebody reads is read again, and never missed. */
  answer(query: URLSearchParams): Reply {
    const since = query.get("since") ?? ""
    const limit = Number(query.get("limit") ?? page)
    const cursor = query.get("cursor") ?? "0"
    if (Number.isNaN(Date.parse(since)) || !/^\d{1,15}$/.test(cursor) || !(limit >= 1 && limit <= page))
      return { status: 400, body: { error: "since, cursor or limit" } }
    const payments: Array<ReturnType<typeof told>> = []
    let place = Number(cursor)
    for (; place < this.all.length && payments.length < limit; place++) {
      const { payment, at } = this.all[place]!
      if (payment.change === place && at >= since) payments.push(told(payment))
    }
    return { status: 200, body: { payments, cursor: place < this.all.length ? String(place) : null } }
  }
}
