/** What the broker lets a car do: speak for itself, hear what is for it, and nothing else. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { createAccount } from "@nats-io/nkeys"
import { Effect } from "effect"
import { connect, type JetStreamManager, type NatsConnection } from "nats"
import { userCredentials, vehicleCredentials, withCredentials } from "#integrations/nats/credentials.ts"
import { connectOptionsOf, Nats } from "#integrations/nats/nats.ts"
import { healReports } from "#integrations/vehicle-link/reports.ts"
import { throwAwayStack } from "#src/devstack/throw-away.ts"
import { until } from "#tests/ingress/road.ts"

const mine = "VSSZZZ5FZJR000001"
const other = "VSSZZZ5FZJR000002"
const words = ["config", "command", "display", "acknowledged"]

let servers: Awaited<ReturnType<typeof throwAwayStack>>
let platform: NatsConnection
let manager: JetStreamManager
let car: NatsConnection
const heard: Array<string> = []
const refused: Array<string> = []
const bare = () => `nats://${new URL(servers.env.NATS_URL!).host}`
const asCar = async (vin: string, credentials?: { jwt: string; seed: string }) =>
  connect({
    ...connectOptionsOf(withCredentials(bare(), credentials ?? (await vehicleCredentials(vin, servers.env.NATS_VEHICLE_ISSUER!)))),
    inboxPrefix: `_INBOX.${vin}`,
    reconnect: false
  })

beforeAll(async () => {
  servers = await throwAwayStack({ fast: true, say: () => {} })
  platform = await connect(connectOptionsOf(servers.env.NATS_URL!))
  manager = await platform.jetstreamManager({ checkAPI: false })
  const Broker = Nats.layer({ url: servers.env.NATS_URL!, name: "caas" })
  await Effect.runPromise(
    Nats.use((nats) => nats.connectedSince(0)).pipe(Effect.andThen(healReports), Effect.provide(Broker), Effect.scoped)
  )
  platform.subscribe(">", { callback: (_, message) => void heard.push(`${message.subject}=${message.string()}`) })
  await platform.flush()
  car = await asCar(mine)
  void (async () => {
    for await (const { data } of car.status()) refused.push(String(data))
  })()
})
afterAll(async () => {
  await car?.close()
  await platform?.close()
  await servers?.stop()
})

/** What the platform heard of what the car said, and what the broker told it. */
const saying = async (subject: string) => {
  const word = crypto.randomUUID()
  car.publish(subject, word)
  await car.flush()
  await platform.flush()
  return heard.includes(`${subject}=${word}`)
}
/** Whether the car hears what the platform says there. */
const hearing = async (subject: string, said = subject) => {
  let came = false
  const listening = car.subscribe(subject, { callback: (no) => void (came ||= no === null) })
  await car.flush()
  platform.publish(said, "for somebody")
  await platform.flush()
  await car.flush()
  listening.unsubscribe()
  return came
}

describe("a car at the broker", () => {
  test.each(["", "demo7."])("reports and measures in its own name (space %p)", async (space) => {
    for (const word of ["report", "telemetry"])
      expect([word, await saying(`${space}vehicles.${mine}.${word}`)]).toEqual([word, true])
  })

  test.each(["", "demo7."])("hears its own documents, commands, notices and acknowledgements (space %p)", async (space) => {
    for (const word of words) expect([word, await hearing(`${space}vehicles.${mine}.${word}`)]).toEqual([word, true])
  })

  test.each([
    ["another car's report", `vehicles.${other}.report`],
    ["another car's report in a space", `demo7.vehicles.${other}.report`],
    ["its own document", `vehicles.${mine}.config`],
    ["its own acknowledgement", `vehicles.${mine}.acknowledged`],
    ["another car's command", `vehicles.${other}.command`],
    ["a webhook", "webhooks.payments"],
    ["an answer to somebody's question", "_INBOX.somebody.1"],
    ["a question to JetStream", "$JS.API.STREAM.LIST"]
  ])("does not say %s", async (_, subject) => {
    const before = refused.length
    expect(await saying(subject)).toBe(false)
    expect(refused.slice(before).join()).toContain("PERMISSIONS_VIOLATION")
  })

  test.each([
    ["another car's documents", `vehicles.${other}.config`, `vehicles.${other}.config`],
    ["every car's documents", "vehicles.*.config", `vehicles.${other}.config`],
    ["reports", "vehicles.*.report", `vehicles.${other}.report`],
    ["everything", ">", `vehicles.${mine}.config`],
    ["webhooks", "webhooks.>", "webhooks.payments"],
    ["other people's answers", "_INBOX.>", "_INBOX.somebody.1"]
  ])("does not hear %s", async (_, subject, said) => expect(await hearing(subject, said)).toBe(false))

  test.each([
    ["another car", `vehicles.${other}.config`],
    ["JetStream, to empty a stream", "$JS.API.STREAM.PURGE.VEHICLE_REPORTS"]
  ])("has the broker say nothing in its place to %s", async (_, reply) => {
    const stored = async () => (await manager.streams.info("VEHICLE_REPORTS")).state.last_seq
    const before = await stored()
    const answersBefore = heard.filter((one) => one.startsWith(`${reply}=`))
    car.publish(`vehicles.${mine}.report`, "a report with an address for its answer", { reply })
    await until("one report more in the stream", stored, (now) => now === before + 1)
    await stored() // Whatever the broker had to say, it has said by now.
    await platform.flush()
    expect(heard.filter((one) => one.startsWith(`${reply}=`))).toEqual(answersBefore)
  })

  test("may not say more than 64 KiB at once", async () => {
    const loud = await asCar(mine)
    const closed = loud.closed()
    expect(() => loud.publish(`vehicles.${mine}.report`, new Uint8Array(64 * 1024 + 1))).toThrow("MAX_PAYLOAD")
    await loud.close()
    await closed
  })

  test("is not let in by a key that nobody knows, nor without any", async () => {
    const { NATS_VEHICLE_ISSUER } = servers.env
    const account = NATS_VEHICLE_ISSUER!.split(":")[0]!
    const rogue = await userCredentials(mine, { account, signer: createAccount(), scoped: true })
    await expect(asCar(mine, rogue)).rejects.toThrow(/AUTHORIZATION_VIOLATION|Authorization/i)
    await expect(connect({ servers: new URL(bare()).host, reconnect: false })).rejects.toThrow(
      /AUTHORIZATION_VIOLATION|Authorization/i
    )
  })

  test("has a VIN for a name, and no wildcard", async () => {
    for (const name of ["*", ">", `${mine}.config`, mine.toLowerCase(), ""])
      await expect(vehicleCredentials(name, servers.env.NATS_VEHICLE_ISSUER!)).rejects.toThrow("Not a VIN")
  })
})
