/** Ctrl-C once: end in order. Twice: end. */

const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

/**
 * From now on the first signal resolves `signalled` with the exit code it asks for, so that the caller stops what it started;
 * the second ends the process at once, and `bun --no-orphans` its servers with it.
 */
export const untilSignalled = (): { readonly signalled: Promise<number>; readonly now: () => number | undefined } => {
  let first: number | undefined
  const { promise, resolve } = Promise.withResolvers<number>()
  for (const [signal, code] of Object.entries(codes))
    process.on(signal, () => {
      if (first !== undefined) process.exit(137)
      first = code
      resolve(code)
    })
  return { signalled: promise, now: () => first }
}
