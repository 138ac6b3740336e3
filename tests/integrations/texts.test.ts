/** What customers are given to read: complete in both languages, and a released edition is the same bytes for good. */
import { describe, expect, test } from "bun:test"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { options } from "#integrations/catalogue/options-data.ts"
import { buttonWords } from "#integrations/texts/button-words.ts"
import { contractText, contractTexts, knownContractTexts } from "#integrations/texts/contract-texts.ts"
import { manualOf, manuals, newestManual } from "#integrations/texts/manuals.ts"
import type { Editions } from "#integrations/texts/page.ts"

const hashesOf = (editions: Editions) =>
  Object.fromEntries(
    Object.entries(editions).flatMap(([name, all]) =>
      all.map(({ en, es }, n) => [`${name} ${n + 1}`, `${en.sha256.slice(0, 16)} ${es.sha256.slice(0, 16)}`])
    )
  )
const folder = (name: string) => readdirSync(join(import.meta.dir, "..", "..", "integrations", "texts", name)).sort()
const filesOf = (editions: Editions) =>
  Object.entries(editions)
    .flatMap(([name, all]) => all.flatMap((_, n) => [`${name}.${n + 1}.en.md`, `${name}.${n + 1}.es.md`]))
    .sort()

describe("a released edition", () => {
  test("of a contract text is never edited", () =>
    // A text has to change? Then it is a new edition, with a line of its own here.
    expect(hashesOf(contractTexts)).toEqual({
      "ownership-transfer 1": "320f5d44b84365e4 0a160342b5f67885",
      "privacy 1": "afc0e461ea61a266 549b36f3863f7898",
      "service-terms 1": "debce27cca826771 fdb0d4d0cf05ae48",
      "start-now 1": "942b04dc06a065c6 a45fe245052ad55f",
      "terms-of-sale 1": "b4f12fcb016b88d6 fb52f02a822a627e",
      "withdrawal-information 1": "9934691af99f2d8c 5dc97065f39979d5"
    }))

  test("of a manual is never edited", () =>
    expect(hashesOf(manuals)).toEqual({
      "adaptive-cruise 1": "3f3ad421b09f18e0 d4795ab8d44e3f6f",
      "climate-ahead 1": "b815d1307583e4d1 5290d81fe1ae0122",
      "concert-audio 1": "80cf32335874fca9 f2c6a95f23d363f8",
      "heated-seats 1": "c9746e5f7c82468a a9dbafece462f506",
      "highway-pilot 1": "976b60c06e0e3ea8 3fb7650841f6a575",
      "lane-keeping 1": "5a42cfc9d7c3d9a9 dd31fe7f7e24bc34",
      "off-road-mode 1": "2fd55810646553b9 fd6a4cf252984485",
      "parking-pilot 1": "7b3dc6baad802454 818d16f511e59dc4",
      "power-plus 1": "e893482735831d9b 9992ef4347aaf830",
      "power-start 1": "253f6b23c9eb28a7 58d69da5b18cd8fa",
      "snow-mode 1": "afe1a6c79698f9a7 4ed227add052ff00",
      "sport-mode 1": "ebc1e44c9fda2a4a 134e633c72626a3d",
      "streaming 1": "f05d92ee9adaf786 3b1af5a96e0352f5"
    }))
})

describe("the texts", () => {
  test("are all that lies in their folders", () => {
    expect(folder("contracts")).toEqual(filesOf(contractTexts))
    expect(folder("manuals")).toEqual(filesOf(manuals))
  })

  test("say their edition, and begin with a heading", () => {
    for (const [name, all] of [...Object.entries(contractTexts), ...Object.entries(manuals)])
      for (const [n, pages] of all.entries())
        for (const [language, said] of [
          ["en", "edition"],
          ["es", "edición"]
        ] as const) {
          const text = Buffer.from(pages[language].bytes).toString()
          expect([name, text.toLowerCase().includes(`${said} ${n + 1}`)]).toEqual([name, true])
          expect(text.startsWith(`# ${pages[language].title}\n\n`)).toBe(true)
        }
  })

  test("are found by name and edition, and nothing else is", () => {
    expect(contractText("service-terms", 1)!.es.title).toBe("Condiciones de los servicios en el coche")
    for (const [name, edition] of [
      ["service-terms", 0],
      ["service-terms", 2],
      ["service-terms", 0.5],
      ["toString", 1],
      ["", 1]
    ] as const)
      expect([name, edition, contractText(name, edition)]).toEqual([name, edition, null])
    expect(manualOf("flying", 1)).toBeNull()
    expect(knownContractTexts).toContain("privacy (edition 1), service-terms (edition 1)")
  })

  test("hold a manual for every option that is sold, under its very name", () => {
    for (const [option, { name }] of Object.entries(options)) {
      const manual = manualOf(option, newestManual(option))!
      expect([manual.en.title, manual.es.title]).toEqual([name.en, name.es])
    }
  })

  test("tell of withdrawing what the law asks for: the period, the function, the money, and the model form", () => {
    const { en, es } = contractText("withdrawal-information", 1)!
    for (const said of [
      "within 14 days without giving any reason",
      "Withdraw from contract here",
      "same payment method",
      "Model withdrawal form"
    ])
      expect(Buffer.from(en.bytes).toString().replace(/\s+/g, " ")).toContain(said)
    for (const said of [
      "en 14 días sin dar ningún motivo",
      "Desistir del contrato aquí",
      "mismo medio de pago",
      "Modelo de formulario de desistimiento"
    ])
      expect(Buffer.from(es.bytes).toString().replace(/\s+/g, " ")).toContain(said)
  })
})

test("the buttons that bind say what the law has them say", () =>
  expect(buttonWords).toEqual({
    order: { en: "order with obligation to pay", es: "pedido con obligación de pago" },
    withdraw: { en: "withdraw from contract here", es: "desistir del contrato aquí" },
    confirmWithdrawal: { en: "confirm withdrawal", es: "confirmar el desistimiento" }
  }))
