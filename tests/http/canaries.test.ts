/** Forty things that nobody may find again, planted in a customer's whole way: not in a log line, a table, a message or an answer that says no (I61). */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Layer, Logger, References } from "effect"
import { connect, type NatsConnection } from "nats"
import { operatorsLine } from "#integrations/log/operators-log.ts"
import { connectOptionsOf } from "#integrations/nats/nats.ts"
import { documentOf } from "#src/commands/openapi.ts"
import { driver, heatedSeats, ownedCar } from "./garage.ts"
import { type Door, type HttpHouse, httpHouse, newKey, newSale } from "./house.ts"

const canaries: Record<string, string> = {
  name: "Canaria Quokkasdottir",
  mail: "canary.of.the.customer",
  phone: "+34699123457",
  nationalId: "48213579J",
  street: "Calle del Canario 7713",
  city: "Villacanaria",
  secondName: "Quokko Canarissimo",
  secondMail: "canary.of.the.second",
  secondPhone: "+34699765431",
  employeeName: "Canary Sellerson",
  employeeMail: "canary.of.the.employee",
  employeePhone: "+34699111223",
  password: "canary words of the customer 1",
  employeePassword: "canary words of the employee 2",
  wrongPassword: "canary words that are wrong 3",
  weakPassword: "canary4",
  strangersMail: "canary.of.nobody",
  strangersPassword: "canary words of nobody 5",
  card: "4111111111111111",
  spacedCard: "4000 0566 5566 5556",
  iban: "ES9121000418450200051332",
  code: "totp-canary-492817",
  deepCode: "otp-canary-771926",
  bearer: "canaryBearerTokenThatIsNone0001",
  cookie: "canaryCookieTokenThatIsNone0002",
  basic: "canary-basic-credentials",
  apiKey: "canary-x-api-key-0003",
  agent: "CanaryAgent/7.7",
  referrer: "https://canary-referrer.example/page",
  query: "canaryQueryWord9",
  fragmentedJson: "canary in half a body",
  pathWord: "canaryPathWord10",
  forged: "canary in a forged webhook",
  signature: "Y2FuYXJ5LWluLWEtc2lnbmF0dXJl",
  papers: "canary in an identity document",
  pushKey: "canary-push-auth-0004",
  oldLink: "canaryLinkTokenThatIsNone00000000000000005"
}
const whole = (name: string, mail: string, phone: string) => ({
  name: canaries[name]!,
  email: `${canaries[mail]}@planted.example`,
  phone: canaries[phone]!,
  nationalId: canaries.nationalId!,
  address: { street: canaries.street!, city: canaries.city!, postalCode: "28013", country: "ES" as const },
  language: "es" as const
})

let house: HttpHouse
let spy: NatsConnection
const lines: Array<string> = []
const messages: Array<string> = []
const refusals: Array<{ readonly where: string; readonly status: number; readonly text: string }> = []

beforeAll(async () => {
  const Listening = Logger.layer([Logger.make((options) => void lines.push(operatorsLine.log(options)))])
  house = await httpHouse({ logging: Layer.mergeAll(Listening, Layer.succeed(References.MinimumLogLevel, "All")) })
  spy = await connect(connectOptionsOf(process.env.NATS_URL!))
  spy.subscribe(">", {
    callback: (_, { subject, data, headers }) =>
      void messages.push(`${subject} ${headers ?? ""} ${Buffer.from(data).toString("latin1")}`)
  })
  await spy.flush()
})
afterAll(async () => {
  await spy?.close()
  await house?.close()
})

/** Like a browser with something to hide; what says no is kept. */
const ask: HttpHouse["call"] = async (door, method, path, call = {}) => {
  const headers = { "user-agent": canaries.agent!, referer: canaries.referrer!, ...call.headers }
  const reply = await house.call(door, method, path, { ...call, headers })
  if (reply.status >= 400)
    refusals.push({
      where: `${method} ${path}`,
      status: reply.status,
      text: JSON.stringify(reply.body) + JSON.stringify([...reply.headers])
    })
  return reply
}
const signsIn = async (door: Door, email: string, password: string) =>
  (await ask(door, "POST", "/api/auth/sessions", { body: { email, password } })).body
const comesIn = async (door: Door, email: string, password: string, name: string) => {
  const link = await house.linkFor(email)
  canaries[`${name}Link`] = link
  expect((await ask(door, "POST", "/api/auth/credentials", { body: { token: link, password } })).status).toBe(204)
  expect((await ask(door, "POST", "/api/auth/credentials", { body: { token: link, password } })).status).toBe(422) // Used.
  const { token, subjectId } = await signsIn(door, email, password)
  canaries[`${name}Token`] = token
  return { token, subjectId, email }
}

