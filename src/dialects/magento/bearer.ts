/**
 * The bearer of an Authorization header: two words, the first one "bearer" in any case. Anything else, like the
 * signed `OAuth …` of integrations, makes the caller a guest and is no error.
 */
export function readBearer(header: string | string[] | undefined): string | undefined {
  if (typeof header !== 'string') return undefined
  const [scheme, token, ...rest] = header.split(' ')
  return scheme?.toLowerCase() === 'bearer' && token && rest.length === 0 ? token : undefined
}
