/** Papers say on their pages what was sold, in the customer's language and with its VAT; a telephone reads the code; one changed byte breaks the seal. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { randomBytes } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inflateSync } from "node:zlib"
import { PDFDict, PDFDocument, PDFName, PDFNumber, PDFRawStream, PDFString } from "@cantoo/pdf-lib"
import { SQL } from "bun"
import jsQR from "jsqr"
import { extractText, getDocumentProxy } from "unpdf"
import type { InvoiceRequest } from "#integrations/invoices/invoices.ts"
import { momentText } from "#integrations/papers/figures.ts"
import { writable } from "#integrations/papers/letters.ts"
import { type Acknowledgement, Papers } from "#integrations/papers/papers.ts"
import { decimal, recordHash } from "#integrations/papers/record.ts"
import { seal } from "#integrations/papers/seal.ts"
import { readPaper } from "#integrations/papers/sealed-paper.ts"
import { signingKeyOf } from "#integrations/vehicle-trust/keys.ts"
import { type Country, PaymentId, type SubjectId } from "#machines/vocabulary.ts"
import { type Database, freshDatabase } from "#tests/database.ts"
import { Accounting, line } from "./accounting.ts"

let database: Database
let owner: SQL
let house: Accounting
let spanish: SubjectId
let english: SubjectId
const folder = mkdtempSync(join(tmpdir(), "caas-papers-"))

beforeAll(async () => {
  database = await freshDatabase()
  owner = new SQL(database.url, { max: 1 })
  house = new Accounting(database.url)
  spanish = await house.keep({ name: "Núria Güell i Peña" })
  const address = { street: "Hauptstraße 3", city: "München", postalCode: "80331", country: "DE" as const }
  english = await house.keep({ name: "Łukasz Großmann", language: "en", nationalId: null, address })
})
afterAll(async () => {
  await house.stop()
  await owner.close()
  await database.drop()
  rmSync(folder, { recursive: true, force: true })
})

let commands = 0
const issued = async (request: InvoiceRequest): Promise<Uint8Array> => {
  const id = `order/ord_1#${++commands}.0`
  await house.number(request, id)
  const [{ document_id: documentId }] = await owner`SELECT document_id FROM purchase_papers WHERE command_id = ${id}`
  return new Uint8Array(await house.bytesOf(documentId))
}

/** What somebody reads on its pages, page by page, in one line each. */
const pagesOf = async (pdf: Uint8Array): Promise<ReadonlyArray<string>> => {
  const { text } = await extractText(await getDocumentProxy(new Uint8Array(pdf)), { mergePages: false })
  return text.map((page) => page.replace(/\s+/g, " "))
}

/** What a telephone reads off its code: the picture as it lies in the file. */
const codeOf = async (pdf: Uint8Array): Promise<string | undefined> => {
  const { context } = await PDFDocument.load(pdf, { updateMetadata: false })
  for (const [, object] of context.enumerateIndirectObjects()) {
    if (!(object instanceof PDFRawStream) || object.dict.get(PDFName.of("Subtype")) !== PDFName.of("Image")) continue
    const side = object.dict.lookup(PDFName.of("Width"), PDFNumber).asNumber()
    const bits = inflateSync(object.contents)
    const pixels = new Uint8ClampedArray(side * side * 4).fill(255)
    for (let n = 0; n < side * side; n++) if ((bits[n >> 3]! & (0x80 >> (n & 7))) === 0) pixels.fill(0, n * 4, n * 4 + 3)
    return jsQR(pixels, side, side)?.data
  }
  return undefined
}

