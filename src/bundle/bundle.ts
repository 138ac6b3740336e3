/** A purchase file to take along: every document, the timeline and a manifest of their hashes, in one archive that anybody can check (EX-08). */
import { createHash } from "node:crypto"
import { Effect, Schema, Stream } from "effect"
import { Instant, SubjectId } from "#machines/vocabulary.ts"
import type { FileDocument } from "#src/views/file-documents.ts"
import type { Happening } from "#src/views/file-timeline.ts"
import { archive } from "./archive.ts"

/** The last file but its seal: everything else in the archive, by name, size and hash. */
export const Manifest = Schema.Struct({
  v: Schema.Literal(1),
  customerId: SubjectId,
  madeAt: Instant,
  files: Schema.Array(Schema.Struct({ name: Schema.String, size: Schema.Natural, sha256: Schema.String }))
})
export type Manifest = typeof Manifest.Type

export const manifestName = "manifest.json"
export const sealName = "manifest.jws"

export interface Contents<E, R> {
  readonly customerId: SubjectId
  readonly madeAt: Instant
  readonly documents: Stream.Stream<{ readonly document: FileDocument; readonly bytes: Uint8Array }, E, R>
  /** Page by page. */
  readonly timeline: Stream.Stream<ReadonlyArray<Happening>, E, R>
  readonly seal: (manifest: Uint8Array) => Effect.Effect<string>
}

/** Piece by piece: never more than one document in memory. */
export const bundle = <E, R>({ customerId, madeAt, documents, timeline, seal }: Contents<E, R>): Stream.Stream<Uint8Array, E, R> =>
  Stream.suspend(() => {
    const zip = archive()
    const files: Array<Manifest["files"][number]> = []
    const listed: Array<FileDocument & { readonly name: string }> = []

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
    const whole = (name: string, bytes: Uint8Array) => begin(name)(bytes, true)
    const json = (value: unknown) => Buffer.from(`${JSON.stringify(value, null, 1)}\n`)

    const papers = Stream.map(documents, ({ document, bytes }) => {
      const name = nameOf(document)
      listed.push({ ...document, name })
      return whole(name, bytes)
    })
    const story = Stream.suspend(() => {
      const push = begin("timeline.json")
      let first = true
      const pages = Stream.map(timeline, (page) => {
        const text = page.map((happening) => JSON.stringify(happening)).join(",\n")
        if (text === "") return push(Buffer.alloc(0))
        const piece = push(Buffer.from(first ? text : `,\n${text}`))
        first = false
        return piece
      })
      return Stream.sync(() => push(Buffer.from("[\n"))).pipe(
        Stream.concat(pages),
        Stream.concat(Stream.sync(() => push(Buffer.from("\n]\n"), true)))
      )
    })
    const ending = Effect.gen(function* () {
      const index = whole("file.json", json({ customerId, madeAt, documents: listed }))
      const manifest = json({ v: 1, customerId, madeAt, files } satisfies Manifest)
      const named = zip.begin(manifestName)(manifest, true)
      const sealed = zip.begin(sealName)(Buffer.from(`${yield* seal(manifest)}\n`), true)
      return Buffer.concat([index, named, sealed, zip.end()])
    })
    return papers.pipe(Stream.concat(story), Stream.concat(Stream.fromEffect(ending)))
  })

const endings: Readonly<Record<string, string>> = {
  "application/pdf": "pdf",
  "image/jpeg": "jpg",
  "image/png": "png",
  "text/plain": "txt",
  "text/markdown": "md"
}

/** "2026-03-02-invoice-doc_….pdf": by day and kind, and never twice. */
export const nameOf = ({ at, kind, documentId, mediaType }: FileDocument): string =>
  `documents/${at.slice(0, 10)}-${kind}-${documentId}.${endings[mediaType] ?? "bin"}`
