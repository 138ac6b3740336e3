/** The actor system's memory in memory: the same promises as Postgres, for stories that need no server. Its whole content can be looked at. */
import { Context, Effect, Layer } from "effect"
import { ActorStore, type Draft, type Stored, type Timer, type Turn, triesBeforeQuarantine } from "./actor-store.ts"
import { type Entry, leaseMillis, Outbox } from "./outbox.ts"
import { type DueRow, newestOf, retryMillis, Timers } from "./timers.ts"

export interface MemoryJournal {
  readonly actors: ReadonlyMap<string, Stored>
  readonly turns: ReadonlyArray<Turn & { readonly path: string; readonly epoch: number }>
  readonly outbox: ReadonlyArray<Readonly<MemoryEntry>>
  readonly timers: ReadonlyArray<Readonly<DueRow>>
  readonly records: ReadonlyArray<
    { readonly table: string; readonly path: string; readonly version: number } & Record<string, unknown>
  >
}

/** What the store remembers, for those who tell stories about it. */
export class Memory extends Context.Service<Memory, MemoryJournal>()("actors/Memory") {}

interface MemoryEntry {
  entry: Entry
  lane: string
  state: "waiting" | "parked" | "done"
  dueAt: number
  leased: boolean
}

interface MemoryTimer extends DueRow {
  retryAt: number
}

export const MemoryActorStore = Layer.effectContext(
  Effect.sync(() => {
    const epochs = new Map<number, number>()
    const actors = new Map<string, Stored & { partition: number }>()
    const turns: Array<Turn & { path: string; epoch: number }> = []
    const heard = new Map<string, Turn>()
    const outbox: Array<MemoryEntry> = []
    const timers = new Map<string, MemoryTimer>()
    const records: Array<any> = []
    const defects = new Map<string, number>()

    const keep = (draft: Draft, epoch: number) => {
      const { path, partition, version, machineVersion, stateSince } = draft
      const { heardFrom, ...state } = JSON.parse(draft.state)
      for (const timerId of draft.timersGone) timers.delete(`${path} ${timerId}`)
      for (const [timerId, { setVersion, due }] of draft.timersSet)
        timers.set(`${path} ${timerId}`, { path, timerId, setVersion, due, retryAt: due })
      actors.set(path, {
        partition,
        version,
        machineVersion,
        state,
        heardFrom,
        stateSince,
        timers: timersOf(path),
        quarantined: false
      })
      for (const turn of draft.turns) {
        turns.push({ ...turn, path, epoch })
        heard.set(`${path} ${turn.messageId}`, turn)
      }
      for (const { lane, body, ...promised } of draft.promised)
        outbox.push({
          entry: { ...promised, path, body: JSON.parse(body), attempts: 0, rounds: 0 },
          lane,
          state: "waiting",
          dueAt: promised.at,
          leased: false
        })
      for (const { table, fields, ...where } of draft.records) records.push({ table, path, ...where, ...fields })
    }
    const timersOf = (path: string) =>
      new Map(
        [...timers.values()]
          .filter((timer) => timer.path === path)
          .map(({ timerId, setVersion, due }): [string, Timer] => [timerId, { setVersion, due }])
      )
    const isQuarantined = (path: string) =>
      [...defects].some(([key, tries]) => key.startsWith(`${path} `) && tries >= triesBeforeQuarantine)

    const store = ActorStore.of({
      claim: (partitions) =>
        Effect.sync(() => {
          for (const partition of partitions) epochs.set(partition, (epochs.get(partition) ?? 0) + 1)
          for (const row of outbox)
            if (row.state === "waiting" && row.leased) Object.assign(row, { dueAt: row.entry.at, leased: false })
          for (const timer of timers.values()) timer.retryAt = timer.due
          return new Map(partitions.map((partition) => [partition, epochs.get(partition)!]))
        }),
      load: (paths) =>
        Effect.sync(
          () =>
            new Map(
              paths.flatMap((path): Array<[string, Stored]> => {
                const found = actors.get(path)
                return found === undefined ? [] : [[path, { ...found, timers: timersOf(path), quarantined: isQuarantined(path) }]]
              })
            )
        ),
      heard: (letters) =>
        Effect.sync(
          () =>
            new Map(
              letters.flatMap(({ path, id }) => {
                const turn = heard.get(`${path} ${id}`)
                return turn === undefined
                  ? []
                  : [[`${path} ${id}`, { version: turn.version, state: JSON.parse(turn.reply), outcome: turn.outcome }] as const]
              })
            )
        ),
      commit: (claimed, drafts) =>
        Effect.sync(() => {
          const owned = new Set(
            [...claimed].filter(([partition, epoch]) => epochs.get(partition) === epoch).map(([partition]) => partition)
          )
          const kept = new Set<string>()
          for (const draft of drafts) {
            if (!owned.has(draft.partition) || (actors.get(draft.path)?.version ?? 0) !== draft.was) continue
            keep(draft, claimed.get(draft.partition)!)
            kept.add(draft.path)
          }
          return { owned, kept }
        }),
      defect: ({ path, messageId }) =>
        Effect.sync(() => {
          const key = `${path} ${messageId}`
          defects.set(key, (defects.get(key) ?? 0) + 1)
          return defects.get(key)!
        })
    })

    const rowOf = ({ path, version, position }: Entry) =>
      outbox.find(({ entry }) => entry.path === path && entry.version === version && entry.position === position)!
    const isHead = (row: MemoryEntry) =>
      outbox.find(({ entry, lane, state }) => entry.path === row.entry.path && lane === row.lane && state !== "done") === row
    const out = Outbox.of({
      take: (now, limit) =>
        Effect.sync(() => {
          const heads = outbox.filter((row) => row.state === "waiting" && row.dueAt <= now && isHead(row)).slice(0, limit)
          for (const row of heads) {
            row.entry = { ...row.entry, attempts: row.entry.attempts + 1 }
            row.dueAt = now + leaseMillis
            row.leased = true
          }
          return heads.map(({ entry }) => entry)
        }),
      hold: (entries, now) =>
        Effect.sync(() => {
          for (const entry of entries) rowOf(entry).dueAt = now + leaseMillis
        }),
      done: (entries) =>
        Effect.sync(() => {
          for (const entry of entries) rowOf(entry).state = "done"
        }),
      postpone: (entry, due) => Effect.sync(() => void Object.assign(rowOf(entry), { entry, dueAt: due, leased: false })),
      park: (entry) => Effect.sync(() => void Object.assign(rowOf(entry), { state: "parked", leased: false }))
    })
    const sleepers = Timers.of({
      take: (now, limit) =>
        Effect.sync(() => {
          const due = [...timers.values()].filter(({ retryAt }) => retryAt <= now).sort((a, b) => a.retryAt - b.retryAt)
          if (due.length > limit) due.splice(limit - newestOf(limit), due.length - limit)
          for (const timer of due) timer.retryAt = now + retryMillis
          return due.map(({ retryAt: _, ...timer }) => timer)
        }),
      drop: ({ path, timerId, setVersion }) =>
        Effect.sync(() => void (timers.get(`${path} ${timerId}`)?.setVersion === setVersion && timers.delete(`${path} ${timerId}`)))
    })
    const memory: MemoryJournal = {
      actors,
      turns,
      outbox,
      records,
      get timers() {
        return [...timers.values()]
      }
    }
    return Context.make(ActorStore, store).pipe(
      Context.add(Outbox, out),
      Context.add(Timers, sleepers),
      Context.add(Memory, memory)
    )
  })
)
