/** What the five countries ask for: numbers that are right, and the same with one character off. */
import { describe, expect, test } from "bun:test"
import { countries, holderFor, invalidHolderFields, isPlateOf } from "#integrations/registration/countries.ts"
import { isAusweisnummer, isCodiceFiscale, isDniOrNie, isNif } from "#integrations/registration/national-ids.ts"
import { Country } from "#machines/vocabulary.ts"

const holder = { name: "Customer One", street: "Calle 1", postalCode: "28013", city: "Madrid", nationalId: "12345678Z" }

/** Examples printed by the authorities or in textbooks; none is a customer's. */
const knownGood: ReadonlyArray<readonly [string, (value: string) => boolean, ReadonlyArray<string>]> = [
  ["DNI and NIE", isDniOrNie, ["12345678Z", "00000000T", "99999999R", "X0000000T", "Y0000000Z", "Z0000000M", "X1234567L"]],
  ["Ausweisnummer with its check digit", isAusweisnummer, ["L01X00T471", "1220001297", "T220001293"]],
  ["NIF", isNif, ["123456789", "100000002", "222222220"]],
  ["codice fiscale", isCodiceFiscale, ["RSSMRA85T10A562S", "RSSMRA80A01H501U"]]
]

describe("a national number", () => {
  for (const [called, valid, examples] of knownGood) {
    test(`${called}: known-good ones are valid`, () => {
      for (const example of examples) expect(valid(example), example).toBe(true)
    })

    test(`${called}: no other check character is valid`, () => {
      for (const example of examples) {
        const others = [..."0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"].filter((char) => char !== example.at(-1))
        for (const char of others) expect(valid(example.slice(0, -1) + char), example.slice(0, -1) + char).toBe(false)
      }
    })

    test(`${called}: one digit off is not valid`, () => {
      for (const example of examples) {
        for (let place = 0; place < example.length - 1; place++) {
          const digit = Number.parseInt(example[place]!, 10)
          if (Number.isNaN(digit)) continue
          const off = `${example.slice(0, place)}${(digit + 1) % 10}${example.slice(place + 1)}`
          expect(valid(off), off).toBe(false)
        }
      }
    })

    test(`${called}: too short, too long, empty, or in small letters is not valid`, () => {
      for (const example of examples) {
        for (const wrong of ["", `${example}0`, `0${example}`, ` ${example}`, example.slice(2)])
          expect(valid(wrong), wrong).toBe(false)
        if (example !== example.toLowerCase()) expect(valid(example.toLowerCase())).toBe(false)
      }
    })
  }

  test("nine characters of an Ausweisnummer are valid by their shape, without vowels", () => {
    expect(isAusweisnummer("L01X00T47")).toBe(true)
    expect(isAusweisnummer("A01X00T47")).toBe(false)
    expect(isAusweisnummer("L01X00T4")).toBe(false)
  })

  test("a company's Portuguese number is not a person's", () => {
    expect(isNif("500000000")).toBe(false)
  })

  test("a codice fiscale stays valid where letters replace digits", () => {
    expect(isCodiceFiscale("RSSMRA80A01H50MM")).toBe(true) // M for the last 1: odd place, 18 for 0, so the check letter moves from U to M.
    expect(isCodiceFiscale("RSSMRA80A01H50MU")).toBe(false)
  })
})

describe("a country", () => {
  test("has a row, and every rule in it names its source or says that it is assumed", () => {
    expect(Object.keys(countries).sort()).toEqual([...Country.literals].sort())
    for (const rules of Object.values(countries)) {
      expect(rules.papers.length).toBeGreaterThan(0)
      for (const { source } of [...rules.papers, ...rules.holder, rules.plate])
        expect(source).toMatch(/\d|public page|service-public|assumed: .+/)
      expect(new Set(rules.papers.map(({ kind }) => kind)).size).toBe(rules.papers.length)
    }
  })

  test("knows its own plates and nobody else's", () => {
    for (const country of Country.literals) {
      for (const other of Country.literals)
        expect(isPlateOf(other, countries[country].plate.example), `${country} at ${other}`).toBe(country === other)
    }
  })

  test("knows the letters that its plates do not have", () => {
    for (const plate of ["0001 ABC", "0001 BQC", "001 BBB", "0001BBB", "0001 BBBB", "0001 bbb"])
      expect(isPlateOf("ES", plate), plate).toBe(false)
    for (const plate of ["B-CA 0001", "B-CAA 1", "BERL-A 1", "ABC-DE 12345", "ABC-DE 1234E", "B CA 1"])
      expect(isPlateOf("DE", plate), plate).toBe(false)
    for (const plate of ["M-A 1", "ABC-DE 123", "HH-AB 123E", "MÜ-X 9"]) expect(isPlateOf("DE", plate), plate).toBe(true)
    for (const plate of ["SS-001-AA", "AA-000-AA", "AI-001-AA", "AA-001-SS", "WW-001-AA", "AA 001 AA"])
      expect(isPlateOf("FR", plate), plate).toBe(false)
    for (const plate of ["AA-01-AA", "00 AA 00", "AA 1 AA"]) expect(isPlateOf("PT", plate), plate).toBe(false)
    for (const plate of ["GA 01 AA", "GI 001 AA", "GA001AA"]) expect(isPlateOf("IT", plate), plate).toBe(false)
  })

  test("says which of the holder's fields are missing or wrong", () => {
    expect(invalidHolderFields("ES", holder)).toEqual([])
    expect(invalidHolderFields("ES", { ...holder, nationalId: "12345678A", postalCode: "53000" })).toEqual([
      "postalCode",
      "nationalId"
    ])
    expect(invalidHolderFields("ES", { name: "  " })).toEqual(["name", "street", "city", "postalCode", "nationalId"])
    expect(invalidHolderFields("PT", { ...holder, postalCode: "4050-123", nationalId: "123456789" })).toEqual([])
  })

  test("is told nothing it did not ask for", () => {
    const known = { ...holder, phone: "+34600000001", email: "customer1@example.com" }
    expect(holderFor("FR", known)).toEqual({ name: "Customer One", street: "Calle 1", postalCode: "28013", city: "Madrid" })
    expect(Object.keys(holderFor("ES", known)).sort()).toEqual(["city", "name", "nationalId", "postalCode", "street"])
  })
})
