/** The session cookie, and how a caller's token is found. */
const names = { secure: "__Host-sid", plain: "sid" }
const deviceNames = { secure: "__Host-device", plain: "device" }
const oneYear = 365 * 24 * 60 * 60 // Seconds.
const longest = 12 * 60 * 60 // Seconds: the absolute end of a session; the server ends it earlier where it must.

const nameOf = (secure: boolean) => (secure ? names.secure : names.plain)

export const sessionCookie = (token: string, secure: boolean) =>
  `${nameOf(secure)}=${token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${longest}${secure ? "; Secure" : ""}`

export const noSessionCookie = (secure: boolean) =>
  `${nameOf(secure)}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0${secure ? "; Secure" : ""}`

/** A token as we make them: base64url. Anything else is not looked up. */
const wellFormed = /^[A-Za-z0-9_-]{20,128}$/

/** From the Authorization header: a session's token, or a phone's access token; null where there is none, whatever it says. */
export const bearerOf = (request: Request): string | null =>
  /^Bearer ([A-Za-z0-9_-]{20,128}|[\w-]{1,256}\.[\w-]{1,1024}\.[\w-]{1,128})$/.exec(
    request.headers.get("authorization") ?? ""
  )?.[1] ?? null

export const cookieOf = (request: Request, secure: boolean): string | null => cookieNamed(request, nameOf(secure))

/** What this browser got at its last sign-in: it lets nobody in, it only has tries of its own. */
export const deviceCookie = (device: string, secure: boolean) =>
  `${secure ? deviceNames.secure : deviceNames.plain}=${device}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${oneYear}${secure ? "; Secure" : ""}`

export const deviceOf = (request: Request, secure: boolean): string | null =>
  cookieNamed(request, secure ? deviceNames.secure : deviceNames.plain)

const cookieNamed = (request: Request, name: string): string | null => {
  const prefix = `${name}=`
  const found = (request.headers.get("cookie") ?? "").split("; ").filter((pair) => pair.startsWith(prefix))
  const token = found.length === 1 ? found[0]!.slice(prefix.length) : "" // Two cookies of one name: somebody planted one.
  return wellFormed.test(token) ? token : null
}
