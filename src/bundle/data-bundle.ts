/** Somebody's own data to take along: a file per table, machine-readable, in an archive that anybody can check (GDPR art. 20). */
import { type Effect, Stream } from "effect"
import type { Instant, SubjectId } from "#machines/vocabulary.ts"
import { json, sealedArchive } from "./sealed-archive.ts"

export interface DataContents<E, R> {
  readonly customerId: SubjectId
  readonly madeAt: Instant
  /** Small files, whole. */
  readonly contents: Readonly<Record<string, unknown>>
  /** Lists, page by page. */
  readonly lists: ReadonlyArray<{ readonly name: string; readonly rows: Stream.Stream<ReadonlyArray<unknown>, E, R> }>
  readonly seal: (manifest: Uint8Array) => Effect.Effect<string>
}

export const dataBundle = <E, R>({ contents, lists, seal, ...of }: DataContents<E, R>): Stream.Stream<Uint8Array, E, R> =>
  Stream.suspend(() => {
    const { whole, list, end } = sealedArchive()
    return Stream.fromIterable(Object.entries(contents)).pipe(
      Stream.map(([name, value]) => whole(name, json(value))),
      Stream.concat(Stream.flatMap(Stream.fromIterable(lists), ({ name, rows }) => list(name, rows))),
      Stream.concat(Stream.suspend(() => Stream.fromEffect(end(of, seal))))
    )
  })
