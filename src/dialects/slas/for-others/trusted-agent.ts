import { toAgentAccount } from '../../../oauth/accounts/agent-account.ts'
import { AGENT_GRANT } from '../../../oauth/grants/agent.ts'
import { IMPERSONATION_GRANT } from '../../../oauth/grants/impersonation.ts'
import type { ActionRoute, DialectAnswer, DialectRequest, DialectRoute } from '../../dialect.ts'
import type { DialectServices } from '../../services.ts'
import { badRequest, busy, notAllowed, redirectTo, unavailable } from '../answers.ts'
import { mayAsk } from '../clients.ts'
import { refuseClient } from '../codes.ts'
import { at, type Fields, isRefused, lacks, plain, readFields } from '../request.ts'
import { AGENT_SCOPE, type Slas } from '../settings.ts'
import { agentPage } from './agent-page.ts'
import { boundTo, isGuest } from './agent-request.ts'
import { agentTokenRoute } from './agent-token.ts'

/** `GET /trusted-agent/authorize`, its form, and `POST /trusted-agent/token`: an agent acts for a customer or a visitor. */
export function trustedAgentRoutes(slas: Slas): DialectRoute[] {
  const path = at('trusted-agent/authorize')
  const authorize = (method: 'GET' | 'POST', act: typeof showPage): ActionRoute => ({
    method,
    path,
    async act(request, services) {
      const asked = await readAsked(slas, request, services)
      return isRefused(asked) ? asked : act(slas, asked, request, services)
    },
  })
  return [authorize('GET', showPage), authorize('POST', signIn), agentTokenRoute(slas)]
}

type Act = (slas: Slas, asked: Fields, request: DialectRequest, services: DialectServices) => Promise<DialectAnswer>

/** What the client asks for, which stands in the address of the page and of its form. */
async function readAsked(
  slas: Slas,
  request: DialectRequest,
  services: DialectServices,
): Promise<Fields | DialectAnswer> {
  const asked = readFields(slas, { ...request, method: 'GET' })
  if (isRefused(asked)) return asked
  const refused =
    lacks(slas, asked, 'client_id', 'redirect_uri', 'channel_id', 'login_id', 'idp_origin', 'state') ??
    (await refuseClient(asked, services, AGENT_GRANT))
  if (refused) return refused
  if (asked.response_type !== 'code') return badRequest('response_type must be code')
  if (isGuest(asked) && asked.idp_origin !== 'slas') return badRequest('idp_origin must be slas for a guest')
  const client = { client_id: asked.client_id ?? '' }
  if (!(await mayAsk(client, AGENT_SCOPE, services))) return notAllowed(`The client has no scope ${AGENT_SCOPE}.`)
  return asked
}

const showPage: Act = async () => agentPage({ status: 200 })

const signIn: Act = async (slas, asked, { body, headers, context }, services) => {
  const { redirect_uri: redirectUri = '', client_id: clientId = '' } = asked
  const typed = plain(new URLSearchParams(body))
  if (isRefused(typed)) return typed
  const { login = '', password = '', code } = typed
  const origin = headers.origin
  if (origin !== undefined && origin !== new URL(context.baseUrl).origin) return notAllowed('The form is not ours.')
  if (!login || !password) return agentPage({ status: 400, login, problem: 'Both are needed.' })
  const provedAtMs = Date.now()
  const checked = await services.checkAgent(login, password, { clientId, ...(code && { code }) })
  switch (checked.outcome) {
    case 'busy':
      return unavailable(busy(checked))
    case 'second-factor-required':
      return agentPage({ status: 401, login, needsCode: true, problem: 'The code is needed as well.' })
    case 'authenticated':
      break
    default:
      return agentPage({
        status: 401,
        login,
        needsCode: code !== undefined,
        problem: 'That was not right.',
      })
  }
  const value = await services.codes.issue({
    clientId,
    redirectUri,
    codeChallenge: asked.code_challenge,
    account: toAgentAccount(checked.agent),
    by: AGENT_GRANT,
    resource: slas.resources.agent,
    scopes: slas.scopes,
    amr: checked.hasSecondFactor ? ['pwd', 'otp', 'mfa'] : ['pwd'],
    provedAtMs,
    session: { ...boundTo(asked), step: IMPERSONATION_GRANT },
  })
  const location = new URL(redirectUri)
  location.searchParams.set('code', value)
  location.searchParams.set('state', asked.state ?? '')
  return redirectTo(location.href)
}
