import type { Caller, IsFor } from '../../oauth/tokens/callers.ts'
import type { AnswerContext, DialectAnswer, DialectRequest } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import { failure } from './documents.ts'

/** Whose guest cart the shop may merge after signing in. */
const ANONYMOUS_ID = 'x-anonymous-customer-unique-id'
export const AGENT_AUTHORIZATION = 'x-agent-authorization'
const MAX_ANONYMOUS_ID = 512

type Headers = DialectRequest['headers']

/** The code of a second factor, as a parameter of the password grant and the agents'; nothing where none was sent. */
export function codeOf(headers: Headers): { one_time_password?: string } {
  const code = headers['x-mfa-code']
  return typeof code === 'string' && code !== '' ? { one_time_password: code } : {}
}

export function anonymousId(headers: Headers): string | undefined {
  const value = headers[ANONYMOUS_ID]
  return typeof value === 'string' && value !== '' && value.length <= MAX_ANONYMOUS_ID ? value : undefined
}

/** The refusal of a request that is signed in and a guest's at once. */
export function contradiction({ headers, context }: DialectRequest): DialectAnswer | undefined {
  if (!headers.authorization || anonymousId(headers) === undefined) return undefined
  const detail = "Headers request error. A user can't act as logged and not logged user at the same time."
  return failure(400, '005', detail, context)
}

/** The bearer token of a header; empty when the header holds something else, undefined when there is none. */
export function bearerOf(header: string | string[] | undefined): string | undefined {
  if (typeof header !== 'string' || header.trim() === '') return undefined
  return /^Bearer +(\S+)$/i.exec(header.trim())?.[1] ?? ''
}

/** Who holds the token. Tokens of this dialect count: what was made for another service is no token here. */
export async function findHolder(
  bearer: string,
  services: DialectServices,
  { clientId }: AnswerContext,
): Promise<Caller | undefined> {
  const isOwn: IsFor = ({ audience }) => audience === clientId
  return bearer === '' ? undefined : services.findCaller(bearer, isOwn)
}

/** The agent whose token stands in `X-Agent-Authorization`; undefined without that header. */
export async function findAgentBeside(
  { headers, context }: DialectRequest,
  services: DialectServices,
): Promise<
  | { readonly token: string; readonly clientId: string; readonly caller: Caller }
  | { readonly refused: DialectAnswer }
  | undefined
> {
  const token = bearerOf(headers[AGENT_AUTHORIZATION])
  if (token === undefined) return undefined
  const agent = await findHolder(token, services, context)
  if (agent?.kind === 'agent') return { token, clientId: agent.clientId, caller: agent }
  return { refused: failure(401, '4102', 'Agent access token is invalid.', context) }
}

export function missingToken(context: AnswerContext): DialectAnswer {
  return failure(403, '002', 'Missing access token.', context)
}

export function invalidToken(context: AnswerContext): DialectAnswer {
  return failure(401, '001', 'Invalid access token.', context)
}
