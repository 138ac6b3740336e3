/** What stands in a sample's rows where each car has something of its own: the sample's mark, and names made of it. */
import { createHash } from "node:crypto"

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex")

/** Nine characters that a VIN may hold, as long as the number of a car that takes their place. */
export const markOf = (sample: number) => `SAMPLE${String(sample).padStart(3, "0")}`
export const serialOf = (car: number) => String(car).padStart(9, "0")

/** A car's names, by its number or by its sample's mark. */
export const orderIdOf = (serial: string) => `ord_seed-${serial}`
export const vinOf = (serial: string) => `VSSSEED1${serial}`
export const plateMark = (orderId: string) => `plate of ${orderId.slice("ord_seed-".length)}`
export const keyMark = (mark: string) => `key-of-${mark}`.padEnd(43, "-") // As long as a key in base64url.
export const bytesMark = (mark: string, report: number) => `report ${report} of ${mark}`
export const receiptMark = (mark: string, report: number) => `rep_${sha256(bytesMark(mark, report))}`
