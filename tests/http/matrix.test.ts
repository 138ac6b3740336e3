/** Every route by everybody: who is answered what, that a no changes nothing, and that somebody else's looks like what never was (API1, API3, API5, API9; F78, I60). */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { type HttpHouse, httpHouse, newKey, type Signed } from "./house.ts"
import { addressOf, fitting, parting } from "./matrix-requests.ts"
import { type MatrixDoor, type MatrixRow, matrixOf } from "./matrix-table.ts"
import { type MatrixWorld, matrixWorld, type Names } from "./matrix-world.ts"

const doors = ["public", "intranet"] as const
const said: Array<string> = [] // By the request at hand, to the database.
let house: HttpHouse
let world: MatrixWorld
beforeAll(async () => {
  house = await httpHouse({ signInsPerMinute: 1000, hears: (statement) => said.push(statement) })
  world = await matrixWorld(house)
}, 60_000)
afterAll(() => house.close())

let asked = 0
interface Answer {
  readonly status: number
  readonly body: string
  readonly type: string | null
  readonly statements: ReadonlyArray<string>
}

const ask = async (door: MatrixDoor, row: MatrixRow, who: Signed | null, names: Names, more: object = {}): Promise<Answer> => {
  asked++
  const device = () => house.world.push.subscribe(world.applicationServerKey)
  const address = `http://localhost${addressOf(row, names, world)}`
  const signed: Record<string, string> = who === null ? {} : { authorization: `Bearer ${who.token}` }
  const shown = async () => {
    const response = await house.apps[door].handle(new Request(address, { headers: signed }))
    // That somebody looked is noted, and no doing of the request that is judged.
    await house.rows(`DELETE FROM purchase_file_reads WHERE request_id = '${response.headers.get("x-request-id")}'`)
    return response.json()
  }
  const { body, raw, headers } = (await fitting[row.route]?.({ asked, device, shown })) ?? {}
  const all = new Headers({ "idempotency-key": newKey(), ...headers, ...signed })
  const isReading = row.method === "GET"
  if (!isReading && raw === undefined) all.set("content-type", "application/json")
  const sent = raw ?? (isReading ? undefined : JSON.stringify({ ...(body as object), ...more }))
  said.length = 0
  const response = await house.apps[door].handle(
    new Request(address, {
      method: row.method,
      headers: all,
      ...(sent === undefined || row.method === "DELETE" ? {} : { body: sent })
    })
  )
  const text = Buffer.from(await response.arrayBuffer()).toString("latin1")
  return { status: response.status, body: text, type: response.headers.get("content-type"), statements: [...said] }
}

/** Who stands behind a column, and what they ask about. */
const cellsOf = (door: MatrixDoor, column: string): ReadonlyArray<readonly [who: Signed | null, names: Names]> => {
  const { staffs, customers, names } = world
  if (column === "none") return [[null, names.own]]
  if (door === "public") {
    if (column === "staff") return Object.values(staffs).map((one) => [one, names.own] as const)
    return [[column === "ex" ? customers.ex : customers.own, names[column as "own" | "other" | "missing" | "ex"]]]
  }
  if (column === "customer") return [[customers.own, names.sale]]
  // Mails to one person are few an hour: the manager's goes to another customer of the house.
  const sale = column === "manager" ? { ...names.sale, customerId: customers.other.subjectId } : names.sale
  return [[staffs[column as keyof typeof staffs], sale]]
}
const isRefusal = (cell: string) => /^(401|403|404)$/.test(cell)
const isWriting = ({ method }: MatrixRow) => method !== "GET"
/** Whoever is let in first; where all depends on the body, whoever is not turned away for their post. */
const letIn = ({ cells }: MatrixRow) =>
  Object.keys(cells).find((column) => !isRefusal(cells[column]!) && cells[column] !== ".") ??
  Object.keys(cells).find((column) => cells[column] === "404")
const columnsOf = ({ cells }: MatrixRow) => Object.keys(cells).filter((column) => cells[column] !== ".")

const matches = (cell: string, status: number) =>
  cell === "+" ? (status >= 200 && status < 300) || status === 409 : String(status) === cell

