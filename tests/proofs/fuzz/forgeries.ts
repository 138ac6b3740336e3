/** Webhooks that nobody may believe: a right one, with something wrong in its signature, its id, its time or its body. */
import { Webhook } from "standardwebhooks"
import type { WebhookSource } from "#integrations/webhooks/webhooks.ts"
import type { Dice } from "../dice.ts"
import { bytes, oddText, word } from "./chance.ts"

export interface Delivery {
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: string | Uint8Array
}

export const paths: Record<WebhookSource, string> = {
  factory: "/webhooks/status",
  payments: "/webhooks/settlement",
  transport: "/webhooks/transport"
}
export const sources = ["factory", "payments", "transport"] as const

export type Secrets = Readonly<Record<WebhookSource, string>>

/** As the partner would send it. `age`: seconds before now. */
export const signedDelivery = (secret: string, source: WebhookSource, id: string, body: string, age = 0): Delivery => {
  const at = new Date(Date.now() - age * 1000)
  return {
    method: "POST",
    path: paths[source],
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": new Webhook(secret).sign(id, at, body)
    },
    body
  }
}

type Forgery = (
  right: Delivery,
  dice: Dice,
  around: { readonly source: WebhookSource; readonly secrets: Secrets; readonly id: string }
) => Delivery

const withHeader = (right: Delivery, name: string, value: string | null): Delivery => {
  const { [name]: _, ...others } = right.headers
  return { ...right, headers: value === null ? others : { ...others, [name]: value } }
}
const textOf = ({ body }: Delivery) => body as string
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
const signature = "webhook-signature"
const timestamp = "webhook-timestamp"

export const forgeries: Readonly<Record<string, Forgery>> = {
  "without a header": (right, dice) => withHeader(right, dice.oneOf(["webhook-id", timestamp, signature]), null),
  "with an empty header": (right, dice) => withHeader(right, dice.oneOf(["webhook-id", timestamp, signature]), ""),
  "by a stranger": (right, dice, { source, id }) =>
    signedDelivery(`whsec_${Buffer.from(bytes(dice, 32)).toString("base64")}`, source, id, textOf(right)),
  "by another partner": (right, dice, { source, secrets, id }) =>
    signedDelivery(secrets[dice.oneOf(sources.filter((one) => one !== source))], source, id, textOf(right)),
  "at another partner's door": (right, dice, { source }) => ({
    ...right,
    path: paths[dice.oneOf(sources.filter((one) => one !== source))]
  }),
  "with a bit of the body changed": (right, dice) => {
    const changed = Buffer.from(textOf(right))
    const at = dice.between(0, changed.length - 1)
    changed[at]! ^= 1 << dice.between(0, 6)
    return { ...right, body: new Uint8Array(changed) }
  },
  "cut short": (right, dice) => ({ ...right, body: textOf(right).slice(0, dice.between(0, textOf(right).length - 1)) }),
  "made longer": (right, dice) => ({ ...right, body: `${textOf(right)}${dice.oneOf([" ", "\n", "\0", "}", "{}"])}` }),
  "without a body": (right) => ({ ...right, body: "" }),
  "with another id": (right, dice) => withHeader(right, "webhook-id", `forged_${word(dice, 12, "abcdef0123456789")}`),
  "with an id that moves the border": (right, dice) => {
    const at = right.headers[timestamp]!
    return withHeader(right, "webhook-id", `${right.headers["webhook-id"]}${dice.oneOf([".", `.${at}`, ".1", "/x"])}`)
  },
  "at another time": (right, dice) => {
    const off = dice.oneOf([-200, -60, -1, 1, 60, 200])
    return withHeader(right, timestamp, String(Number(right.headers[timestamp]) + off))
  },
  "with a time that is spelt otherwise": (right, dice) => {
    const at = right.headers[timestamp]!
    return withHeader(
      right,
      timestamp,
      dice.oneOf([`0${at}`, `+${at}`, `${at}.0`, `${at}e0`, `0x${Number(at).toString(16)}`, `${at}x`, "-1", "NaN", "9".repeat(30)])
    )
  },
  "with a letter of the signature changed": (right, dice) => {
    const made = right.headers[signature]!
    const at = dice.between(3, made.length - 3) // The last letter before the sign of equality has bits that mean nothing.
    const other = dice.oneOf([...letters].filter((letter) => letter !== made[at]))
    return withHeader(right, signature, `${made.slice(0, at)}${other}${made.slice(at + 1)}`)
  },
  "with a signature cut short": (right, dice) => {
    const made = right.headers[signature]!
    return withHeader(right, signature, made.slice(0, dice.between(0, made.length - 3)))
  },
  "with a signature of another version": (right, dice) =>
    withHeader(
      right,
      signature,
      right.headers[signature]!.replace("v1,", dice.oneOf(["v1a,", "v2,", "v0,", "V1,", "v1", "v1;", "v1=", ","]))
    ),
  "with many wrong signatures": (right, dice) =>
    withHeader(
      right,
      signature,
      Array.from({ length: dice.between(2, 60) }, () => `v1,${Buffer.from(bytes(dice, 32)).toString("base64")}`).join(" ")
    ),
  "with an odd signature": (right, dice) =>
    withHeader(
      right,
      signature,
      oddText(dice)
        .replace(/[^\x20-\x7e]/g, "?")
        .trim() || "v1,"
    ),
  "by Stripe's scheme": (right) =>
    withHeader(right, signature, `t=${right.headers[timestamp]},v1=${right.headers[signature]!.slice(3)}`),
  packed: (right) => ({
    ...right,
    headers: { ...right.headers, "content-encoding": "gzip" },
    body: new Uint8Array(Bun.gzipSync(textOf(right)))
  }),
  "no UTF-8": (right, dice) => ({ ...right, body: bytes(dice, dice.between(1, 400)) }),
  "yesterday's": (right, dice, { source, secrets, id }) =>
    signedDelivery(secrets[source], source, id, textOf(right), dice.oneOf([302, 303, 900, 86_400, 10 ** 9])),
  "tomorrow's": (right, dice, { source, secrets, id }) =>
    signedDelivery(secrets[source], source, id, textOf(right), -dice.oneOf([302, 303, 900, 86_400])),
  "too large": (right, dice) => ({ ...right, body: textOf(right).padEnd(dice.oneOf([65_537, 200_000, 1_048_576])) }),
  "by another method": (right, dice) => ({ ...right, method: dice.oneOf(["PUT", "PATCH", "DELETE"]) }),
  "at another path": (right, dice) => ({
    ...right,
    path: dice.oneOf([`/${right.path}`, `${right.path}/x`, right.path.toUpperCase(), `${right.path}%00`])
  }),
  "from another site's page": (right) => ({ ...right, headers: { ...right.headers, origin: "https://evil.example" } })
}
