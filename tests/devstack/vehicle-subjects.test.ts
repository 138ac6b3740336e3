/** Ten thousand subjects that a car with its own credentials tries to speak on, or to hear: only its own pass. The seed is printed. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { createAccount, fromSeed } from "@nats-io/nkeys"
import { connect, type NatsConnection } from "nats"
import { userCredentials, vehicleCredentials } from "#integrations/nats/credentials.ts"
import { connectOptionsOf } from "#integrations/nats/nats.ts"
import { throwAwayStack } from "#src/devstack/throw-away.ts"
import { Dice } from "#tests/proofs/dice.ts"
import { attemptOf, isOwnToHear, isOwnToSay } from "./subject-attempts.ts"
import { WildCar } from "./wild-car.ts"

const mine = "VSSZZZ5FZJR000001"
const other = "VSSZZZ5FZJR000002"
const tries = 5_000 // Of either kind.
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))

let servers: Awaited<ReturnType<typeof throwAwayStack>>
let platform: NatsConnection
let host = ""
beforeAll(async () => {
  servers = await throwAwayStack({ fast: true, say: () => {} })
  host = new URL(servers.env.NATS_URL!).host
  platform = await connect(connectOptionsOf(servers.env.NATS_URL!))
  console.error(`subject attempts: SEED=${seed}`)
})
afterAll(async () => {
  await platform?.close()
  await servers?.stop()
})

const carOf = async () => WildCar.connect(host, await vehicleCredentials(mine, servers.env.NATS_VEHICLE_ISSUER!))

/** A car that comes again where the broker hung up on it. */
const stubborn = async () => {
  let car = await carOf()
  return {
    say: async (bytes: string) => {
      const heard = await car.say(bytes)
      if (heard.end !== "heard") {
        car.close()
        car = await carOf()
      }
      return heard
    },
    close: () => car.close()
  }
}

describe("a car that tries", () => {
  test("5,000 subjects to speak on is heard on its own alone, and told no for all others", async () => {
    const dice = new Dice(seed)
    const received = new Map<string, string>()
    platform.subscribe(">", { callback: (_, message) => void received.set(message.string(), message.subject) })
    await platform.flush()
    const car = await stubborn()
    const counts = { passed: 0, refused: 0, hungUp: 0 }
    for (let n = 0; n < tries; n++) {
      const subject = attemptOf(dice, mine)
      const word = `wild-${n}`
      const { text, end } = await car.say(`PUB ${subject} ${word.length}\r\n${word}\r\n`)
      await platform.flush()
      const at = received.get(word)
      if (at !== undefined) expect([subject, at, isOwnToSay(at, mine)]).toEqual([subject, at, true])
      if (isOwnToSay(subject, mine)) expect([subject, at, text]).toEqual([subject, subject, "PONG\r\n"])
      if (at !== undefined) counts.passed++
      else if (text.includes("Permissions Violation for Publish")) counts.refused++
      else if (end !== "heard") counts.hungUp++
      else throw new Error(`Neither heard nor refused: ${JSON.stringify(subject)} (SEED=${seed}): ${text}`)
    }
    car.close()
    for (const [word, at] of received) if (!at.startsWith("$")) expect([word, at, isOwnToSay(at, mine)]).toEqual([word, at, true])
    expect(counts.passed + counts.refused + counts.hungUp).toBe(tries)
    expect(counts.passed).toBeGreaterThan(tries / 50)
    expect(counts.refused).toBeGreaterThan(tries / 2)
  }, 120_000)

  test("5,000 subjects to listen to hears what is for it alone", async () => {
    const dice = new Dice(seed + 1)
    const others = [
      ...["config", "command", "display", "acknowledged", "report", "telemetry"].flatMap((word) => [
        `vehicles.${other}.${word}`,
        `demo7.vehicles.${other}.${word}`
      ]),
      ...[
        "webhooks.payments",
        "_INBOX.caas.1",
        `_INBOX.${other}.1`,
        `vehicles.${mine}.report`,
        `vehicles.${mine.toLowerCase()}.config`,
        "vehicles.config"
      ]
    ]
    const car = await stubborn()
    const counts = { passed: 0, refused: 0, hungUp: 0 }
    let heard = ""
    for (let n = 0; n < tries; n++) {
      const subject = attemptOf(dice, mine)
      const { text, end } = await car.say(`SUB ${subject} ${n}\r\n`)
      heard += text
      const refused = text.includes("Permissions Violation for Subscription") || /-ERR/.test(text)
      if (isOwnToHear(subject, mine)) expect([subject, text]).toEqual([subject, "PONG\r\n"])
      else if (end === "heard" && !refused && !/\s/.test(subject))
        throw new Error(`Let in: ${JSON.stringify(subject)} (SEED=${seed}): ${text}`)
      if (end !== "heard") counts.hungUp++
      else if (refused) counts.refused++
      else counts.passed++
      // A while with all that was let in, and the platform speaks to everybody else; then the car lets go: it may have twenty at once.
      if (n % 10 === 9 || n === tries - 1) {
        for (const foreign of others) platform.publish(foreign, "for somebody else")
        platform.publish(`vehicles.${mine}.config`, "for this car")
        await platform.flush()
        heard += (await car.say(Array.from({ length: 10 }, (_, k) => `UNSUB ${n - k}\r\n`).join(""))).text
      }
    }
    car.close()
    const told = [...heard.matchAll(/^MSG (\S+) /gm)].map(([, subject]) => subject!)
    expect(told.filter((subject) => !isOwnToHear(subject, mine))).toEqual([])
    expect(told.length).toBeGreaterThan(10) // It does hear what is its own.
    expect(counts.passed).toBeGreaterThan(tries / 50)
    expect(counts.refused).toBeGreaterThan(tries / 2)
    expect(counts.passed + counts.refused + counts.hungUp).toBe(tries)
  }, 120_000)
})

describe("credentials", () => {
  test("that a rogue key signed, that have expired, or whose key somebody else has, let nobody in", async () => {
    const issuer = servers.env.NATS_VEHICLE_ISSUER!
    const [account, seed] = issuer.split(":") as [string, string]
    const signer = fromSeed(new TextEncoder().encode(seed))
    const user = (more: object) => userCredentials(mine, { account, signer, scoped: true, ...more })
    const seconds = Math.floor(Date.now() / 1000)
    const stolen = { ...(await vehicleCredentials(other, issuer)), seed: (await vehicleCredentials(mine, issuer)).seed }
    for (const [what, credentials] of [
      ["rogue", await user({ signer: createAccount() })],
      ["its own word", await user({ account: createAccount().getPublicKey() })],
      ["expired", await user({ expires: seconds - 1 })],
      ["somebody else's JWT", stolen]
    ] as const)
      expect([what, await WildCar.connect(host, credentials).then(() => "in", String)]).toEqual([
        what,
        expect.stringContaining("Authorization Violation")
      ])
    ;(await WildCar.connect(host, await user({ expires: seconds + 60 }))).close()
  })

  test("of one car are always for one key, of two cars and of two series never", async () => {
    const issuer = servers.env.NATS_VEHICLE_ISSUER!
    const seeds = await Promise.all([
      vehicleCredentials(mine, issuer),
      vehicleCredentials(mine, issuer),
      vehicleCredentials(mine, issuer, 2),
      vehicleCredentials(other, issuer)
    ])
    expect(new Set(seeds.map((one) => one.seed)).size).toBe(3)
    expect(seeds[0]!.seed).toBe(seeds[1]!.seed)
  })
})
