/** A ZIP archive that is the same for the same files, always: stored and undated, so that it can be made again and compared byte by byte. */
import { Zip, ZipPassThrough } from "fflate"

const undated = new Date(1980, 0, 1) // Where a ZIP's own calendar begins, by whatever clock is on the wall.

export const archive = () => {
  let written: Array<Uint8Array> = []
  const zip = new Zip((error, bytes) => {
    if (error !== null) throw error
    written.push(bytes)
  })
  const taken = () => {
    const bytes = Buffer.concat(written)
    written = []
    return bytes
  }
  return {
    /** One file after another. What it answers is the next piece of the archive. */
    begin: (name: string) => {
      const file = new ZipPassThrough(name)
      file.mtime = undated
      zip.add(file)
      return (bytes: Uint8Array, last: boolean): Uint8Array => {
        file.push(bytes, last)
        return taken()
      }
    },
    /** The archive's own table of contents. */
    end: (): Uint8Array => {
      zip.end()
      return taken()
    }
  }
}
