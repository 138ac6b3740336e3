/** What may become of a service on a car, told from outside by callers who do not give up; each story leaves its car as it found it. */
import { persona } from "#src/demo/persona.ts"
import type { World } from "#src/simulated.ts"
import { type Stories, until } from "./stories.ts"
import type { StubbornCaller } from "./stubborn-caller.ts"

export const serviceKinds = [
  "held",
  "byMandate",
  "confirmed",
  "disputed",
  "driven",
  "refused",
  "silent",
  "stolen",
  "linked",
  "sold"
] as const
export type ServiceKind = (typeof serviceKinds)[number]

export interface OwnedCar {
  readonly vin: string
  readonly customer: StubbornCaller
}

// Cheap enough that nobody is asked to show once more who they are: between two tries hours of platform time may pass.
const week = { kind: "temporary", count: 7, unit: "day" }
const month = { kind: "temporary", count: 1, unit: "month" }

export class ServiceStories {
  /** Services that ended, by how they stood. */
  readonly ended: Record<string, number> = {}

  constructor(
    private readonly stories: Stories,
    private readonly world: World
  ) {}

  /** Answers whose car it is afterwards. */
  async tell(kind: ServiceKind, car: OwnedCar, friend: string): Promise<OwnedCar> {
    switch (kind) {
      case "held":
        await this.withdraws(car, await this.activates(car, "snow-mode", week, "tok_ok"), "refunded")
        return car
      case "byMandate": // Of those that ask the workshops first.
        await this.withdraws(car, await this.activates(car, "sport-mode", week, "tok_sepa"), "refunded")
        return car
      case "confirmed":
        await this.withdraws(car, await this.confirms(car), "refunded")
        return car
      case "disputed":
        await this.isDisputed(car)
        return car
      case "driven":
        await this.withdraws(car, await this.parks(car), "refunded")
        return car
      case "refused":
        await this.lacksHardware(car)
        return car
      case "silent":
        await this.sleeps(car)
        return car
      case "stolen":
        await this.isStolen(car)
        return car
      case "linked":
        await this.linksPhone(car)
        return car
      case "sold":
        return this.changesHands(car, friend)
    }
  }

  /** Until a purchase of it is active and paid: one that met too many deaths of the platform ends without money. */
  private async activates(car: OwnedCar, option: string, term: object, card: string, meanwhile = async (_: string) => {}) {
    for (;;) {
      const service = await this.buys(car, option, term, card)
      await meanwhile(service)
      const stands = await this.sees(car, service, "active captured", "declined", "escalated voided")
      if (stands === "active captured") return service
      this.count(stands)
    }
  }

  private async confirms(car: OwnedCar) {
    for (;;) {
      const service = await this.buys(car, "concert-audio", week, "tok_requires_action")
      const stands = await this.sees(car, service, "pending actionRequired", "declined")
      if (stands === "declined") continue
      const reference = `pay_${car.vin}-${service.slice("act_".length)}-service-1`
      this.world.payments.confirm(reference)
      if ((await this.sees(car, service, "active captured", "declined", "escalated voided")) === "active captured") return service
    }
  }

  /** By a bank that decides for us, once it has read what the car said. */
  private async isDisputed(car: OwnedCar) {
    const service = await this.activates(car, "concert-audio", { kind: "permanent" }, "tok_disputed_won")
    await until(`the dispute of ${service} decided`, async () =>
      this.world.payments
        .ledger()
        .some(({ kind, reference }) => kind === "dispute_won" && reference.includes(service.slice("act_".length)))
    )
    await this.withdraws(car, service, "refunded")
  }

  private parks(car: OwnedCar) {
    const simulated = this.world.fleet.car(car.vin)
    simulated.drive()
    return this.activates(car, "adaptive-cruise", week, "tok_ok", async (service) => {
      await until(`${car.vin} has the document`, async () => {
        const { step, state } = (await this.look(car, service)).body
        return step === "waitingForParking" || (state !== undefined && state !== "pending")
      })
      simulated.park()
    })
  }

  /** Somebody has put another control unit into it. */
  private async lacksHardware(car: OwnedCar) {
    const { state } = this.world.fleet.car(car.vin).element
    const { model } = state
    Object.assign(state, { model: "Modelo Cero" })
    const service = await this.buys(car, "climate-ahead", month, "tok_ok")
    const stands = await this.sees(car, service, "retry authorised", "escalated voided", "declined")
    if (stands === "declined") this.count(stands)
    else await this.withdraws(car, service, "voided")
    Object.assign(state, { model })
  }

  private async sleeps(car: OwnedCar) {
    const simulated = this.world.fleet.car(car.vin)
    simulated.reach(false, true)
    const service = await this.buys(car, "streaming", month, "tok_ok")
    this.count(await this.sees(car, service, "escalated voided", "declined"))
    simulated.reach(true, true)
  }

