/** Our calls under their signatures, and partners who answer nobody else. What arrives is judged by code that shares nothing with what signed it. */
import { afterEach, describe, expect, test } from "bun:test"
import { createPublicKey, verify } from "node:crypto"
import { Effect, Redacted } from "effect"
import { httpbis } from "http-message-signatures"
import { Factory, FactoryUnreachable } from "#integrations/factory/factory.ts"
import { FactoryHttp } from "#integrations/factory/http.ts"
import { type FactorySimulator, startFactorySimulator } from "#integrations/factory/simulator.ts"
import { signedHeaders } from "#integrations/http/call-signature.ts"
import { get, NoAnswer, type PartnerOptions, post } from "#integrations/http/outbound.ts"
import { PaymentsHttp } from "#integrations/payments/http.ts"
import { Payments, PaymentsUnreachable } from "#integrations/payments/payments.ts"
import { startPaymentsSimulator } from "#integrations/payments/simulator.ts"
import { SmsHttp } from "#integrations/sms/http.ts"
import { startSmsSimulator } from "#integrations/sms/simulator.ts"
import { Sms, SmsUnreachable } from "#integrations/sms/sms.ts"
import { type SecretKey, type SigningKey, signingKeyOf } from "#integrations/vehicle-trust/keys.ts"
import { WorkshopsHttp } from "#integrations/workshops/http.ts"
import { startWorkshopsSimulator } from "#integrations/workshops/simulator.ts"
import { Workshops, WorkshopsUnreachable } from "#integrations/workshops/workshops.ts"
import { OrderId, PaymentId, SubjectId, Vin } from "#machines/vocabulary.ts"
import { newKey } from "#src/devstack/vehicle-keys.ts"

const keyOf = (text = newKey()): SigningKey => signingKeyOf(text)!
const secret = (key: SigningKey): SecretKey => Redacted.make(key)
const [ours, next, foreign] = [keyOf(), keyOf(), keyOf()]
const order = { reference: OrderId.make("ord_7"), model: "Modelo Uno", country: "ES" } as const
const id = "order/ord_7#3.0"

const running: Array<{ readonly stop: () => Promise<void> }> = []
afterEach(async () => {
  for (const partner of running.splice(0)) await partner.stop()
})
const kept = <P extends { readonly stop: () => Promise<void> }>(partner: P): P => {
  running.push(partner)
  return partner
}
const factoryOf = async (...callers: ReadonlyArray<SigningKey>) =>
  kept(await startFactorySimulator({ manual: true, callers: callers.map(({ publicKey }) => publicKey) }))
const orders = (factory: FactorySimulator) => factory.ledger().filter(({ kind }) => kind === "order").length
const place = (options: PartnerOptions, key = id) =>
  Effect.runPromise(Factory.use((port) => port.placeOrder(order, key)).pipe(Effect.provide(FactoryHttp(options))))
const noTo = (options: PartnerOptions) =>
  Effect.runPromise(Factory.use((port) => port.placeOrder(order, id)).pipe(Effect.flip, Effect.provide(FactoryHttp(options))))

