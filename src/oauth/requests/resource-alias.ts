/** Whether there is a resource server of this identifier. */
type IsRegistered = (identifier: string) => Promise<boolean>

/**
 * The identifiers of the resources that a request names (RFC 8707 §2), as they are registered. Many clients write a resource that is a
 * bare origin with the slash of its empty path, and others take it away: both mean the same (RFC 3986 §6.2.3). That is the only
 * alias: below a path a slash tells two resources apart.
 */
export async function registeredResources(asked: unknown, isRegistered: IsRegistered): Promise<unknown> {
  if (typeof asked === 'string') return (await lookUp(asked, isRegistered))[0]
  if (!Array.isArray(asked)) return asked
  const known = new Set<unknown>()
  for (const each of asked) {
    const [name, isKnown] = typeof each === 'string' ? await lookUp(each, isRegistered) : [each, false]
    // The request ends with the first that is unknown: the others are not looked for.
    if (!isKnown) return asked
    known.add(name)
  }
  return [...known]
}

async function lookUp(resource: string, isRegistered: IsRegistered): Promise<[name: string, isKnown: boolean]> {
  if (await isRegistered(resource)) return [resource, true]
  const alias = aliasOf(resource)
  return alias !== undefined && (await isRegistered(alias)) ? [alias, true] : [resource, false]
}

/** The other way to write a resource that is an origin and nothing else, letter by letter. */
function aliasOf(resource: string): string | undefined {
  const url = URL.parse(resource)
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') return undefined
  if (resource === url.origin) return `${url.origin}/`
  return resource === `${url.origin}/` ? url.origin : undefined
}