describe.each(doors)("of the %s listener", (door) => {
  const rows = matrixOf(door)

  test("every route has a row, and every row a route", () => {
    const served = house.apps[door].routes.map(({ method, path }) => `${method} ${path}`)
    const listed = rows.map(({ route }) => route)
    expect(
      served.filter((route) => !listed.includes(route)).map((route) => `add a row for ${route} to tests/http/matrix-table.ts`)
    ).toEqual([])
    expect(listed.filter((route) => !served.includes(route)).map((route) => `${route} is not served: remove its row`)).toEqual([])
    expect(new Set(listed).size).toBe(listed.length)
    const bodiless = rows.filter(({ method, route }) => /^(POST|PUT|PATCH)$/.test(method) && !Object.hasOwn(fitting, route))
    expect(bodiless.map(({ route }) => `add a body for ${route} to fitting of tests/http/matrix-requests.ts`)).toEqual([])
  })

  test.each(rows.filter(({ cells }) => Object.values(cells).some(isRefusal)).map((row) => [row.route, row] as const))(
    "%s refuses whom it shall refuse, and changes nothing",
    async (_, row) => {
      const before = isWriting(row) ? await house.everything() : null
      for (const column of columnsOf(row).filter((one) => isRefusal(row.cells[one]!) && one !== "missing"))
        for (const [who, names] of cellsOf(door, column)) {
          const { status, type } = await ask(door, row, who, names)
          expect([row.route, column, who?.email, status, type]).toEqual([
            row.route,
            column,
            who?.email,
            Number(row.cells[column]),
            "application/problem+json"
          ])
        }
      if (before !== null) expect(await house.everything()).toEqual(before)
    }
  )

  test.each(rows.filter(({ cells }) => cells.missing === "404").map((row) => [row.route, row] as const))(
    "%s says of somebody else's what it says of what never was, in the same words, and asks the database the same",
    async (_, row) => {
      const { staffs, customers, names } = world
      const [stranger, theirs] = door === "public" ? [customers.own, names.other] : [staffs.foreign, names.sale]
      const missing = await ask(door, row, door === "public" ? stranger : staffs[letIn(row) as keyof typeof staffs], names.missing)
      expect([row.route, missing.status, missing.type]).toEqual([row.route, 404, "application/problem+json"])
      if (row.cells[door === "public" ? "other" : "foreign"] !== "404") return
      const nothing = await ask(door, row, stranger, names.missing)
      const foreign = await ask(door, row, stranger, theirs)
      expect([row.route, foreign]).toEqual([row.route, nothing])
      expect(foreign.statements.length).toBeGreaterThan(0)
    }
  )

  test.each(rows.filter(({ cells }) => Object.values(cells).includes("403")).map((row) => [row.route, row] as const))(
    "%s says no to another post before it looks what is there",
    async (_, row) => {
      const column = Object.keys(row.cells).find((one) => row.cells[one] === "403")!
      const who = world.staffs[column as keyof typeof world.staffs]
      const [there, missing] = [await ask(door, row, who, world.names.sale), await ask(door, row, who, world.names.missing)]
      expect([row.route, there.status, there]).toEqual([row.route, 403, missing])
    }
  )

  test.each(
    rows
      .filter((row) => isWriting(row) && !row.path.startsWith("/webhooks") && !row.path.endsWith("/documents"))
      .map((row) => [row.route, row] as const)
  )("%s takes no field that is not the caller's to say", async (_, row) => {
    const column = letIn(row)
    if (column === undefined || row.method === "DELETE") return
    const [[who, names]] = cellsOf(door, column) as [readonly [Signed, Names]]
    const before = await house.everything()
    for (const field of ["subjectId", "customerId", "dealershipId", "sellerId", "by", "price", "amountMinor", "at", "state"]) {
      const { status } = await ask(door, row, who, names, { [field]: "sub_somebody-else" })
      expect([row.route, field, status]).toEqual([row.route, field, 422])
    }
    expect(await house.everything()).toEqual(before)
  })

  test.each(rows.map((row) => [row.route, row] as const))("%s lets in whom it shall let in", async (_, row) => {
    for (const column of columnsOf(row).filter((one) => !isRefusal(row.cells[one]!)))
      for (const [who, names] of cellsOf(door, column)) {
        const caller = who !== null && parting.has(row.route) ? await world.another(column) : who
        const missing = column === "missing" ? world.staffs[letIn(row) as keyof typeof world.staffs] : caller
        const { status, body } = await ask(door, row, missing, column === "missing" ? world.names.missing : names)
        const isRight = matches(row.cells[column]!, status)
        expect([row.route, column, who?.email, status, isRight ? "" : body]).toEqual([row.route, column, who?.email, status, ""])
      }
  })
})