describe("an invoice", () => {
  test("says in Spanish who, whom and what, each line with its net, the VAT by rate, and the total", async () => {
    const lines = [
      line({ item: "streaming", term: "recurring", from: "2026-03-10", to: "2026-03-31", grossMinor: 7_03 }),
      line({ item: "power-plus", term: "permanent", grossMinor: 2_990_00 }),
      line({ item: "Modelo Uno", term: "vehicle", grossMinor: 1_050_00, vatPercent: 5 })
    ]
    const request = house.request({ customerId: spanish, lines })
    const [page, ...more] = await pagesOf(await issued(request))
    expect(more).toEqual([])
    for (const words of [
      "Factura ES-2026-000001",
      "CaaS Movilidad España, S.L.U.",
      "NIF: B87654323",
      "Núria Güell i Peña",
      "Calle del Canario 7",
      "28001 Madrid, ES",
      "NIF: 12345678Z",
      "Fecha de expedición 31/03/2026",
      request.activationId!,
      request.vin!,
      request.paymentId,
      "Streaming",
      "Servicio mensual 10/03/2026 – 31/03/2026 21 % 5,81 € 7,03 €",
      "Potencia +50 %",
      "Servicio permanente 21 % 2.471,07 € 2.990,00 €",
      "5 % 1.000,00 € 50,00 € 1.050,00 €",
      "21 % 2.476,88 € 520,15 € 2.997,03 €",
      "Total, IVA incluido 4.047,03 €",
      "1 de 1"
    ])
      expect(page).toContain(words)
  })

  test("says it in English, and a name by the nearest letters that every reader has", async () => {
    const request = house.request({
      customerId: english,
      country: "DE",
      lines: [line({ item: "snow-mode", vatPercent: 19, grossMinor: 13_75 })]
    })
    const [page] = await pagesOf(await issued(request))
    for (const words of [
      "Invoice DE-2026-000001",
      "Lukasz Großmann",
      "80331 München, DE",
      "31 March 2026",
      "Snow mode",
      "€13.75",
      "VAT included"
    ])
      expect(page).toContain(words)
    expect(page).not.toContain("Tax no.: null")
  })

  test("has a code that a telephone reads: number, date, amount, the beginning of the hash", async () => {
    const pdf = await issued(house.request({ customerId: spanish }))
    const record = (await readPaper(pdf, house.key.publicKey)) as any
    expect(await codeOf(pdf)).toBe(`CAAS ${record.number} 2026-03-31 14.00 EUR ${record.hash.slice(0, 16).toUpperCase()}`)
  })

  test("goes on over as many pages as it needs, each with its head and its number, no line lost", async () => {
    const lines = Array.from({ length: 60 }, (_, n) => line({ item: `streaming-${n}`, grossMinor: 1_00 + n }))
    const pages = await pagesOf(await issued(house.request({ customerId: spanish, lines })))
    expect(pages).toHaveLength(4)
    for (const [n, page] of pages.entries()) expect(page).toContain(`${n + 1} de 4`)
    const all = pages.join(" ")
    expect(lines.filter(({ item }) => !all.includes(`${item} `))).toEqual([])
    expect(pages.filter((page) => page.includes("Total, IVA incluido"))).toEqual([pages.at(-1)!])
  })

  test("says a payment's long name to its end", async () => {
    const paymentId = PaymentId.make(`pay_VSSCAASZ1ZZ000001-${"0123456789abcdef".repeat(2)}-service-12`)
    const [page] = await pagesOf(await issued(house.request({ customerId: spanish, paymentId })))
    expect(page).toContain(`Pago ${paymentId}`)
  })

  test("of the longest names there may be stays on its page", async () => {
    const address = { street: "W".repeat(200), city: "Ñ".repeat(100), postalCode: "8".repeat(16), country: "ES" as const }
    const customerId = await house.keep({ name: "Á".repeat(200), address })
    const [page, ...more] = await pagesOf(await issued(house.request({ customerId })))
    expect(more).toEqual([])
    expect(page!.replaceAll(" ", "")).toContain("Á".repeat(200))
    expect(page).toContain("Total, IVA incluido 14,00 €")
  })

  test("is issued to a number where the customer's data is erased", async () => {
    const [page] = await pagesOf(await issued(house.request()))
    expect(page).toContain("CLIENTE sub_nobody")
  })

  test.each(["ES", "DE", "FR", "PT", "IT"] as ReadonlyArray<Country>)("of %s comes from a company there", async (country) => {
    const pdf = await issued(house.request({ customerId: spanish, country }))
    expect(await readPaper(pdf, house.key.publicKey)).toMatchObject({
      number: expect.stringMatching(new RegExp(`^${country}-2026-`))
    })
    expect((await pagesOf(pdf))[0]).toMatch(/EMISOR CaaS /)
  })
})

describe("a credit note", () => {
  test("names what it corrects, and is below zero in every sum", async () => {
    const invoice = house.request({ customerId: spanish, lines: [line({ grossMinor: 121_00 })] })
    await issued(invoice)
    const pdf = await issued(house.credit(invoice, 60_50))
    const [page] = await pagesOf(pdf)
    for (const words of [
      "Factura rectificativa ES-R-2026-000001",
      "Rectifica la factura ES-2026-",
      "de 31/03/2026",
      "21 % -50,00 € -10,50 € -60,50 €",
      "Total a su favor, IVA incluido -60,50 €"
    ])
      expect(page).toContain(words)
    expect(await readPaper(pdf, house.key.publicKey)).toMatchObject({ type: "R1", vatMinor: -10_50, grossMinor: -60_50 })
    expect(await codeOf(pdf)).toContain(" -60.50 EUR ")
  })
})

