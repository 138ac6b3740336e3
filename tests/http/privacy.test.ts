/** A customer's own data over HTTP: all of them to take along, and gone for good after a look at what stays and why. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { SQL } from "bun"
import { Effect } from "effect"
import { unzipSync } from "fflate"
import { Documents } from "#integrations/documents/documents.ts"
import { type Exported, holdings, impersonal } from "#integrations/erasure/holdings.ts"
import { PaperVault } from "#integrations/paper-vault/paper-vault.ts"
import { Persons } from "#integrations/persons/persons.ts"
import { PlatformTime } from "#integrations/postgres/time.ts"
import { PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import { destroyWhatIsOver } from "#integrations/retention/clock.ts"
import { OrderId, type Vin } from "#machines/vocabulary.ts"
import { openBundle } from "#src/bundle/open-bundle.ts"
import { Authenticator } from "./authenticator.ts"
import { ownedCar } from "./garage.ts"
import { type HttpHouse, httpHouse, newKey, newSale, ownOrigin, password, person, points, type Signed } from "./house.ts"
import { identity } from "./identity.ts"

let house: HttpHouse
let operator: Signed
let seller: Signed
let people = 0

beforeAll(async () => {
  house = await httpHouse({ movable: true, signInsPerMinute: 1000 })
  operator = await house.signedIn("operator", "Operator 1")
  seller = await house.signedIn("manager", "Manager 1", "dea_madrid")
})
afterAll(() => house.close())

const my = (who: Signed, method: string, path: string, body?: object) =>
  house.call("public", method, `/api/me/privacy${path}`, { token: who.token, ...(body === undefined ? {} : { body }) })
const theirs = (who: Signed, method: string, body?: object) =>
  house.call("intranet", method, `/api/operator/customers/${who.subjectId}/erasure`, {
    token: operator.token,
    ...(body === undefined ? {} : { body })
  })
const reasonsOf = ({ body }: { readonly body: any }) => body.blockers.map(({ reason }: any) => reason)

/** Somebody who had a car, got papers for it, and sold it again. */
const formerOwner = async () => {
  const who = await house.signedIn("customer", `Canary ${++people}`)
  const orderId = OrderId.make(`ord_papers-${people}`)
  const vin = await ownedCar(house, who)
  const { documentId } = await house.runtime.runPromise(
    Effect.gen(function* () {
      const file = yield* PurchaseFile
      const documents = yield* Documents
      const about = { customerId: who.subjectId, orderId, country: "ES", kind: "identityDocument", by: seller.subjectId } as const
      yield* documents.keep({ ...about, bytes: Buffer.from("%PDF-1.7 Canary's identity") })
      return yield* file.keep(
        {
          ...{ subjectId: who.subjectId, country: "ES", kind: "invoice", title: "Factura", mediaType: "application/pdf" },
          ...{ bytes: Buffer.from("%PDF-1.7 an invoice for Canary"), orderId, activationId: null, vin }
        },
        `${orderId}#1.0`
      )
    })
  )
  await house.call("public", "PUT", "/api/me/notification-preferences", {
    token: who.token,
    body: { legal: ["mail"], contract: ["mail"], service: ["mail"], progress: [] }
  })
  return { who, vin, orderId, documentId }
}
const sold = async (who: Signed, vin: Vin) => {
  const { status, body } = await house.call("intranet", "POST", `/api/dealer/vehicles/${vin}/ownership`, {
    token: seller.token,
    key: newKey(),
    body: {
      sellerEmail: who.email,
      buyer: person(`Buyer ${people}`),
      consents: [{ text: "ownership-transfer", edition: 1 }]
    }
  })
  expect([status < 300, body]).toEqual([true, body])
  await house.quiet()
}
const exportOf = async (who: Signed) => {
  const request = new Request("http://localhost/api/me/privacy/export", { headers: { authorization: `Bearer ${who.token}` } })
  const response = await house.apps.public.handle(request)
  return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) }
}

