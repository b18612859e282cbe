import type { Caller } from '../../oauth/tokens/callers.ts'
import type { ActionRoute, DialectAnswer, DialectRequest } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import { json, noClient, oauthError, unavailable, unreadable } from './answers.ts'
import { NEWER } from './newer-answers.ts'
import { OLDER } from './older-answers.ts'
import { own, readRequest } from './request.ts'
import { AGENT_SCOPE } from './token-shape.ts'

/** The name of the shop's own services, as older releases have it in `aud`. */
const RESOURCE_ID = 'hybris'

/** `POST …/oauth/introspect` (RFC 7662) of newer releases: the answer is our own endpoint's. */
export function introspectionEndpoint(path: string): ActionRoute {
  return {
    method: 'POST',
    path,
    async act(request, services) {
      const asked = await ask(request, services)
      return 'refused' in asked ? asked.refused('newer') : json(200, asked.found, {}, 'application/json')
    },
  }
}

/** `POST …/oauth/check_token` of the library under older releases: who it is, by the name they sign in with. */
export function checkTokenEndpoint(path: string, resource: string): ActionRoute {
  return {
    method: 'POST',
    path,
    async act(request, services) {
      const asked = await ask(request, services)
      if ('refused' in asked) return asked.refused('older')
      const { found, token } = asked
      const caller = await services.findCaller(token, ({ audience }) => audience === resource)
      if (found.active !== true || !caller) return oauthError(400, 'invalid_token', 'Token was not recognised')
      const { exp, client_id } = found
      return json(200, { aud: [RESOURCE_ID], ...userOf(caller), scope: caller.scopes, active: true, exp, client_id })
    },
  }
}

type Asked =
  | { readonly found: Readonly<Record<string, unknown>>; readonly token: string }
  | { readonly refused: (words: 'older' | 'newer') => DialectAnswer }

async function ask(request: DialectRequest, services: DialectServices): Promise<Asked> {
  const read = readRequest(request)
  if (!read) return { refused: () => unreadable(400) }
  const { fields, client } = read
  if (!client) return { refused: noClient }
  const refuse = (why: 'client' | 'token'): Asked => ({
    refused: (words) => {
      const answers = words === 'newer' ? NEWER : OLDER
      return why === 'client' ? answers.badClient(client.isBasic) : answers.missing('token')
    },
  })
  const token = own(fields, 'token')
  // A client without a secret proves nothing.
  if (client.client_secret === undefined) return refuse('client')
  if (!token) return refuse('token')
  const { client_id, client_secret } = client
  const { status, body } = await services.introspect({ client_id, client_secret, token })
  if (status === 200) return { found: body, token }
  return status >= 500 ? { refused: () => unavailable({ status }) } : refuse('client')
}

function userOf({ customer, agent, scopes }: Caller): object {
  if (agent) return { user_name: agent.email, authorities: ['ROLE_ASAGENTGROUP', 'ROLE_EMPLOYEEGROUP'] }
  if (customer && !scopes.includes(AGENT_SCOPE)) {
    return { user_name: customer.email, authorities: ['ROLE_CUSTOMERGROUP'] }
  }
  return { authorities: ['ROLE_CLIENT'] }
}