describe("an acknowledgement", () => {
  const paper = (changes: Partial<Acknowledgement> = {}): Promise<Uint8Array> => {
    const { activationId, vin } = house.request()
    const money = (amountMinor: number) => ({ amountMinor, currency: "EUR" as const })
    const whole: Acknowledgement = {
      customerId: spanish,
      country: "ES",
      timeZone: "Atlantic/Canary",
      activationId: activationId!,
      vin: vin!,
      option: "streaming",
      concludedAt: "2026-03-20T23:30:00.000Z",
      submittedAt: "2026-03-31T23:15:09.123Z",
      comesBack: money(12_90),
      released: money(0),
      backBy: "2026-04-14",
      ...changes
    }
    return house.run(Papers.use((papers) => papers.acknowledgement(whole))).then(({ bytes }) => bytes)
  }

  test("says what was declared, the date and the time with its zone and in UTC, which contract, what comes back and by when", async () => {
    const [page] = await pagesOf(await paper())
    for (const words of [
      "Acuse de recibo",
      "desisto de mi contrato de prestación del servicio Streaming, celebrado el 20/03/2026",
      "Núria Güell i Peña",
      "01/04/2026, 00:15:09 (Atlantic/Canary, UTC+01:00)",
      "2026-03-31T23:15:09.123Z",
      house.request().activationId!,
      house.request().vin!,
      "20/03/2026, 23:30:00 (Atlantic/Canary, UTC+00:00)",
      "12,90 €",
      "a más tardar el 14/04/2026"
    ])
      expect(page).toContain(words)
  })

  test("says it in English; and that a hold is let go, or that nothing was ever taken", async () => {
    const free = { amountMinor: 0, currency: "EUR" } as const
    const held = await pagesOf(await paper({ customerId: english, comesBack: free, released: { ...free, amountMinor: 12_90 } }))
    for (const words of ["Acknowledgement", "withdraw from my contract", "The hold of €12.90 is let go"])
      expect(held[0]).toContain(words)
    const [nothing] = await pagesOf(await paper({ customerId: english, comesBack: free }))
    expect(nothing).toContain("You have been charged nothing")
    expect(nothing).not.toContain("€")
  })

  test("is sealed as an invoice is", async () => {
    const pdf = await paper()
    expect(await readPaper(pdf, house.key.publicKey)).toMatchObject({
      paper: "withdrawalAcknowledgement",
      submittedAt: "2026-03-31T23:15:09.123Z",
      comesBackMinor: 12_90
    })
    expect(await paper()).toEqual(pdf) // The same paper is the same bytes.
    pdf[pdf.length >> 1]! ^= 1
    expect(await readPaper(pdf, house.key.publicKey)).toBe("BytesChanged")
  })
})

describe("figures and letters", () => {
  test("are written as people there write them", () => {
    expect(momentText("2026-10-25T00:30:00.000Z", "Europe/Madrid", "es")).toBe("25/10/2026, 02:30:00 (Europe/Madrid, UTC+02:00)")
    expect(momentText("2026-10-25T01:30:00.000Z", "Europe/Madrid", "en")).toBe(
      "25 October 2026, 02:30:00 (Europe/Madrid, UTC+01:00)"
    )
    expect([0, 5, -5, 100, -12_05].map(decimal)).toEqual(["0.00", "0.05", "-0.05", "1.00", "-12.05"])
  })

  test("are kept where the fonts have them, and are the nearest ones where they have not", () => {
    const ours = "áéíóúüñçÁÉÍÓÚÜÑÇ¿¡ºª äöüßÄÖÜ àâæçéèêëîïôœùûüÿŸ ãõâêôáéíóúàç ìòàèéù€–—“”«»’"
    expect(writable(ours)).toBe(ours)
    expect(writable("Łódź Škoda Ðuro Çelik İpek Ștefan\u0301")).toBe("Lódz Škoda Ðuro Çelik Ipek Stefan")
    expect(writable("Иван 李")).toBe("???? ?")
    expect(writable("e\u0301\u202f")).toBe("é ")
  })
})

