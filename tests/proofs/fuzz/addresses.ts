/** The path and the query of an HTTP input. */
import type { Dice } from "../dice.ts"
import { oddText, weighted, word } from "./chance.ts"
import type { Draft } from "./draft.ts"
import type { Parameter } from "./operations.ts"
import { parameterFor } from "./vocabulary.ts"

const vin = /^[A-HJ-NPR-Z0-9]{17}$/
const limit = /^(?:[1-9]\d?|100)$/

export const addressOf = ({ operation, known, dice, manner, reasons }: Draft) => {
  const names: Array<string> = []
  const { parameters } = operation
  const wrong = manner.parameters && parameters.length > 0 ? dice.oneOf(parameters).name : null
  const valueFor = ({ name }: Parameter) => {
    const right = parameterFor(name, dice, known)
    return name === wrong ? oddParameter(dice, right) : right
  }
  const asText = (value: string, name: string) => (name === wrong ? encoded(dice, value) : encodeURIComponent(value))
  let path = operation.path
  for (const parameter of parameters.filter((one) => one.in === "path")) {
    const value = valueFor(parameter)
    names.push(value)
    if (parameter.name === "vin" && !vin.test(value)) reasons.push("no car has such a VIN")
    path = path.replace(`{${parameter.name}}`, () => asText(value, parameter.name) || "%20")
  }
  const query: Array<string> = []
  for (const parameter of parameters.filter((one) => one.in === "query")) {
    if (!parameter.required && parameter.name !== wrong && dice.throw() < 0.6) continue
    const value = valueFor(parameter)
    if (parameter.schema.enum !== undefined && !parameter.schema.enum.includes(value)) reasons.push(`query ${parameter.name}`)
    if (parameter.name === "limit" && !limit.test(value)) reasons.push("query limit")
    query.push(`${parameter.name}=${asText(value, parameter.name)}`)
  }
  if (manner.parameters && dice.throw() < 0.2) {
    const name = dice.oneOf(["x", "limit", "__proto__", "constructor", "a[]", "dealershipId"])
    query.push(`${name}=${encodeURIComponent(oddText(dice))}`)
    if (name !== "limit" && parameters.some((one) => one.in === "query")) reasons.push("an unknown query field")
  }
  return { path: query.length === 0 ? path : `${path}?${query.join("&")}`, names }
}

const oddParameter = (dice: Dice, right: string): string =>
  weighted<() => string>(dice, [
    [5, () => oddText(dice)],
    [2, () => right.toUpperCase()],
    [1, () => `${right} `],
    [1, () => `${right}/`],
    [1, () => word(dice, 17, "ABCDEFGHJKLMNPRSTUVWXYZIOQ0123456789")],
    [1, () => "999999999999999999999"]
  ])()

const encoded = (dice: Dice, text: string) =>
  weighted(dice, [
    [8, encodeURIComponent(text)],
    [1, encodeURIComponent(text).replaceAll("%20", "+").toLowerCase()],
    [1, `${encodeURIComponent(text)}${dice.oneOf(["%", "%zz", "%c3%28", "%00", "%2f", "%2e%2e", "%ff"])}`]
  ])
