/** The VAT of several lines: summed up per rate, and split so that no cent is lost between them. */
import { vatWithin } from "#machines/vocabulary.ts"
import type { InvoiceLine } from "./invoices.ts"

export interface Rate {
  readonly percent: number
  readonly netMinor: number
  readonly vatMinor: number
  readonly grossMinor: number
}

export interface Vat {
  /** In rising order. */
  readonly rates: ReadonlyArray<Rate>
  /** Of each line, so that those of one rate sum up to the rate's own: a cent that rounding leaves over is in one of them. */
  readonly netOf: ReadonlyArray<number>
  readonly netMinor: number
  readonly vatMinor: number
  readonly grossMinor: number
}

export const vatOf = (lines: ReadonlyArray<Pick<InvoiceLine, "grossMinor" | "vatPercent">>): Vat => {
  const grossOf = new Map<number, number>()
  const netOf = lines.map(({ grossMinor, vatPercent }) => {
    const before = grossOf.get(vatPercent) ?? 0
    grossOf.set(vatPercent, before + grossMinor)
    return net(before + grossMinor, vatPercent) - net(before, vatPercent)
  })
  const rates = [...grossOf]
    .sort(([one], [other]) => one - other)
    .map(([percent, grossMinor]) => {
      const netMinor = net(grossMinor, percent)
      return { percent, netMinor, vatMinor: grossMinor - netMinor, grossMinor }
    })
  const sum = (of: (rate: Rate) => number) => rates.reduce((total, rate) => total + of(rate), 0)
  return {
    rates,
    netOf,
    netMinor: sum(({ netMinor }) => netMinor),
    vatMinor: sum(({ vatMinor }) => vatMinor),
    grossMinor: sum(({ grossMinor }) => grossMinor)
  }
}

const net = (grossMinor: number, percent: number) => grossMinor - vatWithin(grossMinor, percent)
