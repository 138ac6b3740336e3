/** What the matrix asks by each route that writes, and under which address. */
import { type Call, newSale, password, person } from "./house.ts"
import type { MatrixRow } from "./matrix-table.ts"
import { type MatrixWorld, type Names, service } from "./matrix-world.ts"

const nothing = () => ({ body: {} })
const reason = () => ({ body: { reason: "as the matrix wants it" } })
/** What a body is made of: how many requests there were, so that no two are for one person; and a browser that lets itself be written to. */
interface About {
  readonly asked: number
  readonly device: () => object
  /** What the same address answers whoever looks before they leap. */
  readonly shown: () => Promise<any>
}
type Fitting = Pick<Call, "body" | "raw" | "headers">

const signedByNobody = { id: "AAAA", rawId: "AAAA", type: "public-key" }
const shownPasskey = { ...signedByNobody, response: { clientDataJSON: "e30", authenticatorData: "e30", signature: "e30" } }
const madePasskey = { ...signedByNobody, response: { clientDataJSON: "e30", attestationObject: "e30" } }
const standing = () => ({ body: { role: "auditor", ...reason().body } })
const unseen = "0".repeat(64) // The hash of no preview.

/** A request that would do, if it came from somebody who may. Every route that writes has one. */
export const fitting: Readonly<Record<string, (about: About) => Fitting | Promise<Fitting>>> = {
  "POST /webhooks/status": nothing, // Signed by nobody.
  "POST /webhooks/settlement": nothing,
  "POST /webhooks/transport": nothing,
  "POST /api/auth/credentials": () => ({ body: { token: "x".repeat(43), password } }),
  "POST /api/auth/sessions": ({ asked }) => ({ body: { email: `nobody${asked}@example.com`, password } }),
  "POST /api/auth/recovery": ({ asked }) => ({ body: { email: `nobody${asked}@example.com` } }),
  "POST /api/auth/passkeys/challenges": nothing,
  "POST /api/auth/passkeys/sessions": () => ({ body: { passkey: shownPasskey } }),
  "POST /api/auth/tokens": ({ asked }) => ({
    body: { email: `nobody${asked}@example.com`, password, deviceName: "Phone", deviceKey: "k".repeat(43) }
  }),
  "POST /api/auth/tokens/refresh": () => ({ body: { refreshToken: "x".repeat(43), deviceKey: "k".repeat(43) } }),
  "POST /api/auth/email-confirmations": () => ({ body: { token: "x".repeat(43) } }),
  "POST /api/auth/sessions/current/step-up": () => ({ body: { password } }),
  "POST /api/auth/factors/totp": nothing,
  "POST /api/auth/factors/totp/confirmation": () => ({ body: { code: "000000" } }),
  "POST /api/auth/factors/passkeys/options": nothing,
  "POST /api/auth/factors/passkeys": () => ({ body: { name: "Laptop", passkey: madePasskey } }),
  "POST /api/auth/factors/recovery-codes": nothing,
  "PUT /api/me/email": ({ asked }) => ({ body: { email: `matrix${asked}@example.com` } }),
  "POST /api/me/privacy/erasure": async ({ shown }) => ({ body: { hash: (await shown()).hash ?? unseen } }),
  "PUT /api/me/notification-preferences": () => ({
    body: { legal: ["mail"], contract: ["mail"], service: ["mail"], progress: ["push"] }
  }),
  "POST /api/me/push-subscriptions": ({ device }) => ({ body: device() }),
  "POST /api/me/orders/:orderId/cancellation": nothing,
  "POST /api/me/orders/:orderId/payments": () => ({ body: { kind: "reservation", paymentMethod: "tok_ok" } }),
  "POST /api/me/vehicles/:vin/link": () => ({ body: { pairingCode: "000000" } }),
  "POST /api/me/vehicles/:vin/commands": () => ({ body: { type: "flashLights" } }),
  "POST /api/me/vehicles/:vin/receipts": () => ({ body: { receipt: "e30.e30.e30" } }),
  "POST /api/me/vehicles/:vin/theft": nothing,
  "POST /api/me/vehicles/:vin/theft/end": reason,
  "POST /api/me/vehicles/:vin/activations": () => ({
    body: { ...service, option: "snow-mode", term: { kind: "temporary", count: 7, unit: "day" } }
  }),
  "POST /api/me/vehicles/:vin/activations/:activationId/payment": () => ({ body: { paymentMethod: "tok_ok" } }),
  "POST /api/me/vehicles/:vin/activations/:activationId/cancellation": nothing,
  "POST /api/me/vehicles/:vin/activations/:activationId/withdrawal": nothing,
  "POST /api/me/vehicles/:vin/activations/:activationId/withdrawal/confirmation": nothing,
  "POST /api/dealer/sales": ({ asked }) => ({ body: newSale(`Matrix ${asked}`) }),
  "POST /api/dealer/sales/:orderId/documents": () => ({
    raw: new TextEncoder().encode("%PDF-1.7\nmatrix"),
    headers: { "content-type": "application/pdf" }
  }),
  "POST /api/dealer/sales/:orderId/handover": () => ({ body: { outcome: "customerAbsent" } }),
  "POST /api/dealer/customers/:customerId/credentials": nothing,
  "POST /api/dealer/stock/:vin/assignment": ({ asked }) => {
    const { model: _, ...sale } = newSale(`Matrix ${asked}`) as Record<string, unknown>
    return { body: sale }
  },
  "POST /api/dealer/vehicles/:vin/ownership": () => ({
    body: {
      sellerEmail: "matrix.owner@example.com",
      buyer: person("Matrix"),
      consents: [{ text: "ownership-transfer", edition: 1 }]
    }
  }),
  "POST /api/operator/outbox/:commandId/retry": reason,
  "POST /api/operator/outbox/:commandId/discard": reason,
  "POST /api/operator/outbox/*": reason,
  "POST /api/operator/quarantine/:path/release": reason,
  "POST /api/operator/quarantine/*": reason,
  "POST /api/operator/vehicles/:vin/theft": nothing,
  "POST /api/operator/vehicles/:vin/theft/end": reason,
  "POST /api/operator/customers/:customerId/erasure": async ({ shown }) => ({
    body: { hash: (await shown()).hash ?? unseen, ...reason().body }
  }),
  "POST /api/operator/support-cases/:caseId/resolution": () => ({ body: { resolution: "uncharged", ...reason().body } }),
  "POST /api/operator/reconciliation/:breakId/resolution": reason,
  "POST /api/operator/risk-cases/:caseId/resolution": () => ({ body: { resolution: "dismissed", ...reason().body } }),
  "POST /api/admin/employees": ({ asked }) => ({ body: { person: person(`Matrix ${asked}`), role: "auditor" } }),
  "POST /api/admin/employees/:subjectId/disablement": standing,
  "POST /api/admin/employees/:subjectId/enablement": standing,
  "POST /api/admin/employees/:subjectId/factors/reset": reason
}

