/** Reads a request's bytes, but never more than a limit, whatever Content-Length claims. */
import { badJson, tooLarge } from "./problem.ts"

export const readBytes = async (
  request: Request,
  limit: { readonly bytes: number; readonly words: string }
): Promise<Uint8Array> => {
  if (Number(request.headers.get("content-length") ?? 0) > limit.bytes) throw tooLarge(limit.words)
  const chunks: Array<Uint8Array> = []
  let size = 0
  const reader = request.body?.getReader()
  if (reader === undefined) return new Uint8Array()
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw badJson("The body ended before its time. Send it again.")
    })
    if (done) break
    size += value.byteLength
    if (size > limit.bytes) {
      await reader.cancel().catch(() => {})
      throw tooLarge(limit.words)
    }
    chunks.push(value)
  }
  return Buffer.concat(chunks, size)
}
