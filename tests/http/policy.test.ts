/** The policy's table: what it may not say, and that nothing is served without it. */
import { describe, expect, test } from "bun:test"
import type { Door } from "#integrations/accounts/accounts.ts"
import { type Asker, decided, type Reach, reachOf, rightsIn, undecided } from "#src/http/policy.ts"
import { policyTable } from "#src/http/policy-table.ts"

const linesOf = (door: Door) => [...rightsIn(policyTable[door])]
const intranet = linesOf("intranet")
const all = [...linesOf("public"), ...intranet]
const isReading = (line: string) => line.startsWith("GET ")
const width: ReadonlyArray<Reach> = ["nothing", "own", "house", "all"]
const atLeast = (one: Asker, other: Asker) =>
  intranet.flatMap(([line, rights]) => (width.indexOf(rights.get(one)!) >= width.indexOf(rights.get(other)!) ? [] : [line]))

describe("the policy", () => {
  test("lets a manager do what a seller does, and an administrator what an operator does", () => {
    expect(atLeast("manager", "seller")).toEqual([])
    expect(atLeast("administrator", "operator")).toEqual([])
    expect(atLeast("operator", "support")).toEqual([])
    expect(atLeast("operator", "finance")).toEqual([])
  })

  test("lets an auditor read all that an administrator reads, and write nothing but what is about their own sign-in", () => {
    const reached = intranet.filter(([, rights]) => rights.get("auditor") !== "nothing")
    const audited = reached.map(([line]) => line)
    const written = reached.filter(([line]) => !isReading(line))
    expect(written.filter(([line]) => !/^(POST|DELETE) \/api\/auth\/(sessions|factors)(\/|$)/.test(line))).toEqual([])
    expect(new Set(written.map(([, rights]) => rights.get("auditor")))).toEqual(new Set(["own"]))
    const read = intranet.filter(([line, rights]) => isReading(line) && rights.get("administrator") === "all").map(([line]) => line)
    expect(read.length).toBeGreaterThan(15)
    expect(read.filter((line) => !audited.includes(line))).toEqual([])
  })

  test("gives customers what is theirs alone, dealers what is their house's, and neither anything of the company's", () => {
    for (const [line, rights] of all) {
      if (line.includes("/api/me")) expect([line, rights.get("customer")]).toEqual([line, "own"])
      if (/\/api\/(operator|admin)\//.test(line))
        expect([line, rights.get("seller"), rights.get("manager"), rights.get("anybody")]).toEqual([
          line,
          "nothing",
          "nothing",
          "nothing"
        ])
      if (line.includes("/api/dealer/") && !line.includes("/ownership"))
        for (const [asker, reach] of rights)
          expect([line, asker, reach]).toEqual([line, asker, /seller|manager/.test(asker) ? "house" : "nothing"])
    }
  })

  test("opens to anybody what tells nothing of anybody, and what leads to a session or has a secret of its own", () => {
    const open = all.filter(([, rights]) => rights.get("anybody") !== "nothing").map(([line]) => line.replace(/^\w+ +/, ""))
    expect([...new Set(open)].sort()).toEqual([
      "/.well-known/http-message-signatures-directory",
      "/api/auth/credentials",
      "/api/auth/email-confirmations",
      "/api/auth/passkeys/challenges",
      "/api/auth/passkeys/sessions",
      "/api/auth/recovery",
      "/api/auth/sessions",
      "/api/auth/tokens",
      "/api/auth/tokens/refresh",
      "/health/live",
      "/health/ready",
      "/openapi",
      "/openapi/json"
    ])
  })

  test("has nothing for who is not in it, for a route that is not in it, nor for another door's", () => {
    const mine = { method: "GET", path: "/api/me/orders/:orderId" }
    expect(reachOf("public", mine, "customer")).toBe("own")
    expect(reachOf("public", { ...mine, method: "HEAD" }, "customer")).toBe("own")
    expect(reachOf("public", mine, "administrator")).toBe("nothing")
    expect(reachOf("intranet", mine, "customer")).toBe("nothing")
    expect(reachOf("public", { method: "PATCH", path: mine.path }, "customer")).toBe("nothing")
  })

  test("keeps a listener from starting that serves a route nobody has decided about, and says what to add", () => {
    const served = linesOf("public").map(([line]) => ({ method: line.split(" ")[0]!, path: line.split(" ")[1]! }))
    expect(undecided("public", served)).toEqual([])
    expect(() => decided("public", { routes: [...served, { method: "GET", path: "/api/me/secrets" }] })).toThrow(
      'no line for GET /api/me/secrets: add one to "public" of src/http/policy-table.ts'
    )
    expect(() => decided("public", { routes: served.slice(1) })).toThrow("which is not served")
  })

  test("takes no line that leaves a column out, says another word, names nobody, or is there twice", () => {
    const line = (text: string) => () => rightsIn(`anybody customer\n${text}`)
    expect(line("GET /a - own")()).toHaveProperty("size", 1)
    expect(line("GET /a own")).toThrow("GET /a needs one of")
    expect(line("GET /a - most")).toThrow("GET /a needs one of")
    expect(line("GET /a - own\nGET /a - all")).toThrow("two lines GET /a")
    expect(() => rightsIn("anybody boss\nGET /a - own")).toThrow("columns for nobody: boss")
  })
})
