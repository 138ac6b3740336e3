/** A QR code as a picture in black and white, drawn large enough that no reader blurs it. */
import qrcode from "qrcode-generator"

export interface Picture {
  /** Bits per side, the quiet border with them. */
  readonly side: number
  /** Rows from the top, each filled up to whole bytes; a set bit is white. */
  readonly bits: Uint8Array
}

const border = 4 // Modules, ISO/IEC 18004.
const scale = 8 // Bits per module and side: a row of a module is whole bytes.

/** `text`: digits, capitals, spaces and `$%*+-./:`, which take the least room. It stays readable with an eighth of it spoiled (level M). */
export const qrPicture = (text: string): Picture => {
  const code = qrcode(0, "M")
  code.addData(text, "Alphanumeric")
  code.make()
  const count = code.getModuleCount()
  const modules = count + 2 * border
  const bits = new Uint8Array(modules * modules * scale).fill(0xff)
  for (let row = 0; row < count; row++)
    for (let column = 0; column < count; column++)
      if (code.isDark(row, column))
        for (let line = 0; line < scale; line++) bits[((row + border) * scale + line) * modules + column + border] = 0
  return { side: modules * scale, bits }
}
