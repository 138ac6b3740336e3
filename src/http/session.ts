/** Who is asking, and whether the policy lets them. */
import { Elysia } from "elysia"
import { Accounts, type Caller } from "#integrations/accounts/accounts.ts"
import type { DealershipId, SubjectId } from "#machines/vocabulary.ts"
import { askedNow, type Named } from "./asked.ts"
import { bearerOf, cookieOf } from "./cookie.ts"
import type { HttpOptions } from "./options.ts"
import { type Door, reachOf } from "./policy.ts"
import { notYours, signedOut } from "./problem.ts"
import type { Run } from "./run.ts"

export const tokenOf = (request: Request, { secureCookies }: HttpOptions): string | null =>
  bearerOf(request) ?? cookieOf(request, secureCookies)

/** What Elysia knows of a request before its handler: `route` is the template that it fits. */
export interface Asking extends Omit<Named, "method"> {
  readonly request: Request
}

/** The signed-in caller, whom the policy lets in: 401 without a session, 403 where the route is for others. */
export const callerOf =
  (run: Run<Accounts>, options: HttpOptions, door: Door) =>
  async ({ request, route, params }: Asking): Promise<Caller> => {
    const token = tokenOf(request, options)
    const caller = token === null ? null : await run(Accounts.use((accounts) => accounts.authenticate(token, door)))
    if (caller === null) throw signedOut()
    await askedNow()!.begins(caller, { method: request.method, route, params }) // Also what the next line forbids.
    if (reachOf(door, { method: request.method, path: route }, caller.role) === "nothing") throw notYours()
    return caller
  }

export const session = (run: Run<Accounts>, options: HttpOptions, door: Door) => {
  const find = callerOf(run, options, door)
  return new Elysia().derive({ as: "scoped" }, async ({ request, route, params }) => ({
    caller: await find({ request, route, params })
  }))
}

export const customer = (run: Run<Accounts>, options: HttpOptions) => session(run, options, "public")
/** Whoever works for the company: which of them, the policy says. */
export const staff = (run: Run<Accounts>, options: HttpOptions) => session(run, options, "intranet")

/** An employee of a dealership, as the routes for dealers know them. */
export interface Seller {
  readonly subjectId: SubjectId
  readonly role: "seller" | "manager"
  readonly dealershipId: DealershipId
}

/** Somebody who sells, and for whom. */
export const dealer = (run: Run<Accounts>, options: HttpOptions) => {
  const find = callerOf(run, options, "intranet")
  return new Elysia().derive({ as: "scoped" }, async ({ request, route, params }) => {
    const { subjectId, role, dealershipId } = await find({ request, route, params })
    if (dealershipId === null || (role !== "seller" && role !== "manager")) throw notYours()
    return { seller: { subjectId, role, dealershipId } satisfies Seller }
  })
}
