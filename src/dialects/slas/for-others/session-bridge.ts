import { toAccount } from '../../../oauth/accounts/account.ts'
import { toAnonymousAccount } from '../../../oauth/accounts/anonymous-account.ts'
import type { ActionRoute, DialectAnswer, IssuedTokens } from '../../dialect.ts'
import type { DialectServices } from '../../services.ts'
import { badClient, badRequest, failure, notAllowed, refusal } from '../answers.ts'
import { mayAsk, provesClient } from '../clients.ts'
import { signInNow, WITHIN } from '../codes.ts'
import { newVisitorId } from '../ids.ts'
import { at, type Client, type Fields, isRefused, lacks, readClient, readFields } from '../request.ts'
import { beginSession } from '../sessions.ts'
import { BRIDGE_SCOPE, type Slas } from '../settings.ts'
import { tokenAnswer } from '../token-answer.ts'
import { readBridgeToken } from './bridge-token.ts'

const INVALID = 'invalid session token'
const LONGEST_SECONDS = 300

/**
 * `POST /session-bridge/token`: the session of the shop's own pages goes on with tokens. Their server says whose it is by a
 * token of its own, which only a shared secret proves: without the setting there is no bridge.
 */
export function sessionBridgeRoute(slas: Slas): ActionRoute {
  return {
    method: 'POST',
    path: at('session-bridge/token'),
    async act(request, services) {
      const fields = readFields(slas, request)
      if (isRefused(fields)) return fields
      const { bridgeSecret: secret } = slas
      if (secret === undefined) return failure(400, 'not_supported', 'The session bridge is not set up.')
      const client = readClient(request, fields)
      if (isRefused(client)) return client
      const refused = lacks(slas, fields, 'grant_type', 'channel_id', 'login_id')
      if (refused) return refused
      if (!(await mayAsk(client, BRIDGE_SCOPE, services))) return notAllowed(`The client has no scope ${BRIDGE_SCOPE}.`)
      const proved = await prove(fields, client, services)
      if (proved) return proved
      return cross(slas, { fields, client, services, secret })
    },
  }
}

/** By its secret, or by a code of `/authorize` and the verifier of its challenge. */
async function prove(fields: Fields, client: Client, services: DialectServices): Promise<DialectAnswer | undefined> {
  const { client_id, client_secret } = client
  if (client_secret !== undefined) {
    if (!(await provesClient({ client_id, client_secret }, services))) return badClient()
    return fields.grant_type === 'client_credentials' ? undefined : badRequest('grant_type must be client_credentials')
  }
  if (fields.grant_type !== 'session_bridge') return badRequest('grant_type must be session_bridge')
  const { code, code_verifier } = fields
  const asked = { grant_type: 'authorization_code', ...client, code, redirect_uri: WITHIN, code_verifier }
  const issued = await services.issue(asked)
  if (issued.outcome === 'refused') return refusal(issued.failure, 'invalid code or code_verifier')
  await end(issued.tokens, services)
  return undefined
}

/** The visitor that a code stood for until the session was known. */
async function end({ anonymousId = '', accessToken, refreshToken }: IssuedTokens, services: DialectServices) {
  await services.endAccessToken(accessToken)
  const { accountId } = toAnonymousAccount(anonymousId)
  if (refreshToken !== undefined) await services.endRefreshToken(refreshToken, { accountId })
}

type Crossing = {
  readonly fields: Fields
  readonly client: Client
  readonly services: DialectServices
  readonly secret: string
}

async function cross(slas: Slas, { fields, client, services, secret }: Crossing): Promise<DialectAnswer> {
  const { login_id: login = '' } = fields
  const isGuest = login.toLowerCase() === 'guest'
  const nowSeconds = Math.floor(Date.now() / 1000)
  const given = (isGuest ? fields.dwsgst : fields.dwsrst) ?? ''
  const token = readBridgeToken(given, { secret, audience: slas.organizationId, nowSeconds })
  if (!token || token.login.toLowerCase() !== login.toLowerCase()) return badRequest(INVALID)
  const turn = { of: 'slas-bridge', subject: token.id, limit: 1, seconds: LONGEST_SECONDS }
  if (!(await services.takeTurn(turn))) return badRequest(INVALID)
  const provedAtMs = Date.now()
  const customer = isGuest ? undefined : await services.findCustomer(login)
  // The address is all that is known of the person: it must be theirs.
  const account = isGuest ? toAnonymousAccount(newVisitorId()) : customer?.emailVerified && toAccount(customer)
  if (!account) return badRequest(INVALID)
  const of = customer ? { accountId: customer.id } : {}
  const session = await beginSession(fields, services, { ...of, bridge: 'session_bridge' })
  const holder = { account, by: 'authorization_code', provedAtMs, session }
  const issued = await signInNow(slas.resources.shopper, slas.scopes, { client, services, holder })
  return issued.outcome === 'issued' ? tokenAnswer(issued.tokens) : refusal(issued.failure, INVALID)
}
