/** Lives what is alive once more with the code at hand, before that is deployed: every journal is heard again, and nothing is changed. */
import { Clock, Effect } from "effect"
import { registry as ours } from "#actors/registry.ts"
import type { AnyBehavior } from "#actors/system/behavior.ts"
import type { Life } from "./life.ts"
import { eachLife, population, promises } from "./lives.ts"
import { judge, type Verdict } from "./verdict.ts"

const findingsKept = 100 // Per machine; beyond that they are counted only.

export interface Rehearsed {
  readonly type: string
  readonly version: number
  actors: number
  identical: number
  migrates: number
  diverged: number
  unrestorable: number
  /** Commands that wait, and that this code would not perform. */
  unperformed: number
  readonly findings: Array<{ readonly path: string } & Verdict>
}

export interface RehearsalOptions {
  readonly registry?: ReadonlyArray<AnyBehavior>
  readonly types?: ReadonlySet<string>
  /** So many of each kind, at random; all of them without. */
  readonly sample?: number
  readonly progress?: (now: Rehearsed, of: number) => void
  /** Sees each life, and what was said of it. */
  readonly witness?: (life: Life, verdict: Verdict) => void
}

/** Needs the owner's rights to the database, or any that may read it. Memory stays flat, however many there are. */
export const rehearse = Effect.fn("rehearse")(function* (options: RehearsalOptions = {}) {
  const registry = (options.registry ?? ours).filter(({ type }) => options.types?.has(type.name) ?? true)
  const at = yield* Clock.currentTimeMillis
  const counts = yield* population
  const waiting = yield* promises
  const unperformed = (type: string, behavior?: AnyBehavior) =>
    waiting
      .filter((one) => one.type === type && behavior?.perform[one.command] === undefined)
      .reduce((sum, { count }) => sum + count, 0)
  const known = yield* Effect.forEach(registry, (behavior) =>
    Effect.gen(function* () {
      const type = behavior.type.name
      const all = Math.min(counts.get(type) ?? 0, options.sample ?? Number.POSITIVE_INFINITY)
      const said: Rehearsed = {
        type,
        version: behavior.machineVersion,
        actors: 0,
        identical: 0,
        migrates: 0,
        diverged: 0,
        unrestorable: 0,
        unperformed: unperformed(type, behavior),
        findings: []
      }
      yield* eachLife(behavior, options.sample ?? null, (life) => {
        const verdict = judge(behavior, life, at)
        said.actors++
        said[verdict._tag]++
        if ((verdict._tag === "diverged" || verdict._tag === "unrestorable") && said.findings.length < findingsKept)
          said.findings.push({ path: life.path, ...verdict })
        options.witness?.(life, verdict)
        options.progress?.(said, all)
      })
      return said
    })
  )
  const strangers =
    options.types === undefined ? [...counts].filter(([type]) => registry.every((one) => one.type.name !== type)) : []
  return [...known, ...strangers.map(([type, actors]) => forgotten(type, actors, unperformed(type)))]
})

/** A kind of actor that lives in this database and that this code does not know. */
const forgotten = (type: string, actors: number, unperformed: number): Rehearsed => ({
  type,
  version: 0,
  actors,
  identical: 0,
  migrates: 0,
  diverged: 0,
  unrestorable: actors,
  unperformed,
  findings: [{ path: `${type}/*`, _tag: "unrestorable", why: "this code knows no such actor" }]
})

/** Whether it may be deployed. */
export const isFit = (rehearsed: ReadonlyArray<Rehearsed>) =>
  rehearsed.every(({ diverged, unrestorable, unperformed }) => diverged + unrestorable + unperformed === 0)
