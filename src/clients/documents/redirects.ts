const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']
const MOST_CHARACTERS = 512

/**
 * Whether a document may name this redirect: https, http to loopback, or a scheme of an app that is named after a domain (RFC
 * 8252 §7). Other schemes belong to the system, and could start something there.
 */
export function isUsableRedirect(uri: string): boolean {
  if (uri.length > MOST_CHARACTERS || !/^[\x21-\x7e]+$/.test(uri) || /[#"'<>\\]/.test(uri)) return false
  const url = URL.parse(uri)
  if (url?.username !== '' || url.password !== '') return false
  if (url.protocol === 'https:') return !LOOPBACK.includes(url.hostname)
  return url.protocol === 'http:' ? LOOPBACK.includes(url.hostname) : isAppScheme(url.protocol)
}

/** Whether any program on the computer of the person could take the answer there (RFC 8252 §8.6). */
export function endsAtComputer(uri: string): boolean {
  return new URL(uri).protocol !== 'https:'
}

/** What people are shown of a redirect, and consent to. The port of a loopback redirect changes with each sign-in. */
export function redirectHost(uri: string): string {
  const url = new URL(uri)
  if (url.protocol === 'https:') return url.host
  return url.protocol === 'http:' ? url.hostname : url.protocol.slice(0, -1)
}

function isAppScheme(protocol: string): boolean {
  return /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/.test(protocol)
}
