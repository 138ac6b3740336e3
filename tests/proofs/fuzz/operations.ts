/** What both listeners say that they take and answer: the source of the inputs, and the judge of the answers. */
import Ajv, { type ValidateFunction } from "ajv/dist/2020.js"
import { documentOf } from "#src/commands/openapi.ts"
import type { Door } from "#tests/http/house.ts"
import type { JsonSchema } from "./shapes.ts"

export interface Parameter {
  readonly name: string
  readonly in: "path" | "query" | "header"
  readonly required: boolean
  readonly schema: JsonSchema
}

export interface Operation {
  readonly door: Door
  readonly method: string
  /** "/api/me/orders/{orderId}" */
  readonly path: string
  readonly parameters: ReadonlyArray<Parameter>
  /** The media types that it reads; none where it takes no body. */
  readonly reads: ReadonlyArray<string>
  /** The schema of a JSON body. */
  readonly body: JsonSchema | null
  /** Without a body is with an empty object. */
  readonly mayBeEmpty: boolean
  readonly components: Readonly<Record<string, JsonSchema>>
  /** Whether the description lets this JSON body in. */
  readonly takes: (body: unknown) => boolean
  /** What contradicts the description in an answer; null where nothing does. */
  readonly contradiction: (status: number, mediaType: string, body: unknown) => string | null
}

export const problemType = "application/problem+json"

export const operationsOf = async (door: Door): Promise<ReadonlyArray<Operation>> => {
  const document: any = await documentOf(door)
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: false })
  ajv.addSchema(document, door)
  const compiled = new Map<string, ValidateFunction>()
  const validatorAt = (...path: ReadonlyArray<string>): ValidateFunction => {
    const pointer = path.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/")
    const known = compiled.get(pointer)
    if (known !== undefined) return known
    const made = ajv.compile({ $ref: `${door}#/${pointer}` })
    compiled.set(pointer, made)
    return made
  }
  return Object.entries<any>(document.paths).flatMap(([path, methods]) =>
    Object.entries<any>(methods).map(([method, { parameters = [], requestBody, responses }]): Operation => {
      const json = requestBody?.content?.["application/json"]?.schema ?? null
      const described = ["paths", path, method] as const
      return {
        door,
        method: method.toUpperCase(),
        path,
        parameters,
        reads: Object.keys(requestBody?.content ?? {}),
        body: json,
        mayBeEmpty: requestBody?.required === false,
        components: document.components.schemas,
        takes: (body) =>
          json !== null && validatorAt(...described, "requestBody", "content", "application/json", "schema")(body) === true,
        contradiction: (status, mediaType, body) => {
          const response = responses[status]
          if (response === undefined) return `status ${status} is not described`
          const content = response.content
          if (content === undefined) return body === null ? null : `${status} is described as empty`
          const schema = content[mediaType]
          if (schema === undefined) return `${status} is not described as "${mediaType}"`
          if (schema.schema === undefined || schema.schema.format === "binary") return null
          const validate = validatorAt(...described, "responses", String(status), "content", mediaType, "schema")
          return validate(body) === true ? null : `${status} does not match its schema: ${ajv.errorsText(validate.errors)}`
        }
      }
    })
  )
}
