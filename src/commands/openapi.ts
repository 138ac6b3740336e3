/** Prints what the API says about itself, without a server or a database. */
import { Redacted } from "effect"
import { intranetApp } from "#src/http/intranet.ts"
import { publicApp } from "#src/http/public.ts"
import type { Run } from "#src/http/run.ts"

export const summary = "[public|intranet]: the OpenAPI document of a listener; both, in one object, where none is named"

const options = {
  origins: [],
  secureCookies: true,
  publicUrl: "/",
  intranetUrl: "/",
  pinSecret: Redacted.make(""),
  signInsPerMinute: 20,
  callsPublicKeys: [],
  isProxy: () => false,
  telemetryDays: 30,
  staffSecondFactor: "required" as const,
  partners: async () => ({ nats: false, redis: false, workshops: false, apiIot: false })
}
/** Describing a route does not run it. */
const nobody: Run<any> = () => Promise.reject(new Error("A description runs nothing"))

const listeners = {
  public: () => publicApp(nobody, options),
  intranet: () => intranetApp(nobody, options)
}
type Listener = keyof typeof listeners

export const documentOf = async (listener: Listener): Promise<unknown> =>
  (await listeners[listener]().handle(new Request("http://localhost/openapi/json"))).json()

export const run = async (args: ReadonlyArray<string>): Promise<number> => {
  const [name, ...more] = args
  if (more.length > 0 || (name !== undefined && !Object.hasOwn(listeners, name))) {
    console.error("Usage: ./caas openapi [public|intranet]")
    return 2
  }
  const document =
    name === undefined
      ? { public: await documentOf("public"), intranet: await documentOf("intranet") }
      : await documentOf(name as Listener)
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
  return 0
}
