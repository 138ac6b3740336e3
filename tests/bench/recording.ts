/** Every statement a run sends, with its parameters, so that a bare loop can send the same ones again. */
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"

export type Recording = Array<{ readonly text: string; readonly parameters: ReadonlyArray<unknown> }>

/** The client that remembers what it was asked for, through its template as well as through `unsafe`. */
export const recorded = <A, E, R>(Database: Layer.Layer<A | SqlClient.SqlClient, E, R>, recording: Recording) =>
  Layer.effect(
    SqlClient.SqlClient,
    Effect.map(SqlClient.SqlClient, (sql) => {
      const remember = (statement: any) => {
        const [text, parameters] = statement.compile()
        recording.push({ text, parameters })
        return statement
      }
      return new Proxy(sql, {
        apply: (target, self, args) => remember(Reflect.apply(target as any, self, args)),
        get: (target, name) =>
          name === "unsafe" ? (text: string, parameters: any) => remember(target.unsafe(text, parameters)) : (target as any)[name]
      })
    })
  ).pipe(Layer.provideMerge(Database))

const tables = /^\s*(WITH owned|SELECT path, version|SELECT letter\.path)/

/** Only the statements of turns: loads, look-ups and commits. */
export const turnsOf = (recording: Recording) => recording.filter(({ text }) => tables.test(text))
