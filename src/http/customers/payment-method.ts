/** A payment method as customers name it: the gateway's token. */
import { Schema } from "effect"
import { PaymentMethod } from "#machines/vocabulary.ts"

/** A card's own number, or an account's (IBAN), is a token by its letters only: here it is turned away, before anything keeps it (PCI DSS 4.0, 3.2). */
export const NoCardNumber = PaymentMethod.check(Schema.isPattern(/^(?!(?:[-_]*\d){12,19}[-_]*$)(?![A-Z]{2}\d{2}[A-Z0-9]{11,30}$)/))
