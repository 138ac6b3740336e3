/** What the tests of identity share: time that passes, codes of an app, and signing in like anybody else. */
import { TOTP } from "otpauth"
import type { Role } from "#integrations/accounts/accounts.ts"
import { PlatformTime } from "#integrations/postgres/time.ts"
import { type Door, type HttpHouse, password } from "./house.ts"

export const minutes = 60_000

/** Of a house whose clock may be moved. */
export const identity = (house: HttpHouse) => {
  const now = () => house.runtime.runPromise(PlatformTime.useSync((time) => time.now()))
  const pass = (millis: number) => house.runtime.runPromise(PlatformTime.use((time) => time.advance(millis)))
  const codeOf = async (secret: string, steps = 0) => new TOTP({ secret }).generate({ timestamp: (await now()) + steps * 30_000 })
  const signIn = (email: string, more: object = {}, door: Door = "public") =>
    house.call(door, "POST", "/api/auth/sessions", { body: { email, password, ...more } })
  const factor = (door: Door, token: string, method: string, path: string, body?: unknown) =>
    house.call(door, method, `/api/auth/factors${path}`, { token, ...(body === undefined ? {} : { body }) })

  /** Somebody with an authenticator app. A step of time passes, so that its next code is another one. */
  const withTotp = async (role: Role, who: string) => {
    const door = role === "customer" ? "public" : "intranet"
    const person = await house.signedIn(role, who, role === "seller" ? "dea_madrid" : null)
    const { secret } = (await factor(door, person.token, "POST", "/totp", {})).body
    const confirmed = await factor(door, person.token, "POST", "/totp/confirmation", { code: await codeOf(secret) })
    await pass(30_000)
    return { ...person, secret: secret as string, recoveryCodes: confirmed.body.recoveryCodes as ReadonlyArray<string> }
  }
  const logOf = async (subjectId: string) =>
    (await house.rows(`SELECT kind FROM security_log WHERE subject_id = '${subjectId}' ORDER BY position`)).map(
      ({ kind }) => kind as string
    )

  return { now, pass, codeOf, signIn, factor, withTotp, logOf }
}
