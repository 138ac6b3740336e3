/** Where a request came from, as the socket says. A forwarded header is whatever the caller likes, so it is not read. */
import type { Elysia } from "elysia"

export const addressOf = (server: Elysia["server"], request: Request): string => server?.requestIP(request)?.address ?? "in-process"
