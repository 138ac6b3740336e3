/** The session cookie, and how a caller's token is found. */
const names = { secure: "__Host-sid", plain: "sid" }
const longest = 12 * 60 * 60 // Seconds: the absolute end of a session; the server ends it earlier where it must.

const nameOf = (secure: boolean) => (secure ? names.secure : names.plain)

export const sessionCookie = (token: string, secure: boolean) =>
  `${nameOf(secure)}=${token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${longest}${secure ? "; Secure" : ""}`

export const noSessionCookie = (secure: boolean) =>
  `${nameOf(secure)}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0${secure ? "; Secure" : ""}`

/** A token as we make them: base64url. Anything else is not looked up. */
const wellFormed = /^[A-Za-z0-9_-]{20,128}$/

/** From the Authorization header; null where there is none, whatever it says. */
export const bearerOf = (request: Request): string | null =>
  /^Bearer ([A-Za-z0-9_-]{20,128})$/.exec(request.headers.get("authorization") ?? "")?.[1] ?? null

export const cookieOf = (request: Request, secure: boolean): string | null => {
  const prefix = `${nameOf(secure)}=`
  const found = (request.headers.get("cookie") ?? "").split("; ").filter((pair) => pair.startsWith(prefix))
  const token = found.length === 1 ? found[0]!.slice(prefix.length) : "" // Two cookies of one name: somebody planted one.
  return wellFormed.test(token) ? token : null
}
