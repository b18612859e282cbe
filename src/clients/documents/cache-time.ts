/** Seconds. A document is read again after an hour unless its answer says otherwise, and never more than once a minute. */
export const DOCUMENT_CACHE = { least: 60, usual: 3600, most: 86_400 } as const

/** For how many seconds an answer may be used again (RFC 9111 §4.2), within our bounds. */
export function cacheSeconds(headers: Headers, nowMs: number): number {
  const said = freshSeconds(headers, nowMs)
  return Math.min(DOCUMENT_CACHE.most, Math.max(DOCUMENT_CACHE.least, Math.floor(said ?? DOCUMENT_CACHE.usual)))
}

function freshSeconds(headers: Headers, nowMs: number): number | undefined {
  const control = headers.get('cache-control') ?? ''
  if (/(^|,)\s*(no-store|no-cache)\b/i.test(control)) return 0
  const maxAge = /(?:^|,)\s*max-age\s*=\s*"?(\d{1,10})/i.exec(control)?.[1]
  if (maxAge !== undefined) return Number(maxAge) - ageOf(headers)
  const expires = headers.get('expires')
  if (expires === null) return undefined
  const at = Date.parse(expires)
  return Number.isNaN(at) ? 0 : (at - nowMs) / 1000
}

/** How long a cache on the way had it. */
function ageOf(headers: Headers): number {
  const age = headers.get('age') ?? ''
  return /^\d{1,10}$/.test(age) ? Number(age) : 0
}
