/** What may happen in a history. Each act is done for real, and answers what it changes in the model. */
import type { Life } from "./life.ts"
import type { Model } from "./model.ts"
import type { Method, Service } from "./service.ts"

export interface Act {
  readonly name: string
  /** Whether it can be done at all; whether it is allowed is for the platform to say. */
  readonly check: (model: Readonly<Model>) => boolean
  readonly act: (life: Life) => Promise<() => void>
}

const nothing = () => {}
const always = () => true
/** The services that are not over come first, so that they are met more often. */
const pick = ({ services }: Readonly<Model>, nth: number, from: (service: Service) => boolean = always): Service | undefined => {
  const all = services.filter(from)
  const over = new Set(["closed", "ended", "withdrawn", "cancelled", "declined"])
  const open = all.filter(({ phase }) => !over.has(phase))
  const chosen = open.length > 0 && nth % 4 !== 0 ? open : all
  return chosen[nth % Math.max(1, chosen.length)]
}
/** An act on one of the services, if there is one. */
const onService = (
  name: string,
  nth: number,
  from: (service: Service) => boolean,
  act: (life: Life, one: Service) => Promise<() => void>
) =>
  ({
    name: `${name} ${nth}`,
    check: (model) => pick(model, nth, from) !== undefined,
    act: (life) => act(life, pick(life.model, nth, from)!)
  }) satisfies Act
/** Something that happens to the car, and no platform has a say in it. */
const ofCar = (name: string, check: Act["check"], happens: (life: Life) => void): Act => ({
  name,
  check,
  act: async (life) => {
    life.told.push(name)
    happens(life)
    return nothing
  }
})

const offerOf = ({ around: { offers } }: Life, nth: number) => offers[nth % offers.length]!
const inWords = (life: Life, nth: number, method: Method | null) => {
  const { option, term } = offerOf(life, nth)
  return `${option} ${"unit" in term ? `${term.kind} ${term.count} ${term.unit}` : term.kind}, ${method ?? "nothing to pay with"}`
}

// ── The customer ──────────────────────────────────────────────────────────────────────────────────────────────────

export const buy = (offer: number, method: Method | null): Act => ({
  name: `buy ${offer} ${method}`,
  check: always,
  act: async (life) => {
    const { model, around } = life
    const terms = offerOf(life, offer)
    const customer = model.owner
    const may = model.purchase(terms, method, around.workshopsAnswer())
    const answer = await life.buys(terms, method)
    const accepted = life.accepted(`buy ${inWords(life, offer, method)}`, answer, may)
    if (answer.body?.reason === "MaintenanceOverdue") around.tally.met("maintenance overdue")
    if (answer.body?.reason === "MaintenanceUnknown") around.tally.met("workshops did not answer")
    return () => {
      if (accepted) model.bought(answer.body.activationId, terms, method, customer)
    }
  }
})

/** The same Idempotency-Key: the same purchase. */
export const clickTwice = (offer: number, method: Method): Act => ({
  name: `click twice ${offer} ${method}`,
  check: always,
  act: async (life) => {
    const { model, around } = life
    const terms = offerOf(life, offer)
    const customer = model.owner
    const may = model.purchase(terms, method, around.workshopsAnswer())
    const key = life.key()
    const answers = await Promise.all([life.buys(terms, method, key), life.buys(terms, method, key)])
    const what = `click twice ${inWords(life, offer, method)}`
    const [one, other] = answers.map((answer) => life.accepted(what, answer, may))
    if (one !== other && !model.racing) life.wrong.push(`${what}: one was accepted, and the other was not`)
    const ids = new Set(answers.flatMap(({ body }) => body?.activationId ?? []))
    if (ids.size > 1) life.wrong.push(`${what}: two purchases came of it`)
    if (one && other) around.tally.met("the same click twice")
    return () => {
      for (const id of ids) model.bought(id, terms, method, customer)
    }
  }
})

