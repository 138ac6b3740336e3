/** Who is asking. */
import { Elysia } from "elysia"
import { Accounts, type Caller, type Role, StaffRole } from "#integrations/accounts/accounts.ts"
import type { DealershipId, SubjectId } from "#machines/vocabulary.ts"
import { bearerOf, cookieOf } from "./cookie.ts"
import type { HttpOptions } from "./options.ts"
import { notYours, signedOut } from "./problem.ts"
import type { Run } from "./run.ts"

export type Door = "public" | "intranet"

export const tokenOf = (request: Request, { secureCookies }: HttpOptions): string | null =>
  bearerOf(request) ?? cookieOf(request, secureCookies)

/** The signed-in caller of one of `roles`: 401 without a session, 403 where the area is for others. */
const callerOf =
  (run: Run<Accounts>, options: HttpOptions, door: Door, roles: ReadonlyArray<Role>) =>
  async (request: Request): Promise<Caller> => {
    const token = tokenOf(request, options)
    const caller = token === null ? null : await run(Accounts.use((accounts) => accounts.authenticate(token, door)))
    if (caller === null) throw signedOut()
    if (!roles.includes(caller.role)) throw notYours()
    return caller
  }

export const session = (run: Run<Accounts>, options: HttpOptions, door: Door, roles: ReadonlyArray<Role>) => {
  const find = callerOf(run, options, door, roles)
  return new Elysia().derive({ as: "scoped" }, async ({ request }) => ({ caller: await find(request) }))
}

export const everybody: Readonly<Record<Door, ReadonlyArray<Role>>> = {
  public: ["customer"],
  intranet: StaffRole.literals
}

/** An employee of a dealership, as the routes for dealers know them. */
export interface Seller {
  readonly subjectId: SubjectId
  readonly role: "seller" | "manager"
  readonly dealershipId: DealershipId
}

/** Finds the customer who asks, for a route that has something to say where nobody can be found. */
export const customerOf = (run: Run<Accounts>, options: HttpOptions) => callerOf(run, options, "public", ["customer"])
export const customer = (run: Run<Accounts>, options: HttpOptions) => session(run, options, "public", ["customer"])
export const operator = (run: Run<Accounts>, options: HttpOptions) =>
  session(run, options, "intranet", ["operator", "administrator"])
export const administrator = (run: Run<Accounts>, options: HttpOptions) => session(run, options, "intranet", ["administrator"])

/** Somebody who sells, and for whom. */
export const dealer = (run: Run<Accounts>, options: HttpOptions) => {
  const find = callerOf(run, options, "intranet", ["seller", "manager"])
  return new Elysia().derive({ as: "scoped" }, async ({ request }) => {
    const { subjectId, role, dealershipId } = await find(request)
    if (dealershipId === null || (role !== "seller" && role !== "manager")) throw notYours()
    return { seller: { subjectId, role, dealershipId } satisfies Seller }
  })
}