test("a sale, a car and a service, all the way, and everything that can be got wrong on it", async () => {
  const administrator = await house.signedIn("administrator", "Administrator 1")
  const employee = whole("employeeName", "employeeMail", "employeePhone")
  await ask("intranet", "POST", "/api/admin/employees", {
    token: administrator.token,
    key: newKey(),
    body: { person: employee, role: "seller", dealershipId: "dea_madrid" }
  })
  const seller = await comesIn("intranet", employee.email, canaries.employeePassword!, "employee")
  const customer = whole("name", "mail", "phone")
  const body = { ...newSale("x"), customer }
  const { body: sale } = await ask("intranet", "POST", "/api/dealer/sales", { token: seller.token, key: newKey(), body })
  await ask("intranet", "POST", "/api/dealer/sales", { token: seller.token, key: newKey(), body }) // One just like it.
  await ask("intranet", "POST", "/api/dealer/sales", {
    token: seller.token,
    key: newKey(),
    body: { ...body, model: "None such", customer: whole("secondName", "secondMail", "secondPhone") }
  })
  await ask("intranet", "POST", `/api/dealer/sales/${sale.orderId}/documents?kind=identityDocument`, {
    token: seller.token,
    headers: { "content-type": "application/pdf" },
    raw: Buffer.from(`%PDF-1.7 ${canaries.papers}`)
  })
  const me = await comesIn("public", customer.email, canaries.password!, "customer")
  await signsIn("public", customer.email, canaries.wrongPassword!)
  await signsIn("public", `${canaries.strangersMail}@planted.example`, canaries.strangersPassword!)
  await ask("public", "POST", "/api/auth/credentials", { body: { token: canaries.oldLink, password: canaries.strangersPassword } })
  await ask("public", "POST", "/api/auth/credentials", { body: { token: canaries.oldLink, password: canaries.weakPassword } })

  const pay = (paymentMethod: string) =>
    ask("public", "POST", `/api/me/orders/${sale.orderId}/payments`, {
      token: me.token,
      key: newKey(),
      body: { kind: "reservation", paymentMethod }
    })
  for (const word of ["card", "spacedCard", "iban"]) expect([word, (await pay(canaries[word]!)).status]).toEqual([word, 422])
  expect((await pay("tok_ok")).status).toBe(202)
  await house.quiet()
  const vin = await ownedCar(house, { ...me, subjectId: me.subjectId })
  canaries.vinInLogs = vin
  const car = driver(house, { ...me, subjectId: me.subjectId }, vin)
  const bought = await car.buy({
    ...heatedSeats,
    consents: [
      { text: "service-terms", edition: 1 },
      { text: "start-now", edition: 1 }
    ],
    paymentMethod: "tok_ok"
  })
  await car.sees(bought.body.activationId, "active")

  await ask("public", "GET", "/api/me", { token: canaries.bearer! })
  await ask("public", "GET", "/api/me", {
    headers: { cookie: `__Host-sid=${canaries.cookie}`, authorization: `Basic ${canaries.basic}`, "x-api-key": canaries.apiKey! }
  })
  await ask("public", "GET", `/api/me/orders?cursor=${canaries.query}&more=${canaries.query}`, { token: me.token })
  await ask("public", "GET", `/api/me/orders/${canaries.pathWord}`, { token: me.token })
  await ask("public", "GET", `/${canaries.pathWord}`, { token: me.token })
  await ask("public", "POST", "/webhooks/settlement", {
    raw: JSON.stringify({ reference: canaries.forged, paymentId: canaries.name }),
    headers: {
      "webhook-id": "msg_canary",
      "webhook-timestamp": String(Math.floor(Date.now() / 1000)),
      "webhook-signature": `v1,${canaries.signature}`
    }
  })
  await ask("public", "POST", "/api/auth/sessions", {
    raw: `{"email":"${canaries.mail}@planted.example","password":"${canaries.fragmentedJson}`,
    headers: { "content-type": "application/json" }
  })
  await house.quiet()
}, 60_000)

