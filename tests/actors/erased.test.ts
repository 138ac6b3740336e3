/** What an order or a car promised for somebody who was erased meanwhile comes to an end by itself: nothing is tried again for ever. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { giveAccess } from "#actors/credentials.ts"
import { order } from "#actors/order.ts"
import { BookTransport, RegisterVehicle, SendCredentials } from "#machines/order.ts"
import { DealershipId, OrderId, SubjectId, Vin } from "#machines/vocabulary.ts"
import { type HttpHouse, httpHouse } from "../http/house.ts"

let house: HttpHouse
beforeAll(async () => {
  house = await httpHouse()
})
afterAll(() => house.close())

const customerId = SubjectId.make("sub_erased")
const [orderId, vin] = [OrderId.make("ord_erased"), Vin.make("VSSZZZ6K000000777")]
const told = {
  id: "order/ord_erased#9.0",
  path: "order/ord_erased",
  version: 9,
  attempt: 1,
  correlation: "x",
  traceId: null,
  at: "2026-03-02T12:00:00.000Z"
}
const mails = () => house.world.mail.messages().length

describe("for somebody who was erased meanwhile", () => {
  test("no account is opened and no mail is sent, for an order or for a car", async () => {
    const before = mails()
    await house.runtime.runPromise(order.perform.SendCredentials(SendCredentials.make({ customerId, orderId }), told))
    await house.runtime.runPromise(giveAccess(customerId, told.id))
    expect(mails()).toBe(before)
    expect(await house.rows(`SELECT 1 FROM accounts WHERE subject_id = '${customerId}'`)).toEqual([])
  })

  test("no authority is asked for a plate, and the order hears why", async () => {
    const command = RegisterVehicle.make({ orderId, vin, country: "ES", customerId, papers: [], attempt: 1 })
    const answer = await house.runtime.runPromise(order.perform.RegisterVehicle(command, told))
    expect(answer).toMatchObject({ type: "RegistrationRefused", reason: "HolderErased" })
  })

  test("a car is driven to the dealership, and to no address", async () => {
    const command = BookTransport.make({ orderId, vin, customerId, dealershipId: DealershipId.make("dea_madrid"), to: "customer" })
    expect(await house.runtime.runPromise(order.perform.BookTransport(command, told))).toMatchObject({ type: "TransportBooked" })
  })
})
