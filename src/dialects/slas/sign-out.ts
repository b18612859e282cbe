import type { ActionRoute } from '../dialect.ts'
import { badClient, badRequest, failure, json, unavailable } from './answers.ts'
import { at, bearerOf, clientOf, isRefused, lacks, readFields } from './request.ts'
import type { Slas } from './settings.ts'

const ALL_SESSIONS = 'all-sessions'

/** `GET /logout`: a customer's session ends, or all of theirs at this client but those of systems that act for them. */
export function logoutRoute(slas: Slas): ActionRoute {
  return {
    method: 'GET',
    path: at('logout'),
    async act(request, services) {
      const fields = readFields(slas, request)
      if (isRefused(fields)) return fields
      const refused = lacks(slas, fields, 'client_id', 'refresh_token')
      if (refused) return refused
      const { client_id: clientId = '', refresh_token: refreshToken = '', hint } = fields
      if (hint !== undefined && hint !== ALL_SESSIONS) return badRequest('invalid hint')
      const bearer = bearerOf(request)
      const isOurs = (token: { audience?: string; clientId: string }) =>
        token.audience === slas.audience && token.clientId === clientId
      const caller = bearer === undefined ? undefined : await services.findCaller(bearer, isOurs)
      if (bearer === undefined || !caller?.customer || caller.isActedFor) {
        return failure(401, 'invalid_token', 'A registered customer’s own access token is needed.', {
          'WWW-Authenticate': 'Bearer realm="slas", error="invalid_token"',
        })
      }
      const customerId = caller.customer.id
      if (hint === ALL_SESSIONS) {
        await services.endSessions({ customerId, clientId }, ({ system }) => system === undefined)
      }
      await services.endRefreshToken(refreshToken, { accountId: customerId })
      await services.endAccessToken(bearer)
      return json(200, SIGNED_OUT)
    },
  }
}

/** The shape of a token answer, which SDKs want and do not read. */
const SIGNED_OUT = {
  access_token: '',
  id_token: '',
  refresh_token: '',
  expires_in: 0,
  refresh_token_expires_in: 0,
  token_type: 'Bearer',
  usid: '',
  customer_id: '',
  enc_user_id: '',
  idp_access_token: null,
  idp_refresh_token: null,
}

/** `POST /revoke` and `/introspect`, for clients with a secret. */
export function clientRoutes(slas: Slas): ActionRoute[] {
  return (['revoke', 'introspect'] as const).map((endpoint) => ({
    method: 'POST',
    path: at(endpoint),
    async act(request, services) {
      const fields = readFields(slas, request)
      if (isRefused(fields)) return fields
      const client = clientOf(request.headers.authorization, fields)
      if (isRefused(client)) return client
      const refused = lacks(slas, fields, 'token')
      if (refused) return refused
      const { token = '', token_type_hint: hint = 'refresh_token' } = fields
      const { status, body } = await services[endpoint]({ ...client, token })
      if (status >= 500) return unavailable({ status })
      if (status === 401) return badClient()
      if (status !== 200) return badRequest(String(body.error_description ?? body.error))
      return json(200, endpoint === 'revoke' ? { token, token_type_hint: hint } : body)
    },
  }))
}
