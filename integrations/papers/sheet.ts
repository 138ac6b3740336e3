/** Pages to write on: A4, measured in points from the top left, with the head and the foot that all our papers share. */
import {
  concatTransformationMatrix,
  drawObject,
  PDFDict,
  PDFDocument,
  type PDFFont,
  PDFName,
  type PDFPage,
  PDFString,
  popGraphicsState,
  pushGraphicsState,
  rgb,
  StandardFonts
} from "@cantoo/pdf-lib"
import type { Instant } from "#machines/vocabulary.ts"
import type { Language } from "./figures.ts"
import { writable } from "./letters.ts"
import type { Picture } from "./qr.ts"
import type { Seller } from "./sellers.ts"

const a4 = { width: 595.28, height: 841.89 }
export const margin = 50
export const right = a4.width - margin
const bottom = a4.height - 92 // Where the foot begins.

const colours = {
  ink: rgb(0.11, 0.13, 0.16),
  quiet: rgb(0.42, 0.45, 0.5),
  accent: rgb(0.05, 0.29, 0.42),
  line: rgb(0.82, 0.84, 0.87),
  shade: rgb(0.955, 0.965, 0.975),
  paper: rgb(1, 1, 1)
}
export type Colour = keyof typeof colours

export interface Style {
  readonly size?: number
  readonly bold?: boolean
  readonly colour?: Colour
  /** `x` is the right end. */
  readonly toTheRight?: boolean
}

export interface Title {
  readonly title: string
  readonly reference: string
  readonly language: Language
  readonly seller: Seller
  readonly at: Instant
}

/** The next line goes to `y`; `room` begins a page where there is none. */
export class Sheet {
  y = 0
  #page: PDFPage
  readonly #pages: Array<PDFPage> = []

  private constructor(
    readonly document: PDFDocument,
    readonly fonts: { readonly plain: PDFFont; readonly bold: PDFFont },
    readonly about: Title
  ) {
    this.#page = this.#begin()
  }

  static async open(about: Title): Promise<Sheet> {
    const document = await PDFDocument.create({ updateMetadata: false }) // No clock and no dice: the same paper is the same bytes.
    const fonts = {
      plain: await document.embedFont(StandardFonts.Helvetica),
      bold: await document.embedFont(StandardFonts.HelveticaBold)
    }
    document.setTitle(writable(`${about.title} ${about.reference}`))
    document.setAuthor(about.seller.name)
    document.setProducer("CaaS")
    document.setLanguage(about.language)
    document.setCreationDate(new Date(about.at))
    return new Sheet(document, fonts, about)
  }

  /** Begins a page where less than `height` is left; answers whether it did. */
  room(height: number): boolean {
    if (this.y + height <= bottom) return false
    this.#page = this.#begin()
    return true
  }

  text(words: string, x: number, { size = 9, bold = false, colour = "ink", toTheRight = false }: Style = {}, y = this.y) {
    const said = writable(words)
    const font = bold ? this.fonts.bold : this.fonts.plain
    const from = toTheRight ? x - font.widthOfTextAtSize(said, size) : x
    this.#page.drawText(said, { x: from, y: a4.height - y - size, size, font, color: colours[colour] })
  }

  /** In as many lines as `width` asks for, and below them. */
  paragraph(words: string, x: number, width: number, style: Style = {}) {
    const height = (style.size ?? 9) * 1.45
    for (const line of this.linesOf(words, width, style)) {
      this.room(height)
      this.text(line, x, style)
      this.y += height
    }
  }

  /** A word that is wider than a line is broken. */
  linesOf(words: string, width: number, { size = 9, bold = false }: Style = {}): ReadonlyArray<string> {
    const font = bold ? this.fonts.bold : this.fonts.plain
    const fits = (line: string) => font.widthOfTextAtSize(line, size) <= width
    const lines: Array<string> = []
    let line = ""
    for (const word of writable(words).split(/\s+/)) {
      const longer = line === "" ? word : `${line} ${word}`
      if (fits(longer)) {
        line = longer
        continue
      }
      if (line !== "") lines.push(line)
      line = ""
      for (const letter of word) {
        if (!fits(line + letter)) {
          lines.push(line)
          line = ""
        }
        line += letter
      }
    }
    return [...lines, line]
  }

  rule(from = margin, to = right, colour: Colour = "line", thickness = 0.6) {
    const y = a4.height - this.y
    this.#page.drawLine({ start: { x: from, y }, end: { x: to, y }, thickness, color: colours[colour] })
  }

  shade(x: number, width: number, height: number, colour: Colour = "shade") {
    this.#page.drawRectangle({ x, y: a4.height - this.y - height, width, height, color: colours[colour] })
  }

  /** `side`: points. */
  picture({ side: pixels, bits }: Picture, x: number, side: number) {
    const { context } = this.document
    const image = context.register(
      context.flateStream(bits, {
        Type: "XObject",
        Subtype: "Image",
        Width: pixels,
        Height: pixels,
        ColorSpace: "DeviceGray",
        BitsPerComponent: 1
      })
    )
    const name = this.#page.node.newXObject("Code", image)
    this.#page.pushOperators(
      pushGraphicsState(),
      concatTransformationMatrix(side, 0, 0, side, x, a4.height - this.y - side),
      drawObject(name),
      popGraphicsState()
    )
  }

  /** What a program reads of the paper: JSON, in the file's own description of itself, where it stays readable. */
  describe(record: unknown) {
    const { context } = this.document
    context
      .lookup(context.trailerInfo.Info, PDFDict)
      .set(PDFName.of("CaasRecord"), PDFString.of(Buffer.from(JSON.stringify(record)).toString("base64url")))
  }

  async bytes(): Promise<Uint8Array> {
    const { seller, language, reference } = this.about
    const of = language === "es" ? "de" : "of"
    for (const [n, page] of this.#pages.entries()) {
      this.#page = page
      this.y = a4.height - 50
      this.rule()
      this.y += 8
      this.text(`${seller.name} · ${seller.taxNumber} · ${seller.register}`, margin, { size: 7, colour: "quiet" })
      this.text(`${reference} · ${n + 1} ${of} ${this.#pages.length}`, right, { size: 7, colour: "quiet", toTheRight: true })
    }
    return this.document.save({ useObjectStreams: false })
  }

  #begin(): PDFPage {
    const { title, reference } = this.about
    const page = this.document.addPage([a4.width, a4.height])
    this.#page = page
    this.#pages.push(page)
    this.y = 0
    this.shade(0, a4.width, 6, "accent")
    this.text("CaaS", margin, { size: 24, bold: true, colour: "accent" }, 36)
    this.text("Car as a Service", margin, { size: 8, colour: "quiet" }, 64)
    this.text(title, right, { size: 18, bold: true, toTheRight: true }, 38)
    this.text(reference, right, { size: 10, colour: "quiet", toTheRight: true }, 62)
    this.y = 96
    return page
  }
}
