/** An order's whole life in twelve messages: what the platform hears from registration to handover when all goes well. */
import {
  FactoryAccepted,
  FactoryReportedInProgress,
  FactoryReportedReady,
  type OrderMessage,
  PayFinalAmount,
  PaymentSucceeded,
  PayReservation,
  RegisterSale,
  TransportBooked,
  TransportDelivered,
  TransportDeparted,
  VehicleRegistered
} from "#machines/order.ts"
import { DealershipId, OrderId, PaymentId, SubjectId, Vin } from "#machines/vocabulary.ts"

const price = { amountMinor: 31_900_00, currency: "EUR" } as const
const deposit = { amountMinor: 1_000_00, currency: "EUR" } as const
const rest = { amountMinor: price.amountMinor - deposit.amountMinor, currency: "EUR" } as const

export const orderOf = (n: number) => OrderId.make(`ord_bench-${n}`)
const vinOf = (n: number) => Vin.make(`VSS${String(n).padStart(14, "0")}`)

export const lifeOf = (n: number): ReadonlyArray<OrderMessage> => {
  const orderId = orderOf(n)
  const customerId = SubjectId.make(`sub_${n}`)
  const bare = orderId.slice("ord_".length)
  const reservation = { paymentId: PaymentId.make(`pay_${bare}-reservation-1`), kind: "reservation", amount: deposit } as const
  const final = { paymentId: PaymentId.make(`pay_${bare}-final-1`), kind: "final", amount: rest } as const
  const factoryOrderId = `fac-${n}`
  const transportId = `tra-${n}`
  return [
    RegisterSale.make({
      orderId,
      customerId,
      sellerId: SubjectId.make("sub_seller"),
      dealershipId: DealershipId.make("dea_madrid"),
      country: "ES",
      model: "Modelo Uno",
      price,
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
      consents: [{ text: "terms-of-sale", edition: 1, at: "2026-01-01T00:00:00.000Z" }],
      handoverPin: "123456",
      vin: null
    }),
    PayReservation.make({ customerId, paymentMethod: "tok_ok" }),
    PaymentSucceeded.make({ ...reservation, gatewayId: `gw-${n}-1` }),
    FactoryAccepted.make({ factoryOrderId, expectedAt: null }),
    FactoryReportedInProgress.make({ factoryOrderId }),
    FactoryReportedReady.make({ factoryOrderId, vin: vinOf(n) }),
    PayFinalAmount.make({ customerId, paymentMethod: "tok_ok" }),
    PaymentSucceeded.make({ ...final, gatewayId: `gw-${n}-2` }),
    VehicleRegistered.make({ registrationId: `reg-${n}`, plate: "1234 BCD" }),
    TransportBooked.make({ transportId }),
    TransportDeparted.make({ transportId }),
    TransportDelivered.make({ transportId, proof: "signature-1" })
  ]
}
