import type { Caller } from '../../oauth/tokens/callers.ts'
import type { ActionRoute, DialectAnswer } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import { noClient, oauthError, unavailable, unreadable } from './answers.ts'
import { proofOf } from './client-proof.ts'
import { NEWER } from './newer-answers.ts'
import { OLDER } from './older-answers.ts'
import { type AskingClient, bearerOf, isNewer, own, type ReadRequest, readRequest } from './request.ts'

const HINTS = ['', 'access_token', 'refresh_token']
/** Without a body, and so without its type. */
const DONE: DialectAnswer = { status: 200, headers: { 'Cache-Control': 'no-store', 'Content-Length': '0' }, body: '' }

/**
 * `POST /authorizationserver/oauth/revoke`. A live token of the person is proof enough, as in older releases: storefronts end
 * the access token and the refresh token at once, both with the access token as bearer. When that is dead already, or there
 * is none, the client proves itself, as in newer ones (RFC 7009).
 */
export function revokeEndpoint(path: string, resource: string): ActionRoute {
  return {
    method: 'POST',
    path,
    async act(request, services) {
      const read = readRequest(request)
      if (!read) return unreadable(400)
      const [token, hint] = [own(read.fields, 'token'), own(read.fields, 'token_type_hint')]
      if (!token) return (isNewer(read) ? NEWER : OLDER).missing('token')
      if (!HINTS.includes(hint)) return oauthError(400, 'unsupported_token_type', 'Unsupported token type')
      const bearer = bearerOf(request)
      const isOurs = ({ audience }: { audience?: string }) => audience === resource
      const caller = bearer === undefined ? undefined : await services.findCaller(bearer, isOurs)
      if (caller) {
        await services.endSignIn(token, { ...signInOwner(caller), kind: KINDS[hint] })
        return DONE
      }
      if (read.client) return byClient(read, read.client, token, services)
      if (bearer === undefined) return noClient()
      // The request beside this one was quicker.
      if (await services.wasSignedOut(bearer)) return DONE
      return oauthError(401, 'invalid_token', 'Invalid access token')
    },
  }
}

const KINDS: Readonly<Record<string, 'access-token' | 'refresh-token'>> = {
  access_token: 'access-token',
  refresh_token: 'refresh-token',
}

async function byClient(
  read: ReadRequest,
  client: AskingClient,
  token: string,
  services: DialectServices,
): Promise<DialectAnswer> {
  const { credentials } = await proofOf(client, services)
  const { status } = await services.revoke({ ...credentials, token })
  if (status === 200) return DONE
  if (status >= 500) return unavailable({ status })
  return (isNewer(read) ? NEWER : OLDER).badClient(client.isBasic)
}

function signInOwner({ customer, agent, clientId }: Caller) {
  return { clientId, ...(customer && { customerId: customer.id }), ...(agent && { agentId: agent.id }) }
}
