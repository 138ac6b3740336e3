/** What may happen to the money of a contract. Each act is done for real; what it changes in the model is said beside it. */
import type { Payment } from "./contract.ts"
import type { Life } from "./life.ts"
import type { Situation } from "./situations.ts"

type Act = (life: Life) => Promise<Situation | null>
interface Choice {
  readonly weight: number
  readonly can: (life: Life) => boolean
  readonly act: Act
}

const nothing: Act = async () => null
const minute = 60_000

/** The payments that this may happen to. */
const unsettled = ({ contract }: Life) =>
  contract.payments.filter(
    ({ status, settled, dispute, method }) =>
      (status === "taken" || status === "back") && settled === null && (dispute === null || method !== "bouncingCard")
  )
const disputable = ({ contract }: Life) =>
  contract.payments.filter(({ status, settled, dispute }) => status === "taken" && settled !== "failed" && dispute === null)
const disputed = ({ contract }: Life) => contract.payments.filter(({ dispute }) => dispute === "open")
const back = ({ contract }: Life) =>
  contract.payments.filter(({ status, settled, dispute }) => status === "back" && settled !== "failed" && dispute === null)
const any = (from: (life: Life) => ReadonlyArray<Payment>) => (life: Life) => from(life).length > 0
const isOpen = ({ contract: { phase } }: Life) => phase === "active" || phase === "withdrawn"
const atBank = ({ contract }: Life) => contract.atBank !== null

export const buy = async (life: Life): Promise<Situation | null> => {
  const { contract } = life
  const { option, term } = contract.terms
  const what = `buy ${option} ${"unit" in term ? `${term.count} ${term.unit}` : term.kind} by ${contract.method}`
  const answer = await life.buys()
  if (answer.body?.reason === "PaymentOverdue" || answer.body?.reason === "ExposureLimitReached") {
    life.told.push(`${what} → ${answer.body.reason}`)
    return "somebody who owes may buy nothing"
  }
  if (!life.heard(what, answer, null)) return null
  life.activationId = answer.body.activationId
  contract.buy(life.now)
  return contract.recurs ? "bought by the month" : "bought at a price"
}

const settle =
  (pick: (all: ReadonlyArray<Payment>) => Payment): Act =>
  async (life) => {
    const payment = pick(unsettled(life))
    const { status } = payment
    life.bank.settle(life.reference(payment))
    life.contract.settles(payment, life.now)
    life.told.push(`settle ${payment.number}: ${payment.settled}`)
    if (payment.settled === "yes") return "settled"
    return status === "back" ? "settlement failed after the money had gone back" : "settlement failed after delivery"
  }

const dispute: Act = async (life) => {
  const payment = life.dice.oneOf(disputable(life))
  life.bank.dispute(life.reference(payment))
  life.contract.disputes(payment)
  life.told.push(`dispute ${payment.number}`)
  return "disputed"
}
/** Announced in one breath; the younger word may come first. */
const settleAndDispute: Act = async (life) => {
  const payment = life.dice.oneOf(disputable(life).filter(({ settled, method }) => settled === null && method !== "bouncingCard"))
  life.bank.settle(life.reference(payment))
  life.bank.dispute(life.reference(payment))
  life.contract.settles(payment, life.now)
  life.contract.disputes(payment)
  life.told.push(`settle and dispute ${payment.number} at once`)
  return "settled and disputed at once"
}
const decide: Act = async (life) => {
  const payment = life.dice.oneOf(disputed(life))
  const outcome = life.dice.oneOf(["won", "lost"] as const)
  life.bank.decideDispute(life.reference(payment), outcome)
  life.contract.decides(payment, outcome)
  life.told.push(`dispute of ${payment.number} is ${outcome}`)
  return outcome === "won" ? "dispute won" : "dispute lost"
}
const disputeAndDecide: Act = async (life) => {
  const payment = life.dice.oneOf(disputable(life))
  const outcome = life.dice.oneOf(["won", "lost"] as const)
  life.bank.dispute(life.reference(payment))
  life.bank.decideDispute(life.reference(payment), outcome)
  life.contract.disputes(payment)
  life.contract.decides(payment, outcome)
  life.told.push(`dispute of ${payment.number}, ${outcome} at once`)
  return outcome === "won" ? "dispute won" : "dispute lost"
}

const answerBank: Act = async (life) => {
  const { contract, bank, dice } = life
  const yes = dice.throw() < 0.6
  const reference = life.reference(contract.payments.at(-1)!)
  const inMonth = contract.phase === "active"
  const settles = inMonth && yes && dice.throw() < 0.4
  if (yes) bank.confirm(reference)
  else bank.reject(reference)
  contract.answerBank(yes, life.now)
  life.told.push(`${yes ? "confirm" : "refuse"} at the bank${settles ? ", and settled at once" : ""}`)
  if (settles) {
    bank.settle(reference)
    contract.settles(contract.payments.at(-1)!, life.now)
  }
  return inMonth ? (yes ? "charge confirmed at the bank" : "charge refused at the bank") : null
}

