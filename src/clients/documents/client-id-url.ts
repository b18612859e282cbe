/** As long as a client id may be. */
const MOST_CHARACTERS = 255
/** Printable ASCII without quotation marks and backslashes, which some programs read as something else. */
const PLAIN = /^[\x21\x23-\x26\x28-\x5b\x5d-\x7e]+$/

/** Whether a client id claims to be the address of a metadata document. */
export function claimsToBeDocument(clientId: string): boolean {
  return /^https:\/\//i.test(clientId)
}

/**
 * The address that a client id is, or undefined for one that may not be fetched (Client ID Metadata Document §3): https with a
 * path, without fragment, user and dot segments. It must be written as every program writes it: host in small letters and
 * ASCII, no default port. Otherwise one document would have several names, and a block of one would not hold for the others.
 */
export function readClientIdUrl(clientId: string): URL | undefined {
  if (clientId.length > MOST_CHARACTERS || !PLAIN.test(clientId) || clientId.includes('#')) return undefined
  const url = URL.parse(clientId)
  if (url?.protocol !== 'https:' || url.href !== clientId) return undefined
  if (url.username !== '' || url.password !== '' || url.hostname.endsWith('.')) return undefined
  return url.pathname === '/' ? undefined : url
}
