import { toAnonymousAccount } from '../../../oauth/accounts/anonymous-account.ts'
import { IMPERSONATION_GRANT } from '../../../oauth/grants/impersonation.ts'
import type { ActionRoute, DialectAnswer, DialectRequest, IssuedTokens } from '../../dialect.ts'
import type { DialectServices } from '../../services.ts'
import { badClient, badRequest, failure, notAllowed, refusal } from '../answers.ts'
import { mayAsk } from '../clients.ts'
import { signInNow } from '../codes.ts'
import { newVisitorId } from '../ids.ts'
import { at, bearerOf, type Client, clientOf, type Fields, isRefused, lacks, readFields } from '../request.ts'
import { beginSession } from '../sessions.ts'
import { AGENT_SCOPE, type Slas } from '../settings.ts'
import { fitsSubject, SUBJECT_TOO_LONG } from '../token.ts'
import { tokenAnswer } from '../token-answer.ts'
import { boundTo, isGuest } from './agent-request.ts'

type Asked = {
  readonly slas: Slas
  readonly fields: Fields
  readonly client: Client
  readonly services: DialectServices
}

/**
 * `POST /trusted-agent/token`: the code of an agent who signed in becomes a token with which they act. It is short, and no
 * refresh token comes with it.
 */
export function agentTokenRoute(slas: Slas): ActionRoute {
  return {
    method: 'POST',
    path: at('trusted-agent/token'),
    async act(request, services) {
      const fields = readFields(slas, request)
      if (isRefused(fields)) return fields
      const code = bearerOf(request)
      if (code === undefined) return failure(401, 'invalid_token', 'The code of the agent is missing.')
      const client = agentClient(request, fields)
      if (isRefused(client)) return client
      const refused = lacks(slas, fields, 'grant_type', 'channel_id', 'redirect_uri', 'login_id', 'idp_origin', 'state')
      if (refused) return refused
      if (fields.grant_type !== 'client_credentials') return badRequest('grant_type must be client_credentials')
      if (!isGuest(fields) && !fitsSubject(String(fields.login_id), slas)) return badRequest(SUBJECT_TOO_LONG)
      if (!(await mayAsk(client, AGENT_SCOPE, services))) return notAllowed(`The client has no scope ${AGENT_SCOPE}.`)
      return act({ slas, fields, client, services }, code)
    },
  }
}

/** The shop's own header for a client with a secret; SDKs write `Basic ` before it, its texts do not. */
function agentClient({ headers }: DialectRequest, fields: Fields): Client | DialectAnswer {
  const { _sfdc_client_auth: given } = headers
  if (given === undefined) return fields.client_id ? { client_id: fields.client_id } : badClient()
  return clientOf(`Basic ${String(given).replace(/^basic +/i, '')}`, fields)
}

async function act(asked: Asked, code: string): Promise<DialectAnswer> {
  const { fields, client, services } = asked
  const { redirect_uri, code_verifier } = fields
  const issued = await services.issue({
    grant_type: 'authorization_code',
    ...client,
    code,
    redirect_uri,
    code_verifier,
  })
  if (issued.outcome === 'refused') return refusal(issued.failure, 'invalid code, code_verifier or redirect_uri')
  const { tokens } = issued
  const refused = refuseOther(tokens, fields)
  if (refused) {
    await services.endAccessToken(tokens.accessToken)
    return refused
  }
  return isGuest(fields) ? forVisitor(asked, tokens) : forCustomer(asked, tokens)
}

/** A code of somebody else, of another agent, or for another customer than the agent signed in for. */
function refuseOther({ agent, session }: IssuedTokens, fields: Fields): DialectAnswer | undefined {
  if (!agent) return badRequest('invalid code, code_verifier or redirect_uri')
  const isSame = Object.entries(boundTo(fields)).every(([name, value]) => session[name] === value)
  if (!isSame) return badRequest('invalid login_id, idp_origin, channel_id or state')
  return fields.agent_id && fields.agent_id !== agent.id ? badRequest('invalid agent_id') : undefined
}

async function forCustomer({ slas, fields, client, services }: Asked, agent: IssuedTokens): Promise<DialectAnswer> {
  const customer = await services.findCustomer(String(fields.login_id))
  if (!customer) return badRequest('invalid login_id')
  const { usid, channel } = await beginSession(fields, services)
  const asked = {
    grant_type: IMPERSONATION_GRANT,
    ...client,
    resource: slas.resources.agent,
    scope: slas.scopes.join(' '),
    subject_token: agent.accessToken,
    customer_reference: customer.customerReference,
    ...(fields.c_reason && { reason: fields.c_reason }),
  }
  const issued = await services.issue(asked, { session: { usid, channel, dnt: '1' } })
  return issued.outcome === 'issued'
    ? tokenAnswer(issued.tokens, { hasRefreshToken: false })
    : refusal(issued.failure, 'invalid login_id')
}

async function forVisitor({ slas, fields, client, services }: Asked, { agent }: IssuedTokens): Promise<DialectAnswer> {
  const { usid, channel } = await beginSession(fields, services)
  const holder = {
    account: toAnonymousAccount(newVisitorId()),
    by: IMPERSONATION_GRANT,
    provedAtMs: Date.now(),
    session: { usid, channel, dnt: '1' as const, agent: String(agent?.id) },
  }
  const issued = await signInNow(slas.resources.agent, slas.scopes, { client, services, holder })
  return issued.outcome === 'issued'
    ? tokenAnswer(issued.tokens, { hasRefreshToken: false })
    : refusal(issued.failure, 'The request was refused.')
}
