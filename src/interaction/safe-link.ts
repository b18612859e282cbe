const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/**
 * A client's link as an `href`, or nothing: https, or http on loopback for development, and no credentials in it.
 * Everything else (`javascript:`, `data:`, plain http) is a client's mistake or an attack.
 */
export function safeLink(uri: string | undefined): string | undefined {
  if (!uri || !URL.canParse(uri)) return undefined
  const url = new URL(uri)
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && loopback.test(url.hostname))
  return isSafe && !url.username && !url.password ? url.href : undefined
}