describe("a call to a partner", () => {
  test("is answered under our key, asking and telling alike, and again under a nonce of its own", async () => {
    const factory = await factoryOf(ours)
    const options = { url: factory.url, callsKey: secret(ours) }
    await place(options)
    await place(options)
    const found = Factory.use((port) => port.findOrder(order.reference)).pipe(Effect.provide(FactoryHttp(options)))
    expect(await Effect.runPromise(found)).toMatchObject({ reference: "ord_7" })
    expect(orders(factory)).toBe(1)
  })

  test("without a signature, or under a key the partner was not given, is nobody's: no answer, and nothing done", async () => {
    const factory = await factoryOf(ours)
    for (const callsKey of [undefined, secret(foreign)]) {
      const no = await noTo({ url: factory.url, ...(callsKey === undefined ? {} : { callsKey }) })
      expect(no).toBeInstanceOf(FactoryUnreachable)
      expect((no as FactoryUnreachable).cause).toMatchObject({ why: "unexpected", detail: "status 401" })
    }
    expect(factory.ledger()).toEqual([])
  })

  test("that is not believed is never a business no of any port, so it is tried again", async () => {
    const callers = [ours.publicKey]
    const [gateway, sms, workshops] = [
      kept(await startPaymentsSimulator({ manual: true, callers })),
      kept(await startSmsSimulator({ callers })),
      kept(await startWorkshopsSimulator({ callers }))
    ]
    const callsKey = secret(foreign)
    const charge = {
      reference: PaymentId.make("pay_7-reservation-1"),
      amount: { amountMinor: 100_000, currency: "EUR" } as const,
      method: "tok_ok",
      customer: SubjectId.make("sub_7")
    }
    const told = await Promise.all([
      Effect.runPromise(
        Payments.use((port) => port.charge(charge, id)).pipe(
          Effect.flip,
          Effect.provide(PaymentsHttp({ url: gateway.url, callsKey }))
        )
      ),
      Effect.runPromise(
        Sms.use((port) => port.send({ to: "+34600111222", text: "x" }, id)).pipe(
          Effect.flip,
          Effect.provide(SmsHttp({ url: sms.url, callsKey }))
        )
      ),
      Effect.runPromise(
        Workshops.use((port) => port.maintenance(Vin.make("VSSCAASZ1ZZ000001"))).pipe(
          Effect.flip,
          Effect.provide(WorkshopsHttp({ url: workshops.url, callsKey }))
        )
      )
    ])
    expect(told.map((no) => no.constructor)).toEqual([PaymentsUnreachable, SmsUnreachable, WorkshopsUnreachable])
    expect([gateway.ledger(), sms.ledger(), workshops.ledger()]).toEqual([[], [], []])
  })

  test("is answered under the old key and the new one while they change, and under the new one alone afterwards", async () => {
    const [during, after] = [await factoryOf(ours, next), await factoryOf(next)]
    for (const key of [ours, next]) await place({ url: during.url, callsKey: secret(key) })
    await place({ url: after.url, callsKey: secret(next) })
    expect(await noTo({ url: after.url, callsKey: secret(ours) })).toBeInstanceOf(FactoryUnreachable)
  })

  test("bears a signature that anybody checks with the published key: method, address, digest, Idempotency-Key", async () => {
    const calls: Array<{
      readonly method: string
      readonly url: string
      readonly headers: Record<string, string>
      readonly body: string
    }> = []
    using recorder = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request) => {
        const { method, url, headers } = request
        calls.push({ method, url, headers: Object.fromEntries(headers), body: await request.text() })
        return Response.json({})
      }
    })
    const partner = { url: `http://127.0.0.1:${recorder.port}`, callsKey: secret(ours) }
    await Effect.runPromise(post(partner, "/orders?a=b", id, { text: "ñ €" }))
    await Effect.runPromise(get(partner, "/orders/ord_7"))
    const keyLookup = async ({ keyid }: { keyid?: string }) => {
      expect(keyid).toBe(ours.kid)
      const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: ours.publicKey }, format: "jwk" })
      return {
        id: ours.kid,
        algs: ["ed25519"],
        verify: async (data: Buffer, signature: Buffer) => verify(null, data, key, signature)
      }
    }
    for (const [{ body, ...message }, fields] of [
      [calls[0]!, ["@method", "@target-uri", "content-digest", "idempotency-key"]],
      [calls[1]!, ["@method", "@target-uri"]]
    ] as const) {
      const requiredParams = ["created", "expires", "nonce", "keyid", "alg"]
      expect(await httpbis.verifyMessage({ keyLookup, requiredFields: [...fields], requiredParams }, message)).toBe(true)
      const digest = body === "" ? null : `sha-256=:${new Bun.CryptoHasher("sha256").update(body).digest("base64")}:`
      expect(message.headers["content-digest"] ?? null).toBe(digest)
    }
    expect(await Effect.runPromise(Effect.flip(get({ url: "http://127.0.0.1:9", callsKey: secret(ours) }, "/")))).toBeInstanceOf(
      NoAnswer
    )
  })
})

