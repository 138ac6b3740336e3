/** What a seller enters to sell a car, from the factory or from stock; and the ids that make the same request the same sale. */
import { createHash, createHmac } from "node:crypto"
import { Redacted, Schema } from "effect"
import { PersonalData } from "#integrations/persons/persons.ts"
import { Delivery } from "#machines/order.ts"
import { OrderId, SubjectId } from "#machines/vocabulary.ts"
import { SeenTexts } from "../seen-texts.ts"

const stockSale = {
  customer: PersonalData,
  plan: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(64)),
  delivery: Delivery,
  consents: SeenTexts
}

export const NewStockSale = Schema.Struct(stockSale).annotate({ identifier: "NewStockSale" })
export type NewStockSale = typeof NewStockSale.Type

export const NewSale = Schema.Struct({
  ...stockSale,
  model: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(64)),
  /** True where the customer really buys the same car twice within ten minutes. */
  confirmDuplicate: Schema.optionalKey(Schema.Boolean)
}).annotate({ identifier: "NewSale" })
export type NewSale = typeof NewSale.Type

export const Sold = Schema.Struct({ orderId: OrderId, customerId: SubjectId }).annotate({ identifier: "Sold" })

/** The same seller and key are the same order, however often it is asked. */
export const orderIdOf = (sellerId: SubjectId, key: string): OrderId =>
  OrderId.make(`ord_${createHash("sha256").update(`${sellerId}\n${key}`).digest("hex").slice(0, 20)}`)

/** Six digits that only we can derive from the order; 40 bits of the MAC, so that no PIN is likelier than another. */
export const pinOf = (orderId: OrderId, secret: Redacted.Redacted): string => {
  const mac = createHmac("sha256", Redacted.value(secret)).update(`handover\n${orderId}`).digest()
  return String(mac.readUIntBE(0, 5) % 1_000_000).padStart(6, "0")
}
