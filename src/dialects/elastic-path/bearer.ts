import type { Caller } from '../../oauth/tokens/callers.ts'
import type { DialectRequest } from '../dialect.ts'
import type { DialectServices } from '../services.ts'

/** A token in the ways clients write it: `Bearer <token>`, `Bearer: <token>`, or nothing but the token. */
export function readLenientBearer(header: string | string[] | undefined): string | undefined {
  if (typeof header !== 'string') return undefined
  const [, token] = /^(?:bearer:?\s+)?(\S+)$/i.exec(header.trim()) ?? []
  return token
}

/** Who called with the request's Authorization header, if that is a client's token for this dialect. */
export async function findClientCaller(
  { headers }: Pick<DialectRequest, 'headers'>,
  { findCaller }: Pick<DialectServices, 'findCaller'>,
  audience: string,
): Promise<Caller | undefined> {
  const bearer = readLenientBearer(headers.authorization)
  if (bearer === undefined) return undefined
  const caller = await findCaller(bearer, (token) => token.audience === audience)
  return caller?.kind === 'client' ? caller : undefined
}
