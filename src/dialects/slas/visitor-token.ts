import { ANONYMOUS_GRANT } from '../../oauth/grants/anonymous.ts'
import type { DialectAnswer } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import { refusal } from './answers.ts'
import { newVisitorId } from './ids.ts'
import type { Client, Fields } from './request.ts'
import { beginSession } from './sessions.ts'
import type { Slas } from './settings.ts'
import { tokenAnswer } from './token-answer.ts'

/** Tokens of a new visitor, for a client that proves who it is. */
export async function visitorToken(
  slas: Slas,
  fields: Fields,
  client: Client,
  services: DialectServices,
): Promise<DialectAnswer> {
  const session = await beginSession(fields, services)
  const asked = {
    grant_type: ANONYMOUS_GRANT,
    ...client,
    resource: slas.resources.shopper,
    scope: slas.scopes.join(' '),
    anonymous_id: newVisitorId(),
  }
  const issued = await services.issue(asked, { session })
  return issued.outcome === 'issued' ? tokenAnswer(issued.tokens) : refusal(issued.failure, 'The request was refused.')
}
