/** What operators may do to an actor, and what is not theirs to do. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { Operations } from "#actors/system/operations.ts"
import { PostgresOperations } from "#actors/system/postgres-operations.ts"
import { PostgresOwner } from "#integrations/postgres/postgres.ts"
import { SubjectId } from "#machines/vocabulary.ts"
import { house } from "./house.ts"
import { Lamp, say } from "./lamp.ts"

const operator = SubjectId.make("sub_operator-1")

describe("an operator", () => {
  let home: Awaited<ReturnType<typeof house>>
  beforeAll(async () => {
    home = await house("postgres", { relays: false })
  })
  afterAll(() => home.close())
  const tell = (lamp: string, message: any, id: string) =>
    home.run(Effect.exit(ActorSystem.use((actors) => actors.tell(Lamp.at(lamp), message, { id }))))
  const release = (lamp: string) =>
    home.run(
      Operations.use((operations) => operations.release(`lamp/${lamp}`, operator, "repaired in this release")).pipe(
        Effect.result,
        Effect.provide(PostgresOperations)
      ) as any
    ) as Promise<any>
  const acts = () =>
    Effect.runPromise(
      SqlClient.SqlClient.use((sql) => sql<{ target: string }>`SELECT target FROM operator_acts`).pipe(
        Effect.provide(PostgresOwner({ url: Redacted.make(home.database!.url) }))
      )
    )

  test("releases what is quarantined, and nothing else: a single defect keeps nobody from hearing", async () => {
    await tell("b", say.install, "1")
    for (let i = 1; i <= 4; i++) await tell("b", say.break, "boom")
    expect(await release("b")).toMatchObject({ _tag: "Failure", failure: { _tag: "NotQuarantined" } })
    expect(await acts()).toEqual([])
    await tell("b", say.break, "boom") // The fifth: the count is still there.
    expect(String(await tell("b", say.on, "2"))).toContain("ActorQuarantined")
    expect(await release("b")).toMatchObject({ _tag: "Success" })
    expect(await acts()).toEqual([{ target: "lamp/b" }])
    expect(await tell("b", say.on, "2")).toMatchObject({ _tag: "Success" })
  })
})
