/** The Expediente de Compra over HTTP: what happened and every document, for the customer, the dealership that sold and the operators, each as much as is theirs. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { createHash } from "node:crypto"
import { unzipSync } from "fflate"
import { readPaper } from "#integrations/papers/sealed-paper.ts"
import { PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import { contractText } from "#integrations/texts/contract-texts.ts"
import { manualOf } from "#integrations/texts/manuals.ts"
import { OrderId, type Vin } from "#machines/vocabulary.ts"
import { openBundle } from "#src/bundle/open-bundle.ts"
import { driver, heatedSeats, ownedCar } from "./garage.ts"
import { type Door, type HttpHouse, httpHouse, newKey, newSale, person, points, type Signed } from "./house.ts"

let house: HttpHouse
let owner: Signed
let stranger: Signed
let seller: Signed
let elsewhere: Signed
let operator: Signed
let orderId: string
let vin: Vin
let service: string

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")
const identity = Buffer.from("%PDF-1.7 an identity document")
const invoice = Buffer.from("%PDF-1.7 an invoice")
const consents = [
  { text: "service-terms", edition: 1 },
  { text: "start-now", edition: 1 }
]

beforeAll(async () => {
  house = await httpHouse()
  owner = await house.signedIn("customer", "Customer 1")
  stranger = await house.signedIn("customer", "Customer 2")
  seller = await house.signedIn("seller", "Seller 1", "dea_madrid")
  elsewhere = await house.signedIn("manager", "Manager 2", "dea_berlin")
  operator = await house.signedIn("operator", "Operator 1")
  const sale = newSale("Customer 1", { consents: [{ text: "terms-of-sale", edition: 1 }] })
  orderId = (await house.call("intranet", "POST", "/api/dealer/sales", { token: seller.token, key: newKey(), body: sale })).body
    .orderId
  await house.call("intranet", "POST", `/api/dealer/sales/${orderId}/documents?kind=identityDocument`, {
    token: seller.token,
    headers: { "content-type": "application/pdf" },
    raw: identity
  })
  await keep("order/x#1.0", "Invoice of a sale", OrderId.make(orderId))
  vin = await ownedCar(house, owner)
  const me = driver(house, owner, vin)
  service = (await me.buy({ ...heatedSeats, consents, paymentMethod: "tok_ok" })).body.activationId
  await me.sees(service, "active", "captured")
  await house.quiet() // Its invoice is written, too.
})
afterAll(() => house.close())

const keep = (id: string, title: string, about: OrderId | null) =>
  house.runtime.runPromise(
    PurchaseFile.use((file) =>
      file.keep(
        {
          ...{ subjectId: owner.subjectId, country: "ES", kind: "invoice", title, mediaType: "application/pdf", bytes: invoice },
          ...{ orderId: about, activationId: null, vin: null }
        },
        id
      )
    )
  )
const bytesOf = async (door: Door, path: string, token: string, headers: Record<string, string> = {}) => {
  const request = new Request(`http://localhost${path}`, { headers: { authorization: `Bearer ${token}`, ...headers } })
  const response = await house.apps[door].handle(request)
  return { status: response.status, headers: response.headers, bytes: new Uint8Array(await response.arrayBuffer()) }
}

const mine = "/api/me/purchase-file"
const theSale = () => `/api/dealer/sales/${orderId}/purchase-file`
const theirs = (who: Signed = owner) => `/api/operator/purchase-files/${who.subjectId}`
const my = (path = "", who: Signed = owner) => house.call("public", "GET", `${mine}${path}`, { token: who.token })
const seen = (path: string, who: Signed) => house.call("intranet", "GET", path, { token: who.token })
const kindsOf = ({ body }: { readonly body: any }) => body.documents.documents.map(({ kind }: any) => kind).sort()

describe("a purchase file", () => {
  test("tells what happened in orders, cars and services, the newest last, in both languages", async () => {
    const [english, spanish] = [await my("?language=en"), await my("?language=es")]
    const tell = ({ body }: { readonly body: any }) =>
      body.timeline.happenings.map(({ title, inWords }: any) => `${title}: ${inWords}`)
    expect(tell(english)).toEqual([
      "Modelo Uno: Order registered at the dealership",
      "Modelo Uno: Papers supplied",
      "Modelo Uno: The car is yours",
      "Heated seats: Bought",
      "Heated seats: The amount is held, not taken",
      "Heated seats: Confirmed by your car",
      "Heated seats: Paid"
    ])
    expect(tell(spanish)).toEqual([
      "Modelo Uno: Pedido registrado en el concesionario",
      "Modelo Uno: Documentos entregados",
      "Modelo Uno: El coche es suyo",
      "Asientos calefactados: Comprado",
      "Asientos calefactados: Importe retenido, no cobrado",
      "Asientos calefactados: Confirmado por su coche",
      "Asientos calefactados: Pagado"
    ])
    const { happenings } = english.body.timeline
    const instants = happenings.map(({ at }: any) => at)
    expect(instants).toEqual([...instants].sort())
    expect(happenings[0]).toMatchObject({ type: "RegisterSale", orderId, activationId: null })
    expect(happenings[6]).toMatchObject({ type: "PaymentCaptured", orderId: null, activationId: service, vin })
    expect((await my()).body).toEqual(english.body) // Customer 1 reads English.
  })

  test("comes in pages, of the timeline and of the documents, without a gap and without a repeat", async () => {
    for (const [list, rows] of [
      ["timeline", "happenings"],
      ["documents", "documents"]
    ] as const) {
      const whole = (await my(`/${list}`)).body
      expect(whole.cursor).toBeNull()
      const paged: Array<unknown> = []
      let cursor = ""
      do {
        const { body } = await my(`/${list}?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`)
        paged.push(...body[rows])
        cursor = body.cursor ?? ""
      } while (cursor !== "")
      expect(paged).toEqual(whole[rows])
      expect(paged.length).toBeGreaterThan(3)
    }
  })

  test("has every document with its hash: papers of ours and of the registration, texts as agreed to, the manual of what is active", async () => {
    const { documents } = (await my()).body.documents
    const manual = manualOf("heated-seats", 1)!.en
    const text = (name: string) => {
      const { title, size, sha256 } = contractText(name, 1)!.en
      return { kind: "contractText", title, size, sha256, mediaType: "text/markdown", edition: 1 }
    }
    const one = (title: string) => documents.find((document: any) => document.title === title)
    expect(documents).toHaveLength(7)
    const issued = documents.find(({ kind, activationId }: any) => kind === "invoice" && activationId === service)
    const [, number] = /^Invoice (ES-\d{4}-000001)$/.exec(issued.title)!
    expect(issued).toMatchObject({ mediaType: "application/pdf", orderId: null, vin })
    expect(
      await readPaper((await bytesOf("public", `${mine}/documents/${issued.documentId}`, owner.token)).bytes, house.invoiceKey)
    ).toMatchObject({
      ...{ paper: "invoice", number }
    })
    expect(one("Invoice of a sale")).toMatchObject({
      ...{ kind: "invoice", mediaType: "application/pdf", size: invoice.length, sha256: sha256(invoice), orderId, edition: null }
    })
    expect(one("DNI, NIE o pasaporte")).toMatchObject({ kind: "registrationPaper", sha256: sha256(identity), orderId })
    expect(one("Terms of sale of a vehicle")).toMatchObject({ ...text("terms-of-sale"), orderId, activationId: null })
    expect(one("Terms of services in the car")).toMatchObject({ ...text("service-terms"), activationId: service, vin })
    expect(one("Start now")).toMatchObject({ ...text("start-now"), activationId: service, vin })
    expect(one("Heated seats")).toMatchObject({ kind: "manual", sha256: manual.sha256, edition: 1, activationId: service, vin })
    const [{ consents: agreed }] = (await house.rows(
      `SELECT state -> 'context' -> 'consents' AS consents FROM actors WHERE path = 'activation/${vin}/${service}'`
    )) as [any]
    expect(one("Start now").at).toBe(agreed[1].at)
  })

  test("gives each document as the bytes that its hash says, and does not repeat what the caller has", async () => {
    for (const { documentId, sha256: hash, mediaType, size } of (await my()).body.documents.documents) {
      const { status, headers, bytes } = await bytesOf("public", `${mine}/documents/${documentId}`, owner.token)
      expect([status, bytes.length, sha256(bytes)]).toEqual([200, size, hash])
      expect(headers.get("etag")).toBe(`"${hash}"`)
      expect(headers.get("content-type")).toStartWith(mediaType)
      expect(headers.get("content-disposition")).toMatch(
        /^attachment; filename="\d{4}-\d\d-\d\d-[A-Za-z]+-doc_[0-9a-f]{32}\.(pdf|md)"$/
      )
      expect(headers.get("x-content-type-options")).toBe("nosniff")
      expect(headers.get("cache-control")).toBe("no-store")
      const again = await bytesOf("public", `${mine}/documents/${documentId}`, owner.token, { "if-none-match": `"${hash}"` })
      expect([again.status, again.bytes.length]).toEqual([304, 0])
    }
  })

  test("is exported as one archive, in which every hash is right, and one flipped byte is found wherever it is", async () => {
    const { status, headers, bytes } = await bytesOf("public", `${mine}/export?language=es`, owner.token)
    expect([status, headers.get("content-type")]).toEqual([200, "application/zip"])
    expect(headers.get("content-disposition")).toMatch(/^attachment; filename="purchase-file-\d{4}-\d\d-\d\d\.zip"$/)
    const files = unzipSync(bytes)
    const json = (name: string) => JSON.parse(Buffer.from(files[name]!).toString())
    const { documents } = (await my()).body.documents
    expect(json("file.json")).toMatchObject({
      customerId: owner.subjectId,
      documents: documents.map((document: any) => ({ ...document, name: expect.stringContaining(document.documentId) }))
    })
    expect(json("timeline.json")).toEqual((await my("?language=es")).body.timeline.happenings)
    const { customerId, files: named } = json("manifest.json")
    expect(customerId).toBe(owner.subjectId)
    expect(named.map(({ name }: any) => name).sort()).toEqual(
      Object.keys(files)
        .filter((name) => !name.startsWith("manifest."))
        .sort()
    )
    for (const { name, size, sha256: hash } of named)
      expect([name, files[name]!.length, sha256(files[name]!)]).toEqual([name, size, hash])
    for (const { name, sha256: hash } of json("file.json").documents) expect(sha256(files[name]!)).toBe(hash)

    expect(await openBundle(bytes, house.invoiceKey)).toMatchObject({ v: 1, customerId: owner.subjectId })
    for (let at = 0; at < bytes.length; at += 97) {
      const changed = Uint8Array.from(bytes)
      changed[at]! ^= 1
      expect([at, await openBundle(changed, house.invoiceKey)]).toEqual([
        at,
        { flaw: expect.any(String), name: expect.any(String) }
      ])
    }
    expect(await openBundle(bytes.subarray(0, bytes.length - 1), house.invoiceKey)).toHaveProperty("flaw")
  })

  test("is somebody's own: what is another's is not there, as what never was", async () => {
    expect((await my("", stranger)).body).toMatchObject({ timeline: { happenings: [] }, documents: { documents: [] } })
    const [{ documentId }] = (await my()).body.documents.documents
    for (const id of [documentId, `doc_${"0".repeat(32)}`]) {
      const answer = await bytesOf("public", `${mine}/documents/${id}`, stranger.token)
      expect([answer.status, JSON.parse(Buffer.from(answer.bytes).toString())]).toEqual([
        404,
        expect.objectContaining({ type: "/problems/not-found", detail: "Check the address and the identifier." })
      ])
    }
    expect((await my("/documents/passwd")).status).toBe(422)
    expect((await my("?language=fr")).status).toBe(422)
    for (const keys of [
      ["0000-00-00", "", 0],
      ["2026-13-01T00:00:00.000Z", "", 0],
      ["2026-01-01T00:00:00.000Z", 0, 0]
    ]) {
      const cursor = Buffer.from(JSON.stringify(keys)).toString("base64url")
      expect((await my(`/timeline?cursor=${cursor}`)).body).toMatchObject({ status: 422, type: "/problems/malformed" })
    }
  })
})

describe("a dealership", () => {
  test("reads the file of its own sale, and nothing of what was bought later", async () => {
    const { status, body } = await seen(theSale(), seller)
    expect([status, kindsOf({ body })]).toEqual([200, ["contractText", "invoice", "registrationPaper"]])
    expect(body.timeline.happenings.map(({ type }: any) => type)).toEqual(["RegisterSale", "SupplyPapers"])
    expect(body).toMatchObject({ customerId: owner.subjectId, reads: null })
    const [{ documentId, sha256: hash }] = body.documents.documents
    const { bytes } = await bytesOf("intranet", `${theSale()}/documents/${documentId}`, seller.token)
    expect(sha256(bytes)).toBe(hash)
    const manual = (await my()).body.documents.documents.find(({ kind }: any) => kind === "manual")
    expect((await seen(`${theSale()}/documents/${manual.documentId}`, seller)).status).toBe(404)
    const { bytes: sent } = await bytesOf("intranet", `${theSale()}/export`, seller.token)
    const archive = await openBundle(sent, house.invoiceKey)
    expect(archive).toMatchObject({ customerId: owner.subjectId })
  })

  test("of another house, and a customer, get nothing", async () => {
    const [{ documentId }] = (await my()).body.documents.documents
    for (const path of ["", "/timeline", "/documents", `/documents/${documentId}`, "/export"]) {
      expect((await seen(`${theSale()}${path}`, elsewhere)).status).toBe(404)
      expect((await seen(`${theSale()}${path}`, operator)).status).toBe(403)
      expect((await seen(`${theirs()}${path}`, seller)).status).toBe(403)
      expect((await seen(`${theSale()}${path}`, owner)).status).toBe(401) // Not of this door.
    }
    expect((await seen("/api/dealer/sales/ord_0/purchase-file", seller)).status).toBe(404)
  })
})

describe("an export", () => {
  test("is made six times an hour and no more", async () => {
    const exports: Array<number> = []
    for (let n = 0; n <= points(6); n++) exports.push((await bytesOf("public", `${mine}/export`, stranger.token)).status)
    expect(exports).toEqual([...Array(points(6)).fill(200), 429])
  })
})

describe("an operator", () => {
  test("reads anybody's file, each look is noted, and the customer sees by whom", async () => {
    const newest = async () => (await my()).body.reads
    const file = await seen(theirs(), operator)
    expect([file.status, kindsOf(file)]).toEqual([200, kindsOf(await my())])
    expect((await newest())[0]).toEqual({
      ...{ at: expect.any(String), role: "operator", dealershipId: null, orderId: null, what: "file", documentId: null }
    })
    const [{ documentId }] = file.body.documents.documents
    await bytesOf("intranet", `${theirs()}/documents/${documentId}`, operator.token)
    await seen(theSale(), seller)
    expect((await newest()).slice(0, 2)).toEqual([
      expect.objectContaining({ role: "seller", dealershipId: "dea_madrid", orderId, what: "file" }),
      expect.objectContaining({ role: "operator", what: "document", documentId })
    ])
    const [{ by }] = (await house.rows(
      "SELECT by_subject_id AS by FROM purchase_file_reads WHERE what = 'document' ORDER BY position DESC"
    )) as [any]
    expect(by).toBe(operator.subjectId)
    const before = (await newest()).length
    await my("/documents")
    expect(await newest()).toHaveLength(before) // A customer's own looks are nobody's business.
  })

  test("is told where there is nobody", async () => {
    expect((await seen("/api/operator/purchase-files/sub_nobody", operator)).status).toBe(404)
    expect((await seen("/api/operator/purchase-files/nobody", operator)).status).toBe(422)
    expect((await seen(theirs(stranger), operator)).status).toBe(200)
  })
})

describe("a car that is sold on", () => {
  test("leaves each owner their own part of its story, and the manuals to whoever has it", async () => {
    const [first, second] = [await house.signedIn("customer", "Customer 3"), await house.signedIn("customer", "Customer 4")]
    const car = await ownedCar(house, first)
    const kept = { ...heatedSeats, term: { kind: "permanent" }, consents, paymentMethod: "tok_ok" }
    const bought = (await driver(house, first, car).buy(kept)).body.activationId
    await driver(house, first, car).sees(bought, "active", "captured")
    const sold = await house.call("intranet", "POST", `/api/dealer/vehicles/${car}/ownership`, {
      token: seller.token,
      key: newKey(),
      body: { sellerEmail: first.email, buyer: person("Customer 4"), consents: [{ text: "ownership-transfer", edition: 1 }] }
    })
    expect(sold.status).toBe(201)
    await driver(house, second, car).pairs()
    await house.quiet()
    const [hers, his] = [(await my("", first)).body, (await my("", second)).body]
    const told = (body: any) =>
      body.timeline.happenings.filter(({ activationId }: any) => activationId === null).map(({ type }: any) => type)
    expect([told(hers), told(his)]).toEqual([
      ["VehicleMoved", "TransferOwnership"],
      ["TransferOwnership", "LinkApp"]
    ])
    const papers = (body: any) => body.documents.documents.map(({ title, activationId }: any) => [title, activationId])
    const consent = ["Transfer of ownership of a used car", null]
    expect(papers(his).sort()).toEqual([["Heated seats", null], consent]) // Not who bought it.
    expect(papers(hers).sort()).toEqual([
      [expect.stringMatching(/^Invoice ES-\d{4}-\d{6}$/), bought],
      ["Start now", bought],
      ["Terms of services in the car", bought],
      consent
    ])
    for (const { documentId } of his.documents.documents)
      expect((await bytesOf("public", `${mine}/documents/${documentId}`, second.token)).status).toBe(200)
  })
})

describe("a manual", () => {
  test("appears when its service is active, and goes when it ends; the timeline keeps what happened", async () => {
    const me = driver(house, owner, vin)
    const snow = { option: "snow-mode", term: { kind: "temporary", count: 7, unit: "day" }, consents, paymentMethod: "tok_ok" }
    const manuals = async () =>
      (await my()).body.documents.documents.filter(({ kind }: any) => kind === "manual").map(({ title }: any) => title)
    expect(await manuals()).toEqual(["Heated seats"])
    const bought = (await me.buy(snow)).body.activationId
    await me.sees(bought, "active", "captured")
    expect(await manuals()).toEqual(["Heated seats", "Snow mode"])
    const { documentId } = (await my()).body.documents.documents.find(({ title }: any) => title === "Snow mode")
    await me.ask("POST", `/activations/${bought}/withdrawal/confirmation`, { body: {} })
    await me.sees(bought, "withdrawn", "refunded")
    expect(await manuals()).toEqual(["Heated seats"])
    expect((await my(`/documents/${documentId}`)).status).toBe(404)
    const told = (await my("/timeline")).body.happenings.filter(({ activationId }: any) => activationId === bought)
    expect(told.map(({ inWords }: any) => inWords)).toEqual(
      expect.arrayContaining(["Bought", "Confirmed by your car", "You withdrew"])
    )
    await house.quiet()
    const papers = (await my()).body.documents.documents.filter(({ activationId }: any) => activationId === bought)
    expect(papers.map(({ kind }: any) => kind).sort()).toEqual(
      ["contractText", "contractText", "creditNote", "invoice", "withdrawalAcknowledgement"] // What was agreed to stays, and what was paid.
    )
  })
})
