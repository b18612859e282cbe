/** Whether there is a resource server of this identifier. */
type IsRegistered = (identifier: string) => Promise<boolean>

/**
 * The identifiers of the resources that a request names (RFC 8707 §2), as they are registered. Many clients write a resource that is a
 * bare origin with the slash of its empty path, and others take it away: both mean the same (RFC 3986 §6.2.3). That is the only
 * alias: below a path a slash tells two resources apart.
 */
export async function registeredResources(asked: unknown, isRegistered: IsRegistered): Promise<unknown> {
  if (!Array.isArray(asked)) return typeof asked === 'string' ? registered(asked, isRegistered) : asked
  const known = await Promise.all(asked.map((each) => registeredResources(each, isRegistered)))
  return [...new Set(known)]
}

async function registered(resource: string, isRegistered: IsRegistered): Promise<string> {
  const alias = aliasOf(resource)
  if (alias === undefined || (await isRegistered(resource))) return resource
  return (await isRegistered(alias)) ? alias : resource
}

/** The other way to write a resource that is an origin and nothing else, letter by letter. */
function aliasOf(resource: string): string | undefined {
  const url = URL.parse(resource)
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') return undefined
  if (resource === url.origin) return `${url.origin}/`
  return resource === `${url.origin}/` ? url.origin : undefined
}
