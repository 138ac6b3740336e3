/** An order that waits for what partners tell of it, told to its actor by nobody but a test. */
import { Effect } from "effect"
import { Order } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import * as Say from "#machines/order.ts"
import { DealershipId, OrderId, PaymentId, SubjectId } from "#machines/vocabulary.ts"

const deposit = { amountMinor: 100_000, currency: "EUR" } as const

/** Sold, the deposit paid, the factory asked: the order now waits for what others tell. */
export const soldOrder = Effect.fnUntraced(function* (n: number, customerId: SubjectId) {
  const actors = yield* ActorSystem
  const orderId = OrderId.make(`ord_${n}`)
  const tell = (message: Say.OrderMessage, id: string) => actors.tell(Order.at(orderId), message, { id })
  yield* tell(
    Say.RegisterSale.make({
      orderId,
      customerId,
      sellerId: SubjectId.make("sub_seller-1"),
      dealershipId: DealershipId.make("dea_madrid"),
      country: "ES",
      model: "Modelo Uno",
      price: { amountMinor: 2_090_000, currency: "EUR" },
      plan: {
        code: "base",
        edition: 1,
        deposit,
        depositKind: "confirmatory",
        depositWindowDays: 7,
        finalPaymentWindowDays: 15,
        finalPaymentAttempts: 3
      },
      delivery: { kind: "home" },
      consents: [],
      handoverPin: "123456",
      vin: null
    }),
    "sale"
  )
  yield* tell(Say.PayReservation.make({ customerId, paymentMethod: "tok_ok" }), "click")
  const paymentId = PaymentId.make(`pay_${n}-reservation-1`)
  yield* tell(Say.PaymentSucceeded.make({ paymentId, kind: "reservation", amount: deposit, gatewayId: `gw_${n}` }), "paid")
})
