import type { ActionRoute, DialectAnswer, Issued } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import { badClient, badRequest, failure, INVALID_REFRESH_TOKEN, refusal } from './answers.ts'
import { at, type Client, type Fields, isRefused, lacks, readClient, readFields } from './request.ts'
import { saidIn } from './sessions.ts'
import type { Slas } from './settings.ts'
import { tokenAnswer } from './token-answer.ts'
import { visitorToken } from './visitor-token.ts'

type Ask = (given: {
  readonly slas: Slas
  readonly fields: Fields
  readonly client: Client
  readonly services: DialectServices
}) => Promise<DialectAnswer>

/** `POST /token`: a code, a refresh token, or a visitor of a client that proves who it is. */
export function tokenRoute(slas: Slas): ActionRoute {
  return {
    method: 'POST',
    path: at('token'),
    async act(request, services) {
      const fields = readFields(slas, request)
      if (isRefused(fields)) return fields
      const refused = lacks(slas, fields, 'grant_type', 'channel_id')
      if (refused) return refused
      const ask = new Map(Object.entries(GRANTS)).get(fields.grant_type ?? '')
      if (!ask) return failure(400, 'unsupported_grant_type', 'invalid grant_type')
      const client = readClient(request, fields)
      return isRefused(client) ? client : ask({ slas, fields, client, services })
    },
  }
}

/** A code of `/login` or `/authorize`, or of our sign-in page. */
const redeemCode: Ask = async ({ slas, fields, client, services }) => {
  const refused = lacks(slas, fields, 'code', 'redirect_uri')
  if (refused) return refused
  const { code, redirect_uri, code_verifier } = fields
  const asked = { grant_type: 'authorization_code', ...client, code, redirect_uri, code_verifier }
  const issued = await services.issue(asked, { session: saidIn(fields) })
  if (issued.outcome === 'issued' && issued.tokens.agent) {
    // It was made for the endpoint at which agents act for others, and there alone.
    await services.endAccessToken(issued.tokens.accessToken)
    return badRequest('invalid code, code_verifier or redirect_uri')
  }
  // What the request says of the session holds for the tokens of later refreshes too.
  if (issued.outcome === 'issued') await services.keepSession(issued.tokens)
  return answer(issued, code_verifier ? 'invalid code, code_verifier or redirect_uri' : 'code_verifier is required')
}

const refresh: Ask = async ({ fields: { refresh_token, ...fields }, client, services }) => {
  if (!refresh_token) return badRequest('refresh_token is required')
  const asked = { grant_type: 'refresh_token', ...client, refresh_token }
  const issued = await services.issue(asked, { refusesRepeats: true, session: saidIn(fields) })
  return answer(issued, INVALID_REFRESH_TOKEN)
}

const GRANTS: Readonly<Record<string, Ask>> = {
  authorization_code: redeemCode,
  authorization_code_pkce: redeemCode,
  refresh_token: refresh,
  async client_credentials(given) {
    // A public client proves nothing, so a visitor of its own comes by a code.
    return given.client.client_secret === undefined
      ? badClient()
      : visitorToken(given.slas, given.fields, given.client, given.services)
  },
}

function answer(issued: Issued, message: string): DialectAnswer {
  return issued.outcome === 'issued' ? tokenAnswer(issued.tokens) : refusal(issued.failure, message)
}