const withdraw: Act = async (life) => {
  const { contract } = life
  const may = contract.inPeriod(life.now)
  const twice = life.dice.throw() < 0.2
  const reason = contract.phase === "declined" ? "AlreadyClosed" : may === true ? null : "WithdrawalPeriodExpired"
  const answers = await Promise.all([
    life.asks("withdrawal/confirmation"),
    ...(twice ? [life.asks("withdrawal/confirmation")] : [])
  ])
  for (const answer of answers) life.heard(twice ? "withdraw twice" : "withdraw", answer, reason)
  if (reason === "AlreadyClosed") return "withdrawal of what was never active"
  if (reason !== null) return "withdrawal too late"
  const owed = contract.debt !== null
  const taken = contract.payments.some(({ status }) => status === "taken")
  contract.withdraw()
  return owed ? "withdrawal of what was owed" : taken ? "withdrawal of what was paid" : "withdrawal of what cost nothing yet"
}
const cancel: Act = async (life) => {
  const { contract } = life
  const reason = contract.recurs ? null : "NotRecurring"
  if (!life.heard("cancel", await life.asks("cancellation"), reason)) return null
  contract.cancel(life.now)
  return "cancelled, and billed to that day"
}

const payDebt: Act = async (life) => {
  const { contract, dice } = life
  const method = dice.oneOf(["card", "card", "deadCard", "bouncingCard"] as const)
  const owes = contract.debt !== null || contract.aside.length > 0
  const answer = await life.asks("payment", { paymentMethod: life.token(method) })
  const reason = contract.payDebt(method, life.now)
  life.heard(`pay by ${method}`, answer, reason)
  if (reason === "PaymentInProgress") return "paid while the bank was asked"
  if (reason !== null || !owes) return "paid what nobody owed"
  return method === "deadCard" ? "debt paid in vain" : "debt paid"
}

const resolve: Act = async (life) => {
  const { contract, dice, opened } = life
  const open = dice.oneOf(life.openCases)
  const of = Number(open.paymentId.slice(open.paymentId.lastIndexOf("-") + 1))
  const known = contract.cases.find((one) => one.kind === open.kind && one.of === of)
  if (known === undefined) return null
  const right = { unpaid: "writtenOff", settlementFailed: "writtenOff", chargeback: "dismissed", refundFailed: "paidOut" } as const
  const word = dice.throw() < 0.85 ? right[open.kind] : dice.oneOf(["writtenOff", "paidOut", "dismissed"] as const)
  const path = `/api/operator/risk-cases/${open.caseId}/resolution`
  const answer = await opened.support.ask("POST", path, { resolution: word, reason: "looked at" })
  const fits = contract.resolve(known, word)
  life.heard(`${open.kind} of ${of}: ${word}`, answer, fits ? null : "NotThisKindOfCase")
  return fits ? word : "the wrong word for a case"
}

const failRefund: Act = async (life) => {
  const payment = life.dice.oneOf(back(life))
  life.bank.failRefund(life.reference(payment))
  life.contract.refundFails(payment)
  life.told.push(`the refund of ${payment.number} does not arrive`)
  return "refund that did not arrive"
}

/** What the bank says is not so. */
const lie: Act = async (life) => {
  const payment = life.dice.oneOf(life.contract.payments)
  const wrong = life.dice.oneOf([{ amountMinor: payment.minor + 1 }, { amountMinor: 1, status: "failed" }])
  life.bank.misannounce(life.reference(payment), wrong)
  life.told.push(`the bank says of ${payment.number}: ${JSON.stringify(wrong)}`)
  return "a settlement of another amount"
}

const nearlyOver = ({ contract: { phase, atBank }, now }: Life) => phase === "paying" && (atBank ?? 0) - now < minute
const choices: ReadonlyArray<Choice> = [
  { weight: 10, can: () => true, act: nothing },
  { weight: 9, can: any(unsettled), act: settle((all) => all[0]!) },
  { weight: 5, can: any(unsettled), act: settle((all) => all.at(-1)!) },
  { weight: 2, can: any(disputable), act: dispute },
  {
    weight: 1,
    can: (life) => disputable(life).some(({ settled, method }) => settled === null && method !== "bouncingCard"),
    act: settleAndDispute
  },
  { weight: 1, can: any(disputable), act: disputeAndDecide },
  { weight: 12, can: any(disputed), act: decide },
  { weight: 24, can: (life) => atBank(life) && !nearlyOver(life), act: answerBank },
  {
    weight: 3,
    can: (life) => isOpen(life) && life.contract.phase === "active" && life.contract.inPeriod(life.now) !== null,
    act: withdraw
  },
  { weight: 1, can: ({ contract }) => contract.phase === "declined", act: withdraw },
  {
    weight: 3,
    can: ({ contract: { phase, endedAt, terms } }) => phase === "active" && endedAt === null && !("unit" in terms.term),
    act: cancel
  },
  { weight: 12, can: ({ contract }) => contract.debt !== null || contract.aside.length > 0, act: payDebt },
  { weight: 1, can: isOpen, act: payDebt },
  { weight: 10, can: ({ openCases }) => openCases.length > 0, act: resolve },
  { weight: 8, can: any(back), act: failRefund },
  { weight: 1, can: ({ contract }) => contract.payments.length > 0, act: lie }
]

/** What the dice choose of all that can be done. */
export const next = (life: Life): Promise<Situation | null> => {
  const possible = choices.filter(({ can }) => can(life))
  let left = life.dice.between(
    1,
    possible.reduce((sum, { weight }) => sum + weight, 0)
  )
  return possible.find(({ weight }) => (left -= weight) <= 0)!.act(life)
}
