/** Chance that can be had again, input by input: what a seed and a number throw does not depend on what was thrown before. */
import { Dice } from "../dice.ts"

export const diceOf = (seed: number, n: number) => new Dice(Math.imul(seed ^ Math.imul(n + 1, 0x9e3779b1), 0x85ebca6b))

/** One of several, each as often as its weight says. */
export const weighted = <A>(dice: Dice, all: ReadonlyArray<readonly [weight: number, A]>): A => {
  let at = dice.throw() * all.reduce((sum, [weight]) => sum + weight, 0)
  for (const [weight, one] of all) if ((at -= weight) < 0) return one
  return all.at(-1)![1]
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
export const word = (dice: Dice, length: number, from: string = letters) =>
  Array.from({ length }, () => from[dice.between(0, from.length - 1)]).join("")

export const bytes = (dice: Dice, length: number) => Uint8Array.from({ length }, () => dice.between(0, 255))

/** Texts that programs stumble over. None of them holds a NUL or half a character: those are no texts at all. */
export const oddText = (dice: Dice): string => {
  const odd = [
    () => "",
    () => " ",
    () => "\t\r\n",
    () => "x".repeat(dice.oneOf([64, 65, 128, 129, 200, 201, 320, 1024, 1025, 5000])),
    () => "ñandú 🚗 ß ﷽",
    () => "\u202eabc\u202c",
    () => "a\u0301\u0323".repeat(20),
    () => "' OR 1=1 --",
    () => "'; SHUTDOWN; --",
    () => "../../../../etc/passwd",
    () => "<script>alert(1)</script>",
    () => "{{7*7}}",
    () => "%00%0d%0a",
    () => "=cmd|' /C calc'!A0",
    () => "__proto__",
    () => "constructor",
    () => "null",
    () => "0",
    () => "-1",
    () => "1e309",
    () => "2026-13-45T99:00:00.000Z",
    () => "ord_*",
    () => "vehicles.>",
    () => "\u007f\u0001\u001b[31m",
    () => word(dice, dice.between(1, 200))
  ]
  return dice.oneOf(odd)()
}