describe("a sealed file", () => {
  const verify = async (...args: ReadonlyArray<string>) => {
    const program = Bun.spawn([process.execPath, "src/cli.ts", "verify-invoice", ...args], {
      cwd: join(import.meta.dir, "..", ".."),
      env: { PATH: process.env.PATH!, CAAS_HOME: join(folder, "nobody") }, // No database, no broker, no keys of anybody.
      stdio: ["ignore", "pipe", "pipe"]
    })
    const [said, errors, code] = await Promise.all([
      new Response(program.stdout).text(),
      new Response(program.stderr).text(),
      program.exited
    ])
    return { said, errors, code }
  }
  const stranger = signingKeyOf(randomBytes(32).toString("base64"))!
  let pdf: Uint8Array
  let file: string

  beforeAll(async () => {
    pdf = await issued(house.request({ customerId: spanish }))
    file = join(folder, "invoice.pdf")
    await Bun.write(file, pdf)
  })

  test("is told by ./caas verify-invoice, offline, by a public key: number, date, totals, seller, seal, record and key", async () => {
    const { said, code } = await verify(file, "--key", house.key.publicKey)
    expect(code).toBe(0)
    for (const words of [/number +ES-2026-\d{6}\n/, /date +2026-03-31/, /total +14\.00 EUR: net 11\.57, VAT 2\.43/, /B87654323/])
      expect(said).toMatch(words)
    for (const words of ["seal      holds", "record    agrees", house.key.kid]) expect(said).toContain(words)
    const keys = join(folder, "cluster.env")
    await Bun.write(keys, `PIN_SECRET=x\nINVOICE_PUBLIC_KEY=${house.key.publicKey}\n`)
    expect(await verify(file, "--key", keys)).toMatchObject({ code: 0, said: expect.stringContaining(keys) })
  })

  test("is refused under another key, cut off, with something behind it, or where it is none at all", async () => {
    const changed: ReadonlyArray<readonly [string, Uint8Array]> = [
      ["NoSeal", pdf.subarray(0, -1)],
      ["NoSeal", pdf.subarray(0, pdf.length >> 1)],
      ["NoSeal", Buffer.concat([pdf, Buffer.from("\n")])],
      ["NoSeal", Buffer.concat([pdf, Buffer.from("%%EOF\n")])],
      ["NotAPdf", Buffer.from("<html>")],
      ["NotAPdf", new Uint8Array()]
    ]
    for (const [flaw, bytes] of changed) expect([flaw, await readPaper(bytes, house.key.publicKey)]).toEqual([flaw, flaw])
    expect(await readPaper(pdf, stranger.publicKey)).toBe("OtherKey")
    const { code, errors } = await verify(file, "--key", stranger.publicKey)
    expect([code, errors.includes("sealed by another key"), errors.includes(stranger.kid)]).toEqual([1, true, true])
    await Bun.write(join(folder, "short.pdf"), pdf.subarray(0, -1))
    expect((await verify(join(folder, "short.pdf"), "--key", house.key.publicKey)).code).toBe(1)
  })

  test("cannot be judged without a key, a file or the right words", async () => {
    expect(await verify(file)).toMatchObject({ code: 2, errors: expect.stringContaining("There is no key to ask") })
    expect((await verify(join(folder, "none.pdf"), "--key", house.key.publicKey)).code).toBe(2)
    expect((await verify(file, "--key", "no key")).code).toBe(2)
    for (const args of [[], [file, "--all"], [file, "--key"]]) expect((await verify(...args)).code).toBe(2)
  })

  test("is refused with any one of its bytes changed: two hundred at random, and every byte of the seal", async () => {
    const { publicKey } = house.key
    const start = Buffer.from(pdf).lastIndexOf("\n%CAAS-SEAL ")
    const places = [
      ...Array.from({ length: 200 }, () => Math.floor(Math.random() * pdf.length)),
      ...Array.from({ length: pdf.length - start }, (_, n) => start + n)
    ]
    for (const place of places) {
      const changed = Uint8Array.from(pdf)
      changed[place]! ^= 1 + Math.floor(Math.random() * 255)
      expect([place, typeof (await readPaper(changed, publicKey))]).toEqual([place, "string"])
    }
    expect(await readPaper(pdf, publicKey)).toMatchObject({ paper: "invoice" })
  })

  test("whose record was written by another hand is refused, though our key sealed it", async () => {
    const { hash, number, sellerName, paper, ...fields } = (await readPaper(pdf, house.key.publicKey)) as any
    expect(recordHash({ ...fields, number })).toBe(hash)
    const forged = { paper, sellerName, number, ...fields, grossMinor: 1, hash }
    const document = await PDFDocument.create({ updateMetadata: false })
    document.addPage()
    document.setTitle("forged")
    const info = document.context.lookup(document.context.trailerInfo.Info, PDFDict)
    info.set(PDFName.of("CaasRecord"), PDFString.of(Buffer.from(JSON.stringify(forged)).toString("base64url")))
    const bytes = await document.save({ useObjectStreams: false })
    const claims = { paper: "invoice", reference: number, hash } as const
    expect(await readPaper(await seal(house.key, bytes, claims), house.key.publicKey)).toBe("RecordDiffers")
  })
})
