/** What customers read: every occasion in every language, and no sentence with a gap. */
import { describe, expect, test } from "bun:test"
import { Result } from "effect"
import { english, englishLabels } from "#integrations/notifications/english.ts"
import { type Facts, facts, type Occasion, occasions } from "#integrations/notifications/occasions.ts"
import { spanish, spanishLabels } from "#integrations/notifications/spanish.ts"
import { FactMissing, factsOf, mailOf, namedIn, wordingOf } from "#integrations/notifications/wording.ts"

const all = Object.keys(occasions) as ReadonlyArray<Occasion>
const templates = { es: spanish, en: english }
const labels = { es: spanishLabels, en: englishLabels }
const languages = ["es", "en"] as const
const everything: Facts = {
  option: "snow-mode",
  vin: "WVWZZZ1JZ3W386752",
  orderId: "ord_1",
  activationId: "act_1",
  at: "2026-03-01T10:00:00.000Z",
  until: "2026-04-01T10:00:00.000Z",
  month: "2026-03",
  amount: "123456 EUR",
  attempt: "2",
  handoverPin: "123456"
}

describe("the words of an occasion", () => {
  const cells = languages.flatMap((language) => all.map((occasion) => [occasion, language] as const))

  test.each(cells)("%s, in %s, name only facts that it brings, and are whole sentences", (occasion, language) => {
    const [subject, text] = templates[language][occasion]
    const named = [...namedIn(subject), ...namedIn(text)]
    expect(named.filter((fact) => !(occasions[occasion].needs as ReadonlyArray<string>).includes(fact))).toEqual([])
    expect(subject).toMatch(/^\p{Lu}[^\n]{2,60}$/u)
    expect(text).toMatch(/^[\p{Lu}{][^\n]{10,200}\.$/u)
    const brought = Object.fromEntries(occasions[occasion].needs.map((fact) => [fact, everything[fact]]))
    const { text: filled, subject: title, lines } = Result.getOrThrow(wordingOf(occasion, brought, language))
    expect(`${title} ${filled}`).not.toMatch(/[{}]|undefined|null|NaN/)
    expect(lines.map(([fact]) => fact as string).sort()).toEqual([...occasions[occasion].needs].sort())
  })

  test("are the same occasions in both languages, with a label for every fact", () => {
    for (const language of languages) {
      expect(Object.keys(templates[language]).sort()).toEqual([...all].sort())
      expect(Object.keys(labels[language]).sort()).toEqual([...facts].sort())
    }
  })

  test("say nothing with a gap: a fact that is not brought, or is empty, is a refusal that names it", () => {
    const { month: _, ...rest } = everything
    for (const facts of [rest, { ...everything, month: "" }])
      expect(wordingOf("MonthBilled", facts, "es")).toEqual(
        Result.fail(new FactMissing({ reason: "MonthBilled does not bring its month" }))
      )
    for (const occasion of all)
      for (const fact of occasions[occasion].needs)
        expect(Result.isFailure(wordingOf(occasion, { ...everything, [fact]: undefined } as Facts, "en"))).toBe(true)
  })

  test("read money and options as people do, and leave what nobody knows as it is", () => {
    const words = (language: "es" | "en", option = "snow-mode") =>
      Result.getOrThrow(wordingOf("MonthBilled", { ...everything, option }, language))
    expect(words("es").text).toMatch(/1234,56\s€/)
    expect(words("en").text).toContain("€1,234.56")
    expect(words("es").text).not.toContain("snow-mode")
    expect(words("es", "not-in-the-catalogue").text).toContain("not-in-the-catalogue")
  })

  test("put no fact into a place of another", () => {
    const { text } = Result.getOrThrow(wordingOf("ServiceRetrying", { ...everything, option: "{vin}" }, "en"))
    expect(text).toContain("{vin}")
  })

  test("are in a mail with a greeting, and with the facts below", () => {
    const wording = Result.getOrThrow(wordingOf("OnItsWay", { orderId: "ord_1", handoverPin: "123456" }, "es"))
    expect(mailOf(wording, { name: "Customer 1", language: "es" })).toEqual({
      subject: "Su vehículo está en camino",
      text:
        "Hola Customer 1:\n\nSe entrega en mano. Si no hay nadie, vuelve al concesionario; nunca se deja en la calle.\n\n" +
        "PIN de entrega: 123456\nPedido: ord_1\n"
    })
  })

  test("take of a command what is a fact, and nothing else", () =>
    expect(factsOf({ vin: "V", subjectId: "sub_1", name: "Customer 1", amount: { amountMinor: 1 } })).toEqual({ vin: "V" }))
})
