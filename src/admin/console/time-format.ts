const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** An instant as pages show it: epoch seconds, or ISO 8601 from the wire. */
export type Instant = number | string

/** "2026-11-28 18:40:12 UTC". */
export function utc(instant: Instant): string {
  return `${iso(instant).slice(0, 19).replace('T', ' ')} UTC`
}

/** For the `datetime` of a `<time>`. */
export function iso(instant: Instant): string {
  return new Date(epochMs(instant)).toISOString()
}

/** "3 min ago", "in 12 d", "now": how far an instant is from `nowMs`. */
export function distance(instant: Instant, nowMs: number): string {
  const seconds = (epochMs(instant) - nowMs) / 1000
  if (Math.abs(seconds) < 1) return 'now'
  return seconds > 0 ? `in ${length(seconds)}` : `${length(-seconds)} ago`
}

/** "40 s", "3 min", "5 h", "12 d". */
export function length(seconds: number): string {
  if (seconds < 2 * MINUTE) return `${Math.round(seconds)} s`
  if (seconds < 2 * HOUR) return `${Math.round(seconds / MINUTE)} min`
  if (seconds < 2 * DAY) return `${Math.round(seconds / HOUR)} h`
  return `${Math.round(seconds / DAY)} d`
}

function epochMs(instant: Instant): number {
  return typeof instant === 'number' ? instant * 1000 : Date.parse(instant)
}
