/** What every archive that a customer takes along is made of: files one after another, their hashes in a manifest, and our seal over it. */
import { createHash } from "node:crypto"
import { Effect, Stream } from "effect"
import type { SubjectId } from "#machines/vocabulary.ts"
import { archive } from "./archive.ts"
import { type Manifest, manifestName, sealName } from "./manifest.ts"

export const json = (value: unknown) => Buffer.from(`${JSON.stringify(value, null, 1)}\n`)

export const sealedArchive = () => {
  const zip = archive()
  const files: Array<Manifest["files"][number]> = []

  /** What it answers is the next piece of the archive. */
  const begin = (name: string) => {
    const push = zip.begin(name)
    const hash = createHash("sha256")
    let size = 0
    return (bytes: Uint8Array, last = false): Uint8Array => {
      hash.update(bytes)
      size += bytes.length
      if (last) files.push({ name, size, sha256: hash.digest("hex") })
      return push(bytes, last)
    }
  }
  return {
    whole: (name: string, bytes: Uint8Array) => begin(name)(bytes, true),
    /** A JSON array, page by page: never more than one page in memory. */
    list: <E, R>(name: string, pages: Stream.Stream<ReadonlyArray<unknown>, E, R>): Stream.Stream<Uint8Array, E, R> =>
      Stream.suspend(() => {
        const push = begin(name)
        let first = true
        const pieces = Stream.map(pages, (page) => {
          const text = page.map((row) => JSON.stringify(row)).join(",\n")
          if (text === "") return push(Buffer.alloc(0))
          const piece = push(Buffer.from(first ? text : `,\n${text}`))
          first = false
          return piece
        })
        return Stream.sync(() => push(Buffer.from("[\n"))).pipe(
          Stream.concat(pieces),
          Stream.concat(Stream.sync(() => push(Buffer.from("\n]\n"), true)))
        )
      }),
    /** The manifest, its seal, and the archive's own table of contents. */
    end: Effect.fnUntraced(function* (
      { customerId, madeAt }: { readonly customerId: SubjectId; readonly madeAt: string },
      seal: (manifest: Uint8Array) => Effect.Effect<string>
    ) {
      const manifest = json({ v: 1, customerId, madeAt, files } satisfies Manifest)
      const named = zip.begin(manifestName)(manifest, true)
      const sealed = zip.begin(sealName)(Buffer.from(`${yield* seal(manifest)}\n`), true)
      return Buffer.concat([named, sealed, zip.end()])
    })
  }
}
