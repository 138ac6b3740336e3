/** How far somebody reaches by a route, as the table beside it says; and that no route is left out of it. */
import { type Door, Role } from "#integrations/accounts/accounts.ts"
import { policyTable } from "./policy-table.ts"

/** Who asks: somebody signed in by their role, nobody signed in, or a partner whose signature is under the request. */
export type Asker = Role | "anybody" | "machine"
export type Reach = "nothing" | "own" | "house" | "all"

type Rights = ReadonlyMap<Asker, Reach>
const askers: ReadonlyArray<string> = [...Role.literals, "anybody", "machine"]
const reaches: Readonly<Record<string, Reach>> = { "-": "nothing", own: "own", house: "house", all: "all" }

/** Throws on a line that does not say for every column how far it reaches: nobody's right is a slip of the pen. */
export const rightsIn = (table: string): ReadonlyMap<string, Rights> => {
  const [columns = [], ...lines] = table
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => line.split(/\s+/))
  const strange = columns.filter((column) => !askers.includes(column))
  if (strange.length > 0) throw new Error(`The policy has columns for nobody: ${strange.join(", ")}`)
  const rights = new Map<string, Rights>()
  for (const [method, route, ...cells] of lines) {
    const key = `${method} ${route}`
    if (cells.length !== columns.length || !cells.every((cell) => Object.hasOwn(reaches, cell)))
      throw new Error(`The policy's line ${key} needs one of ${Object.keys(reaches).join(" ")} for each of ${columns.join(" ")}`)
    if (rights.has(key)) throw new Error(`The policy has two lines ${key}`)
    rights.set(key, new Map(cells.map((cell, n) => [columns[n] as Asker, reaches[cell]!])))
  }
  return rights
}

const policy: Readonly<Record<Door, ReadonlyMap<string, Rights>>> = {
  public: rightsIn(policyTable.public),
  intranet: rightsIn(policyTable.intranet)
}

export interface Route {
  readonly method: string
  /** Its template: "/api/me/orders/:orderId". */
  readonly path: string
}

/** HEAD asks what GET would answer. */
const keyOf = ({ method, path }: Route) => `${method === "HEAD" ? "GET" : method} ${path}`

/** How far somebody reaches by a route. What is not in the table is nobody's. */
export const reachOf = (door: Door, route: Route, asker: Asker): Reach => policy[door].get(keyOf(route))?.get(asker) ?? "nothing"

/** What keeps a listener from starting: routes that nobody has decided about, and decisions about no route. */
export const undecided = (door: Door, routes: ReadonlyArray<Route>): ReadonlyArray<string> => {
  const served = new Set(routes.map(keyOf))
  return [
    ...[...served]
      .filter((key) => !policy[door].has(key))
      .map((key) => `no line for ${key}: add one to "${door}" of src/http/policy-table.ts`),
    ...[...policy[door].keys()]
      .filter((key) => !served.has(key))
      .map((key) => `a line for ${key}, which is not served: remove it from "${door}" of src/http/policy-table.ts`)
  ]
}

/** The app itself, where every route of it has its line. */
export const decided = <App extends { readonly routes: ReadonlyArray<Route> }>(door: Door, app: App): App => {
  const gaps = undecided(door, app.routes)
  if (gaps.length > 0) throw new Error(`The policy does not fit the ${door} listener:\n${gaps.join("\n")}`)
  return app
}