describe("the list of where people's data lie", () => {
  test("has every table of the database, once: exported or argued away, erased or argued to stay", async () => {
    const tables = await house.rows(`
      SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname !~ '^cluster_' ORDER BY 1`)
    const listed = [...holdings.map(({ table }) => table), ...Object.keys(impersonal)]
    expect(listed.toSorted()).toEqual(tables.map(({ name }) => name))
  })

  test("calls no table impersonal that has a person's id or the index of an address", async () => {
    const personal = await house.rows(`
      SELECT DISTINCT table_name AS name FROM information_schema.columns
      WHERE table_schema = 'public' AND column_name ~ '(subject_id|customer_id|email_index|address_index|^by|^created_by)$'`)
    expect(personal.length).toBeGreaterThan(20)
    expect(personal.filter(({ name }) => Object.hasOwn(impersonal, name))).toEqual([])
  })

  test("exports no key, no hash of a password and no token", async () => {
    const secrets = await house.rows(`
      SELECT table_name AS name, column_name AS secret FROM information_schema.columns
      WHERE table_schema = 'public' AND column_name ~ '(password|token|secret|key$|cipher|nonce|sealed|bytes)'`)
    expect(secrets.length).toBeGreaterThan(10)
    for (const { table, exported } of holdings)
      for (const { secret } of secrets.filter(({ name }) => typeof exported !== "string" && name === table))
        expect([table, secret, (exported as Exported).without]).toEqual([table, secret, expect.arrayContaining([secret])])
  })
})

describe("an export", () => {
  test("has a file for each table, sealed as a whole, with what is one's own and nothing of anybody else's", async () => {
    const { who, vin } = await formerOwner()
    const other = await house.signedIn("customer", "Somebody Else")
    await house.quiet()
    const { status, bytes } = await exportOf(who)
    expect(status).toBe(200)
    expect(await openBundle(bytes, house.invoiceKey)).toMatchObject({ customerId: who.subjectId })
    const files = unzipSync(bytes)
    const read = (name: string) => JSON.parse(Buffer.from(files[name]!).toString())
    expect(read("person.json")).toEqual(person(`Canary ${people}`))
    for (const { exported } of holdings)
      if (typeof exported !== "string")
        expect([exported.file, Array.isArray(read(`data/${exported.file}.json`))]).toEqual([exported.file, true])
    expect(read("data/accounts.json")).toEqual([expect.objectContaining({ role: "customer", subject_id: who.subjectId })])
    expect(read("data/papers.json")).toEqual([expect.objectContaining({ kind: "invoice", title: "Factura" })])
    expect(read("data/ownership.json")).toEqual([expect.objectContaining({ vin })])
    expect(read("data/orders-cars-services.json").map(({ path }: any) => path)).toContain(`vehicle/${vin}`)
    expect(read("data/sessions.json").length).toBe(1)
    const all = Object.values(files)
      .map((file) => Buffer.from(file).toString())
      .join("\n")
    expect(all).not.toContain(other.subjectId)
    expect(all).not.toContain("argon2")
    expect(all).not.toContain("token_hash")
  })

  test("is written page by page, and is whole where there are more rows than a page has", async () => {
    const who = await house.signedIn("customer", "Long History")
    await house.rows(`
      INSERT INTO security_log (at, kind, subject_id, detail)
      SELECT now(), 'SignedIn', '${who.subjectId}', 'visit ' || n FROM generate_series(1, 450) n`)
    const files = unzipSync((await exportOf(who)).bytes)
    const lines = JSON.parse(Buffer.from(files["data/security-log.json"]!).toString())
    const visits = lines.map(({ detail }: any) => detail).filter((detail: string) => detail.startsWith("visit"))
    expect([visits.length, new Set(visits).size]).toEqual([450, 450])
  })

  test("of whoever bought a used car has nothing of who had it before, and of an employee nothing of the customers they served", async () => {
    const { who, vin } = await formerOwner()
    await sold(who, vin)
    const buyer = await house.signedIn("customer", `Buyer ${people}`)
    await house.signedIn("customer", "Manager 1") // One password for both doors.
    const { token } = (await house.call("public", "POST", "/api/auth/sessions", { body: { email: seller.email, password } })).body
    const holding = async (one: Signed, foreign: ReadonlyArray<string>) =>
      Object.entries(unzipSync((await exportOf(one)).bytes)).flatMap(([name, file]) =>
        foreign.some((id) => Buffer.from(file).toString().includes(id)) ? [name] : []
      )
    expect(await holding(buyer, [who.subjectId, seller.subjectId])).toEqual([])
    expect(await holding({ ...seller, token }, [who.subjectId, buyer.subjectId, vin])).toEqual([])
  })

  test("is made twice a day", async () => {
    const who = await house.signedIn("customer", "Curious")
    const visits: Array<number> = []
    for (let n = 0; n <= points(2); n++) visits.push((await exportOf(who)).status)
    expect(visits).toEqual([...Array(points(2)).fill(200), 429])
  })
})

