/** Whole lives of cars, told from outside over HTTP, by callers who do not give up; each ends where it must. */
import { countries } from "#integrations/registration/countries.ts"
import { persona } from "#src/demo/persona.ts"
import { demoPassword } from "#src/demo-people.ts"
import type { World } from "#src/simulated.ts"
import type { OwnedCar } from "./service-stories.ts"
import { type Answer, Chronicle, StubbornCaller } from "./stubborn-caller.ts"

export type Kind = "home" | "pickup" | "forfeit" | "factoryCancels"

export interface Doors {
  readonly publicUrl: string
  readonly intranetUrl: string
  readonly world: World
  readonly forgetLimits: () => Promise<unknown>
}

const lookMillis = 100
const patienceMillis = 240_000 // Wall clock, for one step of a story, however many lives it takes.
const encoder = new TextEncoder()

export class Stories {
  readonly chronicle = new Chronicle()
  readonly seller: StubbornCaller
  /** Orders that ended, by their last state. */
  readonly ended: Record<string, number> = {}
  private readonly customers = new Map<string, Promise<StubbornCaller>>()
  private told = 0

  constructor(private readonly doors: Doors) {
    this.seller = new StubbornCaller(doors.intranetUrl, "seller.1@demo.example", demoPassword, doors.forgetLimits)
  }

  /** From the sale to the end of the order; a forfeited car is sold again, to its end. */
  async tell(kind: Kind, customerName: string): Promise<void> {
    const order = await this.sell(customerName, kind === "pickup" ? "dealership" : "home")
    await this.goOn(order, kind)
  }

  /** A registered sale with its papers, by an impatient seller who clicks twice. */
  async sell(customerName: string, delivery: "home" | "dealership"): Promise<Sold> {
    const key = this.newKey("sale")
    const body = {
      ...termsOf(customerName, delivery),
      model: "Modelo Uno",
      confirmDuplicate: true // He likes it so much that he buys another one.
    }
    const sell = () => this.seller.ask("POST", "/api/dealer/sales", { body, key })
    const [answer, again] = await Promise.all([sell(), sell()])
    if (answer.status !== 201 || again.status !== 201 || answer.body.orderId !== again.body.orderId)
      throw new Error(`One sale was answered as two: ${JSON.stringify([answer, again])}`)
    const { orderId } = answer.body
    this.chronicle.saw(`order/${orderId}`, `${this.seller.subjectId}/sell/${orderId}`, answer)
    return this.withPapers(orderId, customerName)
  }

  /** A car in its owner's hands. */
  async deliver(customerName: string): Promise<OwnedCar> {
    const order = await this.sell(customerName, "home")
    await this.goOn(order, "home")
    const { customer } = order
    const { vin } = await this.look(customer, order.orderId)
    await until(`${vin} in its owner's hands`, async () => (await customer.ask("GET", `/api/me/vehicles/${vin}`)).status === 200)
    return { vin, customer }
  }

  async goOn({ orderId, customer }: Sold, kind: Kind): Promise<void> {
    await this.pay(customer, orderId, "reservation", "tok_ok_deposit")
    if (kind === "factoryCancels" && (await this.cancelsInTime(orderId))) return this.end(customer, orderId, "cancelled")
    await this.sees(customer, orderId, "manufacturing.awaitingFinalPayment")
    if (kind === "forfeit") {
      for (;;) {
        const { state, vin } = await this.look(customer, orderId)
        if (state === "forfeited") {
          this.count(state)
          return this.sellAgain(vin, customer)
        }
        const key = this.newKey("hopeless")
        this.sawPayment(customer, orderId, key, await this.payOnce(customer, orderId, "final", `tok_declined_${this.told}`, key))
        await Bun.sleep(lookMillis)
      }
    }
    await this.pay(customer, orderId, "final", "tok_ok_final")
    if (kind === "pickup") {
      const { handoverPin: pin } = await this.sees(customer, orderId, "registered.awaitingPickup")
      const answer = await this.seller.ask("POST", `/api/dealer/sales/${orderId}/handover`, { body: { outcome: "pickedUp", pin } })
      this.chronicle.saw(`order/${orderId}`, `${this.seller.subjectId}/handover/${orderId}`, answer)
    }
    await this.end(customer, orderId, "delivered")
  }

  /** The factory gives up on it; false where it was faster with building it. */
  private async cancelsInTime(orderId: string): Promise<boolean> {
    const { factory } = this.doors.world
    const steps = () => factory.ledger().filter(({ reference }) => reference === orderId)
    await until(`${orderId} at the factory`, async () => steps().length > 0)
    if (steps().some(({ kind }) => kind === "ready")) return false
    factory.cancel(orderId, "no_parts")
    return true
  }

