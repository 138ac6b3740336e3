/** A customer's own cars. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import { customerSees } from "#integrations/postgres/seen-by.ts"
import type { SubjectId, Vin } from "#machines/vocabulary.ts"
import { platesOf, vehiclesOf } from "#src/views/vehicles.ts"
import { readingProblems } from "../answers.ts"
import type { HttpOptions } from "../options.ts"
import { afterOf, Cursor, cursorAfter, limitOf, PageQuery } from "../page.ts"
import type { Run } from "../run.ts"
import { customer } from "../session.ts"
import { answering, strictly } from "../strict.ts"
import { NamedVehicle, ownVehicle } from "./own-vehicle.ts"
import { detailOf, OwnVehicle, OwnVehicleSummary, summaryOf } from "./vehicle.ts"

const Vehicles = Schema.Struct({ vehicles: Schema.Array(OwnVehicleSummary), cursor: Cursor }).annotate({
  identifier: "OwnVehicles"
})

export const vehicles = (run: Run<Accounts | SqlClient.SqlClient>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/me/vehicles", tags: ["Vehicles"] })
    .use(customer(run, options))
    .get("", ({ caller, query }) => run(list(caller.subjectId, query)), {
      query: strictly(PageQuery),
      response: { 200: answering(Vehicles), ...readingProblems },
      detail: { summary: "My cars" }
    })
    .get("/:vin", ({ caller, params }) => run(read(caller.subjectId, params.vin)), {
      params: strictly(NamedVehicle),
      response: { 200: answering(OwnVehicle), ...readingProblems },
      detail: { summary: "One of my cars: app, warranty, theft, services" }
    })

const list = Effect.fn("customers.vehicles")(function* (subjectId: SubjectId, query: typeof PageQuery.Type) {
  const limit = limitOf(query)
  const [after] = afterOf(query, [""])
  const { rows, plates } = yield* customerSees(subjectId)(
    Effect.gen(function* () {
      const rows = yield* vehiclesOf(subjectId, after, limit)
      return { rows, plates: yield* platesOf(rows) }
    })
  )
  return {
    vehicles: rows.map((row) => summaryOf(row, plates.get(row.context.vin) ?? null)),
    cursor: cursorAfter(rows, limit, ({ path }) => [path])
  }
})

const read = Effect.fn("customers.vehicle")(function* (subjectId: SubjectId, vin: Vin) {
  const row = yield* ownVehicle(subjectId, vin)
  const plates = yield* customerSees(subjectId)(platesOf([row]))
  return detailOf(row, plates.get(vin) ?? null)
})