/** Whoever did one of these is not who they were, or nobody any more: each is done by people of its own. */
export const parting: ReadonlySet<string> = new Set([
  "DELETE /api/auth/sessions/current",
  "DELETE /api/auth/sessions",
  "POST /api/auth/sessions/current/step-up",
  "POST /api/me/privacy/erasure"
])

/** A route with names in the place of its parameters. */
export const addressOf = ({ path }: MatrixRow, names: Names, world: MatrixWorld): string => {
  if (path === "/api/dealer/stock/:vin/assignment" && names !== world.names.missing)
    return `/api/dealer/stock/${world.stockVin}/assignment`
  const tails: Readonly<Record<string, string>> = {
    "/api/operator/actors/*": names.actor!,
    "/api/operator/outbox/*": `${decodeURIComponent(names.commandId ?? "").replace("#", "%23")}/retry`,
    "/api/operator/quarantine/*": `${decodeURIComponent(names.path ?? "")}/release`
  }
  if (Object.hasOwn(tails, path)) return path.replace("*", tails[path]!)
  const concrete = path.replace(/:(\w+)/g, (_, name) => names[path.includes("/risk-cases/") ? "riskCaseId" : name] ?? name)
  return path.endsWith("/:orderId/documents") && path.startsWith("/api/dealer") ? `${concrete}?kind=identityDocument` : concrete
}
