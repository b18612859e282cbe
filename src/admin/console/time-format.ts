const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** An instant as pages show it: epoch seconds, or ISO 8601 from the wire. */
export type Moment = number | string

/** "2026-11-28 18:40:12 UTC". */
export function utc(moment: Moment): string {
  return `${iso(moment).slice(0, 19).replace('T', ' ')} UTC`
}

/** For the `datetime` of a `<time>`. */
export function iso(moment: Moment): string {
  return new Date(epochMs(moment)).toISOString()
}

/** "3 min ago", "in 12 d", "now": how far an instant is from `nowMs`. */
export function distance(moment: Moment, nowMs: number): string {
  const seconds = (epochMs(moment) - nowMs) / 1000
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

function epochMs(moment: Moment): number {
  return typeof moment === 'number' ? moment * 1000 : Date.parse(moment)
}
