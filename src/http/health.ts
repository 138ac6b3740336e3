/** Whether this process lives, and whether it can work. Only Postgres is needed for that; NATS and Redis are warmth, without the others some services wait. */
import { Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import type { HttpOptions } from "./options.ts"
import { Problem } from "./problem.ts"
import type { Run } from "./run.ts"
import { answering } from "./strict.ts"

const patience = "1 second" // A database that takes longer is not ready.

const Up = Schema.Literals(["up", "down"])
const Live = Schema.Struct({ status: Schema.Literal("live") }).annotate({ identifier: "Live" })
const Ready = Schema.Struct({
  status: Schema.Literals(["ready", "notReady"]),
  postgres: Up,
  nats: Up,
  redis: Up,
  workshops: Up,
  apiIot: Up
}).annotate({
  identifier: "Ready"
})

const upOrDown = (up: boolean) => (up ? "up" : "down")

export const health = (run: Run<SqlClient.SqlClient>, options: HttpOptions) =>
  new Elysia({ prefix: "/health", tags: ["Health"] })
    .get("/live", () => ({ status: "live" as const }), {
      response: { 200: answering(Live) },
      detail: { summary: "The process answers", security: [] }
    })
    .get(
      "/ready",
      async ({ status }) => {
        const postgres = await run(answersNow).catch((no: unknown) => {
          if (no instanceof Problem) return false
          throw no
        })
        const { nats, redis, workshops, apiIot } = await options.partners()
        const state = {
          postgres: upOrDown(postgres),
          nats: upOrDown(nats),
          redis: upOrDown(redis),
          workshops: upOrDown(workshops),
          apiIot: upOrDown(apiIot)
        } as const
        return postgres ? status(200, { status: "ready", ...state }) : status(503, { status: "notReady", ...state })
      },
      {
        response: { 200: answering(Ready), 503: answering(Ready) },
        detail: { summary: "The process can work: Postgres answers", security: [] }
      }
    )

const answersNow = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`SELECT 1`
  return true
}).pipe(Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.succeed(false) }))
