/** A process that says when it stands, answers what it is asked in order, and goes when it is told to. */
import type { Subprocess } from "bun"

const startMillis = 30_000

export const standing = async <Ready>(file: string, env: Readonly<Record<string, string>>) => {
  const waiting: Array<(answer: unknown) => void> = []
  const ready = Promise.withResolvers<Ready>()
  waiting.push((said) => ready.resolve(said as Ready))
  const child: Subprocess = Bun.spawn([process.execPath, ...process.execArgv, "--no-orphans", file], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "inherit", "inherit"],
    ipc: (said) => waiting.shift()?.(said?.answer)
  })
  const late = setTimeout(() => ready.reject(new Error(`${file} did not start`)), startMillis)
  void child.exited.then((code) => ready.reject(new Error(`${file} ended with ${code}`)))
  const first = await ready.promise.finally(() => clearTimeout(late))
  return {
    /** What it said when it stood. */
    first,
    ask: <A>(message: unknown): Promise<A> =>
      new Promise((resolve) => {
        waiting.push((answer) => resolve(answer as A))
        child.send(message)
      }),
    /** `message`: what makes it go by itself. */
    end: async (message?: unknown) => {
      if (message === undefined) child.kill("SIGKILL")
      else child.send(message)
      await child.exited
    }
  }
}
