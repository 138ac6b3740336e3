/** A walk past everything that signs people in and out: so that every statement of it was made once. */
import { expect } from "bun:test"
import { randomBytes } from "node:crypto"
import { TOTP } from "otpauth"
import { until } from "#src/demo/patience.ts"
import { persona } from "#src/demo/persona.ts"
import type { Seller } from "#src/demo/seller.ts"
import type { Town } from "#src/demo/town.ts"
import type { Visitor } from "#src/demo/visitor.ts"
import { Authenticator } from "#tests/http/authenticator.ts"

const password = "ninety nine quiet miles"
const step = 30_000

/** One who says himself which token he shows. */
const caller = (url: string) => async (method: string, path: string, body?: unknown, token?: string) => {
  const headers = {
    origin: url,
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` })
  }
  const response = await fetch(`${url}/api/auth${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  return text === "" ? null : JSON.parse(text)
}

export const identities = async (town: Town, administrator: Visitor, seller: Seller): Promise<void> => {
  const employee = await employed(town, administrator)
  await factors(town, employee)
  await administrator.does("POST", `/api/admin/employees/${employee.subjectId}/factors/reset`, {
    body: { reason: "as the walk wants it" }
  })
  for (const what of ["disablement", "enablement"])
    await administrator.does("POST", `/api/admin/employees/${employee.subjectId}/${what}`, {
      body: { role: "operator", reason: "as the walk wants it" }
    })
  await phone(town, administrator, seller)
}

const employed = async (town: Town, administrator: Visitor) => {
  const ask = caller(town.intranetUrl)
  const person = persona("Operator 2")
  const { subjectId } = await administrator.does("POST", "/api/admin/employees", { body: { person, role: "operator" } })
  await ask("POST", "/credentials", { token: await town.mailbox.link(person.email), password })
  await ask("POST", "/recovery", { email: person.email })
  await until(
    "a second mail",
    () => town.mailbox.of(person.email),
    (mails) => mails.length === 2
  )
  return { subjectId: subjectId as string, email: person.email }
}

/** Every kind, added, shown and taken away. */
const factors = async (town: Town, { email }: { readonly email: string }) => {
  const ask = caller(town.intranetUrl)
  const { token } = await ask("POST", "/sessions", { email, password })
  const { secret } = await ask("POST", "/factors/totp", {}, token)
  const code = () => new TOTP({ secret }).generate({ timestamp: town.now() })
  const { recoveryCodes } = await ask("POST", "/factors/totp/confirmation", { code: code() }, token)

  const device = new Authenticator()
  const page = { origin: town.intranetUrl, rpId: new URL(town.intranetUrl).hostname }
  const made = device.creates({ ...page, challenge: (await ask("POST", "/factors/passkeys/options", {}, token)).challenge })
  await ask("POST", "/factors/passkeys", { name: "Laptop", passkey: made }, token)
  const shows = async () => device.shows({ ...page, challenge: (await ask("POST", "/passkeys/challenges", {})).challenge })
  const other = await ask("POST", "/passkeys/sessions", { passkey: await shows() })
  const { sessions } = await ask("GET", "/sessions", undefined, token)
  expect(sessions).toHaveLength(2)
  await ask(
    "DELETE",
    `/sessions/${sessions.find(({ current }: { readonly current: boolean }) => !current).sessionId}`,
    undefined,
    token
  )
  expect(other.token).not.toBe(token)

  await town.pass(step)
  const stepped = (await ask("POST", "/sessions/current/step-up", { totp: code() }, token)).token
  await ask("POST", "/sessions", { email, password, recoveryCode: recoveryCodes[0] })
  await ask("DELETE", "/sessions", undefined, stepped)
  await ask("GET", "/factors", undefined, stepped)
  await ask("POST", "/factors/recovery-codes", {}, stepped)
  await ask("DELETE", `/factors/passkeys/${device.credentialId}`, undefined, stepped)
  await ask("DELETE", "/factors/totp", undefined, stepped)
}

const phone = async (town: Town, administrator: Visitor, seller: Seller) => {
  const ask = caller(town.publicUrl)
  const person = persona("Customer 9")
  await seller.sells({ customer: person })
  await ask("POST", "/credentials", { token: await town.mailbox.link(person.email), password })
  const deviceKey = randomBytes(32).toString("base64url")
  const app = { email: person.email, password, deviceName: "Phone", deviceKey }
  const { accessToken, refreshToken, subjectId } = await ask("POST", "/tokens", app)
  await ask("GET", "/sessions", undefined, accessToken)
  await ask("POST", "/sessions/current/step-up", { password }, accessToken)
  const email = "customer.nine@new.example"
  const asked = await fetch(`${town.publicUrl}/api/me/email`, {
    method: "PUT",
    headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
    body: JSON.stringify({ email })
  })
  expect(asked.status).toBe(202)
  await ask("POST", "/email-confirmations", { token: await town.mailbox.link(email) })
  const next = await ask("POST", "/tokens/refresh", { refreshToken, deviceKey })
  const thief = { refreshToken: next.refreshToken, deviceKey: randomBytes(32).toString("base64url") }
  expect(await ask("POST", "/tokens/refresh", thief).catch(({ message }) => message)).toContain("RefreshRefused")
  const { lineage } = await administrator.does("GET", `/api/admin/employees/${subjectId}/lineage`)
  expect(lineage.map(({ role }: { readonly role: string }) => role)).toEqual(["customer", "seller"])
}
