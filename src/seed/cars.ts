/** What each car of a seeded database has of its own: names, key, signed reports, and an owner whose data is sealed. */
import { createHash } from "node:crypto"
import type { Redacted } from "effect"
import { partitionOf } from "#actors/system/partition.ts"
import { envelope } from "#integrations/persons/envelope.ts"
import type { Country } from "#machines/vocabulary.ts"
import { carKey } from "./car-key.ts"
import { keyMark, orderIdOf, plateMark, serialOf, vinOf } from "./marks.ts"
import { seededPerson } from "./people.ts"
import { plateOf } from "./plates.ts"
import type { SaidReport } from "./sample-town.ts"
import { endOfCopy, inPostgres, type ServiceEnd } from "./service-ends.ts"

/** A sample as far as its copies need it. */
export interface LivedSample {
  readonly mark: string
  readonly country: Country
  readonly customerId: string
  readonly said: ReadonlyArray<SaidReport>
  /** Of its temporary services. */
  readonly ends: ReadonlyArray<ServiceEnd>
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex")
const hex = (bytes: Uint8Array) => `\\x${Buffer.from(bytes).toString("hex")}`
const customerOf = (serial: string) => `sub_seed-${serial}`

/** The columns of a car like this one, and their types. */
export const carColumns = ({ said, ends }: LivedSample): Readonly<Record<string, string>> => ({
  serial: "text",
  order_partition: "smallint",
  vehicle_partition: "smallint",
  plate: "text",
  public_key: "text",
  email_index: "bytea",
  wrapped_key: "bytea",
  nonce: "bytea",
  ciphertext: "bytea",
  ...Object.fromEntries(said.flatMap((_, n) => [`receipt_${n}`, `bytes_${n}`, `state_${n}`].map((name) => [name, "text"]))),
  ...Object.fromEntries(ends.map((_, n) => [`until_${n}`, "text"]))
})

/** Where a sample's rows hold what is a car's own. */
export const marksOf = ({ mark, customerId, said, ends }: LivedSample): ReadonlyMap<string, string> =>
  new Map([
    [mark, "car.serial"],
    [customerId, `'${customerOf("")}' || car.serial`],
    [plateMark(orderIdOf(mark)), "car.plate"],
    [keyMark(mark), "car.public_key"],
    ...said.flatMap(
      ({ receipt, bytes, report }, n): Array<[string, string]> => [
        [receipt, `car.receipt_${n}`],
        [bytes, `car.bytes_${n}`],
        [report.stateHash, `car.state_${n}`]
      ]
    ),
    ...ends.flatMap(({ until }, n) => [until, inPostgres(until)].map((instant): [string, string] => [instant, `car.until_${n}`]))
  ])

export const carMaker = (seed: string, personsKey: Redacted.Redacted<Uint8Array>) => {
  const { seal, indexOf } = envelope(personsKey)
  return (sample: LivedSample, car: number): Readonly<Record<string, string | number>> => {
    const serial = serialOf(car)
    const person = seededPerson(serial, sample.country)
    const { wrappedKey, nonce, ciphertext } = seal(customerOf(serial), JSON.stringify(person))
    const { publicKey, signed } = carKey(seed, serial)
    const named = (text: string) => text.replaceAll(sample.mark, serial)
    const ends = sample.ends.map((end) => ({ was: end.until, is: endOfCopy(end, named) }))
    const reports = sample.said.map(({ report }) => {
      const own = JSON.parse(ends.reduce((text, { was, is }) => text.replaceAll(was, is), named(JSON.stringify(report))))
      const stateHash = sha256(JSON.stringify(own.features))
      const bytes = signed(JSON.stringify({ ...own, stateHash }))
      return { bytes, stateHash, receipt: `rep_${sha256(bytes)}` }
    })
    return {
      serial,
      order_partition: partitionOf(`order/${orderIdOf(serial)}`),
      vehicle_partition: partitionOf(`vehicle/${vinOf(serial)}`),
      plate: plateOf(sample.country, car),
      public_key: publicKey,
      email_index: hex(indexOf(person.email)),
      wrapped_key: hex(wrappedKey),
      nonce: hex(nonce),
      ciphertext: hex(ciphertext),
      ...Object.fromEntries(
        reports.flatMap(({ bytes, stateHash, receipt }, n) => [
          [`receipt_${n}`, receipt],
          [`bytes_${n}`, bytes],
          [`state_${n}`, stateHash]
        ])
      ),
      ...Object.fromEntries(ends.map(({ is }, n) => [`until_${n}`, is]))
    }
  }
}
