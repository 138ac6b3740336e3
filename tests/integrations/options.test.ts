/** The catalogue of options as data: complete, free of contradictions, and never changed without a new edition. */
import { describe, expect, test } from "bun:test"
import { createHash } from "node:crypto"
import { Schema } from "effect"
import { offerOf } from "#integrations/catalogue/catalogue.ts"
import { countries, edition, models, plans } from "#integrations/catalogue/data.ts"
import { featureCatalogue } from "#integrations/catalogue/features.ts"
import { optionsFor, optionTermsOf } from "#integrations/catalogue/options.ts"
import { options, optionsEdition } from "#integrations/catalogue/options-data.ts"
import { Category, OptionTerms, type Term } from "#machines/option-terms.ts"
import { Country } from "#machines/vocabulary.ts"

const everywhere = Country.literals
const rows = Object.entries(options)
const hashOf = (value: unknown) => createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16)

describe("the catalogue of options", () => {
  test("has at least two options in each of the six categories, and every kind of term", () => {
    for (const category of Category.literals)
      expect(rows.filter(([, row]) => row.category === category).length, category).toBeGreaterThanOrEqual(2)
    const kinds = new Set(rows.flatMap(([, row]) => row.offers.map(({ term }) => term.kind)))
    expect([...kinds].sort()).toEqual(["permanent", "recurring", "temporary", "trial"])
    for (const term of [
      { kind: "temporary", count: 7, unit: "day" },
      { kind: "temporary", count: 1, unit: "month" }
    ] as const)
      expect(rows.some(([, row]) => row.offers.some((offer) => Bun.deepEquals(offer.term, term)))).toBe(true)
  })

  test("gives terms that a purchase can be made with, in every country", () => {
    for (const country of everywhere) {
      const offered = optionsFor(country)
      expect(offered.map(({ option }) => String(option))).toEqual(Object.keys(options))
      for (const { option, name, offers } of offered) {
        expect(name.en.length * name.es.length).toBeGreaterThan(0)
        expect(offers.length).toBeGreaterThan(0)
        for (const terms of offers) {
          expect(Schema.decodeUnknownSync(OptionTerms)(JSON.parse(JSON.stringify(terms)))).toEqual(terms)
          expect(optionTermsOf(option, terms.term, country)).toEqual(terms)
          expect(terms).toMatchObject({ option, edition: optionsEdition, vatPercent: countries[country].vatPercent })
          expect([option, terms.term, terms.price.amountMinor === 0]).toEqual([option, terms.term, terms.term.kind === "trial"])
        }
      }
    }
  })

  test("has the VAT of each country", () =>
    expect(Object.fromEntries(everywhere.map((country) => [country, countries[country].vatPercent]))).toEqual({
      ES: 21,
      DE: 19,
      FR: 20,
      PT: 23,
      IT: 22
    }))

  test("offers each option once for the same term", () => {
    for (const [code, row] of rows) {
      const terms = row.offers.map(({ term }) => JSON.stringify(term))
      expect([code, new Set(terms).size]).toEqual([code, terms.length])
    }
  })

  test("has no offer for an unknown option, another term, or a name that every object has", () => {
    const week: Term = { kind: "temporary", count: 7, unit: "day" }
    expect(optionTermsOf("power-plus", week, "ES")).toMatchObject({ price: { amountMinor: 89_00, currency: "EUR" } })
    expect(optionTermsOf("power-plus", { ...week, count: 8 }, "ES")).toBeNull()
    expect(optionTermsOf("power-plus", { ...week, unit: "month" }, "ES")).toBeNull()
    expect(optionTermsOf("power-plus", { ...week, kind: "trial" }, "ES")).toBeNull()
    expect(optionTermsOf("power-plus", { kind: "recurring" }, "ES")).toBeNull()
    expect(optionTermsOf("flying", week, "ES")).toBeNull()
    expect(optionTermsOf("constructor", week, "ES")).toBeNull()
  })

  test("knows of every performance and driving option where it is homologated, and how we know", () => {
    for (const [code, { category, homologation }] of rows) {
      const needed = ["performance", "autonomousDriving", "traction", "driverAssistance"].includes(category)
      expect([code, homologation !== null]).toEqual([code, needed])
      if (homologation !== null) expect([code, /^(assumed|UN R\d+)\b/.test(homologation.source)]).toEqual([code, true])
    }
    const homologated = (option: string, term: Term) =>
      everywhere.filter((country) => optionTermsOf(option, term, country)!.homologated)
    expect(homologated("highway-pilot", { kind: "recurring" })).toEqual(["DE", "FR"])
    expect(homologated("power-plus", { kind: "permanent" })).not.toContain("PT")
    expect(homologated("streaming", { kind: "recurring" })).toEqual([...everywhere])
  })

  test("gates some options by maintenance and leaves others open", () => {
    const gated = rows.filter(([, row]) => row.maintenanceGated).map(([code]) => code)
    expect(gated).toEqual(expect.arrayContaining(["power-plus", "highway-pilot", "sport-mode", "adaptive-cruise"]))
    for (const open of ["streaming", "heated-seats", "snow-mode", "lane-keeping"]) expect(gated).not.toContain(open)
  })

  test("requires only what exists, can be had in the same car and country, and leads back to nothing", () => {
    const chainOf = (code: string, above: ReadonlyArray<string> = []): ReadonlyArray<string> => {
      if (above.includes(code)) throw new Error(`${[...above, code].join(" requires ")}`)
      return [code, ...options[code]!.requires.flatMap((other) => chainOf(other, [...above, code]))]
    }
    for (const [code, row] of rows) {
      for (const other of row.requires) {
        expect(row.models.every((model) => options[other]!.models.includes(model))).toBe(true)
        for (const country of row.homologation?.countries ?? [])
          expect(options[other]!.homologation?.countries ?? everywhere).toContain(country)
      }
      const chain = new Set(chainOf(code))
      for (const one of chain) for (const other of options[one]!.excludes) expect([code, chain.has(other)]).toEqual([code, false])
    }
    expect(options["highway-pilot"]!.models).toEqual(["Modelo Dos"])
    expect(options["highway-pilot"]!.requires).toContain("lane-keeping")
  })

  test("excludes both ways", () => {
    for (const [code, row] of rows)
      for (const other of row.excludes) expect([other, options[other]!.excludes]).toEqual([other, expect.arrayContaining([code])])
    expect(options["sport-mode"]!.excludes).toContain("snow-mode")
  })

  test("lets two options set the same feature only where they exclude each other", () => {
    for (const [code, row] of rows)
      for (const [other, { features }] of rows) {
        if (code === other || row.excludes.includes(other)) continue
        const shared = row.features.filter(({ id }) => features.some((feature) => feature.id === id))
        expect([code, other, shared]).toEqual([code, other, []])
      }
  })

  test("is built into models that we sell", () => {
    for (const [code, row] of rows)
      for (const model of row.models) expect([code, Object.keys(models)]).toEqual([code, expect.arrayContaining([model])])
  })

  test("gives up on a car long before a card's hold of seven days is over", () => {
    for (const [code, { retry }] of rows) {
      const waits = Array.from({ length: retry.retries }, (_, k) => retry.backoffSeconds * 4 ** k * 1.2)
      const seconds = waits.reduce((sum, wait) => sum + wait, (retry.retries + 1) * retry.acknowledgementSeconds)
      expect([code, retry.retries >= 3, seconds < 24 * 3600]).toEqual([code, true, true])
    }
  })

  test("changes only with a new edition", () => {
    // A row was changed on purpose? Then raise the edition, and write down its hash here.
    expect([optionsEdition, hashOf([options, everywhere.map((country) => optionsFor(country))])]).toEqual([1, "3e184b99da5c0fa4"])
    expect([edition, hashOf([countries, models, plans])]).toEqual([2, "b1221454e06e72c8"])
  })
})

