/** The VAT within a gross price: prices are told to consumers with it, and split by whoever books them. */

/** In minor units: what is left of the gross amount when the net is rounded half up. */
export const vatWithin = (grossMinor: number, vatPercent: number) =>
  grossMinor - Math.floor((200 * grossMinor + 100 + vatPercent) / (2 * (100 + vatPercent)))