  private async sellAgain(vin: string, customer: StubbornCaller): Promise<void> {
    await until(`${vin} in the stock`, async () => {
      const { vehicles } = await this.seller.does("GET", "/api/dealer/stock?limit=100")
      return vehicles.some((one: { vin: string }) => one.vin === vin)
    })
    const name = nameOf(customer.email)
    const asked = { body: termsOf(name, "home"), key: this.newKey("resale") }
    const answer = await this.seller.ask("POST", `/api/dealer/stock/${vin}/assignment`, asked)
    if (answer.status !== 201) throw new Error(`${vin} could not be sold again: ${JSON.stringify(answer)}`)
    const { orderId } = answer.body
    this.chronicle.saw(`vehicle/${vin}`, `${this.seller.subjectId}/assign/${orderId}`, answer)
    await until(`${orderId} opened`, async () => (await this.seller.ask("GET", `/api/dealer/sales/${orderId}`)).status === 200)
    await this.goOn(await this.withPapers(orderId, name), "home")
  }

  private async withPapers(orderId: string, customerName: string): Promise<Sold> {
    for (const { kind } of countries.ES.papers) {
      const bytes = encoder.encode(`%PDF-1.7\n% ${kind} of ${orderId}\n%%EOF\n`)
      const answer = await this.seller.ask("POST", `/api/dealer/sales/${orderId}/documents?kind=${kind}`, { bytes })
      const sha256 = answer.body?.paper?.sha256
      if (sha256 === undefined) throw new Error(`A paper of ${orderId} was not taken: ${JSON.stringify(answer)}`)
      // The 0: the authority was not asked yet.
      this.chronicle.saw(`order/${orderId}`, `${this.seller.subjectId}/papers/${orderId}/${kind}/${sha256}/0`, answer)
    }
    return { orderId, customer: await this.customer(customerName) }
  }

  /** Pays until it is taken, and clicks once more with another key, not waiting for an answer. */
  private async pay(customer: StubbornCaller, orderId: string, kind: "reservation" | "final", method: string): Promise<void> {
    const key = this.newKey("pay")
    const answer = await customer.ask("POST", `/api/me/orders/${orderId}/payments`, { body: { kind, paymentMethod: method }, key })
    if (answer.status !== 202) throw new Error(`${orderId}: the payment (${kind}) was refused: ${JSON.stringify(answer)}`)
    this.sawPayment(customer, orderId, key, answer)
    const again = this.newKey("again")
    this.sawPayment(customer, orderId, again, await this.payOnce(customer, orderId, kind, method, again))
  }

  private payOnce(customer: StubbornCaller, orderId: string, kind: "reservation" | "final", paymentMethod: string, key: string) {
    return customer.ask("POST", `/api/me/orders/${orderId}/payments`, { body: { kind, paymentMethod }, key, once: true })
  }

  private sawPayment(customer: StubbornCaller, orderId: string, key: string, answer: Answer | null) {
    this.chronicle.saw(`order/${orderId}`, `${customer.subjectId}/pay/${orderId}/${key}`, answer)
  }

  private look(customer: StubbornCaller, orderId: string): Promise<any> {
    return customer.does("GET", `/api/me/orders/${orderId}`)
  }

  private async sees(customer: StubbornCaller, orderId: string, wanted: string): Promise<any> {
    let seen: any
    await until(`${orderId} ${wanted}`, async () => {
      seen = await this.look(customer, orderId)
      if (seen.closed && seen.state !== wanted) throw new Error(`${orderId} should be ${wanted}, and ended as ${seen.state}`)
      return seen.state === wanted
    })
    return seen
  }

  private async end(customer: StubbornCaller, orderId: string, wanted: string): Promise<void> {
    await this.sees(customer, orderId, wanted)
    this.count(wanted)
  }

  private count(state: string) {
    this.ended[state] = (this.ended[state] ?? 0) + 1
  }

  /** Comes in by the mail once; after that, several stories share the person. */
  customer(name: string): Promise<StubbornCaller> {
    const known = this.customers.get(name)
    if (known !== undefined) return known
    const { email } = persona(name)
    const customer = new StubbornCaller(this.doors.publicUrl, email, demoPassword, this.doors.forgetLimits)
    const comes = customer.choosePassword(() => this.newestLink(email)).then(() => customer)
    this.customers.set(name, comes)
    return comes
  }

  private newestLink(email: string): string | null {
    const mails = this.doors.world.mail.messages().filter(({ to }) => to.includes(email))
    return mails.flatMap(({ text }) => /#token=([A-Za-z0-9_-]+)/.exec(text)?.[1] ?? []).at(-1) ?? null
  }

  newKey(what: string) {
    return `${what}-${String(++this.told).padStart(6, "0")}`
  }
}

interface Sold {
  readonly orderId: string
  readonly customer: StubbornCaller
}

const termsOf = (customerName: string, delivery: "home" | "dealership") => ({
  customer: persona(customerName),
  plan: "base",
  delivery: { kind: delivery },
  consents: [{ text: "terms-of-sale", edition: 1 }]
})
/** "customer.1@story.example" → "Customer 1". */
const nameOf = (email: string) => email.slice(0, email.indexOf("@")).replace("customer.", "Customer ")

export const until = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
  for (const end = performance.now() + patienceMillis; !(await isSo()); await Bun.sleep(lookMillis))
    if (performance.now() > end) throw new Error(`${what}: never happened`)
}
