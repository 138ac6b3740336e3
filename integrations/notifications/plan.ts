/** Where a notice goes first, where next, and when it counts as told. Pure. */
import type { TimeZone } from "#machines/calendar.ts"
import { timeZoneOf } from "../contract-law/contract-law.ts"
import type { PersonalData } from "../persons/persons.ts"
import type { Delivery, Planned } from "./deliveries.ts"
import type { Channel } from "./notifications.ts"
import { type NoticeClass, type Occasion, occasions } from "./occasions.ts"
import type { Preferences } from "./preferences.ts"
import { calmFrom } from "./quiet-hours.ts"

/** By which channels somebody can be reached at the moment. */
export type Reach = ReadonlySet<Channel>

const inOrder: ReadonlyArray<Channel> = ["mail", "push", "sms"] // Who cannot be reached by one is told by the next.

/** By every channel that is wanted and reaches; what the law wants by mail is tried by mail whatever came back the last time. */
export const firstOf = (occasion: Occasion, preferences: Preferences, reach: Reach): ReadonlyArray<Channel> => {
  const { class: noticeClass, display } = occasions[occasion]
  return preferences[noticeClass].filter(
    (channel) => (channel === "mail" && noticeClass === "legal") || (reach.has(channel) && (channel !== "display" || display))
  )
}

/**
 * Null where there is none: or nobody wants to know, or it is no more than a card that changes. A mailbox that bounced before is the last one:
 * it may have been mended.
 */
export const nextOf = (
  noticeClass: NoticeClass,
  preferences: Preferences,
  reach: Reach,
  tried: ReadonlyArray<Delivery>
): Channel | null => {
  if (isOptional(noticeClass, preferences)) return null
  const left = inOrder.filter((channel) => !tried.some((delivery) => delivery.channel === channel))
  return left.find((channel) => reach.has(channel)) ?? left.find((channel) => channel === "mail") ?? null
}

export const isOptional = (noticeClass: NoticeClass, preferences: Preferences): boolean =>
  noticeClass === "progress" || (noticeClass === "service" && preferences.service.length === 0)

/** A display alone is no telling of what has weight: whoever drives is not always who bought. */
export const isTold = (noticeClass: NoticeClass, all: ReadonlyArray<Delivery>): boolean =>
  all.some(
    ({ channel, state }) =>
      (state === "sent" || state === "waiting" || state === "replaced") &&
      (channel !== "display" || noticeClass === "service" || noticeClass === "progress")
  )

/** By night what has no weight waits for the morning, where it would ring. */
export const planned = (channel: Channel, noticeClass: NoticeClass, now: number, zone: TimeZone): Planned => {
  const rings = (channel === "push" || channel === "sms") && (noticeClass === "service" || noticeClass === "progress")
  const due = rings ? calmFrom(now, zone) : now
  return { channel, due, state: due > now ? "waiting" : "sending" }
}

/** Where a person sleeps, as far as we know: by the country and the postal code of their address. */
export const zoneOfPerson = ({ address }: Pick<PersonalData, "address">): TimeZone =>
  timeZoneOf(address?.country ?? "ES", address?.postalCode ?? null)
