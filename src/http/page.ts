/** Long lists come in pages: at most a hundred rows, and a cursor for what follows. */
import { Schema } from "effect"
import { malformed } from "./problem.ts"

const usual = 50

export const pageQuery = {
  cursor: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{1,512}$/))),
  limit: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^(?:[1-9]\d?|100)$/)))
}
export const PageQuery = Schema.Struct(pageQuery)

/** Null at the end of the list. */
export const Cursor = Schema.NullOr(Schema.String)

type Query = { readonly cursor?: string | undefined; readonly limit?: string | undefined }

/** The keys that the last page ended with; `fallback` at the beginning. */
export const afterOf = <const Keys extends ReadonlyArray<string | number>>({ cursor }: Query, fallback: Keys): Keys => {
  if (cursor === undefined) return fallback
  try {
    const keys = JSON.parse(Buffer.from(cursor, "base64url").toString())
    if (
      Array.isArray(keys) &&
      keys.length === fallback.length &&
      keys.every((key, i) => typeof key === typeof fallback[i] && isPlain(key))
    )
      return keys as unknown as Keys
  } catch {}
  throw malformed("query cursor: not one of ours. Take it from the page before.")
}

const largest = 2 ** 31 - 1 // Postgres integer.
const isPlain = (key: string | number) =>
  typeof key === "string" ? !key.includes("\0") : Number.isInteger(key) && key >= 0 && key <= largest

export const limitOf = ({ limit }: Query): number => (limit === undefined ? usual : Number(limit))

/** The cursor after a page: null where the page was not full. */
export const cursorAfter = <Row>(rows: ReadonlyArray<Row>, limit: number, keysOf: (row: Row) => ReadonlyArray<string | number>) =>
  rows.length < limit ? null : Buffer.from(JSON.stringify(keysOf(rows.at(-1)!))).toString("base64url")
