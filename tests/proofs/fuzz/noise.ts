/** What comes over the broker and is no report of the car whose subject it bears; and what no car ever called itself. */
import { generateKeyPairSync } from "node:crypto"
import type { Car } from "#tests/ingress/car.ts"
import type { Dice } from "../dice.ts"
import { bytes, oddText, weighted, word } from "./chance.ts"
import { spoilt } from "./spoil.ts"

type Noise = (car: Car, other: Car, dice: Dice) => string | Uint8Array

const stranger = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" }).x!

/** Every one of them is dead: counted, and never delivered again. */
export const noises: Readonly<Record<string, Noise>> = {
  "random bytes": (_, __, dice) => bytes(dice, dice.between(0, 600)),
  "an odd text": (_, __, dice) => oddText(dice),
  "the form of a report": (_, __, dice) =>
    `${word(dice, dice.between(1, 200))}.${word(dice, dice.between(1, 600))}.${word(dice, 86)}`,
  "a bit changed": (car, _, dice) => {
    const right = Buffer.from(car.says({ cfgVersion: dice.between(0, 9) }), "latin1")
    right[dice.between(0, right.length - 1)]! ^= 1 << dice.between(0, 6)
    return new Uint8Array(right)
  },
  "cut short": (car, _, dice) => {
    const right = car.says()
    return right.slice(0, dice.between(0, right.length - 1))
  },
  "two in one": (car) => car.says() + car.says(),
  "another car's signature": (car, other) => other.sign(car.report()),
  "another car's report": (car, other) => car.sign(other.report()),
  "another car's own report": (_, other) => other.says(),
  "another algorithm": (car, _, dice) =>
    car.sign(car.report(), { alg: dice.oneOf(["none", "HS256", "ES256", "RS256", "eddsa", "", null]) }),
  "another type": (car, _, dice) =>
    car.sign(car.report(), {
      typ: dice.oneOf(["caas-config+jws", "caas-acknowledged+jws", "JWT", "", null, "caas-catalogue+jws"])
    }),
  "a key of its own": (car, other, dice) =>
    dice.oneOf([
      () => other.sign(car.report(), { jwk: { kty: "OKP", crv: "Ed25519", x: other.publicKey } }),
      () => car.sign(car.report(), { kid: stranger.slice(0, 16) }),
      () => car.sign(car.report(), { jku: "http://127.0.0.1:9/keys", kid: "x" })
    ])(),
  "a header to be understood": (car) => car.sign(car.report(), { crit: ["b64"], b64: false }),
  "signed nonsense": (car, _, dice) => car.sign(oddText(dice)),
  "signed, of another kind": (car, _, dice) =>
    car.sign(dice.oneOf<unknown>([null, [], {}, 1, "report", { v: 1 }, { v: 2, vin: car.vin }])),
  "signed and too long": (car, _, dice) => car.says({ done: ["x".repeat(dice.between(17, 40) * 1024)] })
}

/** Signed by the car, and spoilt before it was signed: it may by chance still be a report. */
export const spoiltReport = (car: Car, dice: Dice): string => {
  const { bytes: sent } = spoilt(dice, car.report() as never)
  return car.sign(typeof sent === "string" ? sent : Buffer.from(sent).toString("latin1"))
}

export const oddName = (dice: Dice): string =>
  weighted<() => string>(dice, [
    [3, () => word(dice, 17, "abcdefghijkIOQ0123456789")],
    [1, () => "*"],
    [1, () => ">"],
    [1, () => "$JS"],
    [1, () => "ñandú🚗"],
    [1, () => "x".repeat(dice.between(18, 900))],
    [1, () => word(dice, dice.between(1, 16))],
    [1, () => `%00${word(dice, 4)}`]
  ])()

export const telemetryNoise = (dice: Dice): string | Uint8Array =>
  weighted<() => string | Uint8Array>(dice, [
    [3, () => bytes(dice, dice.between(0, 500))],
    [2, () => oddText(dice)],
    [4, () => asSent(spoilt(dice, sample(dice) as never).bytes)],
    [1, () => "x".repeat(dice.between(4_097, 60_000))],
    [1, () => JSON.stringify(sample(dice))]
  ])()
const asSent = (sent: string | Uint8Array) => (typeof sent === "string" ? sent : new Uint8Array(sent))

export const sample = (dice: Dice) => ({
  at: "2026-03-02T09:00:00.000Z",
  odometerMetres: dice.between(0, 9_999_999),
  chargePercent: dice.between(0, 100),
  parked: dice.throw() < 0.5,
  cabinCelsius: dice.between(-60, 120)
})

/** A line of the broker's protocol that ends in the middle of a subject, or is none. */
export const brokenLine = (space: string, vin: string, dice: Dice): string =>
  dice.oneOf([
    `PUB ${space}.vehicles.${vin}\r\n.report 2\r\nhi\r\n`,
    `PUB ${space}.vehicles.${vin} .report 2\r\nhi\r\n`,
    `PUB ${space}..report 2\r\nhi\r\n`,
    `PUB ${space}.vehicles.${vin}.report -1\r\n\r\n`,
    `PUB ${space}.vehicles.${vin}.report 99999999999\r\nhi\r\n`,
    `PUB ${space}.vehicles.${vin}.report 5\r\nhi\r\n`,
    `HPUB ${space}.vehicles.${vin}.report 12 14\r\nNATS/9.9\r\n\r\nhi\r\n`,
    `SUB ${"x.".repeat(3_000)}y 1\r\n`,
    word(dice, 5_000),
    "\0\0\0\0\r\n",
    "CONNECT {\r\n",
    `${"PING\r\n".repeat(50)}`
  ])
