/** The contract of the mail port: the live client and the simulated mail server sit the same exam. */
import { afterEach, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { Mail, MailRefused, MailUnreachable, messageIdOf } from "#integrations/mail/mail.ts"
import { type MailSimulator, type MailSimulatorOptions, startMailSimulator } from "#integrations/mail/simulator.ts"
import { MailSmtp } from "#integrations/mail/smtp.ts"

const to = "customer1@example.com"
const link = `http://127.0.0.1:8080/set-password#token=${"Ab0_-".repeat(20)}=.end`
const text = `Buenos días:\n\nSu pedido está confirmado. Señal: 1.000 €\n${link}\n\n.\nUn saludo — CaaS 🚗`
const mail = { to, subject: "Su pedido está confirmado: señal recibida y matriculación en marcha, con un asunto muy largo", text }
const id = "order/ord_7#2.1"

const running: Array<MailSimulator> = []
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop()
})
const open = async (options: MailSimulatorOptions = {}) => {
  const server = await startMailSimulator(options)
  running.push(server)
  return server
}
const via = <A, E>(url: string, effect: Effect.Effect<A, E, Mail>) =>
  Effect.runPromise(Effect.provide(effect, MailSmtp({ url, from: "CaaS <no-reply@caas.example>", timeoutMillis: 500 })))
const sending = (what: typeof mail, key: string) => Mail.use((port) => port.send(what, key))
const send = (server: MailSimulator, what = mail, key = id) => via(server.url, sending(what, key))
const noTo = (server: MailSimulator, what = mail, key = id) => via(server.url, Effect.flip(sending(what, key)))

describe("a mail", () => {
  test("arrives as it was written, accents, links and all", async () => {
    const server = await open()
    await send(server)
    expect(server.messages()).toMatchObject([{ to: [to], from: "no-reply@caas.example", subject: mail.subject, text }])
    expect(server.messages()[0]!.messageId).toBe(messageIdOf(id))
  })

  test("brings what is attached to it, byte by byte and by its name", async () => {
    const server = await open()
    const paper = (filename: string, size: number) =>
      ({ filename, mediaType: "application/pdf", bytes: Uint8Array.from({ length: size }, (_, n) => (n * 31) % 256) }) as const
    const papers = [
      paper("acuse.pdf", 70_000),
      paper("Condiciones de contratación del año – edición 12 «señal».pdf", 3),
      paper("empty.pdf", 0)
    ]
    await via(
      server.url,
      Mail.use((port) => port.send({ ...mail, attachments: papers }, id))
    )
    expect(server.messages()).toMatchObject([{ text, subject: mail.subject }])
    expect(server.messages()[0]!.attachments).toEqual(
      papers.map(({ filename, mediaType, bytes }) => ({ filename, mediaType, base64: Buffer.from(bytes).toString("base64") }))
    )
  })

  test("in plain ASCII arrives too", async () => {
    const server = await open()
    await send(server, { to, subject: "Order", text: "One line = one line." })
    expect(server.messages()).toMatchObject([{ subject: "Order", text: "One line = one line." }])
  })

  test("sent again for the same command can be told from a second mail", async () => {
    const server = await open()
    await send(server)
    await send(server)
    await send(server, mail, "order/ord_7#2.2")
    const ids = server.messages().map(({ messageId }) => messageId)
    expect(ids[0]).toBe(ids[1]!)
    expect(ids[2]).not.toBe(ids[0]!)
  })

  test("with a dropped reply was taken, is told as unreachable, and repeated under the same Message-ID", async () => {
    const server = await open()
    server.misbehave({ fault: "dropReply" })
    expect(await noTo(server)).toBeInstanceOf(MailUnreachable)
    await send(server)
    expect(server.messages().length).toBe(2)
    expect(new Set(server.messages().map(({ messageId }) => messageId)).size).toBe(1)
  })

  test("to an address the server does not know is refused for good", async () => {
    const server = await open()
    server.misbehave({ fault: "refuse" })
    expect(await noTo(server)).toEqual(new MailRefused({ reason: "550" }))
    expect(server.messages()).toEqual([])
  })

  test("the server wants later, or while it closes, is unreachable, and nobody's address is in the error", async () => {
    const server = await open()
    server.misbehave({ fault: "later" }, { fault: "down" })
    for (const response of [421, 451]) {
      const error = await noTo(server)
      expect(error).toMatchObject({ _tag: "MailUnreachable", cause: { response } })
      expect(Bun.inspect(error)).not.toContain(to)
    }
    expect(server.messages()).toEqual([])
    await send(server)
    expect(server.messages().length).toBe(1)
  })

  test("is unreachable where there is no server, or one that says nothing", async () => {
    const server = await open()
    await server.stop()
    expect(await noTo(server)).toMatchObject({ _tag: "MailUnreachable", cause: { response: null } })
    const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } })
    const error = await via(`smtp://127.0.0.1:${silent.port}`, Effect.flip(sending(mail, id)))
    silent.stop(true)
    expect(error).toBeInstanceOf(MailUnreachable)
  })

  test("cannot be given more headers or recipients by its subject or address", async () => {
    const server = await open()
    await send(server, { to, subject: "Order\r\nBcc: other@example.com", text: "x" })
    expect(server.messages()[0]!.to).toEqual([to])
    const crooked = { to: "a@example.com>\r\nRCPT TO:<b@example.com", subject: "x", text: "x" }
    expect(await noTo(server, crooked)).toMatchObject({ _tag: "MailRefused", reason: "501" })
    expect(server.messages().flatMap((one) => one.to)).not.toContain("b@example.com")
  })
})

describe("a simulated mail server", () => {
  test("keeps its mailbox over a restart, and shows it to other processes", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mail-"))
    try {
      const file = join(folder, "mail.jsonl")
      const before = await open({ file })
      await send(before)
      await before.stop()
      const after = await open({ file })
      expect(await (await fetch(`${after.controlUrl}/_simulator/ledger`)).json()).toMatchObject([{ to: [to], text }])
      const tell = (body: unknown) => fetch(`${after.controlUrl}/_simulator/faults`, { method: "POST", body: JSON.stringify(body) })
      expect((await tell([{ fault: "unheard of" }])).status).toBe(404)
      expect((await tell([{ fault: "refuse" }])).status).toBe(200)
      expect(await noTo(after)).toBeInstanceOf(MailRefused)
      await after.stop()
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
