/** Who is asking, and whether the policy lets them. */
import { Elysia } from "elysia"
import { Accounts, type Caller, type Door } from "#integrations/accounts/accounts.ts"
import type { DealershipId, SubjectId } from "#machines/vocabulary.ts"
import { askedNow, type Named } from "./asked.ts"
import { bearerOf, cookieOf } from "./cookie.ts"
import type { HttpOptions } from "./options.ts"
import { reachOf } from "./policy.ts"
import { notYours, secondFactorMissing, signedOut } from "./problem.ts"
import type { Run } from "./run.ts"

export const tokenOf = (request: Request, { secureCookies }: HttpOptions): string | null =>
  bearerOf(request) ?? cookieOf(request, secureCookies)

/** What Elysia knows of a request before its handler: `route` is the template that it fits. */
export interface Asking extends Omit<Named, "method"> {
  readonly request: Request
}

/** The signed-in caller, whom the policy lets in: 401 without a session, 403 where a second factor has to be added first, or where the route is for others. */
export const callerOf = (run: Run<Accounts>, options: HttpOptions, door: Door) => {
  const find = signedIn(run, options, door)
  return async (asking: Asking): Promise<Caller> => {
    const caller = await find(asking)
    if (door === "intranet" && options.staffSecondFactor === "required" && caller.factorAt === null) throw secondFactorMissing()
    return allowed(caller, asking, door)
  }
}

const signedIn =
  (run: Run<Accounts>, options: HttpOptions, door: Door) =>
  async ({ request, route, params }: Asking): Promise<Caller> => {
    const token = tokenOf(request, options)
    const caller = token === null ? null : await run(Accounts.use((accounts) => accounts.authenticate(token, door)))
    if (caller === null) throw signedOut()
    await askedNow()!.begins(caller, { method: request.method, route, params }) // Also what the policy forbids.
    return caller
  }

const allowed = (caller: Caller, { request, route }: Asking, door: Door): Caller => {
  if (reachOf(door, { method: request.method, path: route }, caller.role) === "nothing") throw notYours()
  return caller
}

const derived = (find: (asking: Asking) => Promise<Caller>) =>
  new Elysia().derive({ as: "scoped" }, async ({ request, route, params }) => ({ caller: await find({ request, route, params }) }))

/** Whoever is signed in at this door, also where a second factor has yet to be added: for the routes that add it, and that end sessions. */
export const anybody = (run: Run<Accounts>, options: HttpOptions, door: Door) => {
  const find = signedIn(run, options, door)
  return derived(async (asking) => allowed(await find(asking), asking, door))
}
export const session = (run: Run<Accounts>, options: HttpOptions, door: Door) => derived(callerOf(run, options, door))
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
