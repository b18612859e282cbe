import { toAnonymousAccount } from '../../oauth/accounts/anonymous-account.ts'
import { ANONYMOUS_GRANT } from '../../oauth/grants/anonymous.ts'
import type { ActionRoute, DialectAnswer, DialectRequest } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import { badRequest, redirectTo } from './answers.ts'
import { refuseClient, sendCode } from './codes.ts'
import { newVisitorId } from './ids.ts'
import { at, type Fields, isRefused, lacks, readFields } from './request.ts'
import { beginSession } from './sessions.ts'
import type { Slas } from './settings.ts'

const BRIDGE_HINTS = ['sb-user', 'sb-guest']

/**
 * `GET /authorize`: a code for a visitor, at once, or the way to our sign-in page. What is wrong with the client or its
 * redirect is said here; everything else is said to the client, at its redirect.
 */
export function authorizeRoute(slas: Slas): ActionRoute {
  return {
    method: 'GET',
    path: at('authorize'),
    async act(request, services) {
      const fields = readFields(slas, request)
      if (isRefused(fields)) return fields
      const refused =
        lacks(slas, { ...fields, channel_id: '' }, 'client_id', 'redirect_uri') ??
        (await refuseClient(fields, services, grantTypeFor(slas, fields)))
      if (refused) return refused
      const wrong = lacks(slas, fields, 'channel_id', 'hint')
      if (wrong) return sendError(fields, wrong)
      if (fields.response_type !== 'code') return sendError(fields, badRequest('response_type must be code'))
      const { hint = '' } = fields
      if (hint === 'guest' || (BRIDGE_HINTS.includes(hint) && slas.bridgeSecret)) {
        return visit(slas, fields, services)
      }
      return slas.idps.includes(hint)
        ? redirectTo(signInPage(slas, fields, request))
        : sendError(fields, badRequest('invalid hint'))
    },
  }
}

/** Our page is the client's own authorization code flow; everybody else is a visitor first. */
function grantTypeFor({ idps }: Slas, { hint = '' }: Fields): string {
  return idps.includes(hint) ? 'authorization_code' : ANONYMOUS_GRANT
}

/** A visitor, or somebody whom the shop's own session is about to name: until then they are one. */
async function visit(slas: Slas, fields: Fields, services: DialectServices): Promise<DialectAnswer> {
  const provedAtMs = Date.now()
  const session = await beginSession(fields, services)
  return sendCode(slas, fields, services, {
    account: toAnonymousAccount(newVisitorId()),
    by: ANONYMOUS_GRANT,
    provedAtMs,
    session,
    isForBridge: fields.hint !== 'guest',
  })
}

/** Our own pages, which send the person back to the client. */
function signInPage(slas: Slas, fields: Fields, { context }: DialectRequest): string {
  const page = new URL(`${context.issuer}/authorize`)
  const { client_id = '', redirect_uri = '', code_challenge, state } = fields
  const asked = {
    response_type: 'code',
    client_id,
    redirect_uri,
    scope: ['openid', ...slas.scopes].join(' '),
    resource: slas.resources.shopper,
    ...(code_challenge && { code_challenge, code_challenge_method: 'S256' }),
    ...(state && { state }),
  }
  for (const [name, value] of Object.entries(asked)) page.searchParams.set(name, value)
  return page.href
}

/** Says what is wrong to the client, whose redirect was looked at before. */
function sendError({ redirect_uri = '', state }: Fields, { body }: DialectAnswer): DialectAnswer {
  const { error, message } = JSON.parse(body) as { error: string; message: string } // of an error of ours
  const location = new URL(redirect_uri)
  location.searchParams.set('error', error)
  location.searchParams.set('error_description', message)
  if (state) location.searchParams.set('state', state)
  return redirectTo(location.href)
}
