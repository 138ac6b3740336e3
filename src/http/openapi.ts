/** What the API says about itself, from the same schemas that guard it. */
import { toOpenAPISchema } from "@elysiajs/openapi"
import { JsonSchema, Schema } from "effect"
import type { AnyElysia, Elysia } from "elysia"

type Json = Record<string, any>

export interface Described {
  readonly title: string
  readonly description: string
  readonly tags: Readonly<Record<string, string>>
}

const reading = new Set(["get", "head"])

/** The OpenAPI 3.1 document of an app. */
export const describe = (app: AnyElysia, { title, description, tags }: Described): Json => {
  const schemas: Json = {}
  // The plugin leaves out the body of a route with a parser of its own; ours all read JSON.
  const routes: ReadonlyArray<Json> = (app as any)
    .getGlobalRoutes()
    .map((route: Json) => ({ ...route, hooks: { ...route.hooks, parse: undefined } }))
  const bodies = new Set(routes.map(({ hooks }) => hooks.body))
  /**
   * Effect names its definitions under `#/$defs`, which OpenAPI cannot see from inside a path: they are lifted to
   * `#/components/schemas`. What we read takes no unknown field; what we answer may one day have another.
   */
  const lift = (schema: Schema.Top) => {
    const onExcessProperty = bodies.has(schema) ? "error" : "ignore"
    const { schema: root, definitions } = Schema.toJsonSchemaDocument(schema, { onExcessProperty })
    const lifted = JsonSchema.toMultiDocumentOpenApi3_1({ dialect: "draft-2020-12", schemas: [root], definitions })
    Object.assign(schemas, lifted.definitions)
    return lifted.schemas[0]
  }
  const described = { getGlobalRoutes: () => routes, getGlobalDefinitions: () => ({ type: {} }) }
  const { paths } = toOpenAPISchema(described as unknown as AnyElysia, undefined, undefined, { effect: lift }) as { paths: Json }
  for (const [path, operations] of Object.entries(paths))
    for (const [method, operation] of Object.entries(operations as Json)) paths[path][method] = polished(method, operation)
  return {
    openapi: "3.1.1",
    info: { title, version: "1", description, license: { name: "Proprietary", identifier: "LicenseRef-CaaS" } },
    servers: [{ url: "/" }],
    tags: Object.entries(tags).map(([name, words]) => ({ name, description: words })),
    security: [{ session: [] }, { bearer: [] }],
    paths: unwrapped(paths),
    components: {
      schemas: unwrapped(schemas),
      securitySchemes: {
        session: {
          type: "apiKey",
          in: "cookie",
          name: "__Host-sid",
          description: "Set by POST /api/auth/sessions; Secure, HttpOnly."
        },
        bearer: {
          type: "http",
          scheme: "bearer",
          description: "The token that POST /api/auth/sessions answers, or the access token of an app."
        }
      }
    }
  }
}

/** A choice of one is no choice: `{anyOf: [x]}` becomes x, at any depth. */
const unwrapped = (json: unknown): unknown => {
  if (Array.isArray(json)) return json.map(unwrapped)
  if (typeof json !== "object" || json === null) return json
  const { anyOf, ...rest } = json as Json
  if (Array.isArray(anyOf) && anyOf.length === 1) return unwrapped({ ...anyOf[0], ...rest })
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, unwrapped(value)]))
}

const meanings: Readonly<Record<string, string>> = {
  200: "Done, or found",
  201: "Created; asked twice with one Idempotency-Key, the same again",
  202: "Accepted; the outcome follows",
  204: "Done; there is nothing to say",
  400: "Not JSON",
  401: "Signed out",
  403: "Not for this role, or asked from another site's page",
  404: "Nothing there, or somebody else's",
  409: "Refused by the business; see reason",
  413: "Too large",
  414: "An address of more than 4,096 characters",
  415: "Not a media type this route reads",
  422: "Readable, but not what was asked for; see detail",
  429: "Too often; see Retry-After",
  500: "Our mistake",
  503: "Not just now; see Retry-After, then the same again"
}

/** A body that may as well stay away: nothing.ts. */
const isEmpty = (schema: Json) => schema.$ref === "#/components/schemas/Empty"

const bytes = "x-bytes"

/** Spread into the `detail` of a route that answers bytes: what they may be. The plugin would leave out an answer that has no schema. */
export const answersBytes = (...mediaTypes: ReadonlyArray<string>) => ({ [bytes]: mediaTypes })

const bytesOf = (mediaTypes: ReadonlyArray<string>): Json => ({
  200: {
    description: meanings[200],
    content: Object.fromEntries(mediaTypes.map((type) => [type, { schema: { type: "string", format: "binary" } }]))
  }
})

/** JSON in and JSON out, problems by their own media type, and each answer with its meaning. */
const polished = (method: string, operation: Json): Json => {
  const { requestBody, responses: described, [bytes]: mediaTypes, ...rest } = operation
  const responses = mediaTypes === undefined ? described : { ...bytesOf(mediaTypes), ...described }
  const body = requestBody?.content?.["application/json"]
  return {
    ...rest,
    ...(reading.has(method) || requestBody === undefined
      ? {}
      : {
          requestBody: body === undefined ? requestBody : { required: !isEmpty(body.schema), content: { "application/json": body } }
        }),
    responses: Object.fromEntries(Object.entries(responses as Json).map(([status, response]) => [status, answer(status, response)]))
  }
}

const answer = (status: string, response: Json): Json => {
  const description = meanings[status] ?? response.description
  if (status === "204") return { description }
  const content = response.content as Json | undefined
  const json = content?.["application/json"] as Json | undefined
  const isProblem = json?.schema?.$ref === "#/components/schemas/Problem"
  const headers =
    status === "429" || status === "503" ? { "retry-after": { description: "Seconds", schema: { type: "integer" } } } : undefined
  return {
    description,
    ...(isProblem && headers !== undefined ? { headers } : {}),
    ...(content === undefined ? {} : { content: isProblem ? { "application/problem+json": json } : content })
  }
}

/** `/openapi/json` of the app it is used by; `/openapi` leads there. */
export const openapi = (about: Described) => {
  let document: Json | null = null
  return (app: Elysia) =>
    app
      .get("/openapi", ({ redirect }) => redirect("/openapi/json"), { detail: { hide: true } })
      .get("/openapi/json", () => (document ??= describe(app, about)), { detail: { hide: true } })
}
