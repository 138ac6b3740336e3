/** What every request passes on either listener: whose page asks, which headers go out, and how errors are said. */
import { Effect } from "effect"
import { Elysia, ValidationError } from "elysia"
import type { Audit } from "#integrations/audit/audit.ts"
import { addressOf } from "./address.ts"
import { Asked, answeringAs, askedNow, isReading } from "./asked.ts"
import { bearerOf, cookieOf } from "./cookie.ts"
import type { HttpOptions } from "./options.ts"
import { badHost, foreignOrigin, malformed, notFound, ourFault, Problem, tooLong } from "./problem.ts"
import type { Run } from "./run.ts"
import { Traffic } from "./traffic.ts"

const headers = {
  "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cache-control": "no-store"
}
const oneYear = "max-age=31536000; includeSubDomains"
const addressLimit = 4_096 // Characters of a URL; the longest of ours has a cursor of some hundred.

/**
 * A page of another site may not act with our cookie (ASVS 3.5.1). Browsers say where they come from on everything that changes
 * something; who says nothing and brings a cookie is turned away too. A bearer token cannot be sent by accident.
 */
const isForeign = (request: Request, options: HttpOptions) => {
  if (isReading(request.method) || bearerOf(request) !== null) return false
  const origin = request.headers.get("origin")
  if (origin !== null) return !options.origins.includes(origin)
  const site = request.headers.get("sec-fetch-site")
  if (site !== null) return site !== "same-origin" && site !== "none"
  return cookieOf(request, options.secureCookies) !== null
}

/**
 * Partners: each webhook is judged by its signature, and a month's end brings thousands. And withdrawals, which have a count and a receipt of
 * their own: nothing of ours, and no neighbour behind one address, makes a customer late.
 */
const isUncounted = ({ method, url }: Request) => method === "POST" && URL.canParse(url) && uncounted.test(new URL(url).pathname)
const uncounted =
  /^\/(webhooks\/(status|settlement|transport)|api\/me\/vehicles\/[^/]+\/activations\/[^/]+\/withdrawal(\/confirmation)?)$/

/** What nobody expected is logged through `run`: the caller only learns that it was our mistake. */
export const front = (options: HttpOptions, run: Run<Audit>) => {
  const traffic = new Traffic()
  return new Elysia({ name: "http/front" })
    .wrap((answer) => (request: unknown) => answeringAs(new Asked(run), () => answer(request) as unknown as Promise<Response>))
    .onRequest(({ request, server, set }) => {
      Object.assign(set.headers, headers, options.secureCookies ? { "strict-transport-security": oneYear } : {})
      set.headers["x-request-id"] = askedNow()!.id
      if (request.url.length > addressLimit) throw tooLong(addressLimit)
      if (!isUncounted(request))
        traffic.admit(addressOf(server, request, options), bearerOf(request) ?? cookieOf(request, options.secureCookies))
      if (!URL.canParse(request.url)) throw badHost() // Bun leaves out a Host that is none; what comes after this reads addresses.
      if (isForeign(request, options)) throw foreignOrigin()
      if (request.url.includes("%00")) throw notFound() // No identifier holds a NUL, and Postgres takes none.
    })
    .onError({ as: "global" }, ({ code, error }) => {
      const problem = asProblem(code, error)
      if (problem.details.status === 500 && !(error instanceof Problem))
        run(Effect.logError("A defect met a caller", error)).catch(() => {}) // Stopping: there is no log any more.
      return problem.toResponse()
    })
}

const asProblem = (code: string | number, error: unknown): Problem => {
  if (error instanceof Problem) return error
  if (error instanceof Error && error.cause instanceof Problem) return error.cause // Elysia wraps what a parser throws.
  if (code === "NOT_FOUND") return notFound()
  if (error instanceof ValidationError && error.type !== "response") {
    const [first] = error.all as ReadonlyArray<{ readonly path?: string; readonly message?: string }>
    return malformed(`${error.type} ${first?.path ?? "root"}: ${first?.message ?? "not as described"}. See /openapi/json.`)
  }
  return ourFault()
}
