import type { Period } from './terms.ts'

/** A span of the calendar, in epoch seconds: from `start` on, before `end`. */
export type Span = { readonly start: number; readonly end: number }

/**
 * The calendar day, week (from Monday), month or year of a time zone that `now` is in. `once` is all time: the mandate itself
 * ends it.
 */
export function spanOf(period: Period, now: number, timeZone: string): Span {
  if (period === 'once') return { start: 0, end: Number.MAX_SAFE_INTEGER }
  const { year, month, day, weekday } = dateOf(now, timeZone)
  const at = (y: number, m: number, d: number) => midnight([y, m, d], timeZone)
  switch (period) {
    case 'day':
      return { start: at(year, month, day), end: at(year, month, day + 1) }
    case 'week':
      return { start: at(year, month, day - weekday), end: at(year, month, day - weekday + 7) }
    case 'month':
      return { start: at(year, month, 1), end: at(year, month + 1, 1) }
    case 'year':
      return { start: at(year, 1, 1), end: at(year + 1, 1, 1) }
  }
}

/** The last second of a day that is written as 2026-12-31; undefined for another text. */
export function endOfDay(text: string, timeZone: string): number | undefined {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? []
  if (year === undefined) return undefined
  const [y, m, d] = [Number(year), Number(month), Number(day)]
  const isDay = m >= 1 && m <= 12 && d >= 1 && d <= new Date(Date.UTC(y, m, 0)).getUTCDate()
  return isDay ? midnight([y, m, d + 1], timeZone) - 1 : undefined
}

/** A day as a date field takes it. */
export function dayOf(at: number, timeZone: string): string {
  const { year, month, day } = dateOf(at, timeZone)
  return [String(year).padStart(4, '0'), String(month).padStart(2, '0'), String(day).padStart(2, '0')].join('-')
}

function dateOf(at: number, timeZone: string) {
  const local = new Date((at + offsetAt(at, timeZone)) * 1000)
  return {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    // From Monday.
    weekday: (local.getUTCDay() + 6) % 7,
  }
}

/** When a local day begins. A day before the first, or after the last of its month, counts on. */
function midnight([year, month, day]: readonly [number, number, number], timeZone: string): number {
  const asUtc = Date.UTC(year, month - 1, day) / 1000
  const near = asUtc - offsetAt(asUtc, timeZone)
  // The clocks may change between the two.
  return asUtc - offsetAt(near, timeZone)
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** By how many seconds the zone is ahead of UTC. */
function offsetAt(at: number, timeZone: string): number {
  let format = formats.get(timeZone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    formats.set(timeZone, format)
  }
  const parts = new Map(format.formatToParts(at * 1000).map(({ type, value }) => [type, Number(value)]))
  const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0
  const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'))
  return Math.round(local / 1000) - at
}
