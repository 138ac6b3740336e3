/** Where a request came from, as the socket says. A forwarded header is whatever the caller likes: it is read only where a proxy of ours wrote it. */
import { isIP } from "node:net"
import type { Elysia } from "elysia"

const hopsAtMost = 20 // Of X-Forwarded-For; each of our own proxies adds one.

/** `isProxy`: of TRUSTED_PROXIES. The last address that none of ours has; where they say nothing that can be read, the proxy's own. */
export const addressOf = (
  server: Elysia["server"],
  request: Request,
  { isProxy }: { readonly isProxy: (address: string) => boolean }
): string => {
  let address = plain(server?.requestIP(request)?.address ?? inProcess)
  const said = request.headers.get("x-forwarded-for")
  if (said === null || !isProxy(address)) return address
  for (const hop of said.split(",").slice(-hopsAtMost).reverse()) {
    const next = plain(hop.trim())
    if (isIP(next) === 0) return address
    address = next
    if (!isProxy(address)) return address
  }
  return address
}

/** Of a request that no socket brought: a test's, a description's. */
export const inProcess = "in-process"

/** An IPv4 address as an IPv6 socket writes it is that IPv4 address. */
const plain = (address: string) => address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "")