/** Two keys for the same option: one of them buys. */
export const twoTabs = (offer: number, method: Method): Act => ({
  name: `two tabs ${offer} ${method}`,
  check: always,
  act: async (life) => {
    const { model, around } = life
    const terms = offerOf(life, offer)
    const customer = model.owner
    const may = model.purchase(terms, method, around.workshopsAnswer())
    const answers = await Promise.all([life.buys(terms, method), life.buys(terms, method)])
    const what = `two tabs ${inWords(life, offer, method)}`
    // One is declined so fast that the other may buy, too.
    const second = may.includes(null) ? ["PurchaseUnderWay", "OptionAlreadyOwned", null] : may
    const bought = answers.filter((answer) => life.accepted(what, answer, [...may, ...second]))
    const both = ["declinedCard", "refusingAccount"].includes(method)
    if (!model.racing && may[0] === null && may.length === 1 && bought.length !== 1 && !(both && bought.length === 2))
      life.wrong.push(`${what}: ${bought.length} of them bought`)
    if (bought.length === 1) around.tally.met("two tabs at once")
    return () => {
      for (const { body } of bought) model.bought(body.activationId, terms, method, customer)
    }
  }
})

export const withdraw = (nth: number): Act =>
  onService("withdraw", nth, always, async (life, service) => {
    const { model, around } = life
    const before = service.phase
    const may = model.withdrawal(service)
    const accepted = life.accepted(`withdraw ${service.terms.option}`, await life.asks(service, "withdrawal/confirmation"), [may])
    if (may === "WithdrawalPeriodExpired" && !accepted) around.tally.met("withdrawal too late")
    if (accepted && before === "trying") around.tally.met("withdrawal while the car was tried")
    const paid = service.terms.price.amountMinor > 0 && service.terms.term.kind !== "recurring" && !service.bundled
    if (accepted && before === "active" && paid) around.tally.met("withdrawal of what was active, and its money came back")
    return () => {
      if (!accepted) return
      service.withdrawn = true
      model.becomes(service, "withdrawn")
    }
  })

export const cancel = (nth: number): Act =>
  onService("cancel", nth, always, async (life, service) => {
    const { model } = life
    const may = model.cancellation(service)
    const again = service.cancelled
    const accepted = life.accepted(`cancel ${service.terms.option}`, await life.asks(service, "cancellation"), [may])
    return () => {
      if (!accepted || again) return
      service.cancelled = true
      model.becomes(
        service,
        ...(model.racing
          ? (["cancelled", "ended"] as const)
          : [service.phase === "active" ? ("ended" as const) : ("cancelled" as const)])
      )
    }
  })

const atTheBank = ({ phase }: Service) => phase === "paying"
export const confirmAtTheBank = (nth: number): Act =>
  onService("confirm at the bank", nth, atTheBank, async (life, service) => {
    for (const reference of life.payments(service, "await")) life.world.payments.confirm(reference)
    life.told.push(`confirm ${service.terms.option} at the bank`)
    return () => life.model.becomes(service, "trying", ...(life.model.racing ? (["paying"] as const) : []))
  })
export const refuseAtTheBank = (nth: number): Act =>
  onService("refuse at the bank", nth, atTheBank, async (life, service) => {
    for (const reference of life.payments(service, "await")) life.world.payments.reject(reference)
    life.told.push(`refuse ${service.terms.option} at the bank`)
    life.around.tally.met("customer did not confirm with the bank")
    return () => life.model.becomes(service, "declined", ...(life.model.racing ? (["paying"] as const) : []))
  })

/** Somebody else's car is the same as none. */
export const stranger = (offer: number): Act => ({
  name: `a stranger buys ${offer}`,
  check: always,
  act: async (life) => {
    const { option, term } = offerOf(life, offer)
    const body = { option, term, paymentMethod: "tok_ok", consents: [] }
    const answer = await life.person(life.model.owner + 1).ask("POST", `/api/me/vehicles/${life.vin}/activations`, body, life.key())
    life.told.push(`a stranger buys → ${answer.status}`)
    if (answer.status !== 404) life.wrong.push(`A stranger was answered ${answer.status}`)
    life.around.tally.met("a stranger at the door")
    return nothing
  }
})

export const reportTheft: Act = {
  name: "theft",
  check: ({ stolen }) => !stolen,
  act: async (life) => {
    const { model, around } = life
    const pending = model.services.some(({ phase }) => phase === "paying" || phase === "trying")
    const accepted = life.accepted("theft", await life.owner.ask("POST", `/api/me/vehicles/${life.vin}/theft`), [null])
    if (accepted && pending) around.tally.met("theft while a service was pending")
    return () => accepted && model.stolenNow()
  }
}
export const endTheft: Act = {
  name: "the car is back",
  check: ({ stolen }) => stolen,
  act: async (life) => {
    const answer = await life.owner.ask("POST", `/api/me/vehicles/${life.vin}/theft/end`, { reason: "found by its owner" })
    const accepted = life.accepted("the car is back", answer, [null])
    return () => {
      if (accepted) life.model.stolen = false
    }
  }
}

