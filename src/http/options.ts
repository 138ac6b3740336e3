/** What the two listeners have to be told about the place they run in. */
import type { Redacted } from "effect"
import type { Settings } from "../config.ts"
import type { Reachable } from "../reachability.ts"

export interface HttpOptions {
  /** Whose pages may act with a cookie: `https://my.example`, exactly as browsers write Origin. */
  readonly origins: ReadonlyArray<string>
  /** True behind TLS: the cookie is `__Host-sid` and Secure. False only for plain HTTP on localhost, where it is `sid`. */
  readonly secureCookies: boolean
  /** Where one-time links lead: the customers' pages, and the employees'. */
  readonly publicUrl: string
  readonly intranetUrl: string
  /** Handover PINs are derived from it, so that a repeated request gets the same PIN and nobody else can guess it. At least 32 characters. */
  readonly pinSecret: Redacted.Redacted
  /** From one address of the network; Accounts counts per account. */
  readonly signInsPerMinute: number
  /** Whether an address is one of our own proxies, whose X-Forwarded-For is believed. */
  readonly isProxy: (address: string) => boolean
  /** Raw Ed25519 public keys, base64url: what partners may know our calls by. */
  readonly callsPublicKeys: ReadonlyArray<string>
  /** TELEMETRY_DAYS: so long what cars measure is kept, as their owners are told. */
  readonly telemetryDays: number
  /** Whether staff without a second factor may do more than enrol one. */
  readonly staffSecondFactor: "required" | "optional"
  /** Whether they answer, for /health/ready. */
  readonly partners: () => Promise<Reachable>
}

/** All but whose pages act at which door. */
export const httpOptionsOf = (settings: Settings, partners: HttpOptions["partners"]): Omit<HttpOptions, "origins"> => {
  const { publicUrl, intranetUrl, pinSecret, signInsPerMinute, isProxy, callsPublicKeys, telemetryDays, staffSecondFactor } =
    settings
  const told = { publicUrl, intranetUrl, pinSecret, signInsPerMinute, isProxy, callsPublicKeys, telemetryDays, staffSecondFactor }
  return { ...told, secureCookies: publicUrl.startsWith("https://"), partners }
}