describe("the catalogue of features", () => {
  test("names exactly the features, models and values that the options set", () => {
    const catalogue = featureCatalogue()
    expect(catalogue).toMatchObject({ v: 1, edition: optionsEdition })
    const set = rows.flatMap(([, row]) => row.features.map((feature) => ({ feature, row })))
    expect(Object.keys(catalogue.features)).toEqual([...new Set(set.map(({ feature }) => feature.id))].sort())
    for (const [id, { models: built, parameters }] of Object.entries(catalogue.features)) {
      const here = set.filter(({ feature }) => feature.id === id)
      expect([id, built]).toEqual([id, [...new Set(here.flatMap(({ row }) => row.models))].sort()])
      for (const { feature } of here) expect(Object.keys(parameters).sort()).toEqual(Object.keys(feature.parameters).sort())
      for (const [name, { values }] of Object.entries(parameters))
        expect(new Set(values)).toEqual(new Set(here.map(({ feature }) => feature.parameters[name]!)))
    }
    expect(catalogue.features["Powertrain.Power.Boost"]).toEqual({
      models: ["Modelo Dos", "Modelo Uno"],
      parameters: { percent: { values: [25, 50] } }
    })
  })

  test("is the same text every time", () => expect(JSON.stringify(featureCatalogue())).toBe(JSON.stringify(featureCatalogue())))
})

describe("a sales plan", () => {
  test("with a bundle includes its services at no further price, in every country and model", () => {
    for (const country of everywhere)
      for (const model of Object.keys(models)) {
        const { plan } = offerOf(model, "plus", country)!
        expect(plan.bundle!.map(({ option, term, price }) => ({ option: String(option), term, price }))).toEqual([
          { option: "streaming", term: { kind: "temporary", count: 1, unit: "month" }, price: { amountMinor: 0, currency: "EUR" } },
          { option: "heated-seats", term: { kind: "permanent" }, price: { amountMinor: 0, currency: "EUR" } }
        ])
        for (const terms of plan.bundle!)
          expect(terms).toEqual({ ...optionTermsOf(terms.option, terms.term, country)!, price: terms.price })
      }
  })

  test("without one includes none", () => expect(Object.hasOwn(offerOf("Modelo Uno", "base", "ES")!.plan, "bundle")).toBe(false))

  test("bundles only options that may stand side by side", () => {
    for (const [code, { bundle = [] }] of Object.entries(plans)) {
      const bundled = bundle.map(({ option }) => option)
      for (const option of bundled) {
        expect([code, bundled]).toEqual([code, expect.arrayContaining([...options[option]!.requires])])
        for (const other of options[option]!.excludes) expect([code, bundled.includes(other)]).toEqual([code, false])
      }
      for (const { option, term } of bundle)
        for (const country of everywhere) expect([code, optionTermsOf(option, term, country)?.homologated]).toEqual([code, true])
    }
  })
})