/** To the other one of its two people, and perhaps back again: whatever somebody owes, it is for this car. */
export const sell: Act = {
  name: "sell",
  check: always,
  act: async (life) => {
    const { model, around, handed } = life
    const { people, sellers } = around.opened
    const buyer = (model.owner + people.length / 2) % people.length
    const seller = sellers.get(handed.country)!
    const consents = [{ text: "ownership-transfer", edition: 1 }]
    const body = { sellerEmail: life.owner.identity.person.email, buyer: life.person(buyer).identity.person, consents }
    const answer = await seller.ask("POST", `/api/dealer/vehicles/${life.vin}/ownership`, body, life.key())
    const active = (kind: string) => model.services.some(({ phase, terms }) => phase === "active" && terms.term.kind === kind)
    const [recurring, permanent] = [active("recurring"), active("permanent")]
    const accepted = life.accepted("sell the car", answer, [model.stolen ? "VehicleStolen" : null])
    if (accepted && recurring) around.tally.met("resale with a recurring service")
    if (accepted && permanent) around.tally.met("resale with a permanent service")
    return () => accepted && model.soldTo(buyer)
  }
}

/** With the code on the car's own screen. */
export const link: Act = {
  name: "link the phone",
  check: ({ link, linked, links, awake, inRange, stolen }) =>
    link === "nats" && !linked && links < 4 && awake && inRange && !stolen,
  act: async (life) => {
    const { model, car, vin } = life
    model.links++
    const pairingCode = car.showPairingCode()
    for (let looks = 100; looks > 0 && car.newest?.acknowledged !== true && car.losingReports === 0; looks--) await Bun.sleep(20)
    const heard = car.newest?.acknowledged === true
    const answer = await life.owner.ask("POST", `/api/me/vehicles/${vin}/link`, { pairingCode })
    const accepted = life.accepted(
      "link the phone",
      answer,
      heard ? [null] : [null, "NoPairingCode", "WrongPairingCode", "PairingCodeUsed", "PairingCodeExpired"]
    )
    return () => {
      if (accepted) model.linked = true
    }
  }
}

/** The phone carries the document to the car, wherever it stands, and the car's answer back. */
export const courier: Act = {
  name: "carry the document by phone",
  check: ({ linked }) => linked,
  act: async (life) => {
    const { vin, owner } = life
    const answer = await owner.ask("GET", `/api/me/vehicles/${vin}/configuration`)
    if (answer.status !== 200) {
      life.accepted("carry", answer, ["404"]) // There never was a document.
      return nothing
    }
    life.carried = true
    const receipt = life.car.carry(JSON.stringify(answer.body))
    life.accepted("carry", await owner.ask("POST", `/api/me/vehicles/${vin}/receipts`, { receipt }), [null])
    life.around.tally.met("phone as courier")
    return nothing
  }
}

// ── Support, and the gateway ──────────────────────────────────────────────────────────────────────────────────────

export const resolve = (nth: number, resolution: "uncharged" | "gift"): Act =>
  onService(
    `resolve (${resolution})`,
    nth,
    ({ escalated }) => escalated,
    async (life, service) => {
      const { model, around } = life
      const { phase, gift } = service
      const same = phase === "closed" ? resolution === "uncharged" : gift && resolution === "gift"
      const may = phase === "escalated" || same ? null : "SupportCaseClosed"
      const path = `/api/operator/support-cases/case_${service.activationId.slice("act_".length)}/resolution`
      const answer = await around.opened.support.ask("POST", path, { resolution, reason: "as the customer wished" })
      const accepted = life.accepted(`resolve ${service.terms.option}: ${resolution}`, answer, [may])
      if (accepted && !same && resolution === "uncharged") around.tally.met("case closed uncharged")
      return () => {
        if (!accepted || same) return
        if (resolution === "gift") service.gift = true
        model.becomes(service, resolution === "gift" ? "giving" : "closed")
      }
    }
  )

export const settle = (nth: number): Act =>
  onService("settle", nth, always, async (life, service) => {
    const taken = [...life.payments(service, "capture"), ...life.payments(service, "charge")]
    for (const reference of taken) life.world.payments.settle(reference)
    service.settledInRace ||= life.model.racing
    life.told.push(`settle ${taken.length} of ${service.terms.option}`)
    if (taken.length > 0 && service.method === "failingCard") life.around.tally.met("settlement failed, and the service stayed")
    return nothing
  })