describe("an erasure", () => {
  test("waits for what is open, says what to do about it, and takes nothing", async () => {
    const { who, vin } = await formerOwner()
    await house.quiet()
    const { status, body } = await my(who, "GET", "/erasure?language=es")
    expect(status).toBe(200)
    expect(body.blockers).toEqual([
      expect.objectContaining({ reason: "OwnedVehicle", count: 1, whatToDo: expect.stringContaining("concesionario") })
    ])
    expect(await my(who, "POST", "/erasure", { hash: body.hash })).toMatchObject({
      status: 409,
      body: { reason: "ErasureBlocked" }
    })
    expect((await house.call("public", "GET", "/api/me", { token: who.token })).status).toBe(200)
    await sold(who, vin)
    expect(reasonsOf(await my(who, "GET", "/erasure"))).toEqual([])
  })

  test("waits for an order, a debt, a dispute and a case", async () => {
    const who = await house.signedIn("customer", "Customer 30")
    await house.call("intranet", "POST", "/api/dealer/sales", { token: seller.token, key: newKey(), body: newSale("Customer 30") })
    await house.quiet()
    await house.rows(`
      INSERT INTO open_balances (holder, account, subject_id, of_vehicle, currency, minor, since, because)
      SELECT 'pay_x', account, '${who.subjectId}', false, 'EUR', 100, now(), 'x' FROM unnest(ARRAY['receivables', 'disputes', 'gateway']) account`)
    await house.rows(`
      INSERT INTO risk_cases (partition, path, version, position, at, case_id, kind, order_id, subject_id, payment_id, amount_minor, currency, reason)
      VALUES (1, 'order/ord_x', 1, 0, now(), 'risk_erase', 'unpaid', 'ord_x', '${who.subjectId}', 'pay_x', 100, 'EUR', 'x')`)
    expect(reasonsOf(await my(who, "GET", "/erasure"))).toEqual([
      "OpenOrder",
      "OpenDebt",
      "OpenDispute",
      "UnsettledPayment",
      "OpenCase"
    ])
  })

  test("is agreed to as it was seen: after another paper came, it has to be looked at again", async () => {
    const who = await house.signedIn("customer", `Canary ${++people}`)
    const { body } = await my(who, "GET", "/erasure")
    await house.runtime.runPromise(
      PurchaseFile.use((file) =>
        file.keep(
          {
            ...{ subjectId: who.subjectId, country: "DE", kind: "invoice", title: "Rechnung", mediaType: "application/pdf" },
            ...{ bytes: Buffer.from("%PDF"), orderId: null, activationId: null, vin: null }
          },
          `late-${people}#1.0`
        )
      )
    )
    expect(await my(who, "POST", "/erasure", { hash: body.hash })).toMatchObject({
      status: 409,
      body: { reason: "PreviewOutdated" }
    })
    expect(await my(who, "POST", "/erasure", { hash: "0".repeat(64) })).toMatchObject({ status: 409 })
    expect(await my(who, "POST", "/erasure", { hash: "x" })).toMatchObject({ status: 422 })
    const again = (await my(who, "GET", "/erasure")).body
    expect(again.fates.find(({ what }: any) => what === "tax")).toMatchObject({
      outcome: "kept",
      law: expect.stringContaining("AO § 147")
    })
    expect((await my(who, "POST", "/erasure", { hash: again.hash })).status).toBe(200)
  })

  test("destroys the person and what nothing obliges us to keep, keeps invoices under their own key, and ends every session", async () => {
    const { who, vin, orderId, documentId } = await formerOwner()
    await sold(who, vin)
    const [backup] = await house.rows(`SELECT key_id, sealed, sha256 FROM documents WHERE order_id = '${orderId}'`)
    const [copy] = await house.rows(`SELECT * FROM persons WHERE subject_id = '${who.subjectId}'`)
    const { body: preview } = await my(who, "GET", "/erasure")
    expect(preview.fates.filter(({ outcome }: any) => outcome === "erased").map(({ what }: any) => what)).toEqual([
      "identity",
      "access",
      "contact",
      "registration"
    ])
    const tax = preview.fates.find(({ what }: any) => what === "tax")
    const year = new Date().getUTCFullYear()
    expect(tax).toMatchObject({
      outcome: "kept",
      until: `${year + 7}-01-01T00:00:00.000Z`,
      law: expect.stringContaining("Código de Comercio")
    })

    const done = await my(who, "POST", "/erasure", { hash: preview.hash })
    expect(done).toMatchObject({ status: 200, body: { kept: expect.arrayContaining([expect.objectContaining({ what: "tax" })]) } })
    expect((await house.call("public", "GET", "/api/me", { token: who.token })).status).toBe(401)
    expect((await theirs(who, "GET")).status).toBe(404) // Erased: there is nobody to erase.

    const read = await house.runtime.runPromise(Effect.flip(Persons.use((persons) => persons.read(who.subjectId))))
    expect(read._tag).toBe("PersonUnknown")
    const opened = await house.runtime.runPromise(
      PaperVault.use((vault) => vault.open({ keyId: backup.key_id, sealed: backup.sealed }, backup.sha256))
    )
    expect(opened).toBeNull() // What lies in an old copy of the table is noise: the key is gone.
    expect((await house.rows(`SELECT wrapped_key FROM persons WHERE subject_id = '${who.subjectId}'`))[0].wrapped_key).toBeNull()
    expect(copy.wrapped_key).not.toBeNull()
    for (const { table, onErasure } of holdings)
      if (onErasure === "deleted")
        expect([table, await house.rows(`SELECT 1 FROM ${table} WHERE subject_id = '${who.subjectId}'`)]).toEqual([table, []])
    expect(
      await house.rows(`SELECT password_hash, disabled_at IS NULL AS live FROM accounts WHERE subject_id = '${who.subjectId}'`)
    ).toEqual([{ password_hash: null, live: false }])
    const invoice = await house.runtime.runPromise(PurchaseFile.use((file) => file.bytesOf(documentId)))
    expect(Buffer.from(invoice!).toString()).toContain("an invoice for Canary")

    const fresh = await house.signedIn("customer", `Canary ${people}`) // The same address is somebody new.
    expect(fresh.subjectId).not.toBe(who.subjectId)
  })

  test("by letter is an operator's, with a reason, and is on record without a name", async () => {
    const { who, vin } = await formerOwner()
    await sold(who, vin)
    const { body } = await theirs(who, "GET")
    expect((await theirs(who, "POST", { hash: body.hash })).status).toBe(422)
    expect((await theirs(who, "POST", { hash: body.hash, reason: "asked by ana@example.com" })).status).toBe(422)
    expect((await theirs(who, "POST", { hash: body.hash, reason: "letter of 2 March, identity checked" })).status).toBe(200)
    const [row] = await house.rows(`SELECT by_subject_id, reason, preview_hash FROM erasures WHERE subject_id = '${who.subjectId}'`)
    expect(row).toEqual({
      by_subject_id: operator.subjectId,
      reason: "letter of 2 March, identity checked",
      preview_hash: body.hash
    })
    const [{ erasures }] = (await house.rows("SELECT json_agg(e)::text AS erasures FROM erasures e")) as [{ erasures: string }]
    expect(erasures).not.toContain("Canary")
  })

  test("asked for ten times at once is done once", async () => {
    const who = await house.signedIn("customer", `Canary ${++people}`)
    const { body } = await my(who, "GET", "/erasure")
    const answers = await Promise.all(Array.from({ length: 10 }, () => my(who, "POST", "/erasure", { hash: body.hash })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(await house.rows(`SELECT 1 FROM erasures WHERE subject_id = '${who.subjectId}'`)).toHaveLength(1)
  })

  test("is done for nobody who signed in ten minutes ago, be it oneself or an operator: they show once more who they are", async () => {
    const who = await house.signedIn("customer", `Canary ${++people}`)
    const { body } = await my(who, "GET", "/erasure")
    await house.runtime.runPromise(PlatformTime.use((time) => time.advance(10 * 60_000)))
    const stale = [
      await my(who, "POST", "/erasure", { hash: body.hash }),
      await theirs(who, "POST", { hash: body.hash, reason: "letter of 2 March, identity checked" })
    ]
    for (const { status, body } of stale) expect([status, body.reason]).toEqual([401, "StepUpNeeded"])
    expect(await house.rows(`SELECT 1 FROM erasures WHERE subject_id = '${who.subjectId}'`)).toEqual([])
    const shown = await house.call("public", "POST", "/api/auth/sessions/current/step-up", { token: who.token, body: { password } })
    expect((await my({ ...who, token: shown.body.token }, "POST", "/erasure", { hash: body.hash })).status).toBe(200)
    operator = await house.signedIn("operator", "Operator 1")
    seller = await house.signedIn("manager", "Manager 1", "dea_madrid")
  })

  test("leaves no session behind of somebody who signs in at that very moment", async () => {
    const who = await house.signedIn("customer", `Canary ${++people}`)
    const { body } = await my(who, "GET", "/erasure")
    const other = new SQL(house.env.DATABASE_URL, { max: 1 })
    const waiting = async (many: number) => {
      const [{ blocked }] = await house.rows(
        `SELECT count(*)::int AS blocked FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
      )
      return blocked >= many
    }
    const until = async (many: number) => {
      for (const end = performance.now() + 5_000; !(await waiting(many)) && performance.now() < end; ) await Bun.sleep(10)
    }
    await other.unsafe("BEGIN")
    await other.unsafe(`SELECT 1 FROM accounts WHERE subject_id = '${who.subjectId}' FOR UPDATE`)
    const signedIn = house.call("public", "POST", "/api/auth/sessions", { body: { email: who.email, password } })
    await until(1)
    const erased = my(who, "POST", "/erasure", { hash: body.hash })
    await until(2)
    await other.unsafe("COMMIT")
    await other.close()
    expect([(await signedIn).status < 500, (await erased).status]).toEqual([true, 200])
    expect(await house.rows(`SELECT 1 FROM sessions WHERE subject_id = '${who.subjectId}'`)).toEqual([])
  })

  test("closes every way in: a phone, a passkey, an app, a code on paper, a link and an address that waits to be confirmed", async () => {
    const they = identity(house)
    const who = await they.withTotp("customer", `Canary ${++people}`)
    const post = (path: string, body: object) => house.call("public", "POST", `/api/auth${path}`, { body })
    const page = { origin: ownOrigin, rpId: "localhost" }
    const device = new Authenticator()
    const { challenge } = (await they.factor("public", who.token, "POST", "/passkeys/options", {})).body
    await they.factor("public", who.token, "POST", "/passkeys", { name: "Laptop", passkey: device.creates({ ...page, challenge }) })
    const deviceKey = "k".repeat(43)
    const [recoveryCode, other] = who.recoveryCodes
    const app = { email: who.email, password, recoveryCode, deviceName: "Canary's phone", deviceKey }
    const { accessToken, refreshToken } = (await post("/tokens", app)).body
    const email = `canary.${people}@new.example`
    expect((await house.call("public", "PUT", "/api/me/email", { token: who.token, body: { email } })).status).toBe(202)
    const waiting = await house.linkFor(email)
    await post("/recovery", { email: who.email })
    const link = await house.linkFor(who.email)

    const { body } = await my(who, "GET", "/erasure")
    expect((await my(who, "POST", "/erasure", { hash: body.hash })).status).toBe(200)
    const shown = device.shows({ ...page, challenge: (await post("/passkeys/challenges", {})).body.challenge })
    const doors = [
      await house.call("public", "GET", "/api/me", { token: accessToken }),
      await post("/tokens/refresh", { refreshToken, deviceKey }),
      await post("/passkeys/sessions", { passkey: shown }),
      await post("/sessions", { email: who.email, password, recoveryCode: other }),
      await post("/credentials", { token: link, password: "another car that learns" }),
      await post("/email-confirmations", { token: waiting })
    ]
    expect(doors.map(({ status }) => status)).toEqual([401, 401, 401, 401, 422, 422])
    const [{ left }] = (await house.rows("SELECT count(*)::int AS left FROM refresh_tokens")) as [{ left: number }]
    expect(left).toBe(0)
  })

  test("is not undone by a dealer who has a link mailed: nobody is there, and no account is opened for them", async () => {
    const who = await house.signedIn("customer", "Customer 60")
    const sale = await house.call("intranet", "POST", "/api/dealer/sales", {
      token: seller.token,
      key: newKey(),
      body: newSale("Customer 60")
    })
    await house.quiet()
    const { orderId } = sale.body
    await house.call("public", "POST", `/api/me/orders/${orderId}/cancellation`, { token: who.token, key: newKey(), body: {} })
    await house.quiet()
    await house.rows(`UPDATE actors SET closed = true WHERE path = 'order/${orderId}'`)
    const { body } = await my(who, "GET", "/erasure")
    expect((await my(who, "POST", "/erasure", { hash: body.hash })).status).toBe(200)
    const send = () =>
      house.call("intranet", "POST", `/api/dealer/customers/${who.subjectId}/credentials`, { token: seller.token, body: {} })
    expect((await send()).status).toBe(404)
    await house.rows(`DELETE FROM accounts WHERE subject_id = '${who.subjectId}'`) // As of an order that was called off before there was one.
    expect((await send()).status).toBe(404)
    expect(await house.rows(`SELECT 1 FROM accounts WHERE subject_id = '${who.subjectId}'`)).toEqual([])
  })

  test("of somebody who works here waits until their staff account is closed", async () => {
    expect(reasonsOf(await theirs(seller, "GET"))).toContain("StaffAccount")
  })

  test("is nobody's but the customer's own and an operator's", async () => {
    const who = await house.signedIn("customer", `Canary ${++people}`)
    const bySeller = await house.call("intranet", "GET", `/api/operator/customers/${who.subjectId}/erasure`, {
      token: seller.token
    })
    expect(bySeller.status).toBe(403)
    const nobody = await house.call("intranet", "GET", "/api/operator/customers/sub_nobody/erasure", { token: operator.token })
    expect(nobody.status).toBe(404)
  })
})

describe("the clock of retention", () => {
  test("takes an address that somebody once wanted to have, ninety days after its link was over", async () => {
    const { token, subjectId } = await house.signedIn("customer", "Address Changer")
    await house.call("public", "PUT", "/api/me/email", { token, body: { email: "changer@new.example" } })
    const left = () => house.rows(`SELECT 1 FROM email_changes WHERE subject_id = '${subjectId}'`)
    await house.runtime.runPromise(destroyWhatIsOver())
    expect(await left()).toHaveLength(1)
    await house.rows(`
      UPDATE email_changes SET asked_at = now() - interval '92 days', expires_at = now() - interval '91 days' WHERE subject_id = '${subjectId}'`)
    await house.runtime.runPromise(destroyWhatIsOver())
    expect(await left()).toEqual([])
    expect(await house.rows("SELECT count FROM destructions WHERE what = 'address changes'")).toEqual([{ count: 1 }])
  })

  test("takes a phone that was signed out long ago, with its tokens", async () => {
    const { email, subjectId } = await house.signedIn("customer", "Phone Owner")
    const app = { email, password, deviceName: "Phone", deviceKey: "k".repeat(43) }
    expect((await house.call("public", "POST", "/api/auth/tokens", { body: app })).status).toBe(201)
    await house.rows(`
      UPDATE sessions SET created_at = now() - interval '200 days', expires_at = now() - interval '91 days' WHERE subject_id = '${subjectId}'`)
    await house.runtime.runPromise(destroyWhatIsOver())
    expect(await house.rows(`SELECT 1 FROM sessions WHERE subject_id = '${subjectId}'`)).toEqual([])
  })

  test("destroys an invoice's key when the law's term is over, not a day before, and writes down what and how many", async () => {
    const { documentId } = await formerOwner()
    const bytes = () => house.runtime.runPromise(PurchaseFile.use((file) => file.bytesOf(documentId)))
    const until = async (at: string) => {
      await house.rows(`UPDATE clock SET offset_ms = (extract(epoch FROM ('${at}'::timestamptz - now())) * 1000)::bigint`)
      await house.runtime.runPromise(Effect.repeat(destroyWhatIsOver(), { until: (gone) => gone === 0 }))
    }
    const year = new Date().getUTCFullYear()
    const forged = house.rows(
      `SELECT destroy_paper_key((SELECT key_id FROM purchase_papers WHERE document_id = '${documentId}'), 'retention')`
    )
    await expect(forged).rejects.toThrow(/is kept until/)
    await until(`${year + 6}-12-31T23:00:00Z`)
    expect(await bytes()).not.toBeNull()
    await until(`${year + 7}-01-01T00:01:00Z`)
    // Each process corrects its clock every half minute: the table is asked with the time that the process knows.
    for (const end = performance.now() + 40_000; (await bytes()) !== null && performance.now() < end; await Bun.sleep(500))
      await house.runtime.runPromise(destroyWhatIsOver())
    expect(await bytes()).toBeNull()
    const record = await house.rows(`SELECT what, count FROM destructions WHERE what = 'tax ES ${year}'`)
    expect(record[0].count).toBeGreaterThan(0)
    const [paper] = await house.rows(`SELECT title, sha256, size, sealed FROM purchase_papers WHERE document_id = '${documentId}'`)
    expect(paper).toMatchObject({ title: "Factura", sealed: null, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) })
  }, 60_000)
})