  private async isStolen(car: OwnedCar) {
    const simulated = this.world.fleet.car(car.vin)
    simulated.reach(false, true)
    const service = await this.buys(car, "lane-keeping", month, "tok_ok")
    await this.asks(car, "/theft", { policeReference: "2026/17" })
    this.count(await this.sees(car, service, "cancelled", "declined", "escalated voided"))
    await this.asks(car, "/theft/end", { reason: "found in another street" })
    simulated.reach(true, true)
  }

  private async linksPhone(car: OwnedCar) {
    await until(`${car.vin} is linked`, async () => {
      const pairingCode = this.world.fleet.car(car.vin).showPairingCode()
      for (let tries = 0; tries < 20; tries++) {
        const { status, body } = await this.asks(car, "/link", { pairingCode })
        if (status === 200 || body.reason === "AlreadyLinked") return true
        await Bun.sleep(100)
      }
      return false
    })
    await this.asks(car, "/commands", { type: "flashLights" }, this.stories.newKey("command"))
    await car.customer.ask("DELETE", `/api/me/vehicles/${car.vin}/link`)
  }

  /** What is free for a week stays with the car. */
  private async changesHands(car: OwnedCar, friend: string): Promise<OwnedCar> {
    const key = this.stories.newKey("transfer")
    const trial = await this.attempts(car, "heated-seats", { kind: "trial", count: 7, unit: "day" }) // A no: it has that since last time.
    if (trial.status === 201) await this.sees(car, trial.body.activationId, "active free", "escalated free")
    const body = {
      sellerEmail: car.customer.email,
      buyer: persona(friend),
      consents: [{ text: "ownership-transfer", edition: 1 }]
    }
    const answer = await this.stories.seller.ask("POST", `/api/dealer/vehicles/${car.vin}/ownership`, { body, key })
    if (answer.status !== 201) throw new Error(`${car.vin} did not change hands: ${JSON.stringify(answer)}`)
    this.stories.chronicle.saw(`vehicle/${car.vin}`, `${this.stories.seller.subjectId}/transfer/${car.vin}/${key}`, answer)
    return { ...car, customer: await this.stories.customer(friend) }
  }

  /** The option is free again once its car's actor has heard that the last purchase is over; and the workshops may be silent for a while. */
  private async buys(car: OwnedCar, option: string, term: object, paymentMethod: string): Promise<string> {
    let bought = ""
    await until(`${option} on ${car.vin} bought`, async () => {
      const { status, body } = await this.attempts(car, option, term, paymentMethod)
      if (status === 201) bought = body.activationId
      else if (!/^(PurchaseUnderWay|OptionAlreadyOwned|ConflictsWith|MaintenanceUnknown)/.test(body.reason))
        throw new Error(`${option} on ${car.vin}: ${JSON.stringify(body)}`)
      return status === 201
    })
    return bought
  }

  private async attempts({ vin, customer }: OwnedCar, option: string, term: object, paymentMethod?: string) {
    const key = this.stories.newKey("service")
    const consents = [{ text: "service-terms", edition: 1 }]
    const body = { option, term, consents, ...(paymentMethod === undefined ? {} : { paymentMethod }) }
    const answer = await customer.ask("POST", `/api/me/vehicles/${vin}/activations`, { body, key })
    this.stories.chronicle.saw(`vehicle/${vin}`, `${customer.subjectId}/purchase/${vin}/${key}`, answer)
    return answer
  }

  private async withdraws(car: OwnedCar, service: string, money: "refunded" | "voided") {
    const answer = await this.asks(car, `/activations/${service}/withdrawal/confirmation`, {})
    this.stories.chronicle.saw(`activation/${car.vin}/${service}`, `${car.customer.subjectId}/withdraw/${service}`, answer)
    this.count(await this.sees(car, service, `withdrawn ${money}`))
  }

  /** Until it stands like one of these: "active captured", or "declined" whatever its money does. */
  private async sees(car: OwnedCar, service: string, ...wanted: ReadonlyArray<string>): Promise<string> {
    let stands = ""
    await until(`${service} ${wanted.join(" or ")}`, async () => {
      const { state, payment, closed } = (await this.look(car, service)).body
      stands = wanted.find((one) => one === state || one === `${state} ${payment}`) ?? ""
      if (stands === "" && closed === true && !wanted.some((one) => one.startsWith(state)))
        throw new Error(`${service} should be ${wanted.join(" or ")}, and is ${state} ${payment}`)
      return stands !== ""
    })
    return stands
  }

  /** Nothing, before the car's actor has opened it. */
  private look({ vin, customer }: OwnedCar, service: string) {
    return customer.ask("GET", `/api/me/vehicles/${vin}/activations/${service}`)
  }

  private asks({ vin, customer }: OwnedCar, path: string, body: object, key?: string) {
    return customer.ask("POST", `/api/me/vehicles/${vin}${path}`, { body, ...(key === undefined ? {} : { key }) })
  }

  private count(stands: string) {
    this.ended[stands] = (this.ended[stands] ?? 0) + 1
  }
}