// ── The car ───────────────────────────────────────────────────────────────────────────────────────────────────────

export const sleep = ofCar(
  "the car sleeps",
  ({ awake }) => awake,
  ({ model, car }) => {
    model.awake = false
    car.reach(false, car.inRange)
  }
)
export const wake = ofCar(
  "the car wakes up",
  ({ awake }) => !awake,
  ({ model, car }) => {
    model.awake = true
    car.reach(true, car.inRange)
  }
)
export const garage = ofCar(
  "into a garage",
  ({ inRange }) => inRange,
  ({ model, car }) => {
    model.inRange = false
    car.reach(car.awake, false)
  }
)
export const street = ofCar(
  "out of the garage",
  ({ inRange }) => !inRange,
  ({ model, car }) => {
    model.inRange = true
    car.reach(car.awake, true)
  }
)
export const drive = ofCar(
  "the car drives",
  ({ parked }) => parked,
  ({ model, car }) => {
    model.parked = false
    car.drive()
  }
)
export const park = ofCar(
  "the car parks",
  ({ parked }) => !parked,
  ({ model, car, around }) => {
    model.parked = true
    car.park()
    if (model.services.some(({ phase }) => phase === "trying")) around.tally.met("car drove, and obeyed when it parked")
  }
)
export const reboot = ofCar("the car reboots", always, ({ model, car }) => {
  model.mayLag()
  car.reboot()
})
export const loseDocuments = (count: number): Act =>
  ofCar(`the next ${count} messages to the car are lost`, always, ({ model, car, around }) => {
    model.mayLag()
    car.losing = count
    around.tally.met("document lost, and sent again")
  })
export const loseReports = (count: number): Act =>
  ofCar(`the next ${count} reports are lost`, always, ({ model, car }) => {
    model.mayLag()
    car.losingReports = count
  })
export const recover = ofCar("the road is good again", always, ({ model, car }) => {
  model.mayLag()
  car.losing = 0
  car.losingReports = 0
  car.slowMillis = 0
})
/** Wherever it was and whatever ailed it: it stands there, awake, and is heard. */
export const comeBack = ofCar(
  "the car comes back",
  ({ awake, inRange, parked }) => !(awake && inRange && parked),
  ({ model, car }) => {
    model.mayLag()
    Object.assign(model, { awake: true, inRange: true, parked: true })
    Object.assign(car, { losing: 0, losingReports: 0, slowMillis: 0 })
    car.park()
    car.reach(true, true)
  }
)
/** Behind the API IoT nobody hears of it before the next change. */
export const restoreFlash = (back: number): Act =>
  ofCar(
    `the flash is restored, ${back} back`,
    ({ link }) => link === "nats",
    ({ model, car, around }) => {
      model.mayLag()
      const before = car.flash.image
      car.restoreFlash(back)
      if (car.flash.image !== before) around.tally.met("drift healed")
    }
  )
/** The same document, and something else under it. */
export const wipeFeature = (nth: number): Act =>
  ofCar(
    `feature ${nth} is wiped from the flash`,
    ({ link }) => link === "nats",
    ({ model, car, around }) => {
      const { image } = car.flash
      if (image.features.length === 0) return
      model.mayLag()
      car.flash.write({ ...image, features: image.features.toSpliced(nth % image.features.length, 1) })
      car.reboot()
      around.tally.met("a feature wiped from the flash")
    }
  )
export const setClock = (days: number): Act =>
  ofCar(
    `the car's clock is ${days} days wrong`,
    ({ link }) => link === "nats",
    ({ model, car, around }) => {
      model.mayLag()
      car.setClock(days * 24 * 60 * 60_000)
      around.tally.met("a wrong clock")
    }
  )
export const failBeforeAnswering = ofCar("the power fails after the next change", always, ({ model, car }) => {
  model.mayLag()
  car.failsBeforeAnswering = true
})
export const slowDown = (minutes: number): Act =>
  ofCar(`the car obeys ${minutes} minutes late`, always, ({ model, car }) => {
    model.mayLag()
    car.slowMillis = minutes * 60_000
  })
export const overdue = ofCar(
  "maintenance is overdue",
  (model) => !model.overdue,
  ({ model, vin, world }) => {
    model.overdue = true
    world.workshops.overdue(vin)
  }
)
export const serviced = ofCar(
  "the car was looked after",
  (model) => model.overdue,
  ({ model, vin, world }) => {
    model.overdue = false
    world.workshops.current(vin)
  }
)
