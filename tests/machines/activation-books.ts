/** A bookkeeper who knows nothing of the chart: reads what a service records and has invoiced, entry by entry, and throws at what no ledger would take. */

interface Entry {
  readonly kind: string
  readonly phase: string
  readonly paymentId: string
  readonly debit: string
  readonly credit: string
  readonly amountMinor: number
  readonly resolves: string | null
  readonly receiptId: string | null
  readonly month: string | null
}
interface Paper {
  readonly kind: "invoice" | "creditNote"
  readonly paymentId: string
  readonly amount: { readonly amountMinor: number }
}
interface Case {
  readonly caseId: string
  readonly kind: string
  readonly paymentId: string
  readonly amountMinor: number
}

export interface Books {
  /** What was said, and may be said once. */
  readonly said: ReadonlyArray<string>
  readonly balances: Readonly<Record<string, number>>
  /** What the bank holds, and nobody has posted or voided. */
  readonly held: Readonly<Record<string, number>>
  /** By the payment's name: what is invoiced and not credited. */
  readonly invoiced: Readonly<Record<string, number>>
  /** The open ones. */
  readonly cases: Readonly<Record<string, Case>>
}
export const empty: Books = { said: [], balances: {}, held: {}, invoiced: {}, cases: {} }

const once = ({ said }: Books, what: string) => {
  if (said.includes(what)) throw new Error(`${what} was recorded twice`) // As the table would say.
  return [...said, what].sort()
}
const without = <A>(some: Readonly<Record<string, A>>, key: string) => {
  const { [key]: _, ...others } = some
  return others
}
export const balanceOf = ({ balances }: Books, ...accounts: ReadonlyArray<string>) =>
  accounts.reduce((sum, account) => sum + (balances[account] ?? 0), 0)

export const posted = (books: Books, entry: Entry): Books => {
  const { kind, phase, paymentId, debit, credit, amountMinor, resolves, receiptId, month } = entry
  const said = once(books, `${kind} ${paymentId}`)
  const sale = kind === "serviceCaptured" || kind === "serviceOwed" ? "sold" : kind === "monthBilled" ? `sold ${month}` : null
  if ((sale === null) !== (receiptId === null))
    throw new Error(`${kind} and ${receiptId}: a sale has its evidence, and nothing else has`)
  let held = books.held
  if (phase === "pending") held = { ...held, [paymentId]: amountMinor }
  if (resolves !== null) {
    if (held[resolves] !== amountMinor) throw new Error(`${kind} resolves ${resolves}, and ${held[resolves]} is held of it`)
    held = without(held, resolves)
  } else if (phase === "voided") throw new Error(`${kind} voids nothing`)
  const next = { ...books, held, said: sale === null ? said : once({ ...books, said }, sale) }
  if (phase !== "posted") return next
  const balances = { ...books.balances }
  balances[debit] = (balances[debit] ?? 0) + amountMinor
  balances[credit] = (balances[credit] ?? 0) - amountMinor
  for (const [account, most] of Object.entries(mostOf))
    if (most * (balances[account] ?? 0) < 0) throw new Error(`${kind} leaves ${balances[account]} in ${account}`)
  return { ...next, balances }
}
/** Which side an account may be on. */
const mostOf: Readonly<Record<string, 1 | -1>> = { serviceSales: -1, refundsDue: -1, receivables: 1, disputes: 1, badDebts: 1 }

export const written = (books: Books, { kind, paymentId, amount: { amountMinor } }: Paper): Books => {
  const said = once(books, `${kind} ${paymentId}`)
  if (kind === "invoice") return { ...books, said, invoiced: { ...books.invoiced, [paymentId]: amountMinor } }
  if (books.invoiced[paymentId] !== amountMinor)
    throw new Error(`a credit note of ${amountMinor} for ${paymentId}, which was invoiced with ${books.invoiced[paymentId]}`)
  return { ...books, said, invoiced: without(books.invoiced, paymentId) }
}

export const opened = (books: Books, { caseId, kind, paymentId, amountMinor }: Case): Books => {
  return { ...books, said: once(books, caseId), cases: { ...books.cases, [caseId]: { caseId, kind, paymentId, amountMinor } } }
}
export const resolved = (books: Books, { caseId }: { readonly caseId: string }): Books => {
  if (books.cases[caseId] === undefined) throw new Error(`${caseId} is resolved, and was not open`)
  return { ...books, cases: without(books.cases, caseId) }
}

export const alarmed = (books: Books, { paymentId, days }: { readonly paymentId: string; readonly days: number }): Books => ({
  ...books,
  said: once(books, `alarm ${paymentId} ${days}`)
})

/** What finance has, by kind, in minor units. */
export const atRisk = ({ cases }: Books, ...kinds: ReadonlyArray<string>) =>
  Object.values(cases).reduce((sum, { kind, amountMinor }) => sum + (kinds.includes(kind) ? amountMinor : 0), 0)

/** After each turn: what was sold is what was invoiced. */
export const wrongInBooks = (books: Books): ReadonlyArray<string> => {
  const invoiced = Object.values(books.invoiced).reduce((sum, minor) => sum + minor, 0)
  return invoiced === -balanceOf(books, "serviceSales")
    ? []
    : [`${invoiced} is invoiced, and ${-balanceOf(books, "serviceSales")} sold`]
}
