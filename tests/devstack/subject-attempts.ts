/** Subjects that a car might try, drawn from a seed: its own, others', and its own spoiled in every way that a name can be. */
import type { Dice } from "#tests/proofs/dice.ts"

const letters = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
const words = ["report", "telemetry", "config", "command", "display", "acknowledged"]
const broker = [
  "$JS.API.>",
  "$JS.API.STREAM.LIST",
  "$JS.API.STREAM.PURGE.VEHICLE_REPORTS",
  "$JS.API.CONSUMER.CREATE.VEHICLE_REPORTS",
  "$JS.ACK.VEHICLE_REPORTS.ingress.1.1.1.1.0",
  "$SYS.>",
  "$SYS.REQ.CLAIMS.UPDATE",
  "$SYS.REQ.SERVER.PING",
  "$SYS.ACCOUNT.*.CONNECT",
  "$KV.x.y",
  "$SRV.PING"
]
const ours = [
  "webhooks.payments",
  "webhooks.>",
  "webhooks.*",
  "demo7.webhooks.factory",
  "_INBOX.>",
  "_INBOX.*",
  "_INBOX.caas.1",
  "_INBOX.*.>",
  ">",
  "*",
  "*.>",
  "*.*",
  "*.*.*",
  "vehicles.>",
  "vehicles.*.>",
  "vehicles.*.config",
  "*.vehicles.>",
  "*.vehicles.*.report",
  "*.*.*.config"
]
const spoilers = [
  "",
  " ",
  "\t",
  "\r\n",
  "\n",
  "\r",
  "\0",
  ".",
  "..",
  "*",
  ">",
  ".*",
  ".>",
  "\u00e9",
  "\u0410",
  "\u200b",
  "\ud83d\ude97",
  "\u2024",
  "%2e",
  "$",
  "{{name()}}",
  ",",
  " _INBOX.caas.1",
  " 0\r\n\r\nPUB webhooks.payments",
  " 0\r\n\r\nSUB >",
  "x".repeat(300)
]

const vin = (dice: Dice) => Array.from({ length: 17 }, () => letters[dice.between(0, letters.length - 1)]).join("")
const spaced = (dice: Dice, subject: string) =>
  dice.between(0, 3) === 0 ? `${dice.oneOf(["demo7", "t1", "h0a1"])}.${subject}` : subject

/** One attempt of the car `mine`. */
export const attemptOf = (dice: Dice, mine: string): string => {
  const own = (word = dice.oneOf(words)) => spaced(dice, `vehicles.${mine}.${word}`)
  const spoil = (subject: string) => {
    const at = dice.between(0, subject.length)
    return `${subject.slice(0, at)}${dice.oneOf(spoilers)}${subject.slice(at + dice.between(0, 1))}`
  }
  switch (dice.between(0, 9)) {
    case 0:
      return own()
    case 1:
      return dice.oneOf([
        `_INBOX.${mine}.1`,
        `_INBOX.${mine}.>`,
        `_INBOX.${mine}.*`,
        `_INBOX.${mine}`,
        `_INBOX.${vin(dice)}.1`,
        `_INBOX.${vin(dice)}.>`
      ])
    case 2:
    case 3:
      return spaced(dice, `vehicles.${vin(dice)}.${dice.oneOf(words)}`)
    case 4:
      return dice.oneOf(broker)
    case 5:
      return dice.oneOf(ours)
    case 6: {
      const tokens = own().split(".")
      tokens[dice.between(0, tokens.length - 1)] = dice.oneOf([
        "*",
        ">",
        "",
        vin(dice),
        mine.toLowerCase(),
        "VEHICLES",
        "Vehicles",
        "vehicle",
        `${mine}.${mine}`
      ])
      return tokens.join(".")
    }
    case 7:
      return dice.oneOf([
        own().toLowerCase(),
        own().toUpperCase(),
        `a.b.${own()}`,
        `${own()}.${dice.oneOf(words)}`,
        `.${own()}`,
        `${own()}.`,
        own().replace(mine, mine.slice(0, -1)),
        own().replace(mine, `${mine}0`)
      ])
    case 8:
      return spoil(spoil(own()))
    default:
      return spoil(own())
  }
}

/** What is its own, by one who only knows the words. A `>` or `*` inside a token is a letter like any other. */
export const isOwnToSay = (subject: string, mine: string) => {
  const tokens = tokensOf(subject)
  return isOf(tokens, mine, ["report", "telemetry"])
}

/** A `*` stands for the one word before the vehicles' subjects, and for anything in the car's own inbox; a `>` for the latter alone. */
export const isOwnToHear = (subject: string, mine: string) => {
  const tokens = tokensOf(subject)
  if (tokens.slice(0, -1).includes(">")) return false // No subject at all.
  if (tokens[0] === "_INBOX") return tokens[1] === mine && tokens.length > 2 && isWhole(tokens)
  return isOf(tokens, mine, ["config", "command", "display", "acknowledged"])
}

const tokensOf = (subject: string) => subject.split(".")
const isWhole = (tokens: ReadonlyArray<string>) => tokens.every((token) => token !== "" && !/\s/.test(token))
const isOf = (tokens: ReadonlyArray<string>, mine: string, words: ReadonlyArray<string>) => {
  const [word = "", vin, vehicles] = [...tokens].reverse()
  return (
    isWhole(tokens) &&
    (tokens.length === 3 || tokens.length === 4) &&
    vehicles === "vehicles" &&
    vin === mine &&
    words.includes(word)
  )
}
