/** What a customer wants to be told by which channel, class by class; and what the law and the contract want. */
import { Context, type Effect, Schema } from "effect"
import type { SubjectId } from "#machines/vocabulary.ts"
import { Channel } from "./notifications.ts"
import type { NoticeClass } from "./occasions.ts"

const channels = Schema.Array(Channel).check(Schema.isMaxLength(4))
export const Preferences = Schema.Struct({ legal: channels, contract: channels, service: channels, progress: channels })
export type Preferences = typeof Preferences.Type

/** Where nobody has said otherwise. SMS costs money and patience: it is for who asks for it, and for whom nothing else reaches. */
export const usual: Preferences = {
  legal: ["mail", "push"],
  contract: ["mail", "push"],
  service: ["mail", "push", "display"],
  progress: ["push", "display"]
}

/** Null where these can be kept; else the class, and what it wants. */
export const objectionTo = (preferences: Preferences): PreferenceRefused | null => {
  const refused = (noticeClass: NoticeClass, reason: PreferenceRefused["reason"]) =>
    new PreferenceRefused({ class: noticeClass, reason })
  if (!preferences.legal.includes("mail")) return refused("legal", "LegalIsByMail")
  for (const one of ["legal", "contract"] as const) if (preferences[one].includes("display")) return refused(one, "NotOnDisplay")
  if (preferences.contract.length === 0) return refused("contract", "OneChannelAtLeast")
  if (preferences.progress.some((channel) => channel === "mail" || channel === "sms")) return refused("progress", "OneLiveCard")
  return null
}

export class NotificationPreferences extends Context.Service<
  NotificationPreferences,
  {
    readonly read: (subjectId: SubjectId) => Effect.Effect<Preferences>
    readonly keep: (subjectId: SubjectId, preferences: Preferences) => Effect.Effect<Preferences, PreferenceRefused>
  }
>()("integrations/NotificationPreferences") {}

/**
 * A class does not go without a channel, or not by this one. `LegalIsByMail`: on a durable medium, always · `OneChannelAtLeast`: money and
 * contract · `NotOnDisplay`: whoever drives may read it · `OneLiveCard`: only where a newer one replaces the older.
 */
export class PreferenceRefused extends Schema.TaggedError<PreferenceRefused>()("PreferenceRefused", {
  class: Schema.String,
  reason: Schema.Literals(["LegalIsByMail", "OneChannelAtLeast", "NotOnDisplay", "OneLiveCard"])
}) {}
