/** The strict door of JSON routes: the media type exactly, few bytes, no traps, no field that was not asked for. */
import { Schema } from "effect"
import { askedNow } from "./asked.ts"
import { readBytes } from "./bytes.ts"
import { KeptReason } from "./kept-reason.ts"
import { wrongMediaType } from "./problem.ts"
import { readStrictJson } from "./strict-json.ts"

const isKept = Schema.is(KeptReason)
const limit = { bytes: 64 * 1024, words: "64 KiB" }
const json = /^application\/json(?:\s*;\s*charset=(?:utf-8|"utf-8"))?$/i

/** Reads the body before Elysia would. An empty body without a media type is the empty object, for routes that need nothing. */
const readJson = async ({ request }: { readonly request: Request }): Promise<unknown> => {
  const mediaType = request.headers.get("content-type")
  const encoding = request.headers.get("content-encoding")
  if (encoding !== null && encoding !== "identity") throw wrongMediaType("application/json")
  if (mediaType !== null && !json.test(mediaType)) throw wrongMediaType("application/json")
  const bytes = await readBytes(request, limit)
  if (mediaType === null) {
    if (bytes.byteLength > 0) throw wrongMediaType("application/json")
    return {}
  }
  const body = readStrictJson(bytes)
  const { reason } = (body ?? {}) as { readonly reason?: unknown }
  const asked = askedNow()
  if (asked !== undefined && isKept(reason)) asked.reason = reason // The act is written down before the schema says no.
  return body
}

/** A schema as Elysia wants it, and unknown fields are refused. */
export const strictly = <S extends Schema.ConstraintDecoder<unknown>>(schema: S) =>
  Schema.toStandardSchemaV1(schema, { parseOptions: { onExcessProperty: "error", errors: "first" } })

/** What a route answers: fields that its schema does not name stay inside. */
export const answering = <S extends Schema.ConstraintDecoder<unknown>>(schema: S) => Schema.toStandardSchemaV1(schema)

/** Spread into a route that takes JSON. */
export const takes = <S extends Schema.ConstraintDecoder<unknown>>(schema: S) => ({ body: strictly(schema), parse: [readJson] })
