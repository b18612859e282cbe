import { TRUSTED_SYSTEM_GRANT } from '../../../oauth/grants/trusted-system.ts'
import type { ActionRoute, DialectAnswer } from '../../dialect.ts'
import type { DialectServices } from '../../services.ts'
import { badClient, badRequest, notAllowed, refusal } from '../answers.ts'
import { mayAsk, provesClient } from '../clients.ts'
import { tooSoon } from '../login.ts'
import { at, type Client, clientOf, type Fields, isRefused, lacks, readFields } from '../request.ts'
import { beginSession } from '../sessions.ts'
import { type Slas, SYSTEM_SCOPE } from '../settings.ts'
import { fitsSubject, SUBJECT_TOO_LONG } from '../token.ts'
import { tokenAnswer } from '../token-answer.ts'
import { visitorToken } from '../visitor-token.ts'

const HINT = 'ts_ext_on_behalf_of'
const INTERVAL_SECONDS = 3

/** `POST /trusted-system/token`: tokens of a customer for a system of the shop's, which is the `act` of them. */
export function trustedSystemRoute(slas: Slas): ActionRoute {
  return {
    method: 'POST',
    path: at('trusted-system/token'),
    async act(request, services) {
      const fields = readFields(slas, request)
      if (isRefused(fields)) return fields
      const client = clientOf(request.headers.authorization, fields)
      if (isRefused(client)) return client
      if (!(await provesClient(client, services))) return badClient()
      if (!(await mayAsk(client, SYSTEM_SCOPE, services))) return notAllowed(`The client has no scope ${SYSTEM_SCOPE}.`)
      const refused = lacks(slas, fields, 'grant_type', 'hint', 'login_id', 'idp_origin', 'channel_id')
      if (refused) return refused
      if (fields.grant_type !== 'client_credentials') return badRequest('grant_type must be client_credentials')
      if (fields.hint !== HINT) return badRequest(`hint must be ${HINT}`)
      return act(slas, fields, client, services)
    },
  }
}

async function act(
  slas: Slas,
  fields: Fields,
  client: Required<Client>,
  services: DialectServices,
): Promise<DialectAnswer> {
  const { login_id: login = '' } = fields
  if (login.toLowerCase() === 'guest') return visitorToken(slas, fields, client, services)
  if (!fitsSubject(login, slas)) return badRequest(SUBJECT_TOO_LONG)
  const subject = login.trim().toLowerCase()
  if (!(await services.takeTurn({ of: 'slas-system', subject, limit: 1, seconds: INTERVAL_SECONDS }))) {
    return tooSoon(slas, login, INTERVAL_SECONDS)
  }
  const session = await beginSession(fields, services, { system: HINT })
  const asked = {
    grant_type: TRUSTED_SYSTEM_GRANT,
    ...client,
    resource: slas.resources.shopper,
    scope: slas.scopes.join(' '),
    username: login,
  }
  const issued = await services.issue(asked, { session })
  return issued.outcome === 'issued' ? tokenAnswer(issued.tokens) : refusal(issued.failure, 'invalid login_id')
}
