/** A purchase file to take along: every document, the timeline and a manifest of their hashes, in one archive that anybody can check (EX-08). */
import { Effect, Stream } from "effect"
import type { Instant, SubjectId } from "#machines/vocabulary.ts"
import type { FileDocument } from "#src/views/file-documents.ts"
import type { Happening } from "#src/views/file-timeline.ts"
import { json, sealedArchive } from "./sealed-archive.ts"

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
    const { whole, list, end } = sealedArchive()
    const listed: Array<FileDocument & { readonly name: string }> = []
    const papers = Stream.map(documents, ({ document, bytes }) => {
      const name = nameOf(document)
      listed.push({ ...document, name })
      return whole(name, bytes)
    })
    const ending = Effect.gen(function* () {
      const index = whole("file.json", json({ customerId, madeAt, documents: listed }))
      return Buffer.concat([index, yield* end({ customerId, madeAt }, seal)])
    })
    return papers.pipe(Stream.concat(list("timeline.json", timeline)), Stream.concat(Stream.fromEffect(ending)))
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
