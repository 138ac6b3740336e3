/** A customer is told once per fact and channel, by what reaches them and what they want; the sinks' own books are the judges. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test"
import { messageIdOf } from "#integrations/mail/mail.ts"
import { NoChannelLeft, type Notice, NotificationWaits, type Occasion } from "#integrations/notifications/notifications.ts"
import { zoneOfPerson } from "#integrations/notifications/plan.ts"
import { objectionTo, PreferenceRefused, usual } from "#integrations/notifications/preferences.ts"
import { calmFrom } from "#integrations/notifications/quiet-hours.ts"
import { FactMissing } from "#integrations/notifications/wording.ts"
import { ActivationId, SubjectId, Vin } from "#machines/vocabulary.ts"
import { until } from "#src/demo/patience.ts"
import { type NotificationHouse, notificationHouse } from "./notification-house.ts"

const vin = Vin.make("VSSZZZ6K000000001")
const activationId = ActivationId.make("act_1")
const noon = Date.parse("2026-06-10T10:00:00.000Z")
const hour = 60 * 60_000

let house: NotificationHouse
beforeAll(async () => {
  house = await notificationHouse()
})
afterAll(() => house?.close())
beforeEach(() => {
  house.time.now = noon
  house.world.mail.behave()
  house.world.push.behave()
  house.world.sms.behave()
})

const about = (subjectId: SubjectId, occasion: Occasion, more: Partial<Notice> = {}): Notice => ({
  subjectId,
  occasion,
  card: "act_1",
  facts: { option: "snow-mode", vin, activationId, at: "2026-06-10T09:59:00.000Z", month: "2026-05", amount: "900 EUR" },
  orderId: null,
  activationId,
  vin,
  attachments: [],
  ...more
})
const pdf = { filename: "acuse.pdf", mediaType: "application/pdf", bytes: Buffer.from("%PDF-1.7 …") } as const

describe("a notice", () => {
  test("goes by every channel that is wanted and reaches, each under a message id of its own", async () => {
    const { subjectId, email, devices } = await house.person({ devices: 2, phone: "+34600000001" })
    const id = house.newId()
    await house.send(about(subjectId, "ServiceActive"), id)
    expect(await house.states(id)).toEqual({ mail: "sent", push: "sent" })
    expect(house.mails(email)).toMatchObject([{ subject: "Your service is active", messageId: messageIdOf(id) }])
    for (const device of devices)
      expect(house.world.push.screen(device)).toMatchObject([{ title: "Your service is active", card: "act_1" }])
    expect(house.world.sms.phone("+34600000001")).toEqual([])
  })

  test("sent again is not sent again where it was taken", async () => {
    const { subjectId, email, devices } = await house.person({ devices: 1 })
    const id = house.newId()
    for (const _ of [1, 2, 3]) await house.send(about(subjectId, "ServiceActive"), id)
    expect(house.mails(email).length).toBe(1)
    expect(house.world.push.ledger().filter(({ subscription }) => devices[0]!.endpoint.endsWith(subscription)).length).toBe(1)
  })

  test("whose answer is lost comes again under the same id, so that the sink counts a repeat", async () => {
    const { subjectId, email } = await house.person()
    const id = house.newId()
    house.world.mail.misbehave({ fault: "dropReply" })
    expect(await house.refused(about(subjectId, "ServiceActive"), id)).toBeInstanceOf(NotificationWaits)
    expect(await house.states(id)).toEqual({ mail: "sending" })
    await house.send(about(subjectId, "ServiceActive"), id)
    const copies = house.mails(email).map(({ messageId }) => messageId)
    expect(copies).toEqual([messageIdOf(id), messageIdOf(id)])
    expect(await house.states(id)).toEqual({ mail: "sent" })
  })

  test("brings its paper with the mail", async () => {
    const { subjectId, email } = await house.person()
    await house.send(about(subjectId, "WithdrawalAcknowledged", { attachments: [pdf] }), house.newId())
    expect(house.mails(email)).toMatchObject([
      { attachments: [{ filename: "acuse.pdf", base64: Buffer.from(pdf.bytes).toString("base64") }] }
    ])
  })

  test("that lacks a fact its words name is not sent, and not kept", async () => {
    const { subjectId, email } = await house.person()
    const id = house.newId()
    const { month: _, ...facts } = about(subjectId, "MonthBilled").facts
    expect(await house.refused(about(subjectId, "MonthBilled", { facts }), id)).toEqual(
      new FactMissing({ reason: "MonthBilled does not bring its month" })
    )
    expect(house.mails(email)).toEqual([])
    expect(await house.sql`SELECT FROM notifications WHERE notice_id = ${id}`).toHaveLength(0)
  })

  test("for somebody who was erased is kept, and sent to nobody", async () => {
    const id = house.newId()
    await house.send(about(SubjectId.make("sub_nobody"), "ServiceActive"), id)
    expect(await house.states(id)).toEqual({})
    expect(await house.sql`SELECT FROM notifications WHERE notice_id = ${id}`).toHaveLength(1)
  })

  test("leaves no word of it and no address in any table", async () => {
    const { subjectId, email, devices } = await house.person({ devices: 1, phone: "+34600777888", name: "Zacarías Único" })
    await house.send(about(subjectId, "PurchaseConfirmed"), house.newId())
    const tables = ["notifications", "notification_deliveries", "notification_bounces", "push_subscriptions"]
    for (const table of tables) {
      const text = JSON.stringify(await house.sql.unsafe(`SELECT * FROM ${table}`))
      for (const secret of [email, "+34600777888", "Zacarías", devices[0]!.endpoint, "Your purchase"])
        expect(text).not.toContain(secret)
    }
  })
})

describe("all tries of one activation", () => {
  test("are one card on the screen, and no mail at all", async () => {
    const { subjectId, email, devices } = await house.person({ devices: 1 })
    for (let attempt = 1; attempt <= 4; attempt++) await house.send(about(subjectId, "ServiceRetrying"), house.newId())
    await house.send(about(subjectId, "ServiceActive"), house.newId())
    expect(house.world.push.screen(devices[0]!).map(({ title }) => title)).toEqual(["Your service is active"])
    expect(house.mails(email).map(({ subject }) => subject)).toEqual(["Your service is active"])
  })

  test("that waited for the morning are one message in the morning", async () => {
    const { subjectId, devices } = await house.person({ devices: 1 })
    await house.prefer(subjectId, { service: ["push"] })
    house.time.now = Date.parse("2026-06-10T21:00:00.000Z") // 23:00 in Madrid.
    const ids = [house.newId(), house.newId(), house.newId()]
    for (const [n, id] of ids.entries()) await house.send(about(subjectId, n < 2 ? "ServiceRetrying" : "ServiceActive"), id)
    expect(house.world.push.screen(devices[0]!)).toEqual([])
    expect(await Promise.all(ids.map(house.states))).toEqual([{ push: "replaced" }, { push: "replaced" }, { push: "waiting" }])
    house.time.now = Date.parse("2026-06-11T06:00:00.000Z")
    await until(
      "the morning's message",
      () => house.states(ids[2]!),
      ({ push }) => push === "sent"
    )
    const got = house.world.push.ledger().filter(({ subscription }) => devices[0]!.endpoint.endsWith(subscription))
    expect(got.map(({ title }) => title)).toEqual(["Your service is active"])
  })

  test("of somebody without a device are in the portal alone", async () => {
    const { subjectId, email } = await house.person()
    const id = house.newId()
    await house.send(about(subjectId, "ServiceRetrying"), id)
    expect(house.mails(email)).toEqual([])
    expect(await house.states(id)).toEqual({})
  })
})

describe("an address that does not take it", () => {
  test("gives way to push, push to SMS, and after the last one a person has to write", async () => {
    const phone = "+34600000010"
    const { subjectId, devices } = await house.person({ devices: 1, phone })
    await house.prefer(subjectId, { contract: ["mail"] })
    house.world.mail.misbehave({ fault: "refuse" })
    const first = house.newId()
    await house.send(about(subjectId, "MonthBilled"), first)
    expect(await house.states(first)).toEqual({ mail: "bounced", push: "sent" })

    house.world.push.unsubscribe(devices[0]!)
    const second = house.newId()
    await house.send(about(subjectId, "MonthBilled"), second) // The mailbox is known to bounce: it is not asked.
    expect(await house.states(second)).toEqual({ push: "bounced", sms: "sent" })
    expect(house.world.sms.phone(phone)).toMatchObject([{ text: expect.stringContaining("€9.00") }])

    house.world.sms.disconnect(phone)
    house.world.mail.misbehave({ fault: "refuse", times: 2 })
    const third = house.newId()
    expect(await house.refused(about(subjectId, "MonthBilled"), third)).toEqual(
      new NoChannelLeft({ reason: "mail: 550, sms: no_such_number" })
    )
    const fourth = house.newId()
    expect(await house.refused(about(subjectId, "MonthBilled"), fourth)).toEqual(new NoChannelLeft({ reason: "mail: 550" }))
    expect(await house.sql`SELECT channel FROM notification_bounces WHERE subject_id = ${subjectId} ORDER BY channel`).toEqual(
      [{ channel: "mail" }, { channel: "sms" }].map((row) => expect.objectContaining(row)) as any
    )
  })

  test("is tried anew when an operator asks again, and what the law wants by mail is tried by mail whatever came back before", async () => {
    const { subjectId, email } = await house.person()
    house.world.mail.misbehave({ fault: "refuse", times: 2 })
    const bill = house.newId()
    expect(await house.refused(about(subjectId, "MonthBilled"), bill)).toEqual(new NoChannelLeft({ reason: "mail: 550" }))
    expect(await house.refused(about(subjectId, "MonthBilled"), bill)).toEqual(new NoChannelLeft({ reason: "mail: 550" }))
    await house.send(about(subjectId, "WithdrawalAcknowledged", { attachments: [pdf] }), house.newId())
    expect(house.mails(email).map(({ subject }) => subject)).toEqual(["We received your withdrawal"])
    expect(await house.sql`SELECT FROM notification_bounces WHERE subject_id = ${subjectId}`).toHaveLength(0) // It was taken: the mark is gone.
    await house.send(about(subjectId, "MonthBilled"), bill)
    expect(house.mails(email).map(({ messageId }) => messageId)).toContain(messageIdOf(bill))
    expect(await house.states(bill)).toEqual({ mail: "sent" })
  })

  test("of a device is forgotten", async () => {
    const { subjectId, devices } = await house.person({ devices: 2 })
    house.world.push.unsubscribe(devices[0]!)
    await house.send(about(subjectId, "ServiceActive"), house.newId())
    expect(await house.sql`SELECT FROM push_subscriptions WHERE subject_id = ${subjectId}`).toHaveLength(1)
    expect(house.world.push.screen(devices[1]!).length).toBe(1)
  })
})

describe("a channel that is away", () => {
  test("holds up nobody who is told by another, and has it when it is back", async () => {
    const { subjectId, email, devices } = await house.person({ devices: 1 })
    house.world.push.misbehave({ fault: "broken" })
    const id = house.newId()
    await house.send(about(subjectId, "MonthBilled"), id)
    expect(await house.states(id)).toEqual({ mail: "sent", push: "waiting" })
    house.time.now += 60_000
    await until(
      "the push",
      () => house.states(id),
      ({ push }) => push === "sent"
    )
    expect(house.world.push.screen(devices[0]!)).toMatchObject([{ title: "Your invoice for 2026-05" }])
    expect(house.mails(email).length).toBe(1)
  })

  test("is waited for where the law wants it by mail, though a device has it already", async () => {
    const { subjectId, email, devices } = await house.person({ devices: 1 })
    house.world.mail.misbehave({ fault: "later" })
    const id = house.newId()
    const legal = about(subjectId, "WithdrawalAcknowledged", { attachments: [pdf] })
    expect(await house.refused(legal, id)).toMatchObject({ _tag: "NotificationWaits", channel: "mail" })
    await house.send(legal, id)
    expect(house.mails(email).length).toBe(1)
    expect(house.world.push.screen(devices[0]!).length).toBe(1)
    expect(await house.states(id)).toEqual({ mail: "sent", push: "sent" })
  })

  test("by morning is gone for good: then the next one has it", async () => {
    const { subjectId, email, devices } = await house.person({ devices: 1 })
    await house.prefer(subjectId, { service: ["push"] })
    house.time.now = Date.parse("2026-06-10T22:30:00.000Z")
    const id = house.newId()
    await house.send(about(subjectId, "ServiceEnded"), id)
    house.world.push.unsubscribe(devices[0]!)
    house.time.now = Date.parse("2026-06-11T06:00:00.000Z")
    await until(
      "the mail instead",
      () => house.states(id),
      ({ mail }) => mail === "sent"
    )
    expect(await house.states(id)).toEqual({ mail: "sent", push: "bounced" })
    expect(house.mails(email).map(({ subject }) => subject)).toEqual(["Your service has ended"])
  })
})

describe("the night", () => {
  const at = (local: string) => Date.parse(local)
  test.each([
    ["an ordinary evening", "2026-06-10T20:00:00.000Z", "2026-06-11T06:00:00.000Z"], // 22:00 → 08:00, summer time.
    ["after midnight", "2026-06-10T23:30:00.000Z", "2026-06-11T06:00:00.000Z"],
    ["the night in which an hour is skipped", "2026-03-28T22:30:00.000Z", "2026-03-29T06:00:00.000Z"], // 23:30 winter → 08:00 summer.
    ["early in that night", "2026-03-29T00:30:00.000Z", "2026-03-29T06:00:00.000Z"],
    ["the night in which an hour comes twice", "2026-10-24T21:30:00.000Z", "2026-10-25T07:00:00.000Z"], // 23:30 summer → 08:00 winter.
    ["its second 02:30", "2026-10-25T01:30:00.000Z", "2026-10-25T07:00:00.000Z"],
    ["the last night of the year", "2026-12-31T22:00:00.000Z", "2027-01-01T07:00:00.000Z"]
  ])("ends at eight by the clock on the wall: %s", (_, now, morning) =>
    expect(new Date(calmFrom(at(now), "Europe/Madrid")).toISOString()).toBe(morning)
  )

  test.each(["2026-06-10T06:00:00.000Z", "2026-06-10T19:59:59.999Z", "2026-10-25T07:00:00.000Z"])("is not at %s", (now) =>
    expect(calmFrom(at(now), "Europe/Madrid")).toBe(at(now))
  )

  test("is another one in another country", () => {
    const now = at("2026-06-10T20:30:00.000Z")
    expect(calmFrom(now, "Europe/Lisbon")).toBe(now) // 21:30 there.
    expect(calmFrom(now, "Europe/Madrid") - now).toBe(9.5 * hour)
  })

  test("is the islands' own on the islands", () => {
    const address = { street: "Calle 1", city: "x" }
    const canary = zoneOfPerson({ address: { ...address, postalCode: "35001", country: "ES" } })
    const azores = zoneOfPerson({ address: { ...address, postalCode: "9500-150", country: "PT" } })
    const mainland = zoneOfPerson({ address: { ...address, postalCode: "28001", country: "ES" } })
    const early = at("2026-06-11T06:30:00.000Z") // 08:30 in Madrid, 07:30 in Las Palmas, 06:30 in Ponta Delgada.
    expect([mainland, canary, azores].map((zone) => calmFrom(early, zone) - early)).toEqual([0, hour / 2, 1.5 * hour])
  })

  test("lets what has weight pass, and every mail", async () => {
    house.time.now = at("2026-06-10T22:00:00.000Z")
    const { subjectId, email, devices } = await house.person({ devices: 1 })
    await house.send(about(subjectId, "TheftReported", { card: vin }), house.newId())
    const service = house.newId()
    await house.send(about(subjectId, "ServiceEnded"), service)
    expect(house.world.push.screen(devices[0]!).map(({ title }) => title)).toEqual(["Your car is reported stolen"])
    expect(house.mails(email).length).toBe(2)
    expect(await house.states(service)).toEqual({ mail: "sent", push: "waiting" })
  })
})

describe("what a customer wants", () => {
  test("is what is done: nothing of no weight, SMS where it is asked for", async () => {
    const phone = "+34600000020"
    const { subjectId, email } = await house.person({ phone })
    await house.prefer(subjectId, { service: [], contract: ["sms"] })
    const service = house.newId()
    await house.send(about(subjectId, "ServiceActive"), service)
    expect(await house.states(service)).toEqual({})
    await house.send(about(subjectId, "MonthBilled"), house.newId())
    expect(house.mails(email)).toEqual([])
    expect(house.world.sms.phone(phone).length).toBe(1)
    await house.send(about(subjectId, "PurchaseConfirmed"), house.newId()) // The law does not ask.
    expect(house.mails(email).length).toBe(1)
  })

  test("is not less than the law and the contract want", async () => {
    const { subjectId } = await house.person()
    const refusal = (some: object) => objectionTo({ ...usual, ...some })
    expect(refusal({ legal: ["push"] })).toEqual(new PreferenceRefused({ class: "legal", reason: "LegalIsByMail" }))
    expect(refusal({ contract: [] })).toEqual(new PreferenceRefused({ class: "contract", reason: "OneChannelAtLeast" }))
    expect(refusal({ contract: ["display"] })).toEqual(new PreferenceRefused({ class: "contract", reason: "NotOnDisplay" }))
    expect(refusal({ progress: ["mail"] })).toEqual(new PreferenceRefused({ class: "progress", reason: "OneLiveCard" }))
    expect(refusal({ service: [], progress: [] })).toBeNull()
    await expect(house.prefer(subjectId, { legal: [] })).rejects.toMatchObject({ reason: "LegalIsByMail" })
    await expect(
      house.sql`INSERT INTO notification_preferences VALUES (${subjectId}, 'legal', '{push}', now())`.execute()
    ).rejects.toThrow()
  })
})

describe("the car's display", () => {
  test("shows the owner what is no money, while the car stands; nobody else's, and nothing else", async () => {
    const { subjectId } = await house.person()
    house.world.fleet.buildFor("nats")
    house.world.fleet.build(vin, "Modelo Uno", "ES")
    const turn = [1, `vehicle/${vin}`, 1] as const
    await house.sql`INSERT INTO vehicle_keys (partition, path, version, position, at, vin, public_key, link)
      VALUES (${turn[0]}, ${turn[1]}, 1, 0, now(), ${vin}, 'key', 'nats')`
    const before = house.newId()
    await house.send(about(subjectId, "ServiceRetrying"), before)
    expect(await house.states(before)).toEqual({}) // Not yet the owner.
    await house.sql`INSERT INTO vehicle_owners (partition, path, version, position, at, vin, subject_id)
      VALUES (${turn[0]}, ${turn[1]}, 2, 0, now(), ${vin}, ${subjectId})`

    const car = house.world.fleet.car(vin)
    const shown = () =>
      house.world.fleet
        .ledger()
        .flatMap((entry: any) => (entry.vin === vin && entry.kind === "display" ? [[entry.notice, entry.reason]] : []))
    car.drive()
    const id = house.newId()
    await house.send(about(subjectId, "ServiceRetrying"), id)
    expect(await house.states(id)).toEqual({ display: "sent" })
    await until(
      "it waits",
      async () => shown(),
      (seen) => seen.length === 1
    )
    car.park()
    expect(shown()).toEqual([
      ["ServiceRetrying", "WaitsForParking"],
      ["ServiceRetrying", null]
    ])
    const bill = house.newId()
    await house.send(about(subjectId, "MonthBilled"), bill)
    expect(await house.states(bill)).toEqual({ mail: "sent" })
  })
})
