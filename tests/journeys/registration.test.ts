/** Five countries and their offices: a paid car waits for its plate, whatever the office does (S11, S22.4). */
import { describe, expect } from "bun:test"
import { isPlateOf } from "#integrations/registration/countries.ts"
import type { Country } from "#machines/vocabulary.ts"
import { built, heardBy, hour, inTheBooksOf, journey, minute, operate, paid, papersOf, pays, registered } from "./town.ts"

const everyCountry: ReadonlyArray<Country> = ["ES", "DE", "FR", "PT", "IT"]

describe("a paid car", () => {
  journey("gets a plate of its country, in each of the five", async (town) => {
    for (const [n, country] of everyCountry.entries()) {
      const { customer, orderId } = await registered(town, { country, name: `Customer ${n + 1}` })
      const { plate } = await customer.order(orderId)
      expect(isPlateOf(country, plate)).toBe(true)
      expect(inTheBooksOf(town.world.registration, "registration", orderId)).toMatchObject([{ country, plate }])
    }
  })

  journey("waits for the papers that are missing, one after the other", async (town) => {
    const sale = await built(town, { country: "FR" })
    const { customer, seller, orderId } = sale
    const [first, ...others] = papersOf("FR")
    await seller.supplies(orderId, first!)
    await pays(sale, "final")
    expect(await customer.sees(orderId, "paid.papersMissing")).toMatchObject({ missingPapers: others, mustAct: "dealer" })
    await customer.mailbox.reads(customer.email, "Papers are missing")
    for (const [n, kind] of others.entries()) {
      await seller.supplies(orderId, kind)
      await town.settled()
      const { state } = await customer.order(orderId)
      expect(state).toBe(n < others.length - 1 ? "paid.papersMissing" : "registered.inTransit")
    }
    expect(inTheBooksOf(town.world.registration, "registration", orderId)).toHaveLength(1)
  })

  journey("is not cancelled by a refusal: with a new paper the office is asked again", async (town) => {
    const sale = await built(town)
    const { customer, seller, orderId } = sale
    await seller.supplies(orderId, ...papersOf("ES"))
    town.world.registration.misbehave({ fault: "decline", reason: "tax_form_unreadable" })
    await pays(sale, "final")
    expect(await customer.sees(orderId, "paid.papersMissing")).toMatchObject({ missingPapers: ["tax_form_unreadable"] })
    await seller.supplies(orderId, "registrationTaxForm")
    await customer.sees(orderId, "registered.inTransit")
    expect(inTheBooksOf(town.world.registration, "refusal", orderId)).toHaveLength(1)
    expect(inTheBooksOf(town.world.registration, "registration", orderId)).toHaveLength(1)
  })

  journey(
    "waits for hours while the portal is down, and nobody else waits with it",
    async (town) => {
      const sale = await built(town)
      await sale.seller.supplies(sale.orderId, ...papersOf("ES"))
      town.world.registration.misbehave({ fault: "down", on: "any", times: 6 }) // A try is two calls: the registration, and what became of it.
      await pays(sale, "final")
      await sale.customer.sees(sale.orderId, "paid.portalDown")
      for (const tried of [2, 3]) {
        await town.settled()
        await town.pass(61 * minute)
        await town.settled()
        expect((await heardBy(town, sale.orderId)).filter(({ type }) => type === "CommandParked")).toHaveLength(tried)
      }
      expect(await sale.customer.order(sale.orderId)).toMatchObject({ state: "paid.portalDown", mustAct: "us" })
      await town.pass(hour)
      await sale.customer.sees(sale.orderId, "registered.inTransit")
      await operate(town, "RegisterVehicle", "discard")
      expect(inTheBooksOf(town.world.registration, "registration", sale.orderId)).toHaveLength(1)
    },
    { attempts: 1 }
  )

  journey(
    "has one registration, though the office's answer came after we gave up",
    async (town) => {
      const sale = await built(town)
      const { customer, seller, orderId } = sale
      await seller.supplies(orderId, ...papersOf("ES"))
      town.world.registration.misbehave({ fault: "dropReply" }, { fault: "down", on: "GET" })
      await pays(sale, "final")
      await customer.sees(orderId, "paid.portalDown")
      await operate(town, "RegisterVehicle", "retry")
      const { plate } = await customer.sees(orderId, "registered.inTransit") // The same registration, found by our reference.
      expect(inTheBooksOf(town.world.registration, "registration", orderId)).toMatchObject([{ plate }])
    },
    { attempts: 1 }
  )

  journey("is not handed over before it bears the plate", async (town) => {
    const { customer, seller, orderId } = await built(town)
    const { handoverPin } = await customer.order(orderId)
    expect(await seller.handOver(orderId, handoverPin)).toMatchObject({ status: 409, body: { reason: "NotRegisteredYet" } })
    expect(await seller.reportAbsent(orderId)).toMatchObject({ status: 409, body: { reason: "NotRegisteredYet" } })
    expect(await customer.order(orderId)).toMatchObject({ state: "manufacturing.awaitingFinalPayment" })
  })

  journey("is not registered with the plate of another country, nor with an answer nobody can read", async (town) => {
    const { customer, orderId } = await (async () => {
      town.world.registration.misbehave({ fault: "garbage", form: "wrongTypes" }, { fault: "error500", on: "GET" })
      return paid(town, { country: "PT" })
    })()
    const { plate } = await customer.sees(orderId, "registered.inTransit")
    expect(isPlateOf("PT", plate)).toBe(true)
    expect(inTheBooksOf(town.world.registration, "registration", orderId)).toHaveLength(1)
  })
})
