/** How an HTTP input gets to a listener: handed over, or over a real socket. */
import { type Answer, answerOf } from "./answers.ts"
import type { Ask } from "./asks.ts"
import type { Town } from "./town.ts"
import { methodAsSent } from "./verdict.ts"

const hangsAfter = 15_000 // Milliseconds, for a judge who would wait for ever.
const ownToFetch = /^(content-length|expect|upgrade)$/

export const send = async ({ house }: Town, { door, method, path, headers, body }: Ask, overSocket: boolean): Promise<Answer> => {
  const all = new Headers()
  for (const [name, value] of headers) if (!overSocket || !ownToFetch.test(name)) all.set(name, value)
  const isBare = body === undefined || /^(GET|HEAD)$/.test(methodAsSent(method))
  const request = { method, headers: all, redirect: "manual", ...(isBare ? {} : { body }) } as RequestInit
  const begin = performance.now()
  const asked = overSocket
    ? fetch(`http://127.0.0.1:${house.apps[door].server!.port}${path}`, request)
    : house.apps[door].handle(new Request(`http://localhost${path}`, request))
  const response = await Promise.race([asked, Bun.sleep(hangsAfter).then(() => null)])
  if (response === null) return { status: 0, mediaType: "", text: "", body: null, millis: hangsAfter }
  return answerOf(response, begin)
}
