/** A withdrawal in words: until when, what it brings, and that it has happened, by the customer's own clock. */
import { addDays, dayOf, type TimeZone } from "#machines/calendar.ts"
import type { Instant } from "#machines/vocabulary.ts"
import type { Language } from "./order-words.ts"

const locales: Readonly<Record<Language, string>> = { en: "en-GB", es: "es-ES" }

/** The last day of a period that ends before `before`: "Monday 14 December 2026 (Europe/Madrid)". */
const lastDayInWords = (before: Instant, timeZone: TimeZone, language: Language): string => {
  const last = addDays(dayOf(before, timeZone), -1) // A period ends with a day.
  const day = new Intl.DateTimeFormat(locales[language], { dateStyle: "full", timeZone: "UTC" })
  return `${day.format(Date.parse(`${last}T12:00:00.000Z`))} (${timeZone})`
}

const momentInWords = (at: Instant, timeZone: TimeZone, language: Language): string =>
  `${new Intl.DateTimeFormat(locales[language], { dateStyle: "full", timeStyle: "medium", timeZone }).format(Date.parse(at))} (${timeZone})`

export const withdrawalInWords = {
  prospect: (before: Instant, timeZone: TimeZone, language: Language): string => {
    const last = lastDayInWords(before, timeZone, language)
    return language === "en"
      ? `You may withdraw without giving a reason until the end of ${last}. The service is switched off in your car, what was taken comes back in full to the same payment method, and what is held is released.`
      : `Puede desistir sin dar motivos hasta el final del ${last}. El servicio se desactiva en su coche, lo cobrado se devuelve íntegro al mismo medio de pago y lo retenido se libera.`
  },
  done: (submittedAt: Instant, timeZone: TimeZone, language: Language): string => {
    const moment = momentInWords(submittedAt, timeZone, language)
    return language === "en" ? `You have withdrawn. It counts from ${moment}.` : `Ha desistido. Cuenta desde el ${moment}.`
  },
  late: (before: Instant, timeZone: TimeZone): string => `The period ended with ${lastDayInWords(before, timeZone, "en")}.`
}