test("every route that takes a body, with something to hide in every field, and where there is no field", async () => {
  const tokens = { public: canaries.customerToken!, intranet: canaries.employeeToken! }
  for (const door of ["public", "intranet"] as const) {
    const { paths }: any = await documentOf(door)
    for (const [path, operations] of Object.entries<any>(paths))
      for (const [method, { requestBody }] of Object.entries<any>(operations)) {
        if (requestBody === undefined || path.startsWith("/webhooks/")) continue
        const concrete = path
          .replace("{vin}", "VSSZZZ6K999999999")
          .replace(/\{orderId\}/, "ord_1")
          .replace(/\{\w+\}/g, "x")
        const call = (body: unknown) => ask(door, method.toUpperCase(), concrete, { token: tokens[door], key: newKey(), body })
        const { code, deepCode, card, name, mail, password, pushKey } = canaries
        await call({ code, password, name, customer: { name, email: `${mail}@planted.example`, deep: { deepCode } } })
        await call(
          Object.fromEntries(
            [
              "email",
              "password",
              "token",
              "customer",
              "person",
              "paymentMethod",
              "term",
              "kind",
              "reason",
              "note",
              "endpoint",
              "keys",
              "consents"
            ].map((field) => [field, { [deepCode!]: [code, card, { name, pushKey }] }])
          )
        )
        await call([name, card, { code }])
        await call(name)
      }
  }
  expect(refusals.filter(({ status }) => status >= 500)).toEqual([])
  expect(refusals.length).toBeGreaterThan(100)
}, 60_000)

describe("none of it is found again", () => {
  /** As it is, and as somebody may have written it down: hex and base64 at any offset. */
  const formsOf = (secret: string) => {
    const bytes = Buffer.from(secret)
    const shifted = [0, 1, 2]
      .map((skip) => bytes.subarray(skip).toString("base64").slice(0, -4))
      .filter((form) => form.length >= 12)
    return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), bytes.toString("hex"), ...shifted].map(
      (form) => form.toLowerCase()
    )
  }
  const found = (text: string, except: ReadonlyArray<string> = []) => {
    const lower = text.toLowerCase()
    return Object.entries(canaries).flatMap(([name, secret]) =>
      except.includes(name) || !formsOf(secret).some((form) => lower.includes(form)) ? [] : [name]
    )
  }
  const keysOfTheHouse = [
    "PERSONS_KEY",
    "PIN_SECRET",
    "CONFIG_SIGNING_KEY",
    "INVOICE_SIGNING_KEY",
    "CALLS_SIGNING_KEY",
    "FACTORY_WEBHOOK_SECRET",
    "PAYMENTS_WEBHOOK_SECRET",
    "TRANSPORT_WEBHOOK_SECRET"
  ]

  test("nothing is looked for that is not there: forty canaries, each of them long enough to be one", () => {
    for (const name of keysOfTheHouse) canaries[name] = (house.env as Record<string, string>)[name]!.replace(/^whsec_/, "")
    expect(Object.keys(canaries).length).toBeGreaterThanOrEqual(40)
    for (const [name, secret] of Object.entries(canaries)) expect([name, secret.length >= 7]).toEqual([name, true])
    expect(found(`a line with ${Buffer.from(`xx${canaries.password}`).toString("base64")} in it`)).toEqual(["password"])
  })

  test("in a log line", () => {
    expect(lines.join("\n")).toContain("A webhook was not signed by its partner")
    for (const line of lines) expect([found(line), line]).toEqual([[], line])
  })

  test("nor is there a line for each forged webhook, which anybody may send without end", async () => {
    const said = () => lines.filter((line) => line.includes("A webhook was not signed by its partner")).length
    const before = said()
    const forged = () => house.call("public", "POST", "/webhooks/status", { raw: "{}" })
    const replies = await Promise.all(Array.from({ length: 100 }, forged))
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([401]))
    expect(said() - before).toBeLessThanOrEqual(2)
  })

  test("in an answer that says no", () => {
    const leaks = refusals.map(({ where, text }) => [where, found(text), text] as const).filter(([, names]) => names.length > 0)
    expect(leaks).toEqual([])
  })

  test("in a message of the broker", async () => {
    await spy.flush()
    expect(messages.length).toBeGreaterThan(3)
    for (const message of messages) expect([found(message, ["vinInLogs"]), message]).toEqual([[], message])
  })

  test("in any table, but for the bytes of the paper itself", async () => {
    const tables = await house.rows(
      "SELECT schemaname || '.' || tablename AS name FROM pg_tables WHERE schemaname IN ('public', 'archive') ORDER BY 1"
    )
    expect(tables.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "public.journal",
        "public.outbox",
        "public.timers",
        "public.actors",
        "public.webhooks",
        "public.security_log"
      ])
    )
    for (const { name } of tables) {
      const [{ text }] = (await house.rows(`SELECT coalesce(string_agg(row::text, E'\\n'), '') AS text FROM ${name} AS row`)) as [
        { text: string }
      ]
      const itself = name === "public.documents" ? ["papers"] : []
      expect([name, found(text, ["vinInLogs", ...itself])]).toEqual([name, []])
    }
  })
})
