import type { MessageName } from '../../i18n/index.tsx'

/** When material expires, as it is typed: a day and a time in the time zone of the browser. */
export interface Expiry {
  isOn: boolean
  /** YYYY-MM-DD. */
  date: string
  /** hh:mm. */
  time: string
}

const longest = 365 * 24 * 60 * 60 * 1000

/** The moment that is meant, or what is wrong with it; neither if the material does not expire. */
export function momentOf({ isOn, date, time }: Expiry, now: number): { validTo?: Date; wrong?: MessageName } {
  if (!isOn) return {}
  if (!/^\d{4}-\d\d-\d\d$/.test(date)) return { wrong: 'import.expiryMissing' }
  if (!/^\d\d:\d\d$/.test(time)) return { wrong: 'import.expiryNoTime' }
  const validTo = new Date(`${date}T${time}`)
  if (Number.isNaN(validTo.getTime())) return { wrong: 'import.expiryMissing' }
  if (validTo.getTime() <= now) return { wrong: 'import.expiryPast' }
  if (validTo.getTime() > now + longest) return { wrong: 'import.expiryFar' }
  return { validTo }
}

/** Whether a day can be chosen, at some time of it. */
export function isPossible(day: Date, now: number): boolean {
  const start = new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime()
  const end = new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1).getTime()
  return end > now && start <= now + longest
}

/** Such as `Europe/Berlin (GMT+2)`. */
export function timeZone(language: string): string {
  const format = new Intl.DateTimeFormat(language, { timeZoneName: 'shortOffset' })
  const offset = format.formatToParts(new Date()).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  return `${format.resolvedOptions().timeZone} (${offset})`
}
