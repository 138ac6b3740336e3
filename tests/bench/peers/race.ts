/** What everybody in the row `peers` goes through: callers that ask for one durable change after another, and the proof that each was followed up. */
import { cpus } from "node:os"

export const objects = 1_000
export const callers = 256
const drainMillis = 60_000 // For what was acknowledged and not yet followed up: then somebody has lost something.

export interface Stored {
  readonly changes: number // The sum of all objects' states.
  readonly followUps: number // Marked as performed.
}

export interface Peer {
  /** Adds one to the object, durably, and leaves one follow-up to be performed; resolves when that is acknowledged. An id is counted once. */
  readonly change: (object: number, id: string) => Promise<unknown>
  /** Follow-ups that reached the world so far. */
  readonly performed: () => number
  /** What its own store holds in the end. */
  readonly stored: () => Promise<Stored>
  readonly close: () => Promise<void>
  /** Flushes to the disk so far, where it keeps a store of its own. */
  readonly flushes?: () => Promise<number>
}

export interface Raced {
  /** Follow-ups performed while the callers asked: a change counts when all of it is done. */
  readonly perSecond: number
  /** Changes that were safe: what the callers saw. */
  readonly acknowledgedPerSecond: number
  readonly p50: number // Milliseconds, from the question to the acknowledgement.
  readonly p99: number
  readonly tailMillis: number // From the last acknowledgement to the last follow-up.
  readonly cpuPercent: number // Of one core, the callers' and handlers' process alone.
  readonly machinePercent: number // Of all cores, everybody's.
  readonly changes: number // Those before the measured seconds, too.
  readonly stored: Stored
  readonly performed: number
  readonly flushes: number | null
}

/** Opens it, warms it up, measures it, waits for what is still under way, asks its store, closes it; then says what came of it, in a last line of JSON. */
export const race = async (open: () => Promise<Peer>) => {
  const peer = await open()
  let changes = 0

  const crowd = async (name: string, seconds: number) => {
    const latencies: Array<number> = []
    const already = changes
    const busyBefore = busyMillis()
    const cpuBefore = process.cpuUsage()
    const begin = performance.now()
    const end = begin + seconds * 1000
    const caller = async (index: number) => {
      const own = Array.from({ length: Math.ceil((objects - index) / callers) }, (_, turn) => index + turn * callers) // Nobody waits for another's object.
      for (let turn = 0; performance.now() < end; turn++) {
        const before = performance.now()
        await peer.change(own[turn % own.length]!, `${name}-${index}-${turn}`)
        latencies.push(performance.now() - before)
      }
    }
    await Promise.all(Array.from({ length: callers }, (_, index) => caller(index)))
    const followed = peer.performed() - already
    const acknowledged = performance.now()
    const { user, system } = process.cpuUsage(cpuBefore)
    const busy = busyMillis() - busyBefore

    changes += latencies.length
    while (peer.performed() < changes) {
      if (performance.now() > acknowledged + drainMillis)
        throw new Error(`${peer.performed()} of ${changes} follow-ups were performed`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    latencies.sort((a, b) => a - b)
    const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))]!
    const millis = acknowledged - begin
    return {
      perSecond: (1000 * followed) / millis,
      acknowledgedPerSecond: (1000 * latencies.length) / millis,
      p50: at(0.5),
      p99: at(0.99),
      tailMillis: performance.now() - acknowledged,
      cpuPercent: (user + system) / millis / 10,
      machinePercent: (100 * busy) / millis / cpus().length
    }
  }

  await crowd("warm", Number(process.env.WARM_SECONDS))
  const measured = await crowd("measured", Number(process.env.SECONDS))
  const raced: Raced = {
    ...measured,
    changes,
    stored: await peer.stored(),
    performed: peer.performed(),
    flushes: (await peer.flushes?.()) ?? null
  }
  await peer.close()
  process.stdout.write(`${JSON.stringify(raced)}\n`, () => process.exit(0))
}

const busyMillis = () => cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0)
