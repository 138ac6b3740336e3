/** Postgres, NATS and Redis of a cluster's own, which come back on their ports whatever is done to them. */
import { chmodSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { isRoot } from "#src/devstack/account.ts"
import { beginning } from "#src/devstack/beginning.ts"
import { finish } from "#src/devstack/finish.ts"
import { type NatsServer, nats } from "#src/devstack/nats.ts"
import { postgres } from "#src/devstack/postgres.ts"
import { redis } from "#src/devstack/redis.ts"
import type { Server } from "#src/devstack/server.ts"

const goneMillis = 10_000 // For a Postgres that was told to stop at once.
const flushMillis = 1_000
const say = () => {} // What they say when they end is no news: it was done to them.

export class Servers {
  private constructor(
    private readonly folder: string,
    private postgres: Server,
    private nats: NatsServer,
    private redis: Server
  ) {}

  /** `folder` outlives them. With fsync, as at work. */
  static async start(folder: string): Promise<Servers> {
    if (isRoot) chmodSync(folder, 0o711) // The servers' account passes through to folders of its own.
    const database = await postgres(folder, { fast: false, say })
    const broker = await nats(join(folder, "nats"), { say })
    return new Servers(folder, database, broker, await redis(join(folder, "redis"), { say }))
  }

  get env() {
    return { DATABASE_URL: this.postgres.url, NATS_URL: this.nats.url, REDIS_URL: this.redis.url }
  }

  /** `fast`: connections end, everything is written. `immediate`: nothing is, as in a crash; what was committed is read from the log. */
  async restartPostgres(how: "fast" | "immediate"): Promise<void> {
    const { pid } = this.postgres
    if (how === "fast") await this.postgres.stop()
    else {
      process.kill(pid, "SIGQUIT")
      for (const end = performance.now() + goneMillis; beginning(pid) !== undefined && performance.now() < end; )
        await Bun.sleep(10)
      await this.postgres.kill()
    }
    this.postgres = await postgres(this.folder, { fast: false, port: portOf(this.postgres), say })
  }

  /** `wipe`: as if its disk had been changed for an empty one. */
  async restartNats({ wipe }: { readonly wipe: boolean }): Promise<void> {
    await this.nats.kill()
    if (wipe) rmSync(this.store, { recursive: true, force: true })
    await this.startNats()
  }

  /** Remembers nothing of what happens in `meanwhile`, as a machine that was set back to a copy of its disk. */
  async rollNatsBack(meanwhile: () => Promise<unknown>): Promise<void> {
    const copy = `${this.store}.copy`
    await this.nats.stop()
    const copied = await finish("cp", ["-Rp", this.store, copy])
    if (!copied.ok) throw new Error(`The store of NATS could not be copied: ${copied.errors}`)
    await this.startNats()
    await meanwhile()
    await this.nats.kill()
    rmSync(this.store, { recursive: true, force: true })
    renameSync(copy, this.store)
    await this.startNats()
  }

  /** Emptied, or not there. */
  async emptyRedis(): Promise<void> {
    const client = new Bun.RedisClient(this.redis.url, { connectionTimeout: flushMillis, autoReconnect: false })
    try {
      await client.send("FLUSHALL", [])
    } catch {
      // A Redis that is away has forgotten everything.
    } finally {
      client.close()
    }
  }

  async restartRedis(): Promise<void> {
    await this.redis.kill()
    this.redis = await redis(join(this.folder, "redis"), { port: portOf(this.redis), say })
  }

  async stop(): Promise<void> {
    await Promise.all([this.nats.stop(), this.redis.stop()])
    await this.postgres.stop()
  }

  private get store() {
    return join(this.folder, "nats", "store")
  }

  private async startNats() {
    this.nats = await nats(join(this.folder, "nats"), { port: portOf(this.nats), say })
  }
}

const portOf = ({ url }: Server) => Number(new URL(url).port)