describe("a call on its way", () => {
  const body = JSON.stringify(order)
  const plain = { accept: "application/json", "content-type": "application/json", "idempotency-key": id }
  const call = (url: string, more: object = {}) => ({ method: "POST", url: `${url}/orders`, headers: plain, body, ...more })
  const send = async ({ method, url, headers, body }: ReturnType<typeof call>) => {
    const response = await fetch(url, { method, headers, ...(method === "GET" ? {} : { body }) })
    return [response.status, ((await response.json()) as { flaw?: string }).flaw ?? null]
  }
  const signedAt = async (
    url: string,
    secondsAgo: number,
    fields = ["@method", "@target-uri", "content-digest", "idempotency-key"]
  ) => {
    const { "content-digest": digest } = await signedHeaders(secret(ours), call(url))
    const created = new Date(Date.now() - secondsAgo * 1000)
    const { headers } = await httpbis.signMessage(
      {
        key: { id: ours.kid, alg: "ed25519", sign: async (base) => (await import("node:crypto")).sign(null, base, ours.key) },
        fields,
        params: ["created", "expires", "nonce", "keyid", "alg"],
        paramValues: { created, nonce: crypto.randomUUID() }
      },
      { method: "POST", url: `${url}/orders`, headers: { ...plain, "content-digest": digest! } }
    )
    return headers as typeof plain
  }

  test("is refused when anything of it is not what was signed, and nothing is done", async () => {
    const { url, ledger } = await factoryOf(ours)
    const headers = await signedHeaders(secret(ours), call(url))
    const last = headers.Signature!.replace(/^sig=:(.)/, (_, first) => `sig=:${first === "A" ? "B" : "A"}`)
    const other = body.replace("ord_7", "ord_8")
    const otherDigest = (await signedHeaders(secret(ours), call(url, { body: other })))["content-digest"]
    for (const [what, sent, flaw] of [
      ["another body", call(url, { headers, body: other }), "altered"],
      ["another body and its digest", call(url, { headers: { ...headers, "content-digest": otherDigest }, body: other }), "forged"],
      ["another key of the same call", call(url, { headers: { ...headers, "idempotency-key": "order/ord_7#3.1" } }), "forged"],
      ["another path", { ...call(url, { headers }), url: `${url}/orders/` }, "forged"],
      ["another question", { ...call(url, { headers }), url: `${url}/orders?x` }, "forged"],
      ["another method", call(url, { headers, method: "GET" }), "forged"],
      ["one character of the signature", call(url, { headers: { ...headers, Signature: last } }), "forged"],
      [
        "a later end",
        call(url, { headers: { ...headers, "Signature-Input": headers["Signature-Input"]!.replace(/expires=\d/, "expires=9") } }),
        "forged"
      ],
      ["no signature", call(url), "unsigned"],
      ["a signature cut short", call(url, { headers: { ...headers, Signature: headers.Signature!.slice(0, -4) } }), "unsigned"],
      [
        "another algorithm",
        call(url, { headers: { ...headers, "Signature-Input": headers["Signature-Input"]!.replace("ed25519", "hmac-sha256") } }),
        "unsigned"
      ]
    ] as const)
      expect([what, await send(sent as ReturnType<typeof call>)]).toEqual([what, [401, flaw]])
    expect(ledger()).toEqual([])
    expect((await send(call(url, { headers })))[0]).toBe(201)
  })

  test("is refused by another partner than the one it was for, whatever it says of the host", async () => {
    const [theirs, others] = [await factoryOf(ours), await factoryOf(ours)]
    const headers = { ...(await signedHeaders(secret(ours), call(theirs.url))), host: new URL(theirs.url).host }
    expect(await send(call(others.url, { headers }))).toEqual([401, "elsewhere"])
    expect(others.ledger()).toEqual([])
    expect((await send(call(theirs.url, { headers })))[0]).toBe(201)
  })

  test("is refused a second time, when it is old or early, and when its signature leaves out what matters", async () => {
    const factory = await factoryOf(ours)
    const { url } = factory
    const sent = async (headers: object) => send(call(url, { headers }))
    expect(await sent(await signedAt(url, 302))).toEqual([401, "stale"])
    expect(await sent(await signedAt(url, -302))).toEqual([401, "stale"])
    for (const left of ["@method", "@target-uri", "content-digest", "idempotency-key"]) {
      const fields = ["@method", "@target-uri", "content-digest", "idempotency-key"].filter((field) => field !== left)
      expect([left, await sent(await signedAt(url, 0, fields))]).toEqual([left, [401, "uncovered"]])
    }
    expect(factory.ledger()).toEqual([])
    const headers = await signedAt(url, 290)
    expect((await sent(headers))[0]).toBe(201)
    expect(await sent(headers)).toEqual([401, "replayed"])
    expect(orders(factory)).toBe(1)
  })
})
