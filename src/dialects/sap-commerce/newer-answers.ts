import type { DialectAnswer } from '../dialect.ts'
import { type Answers, json, unavailable } from './answers.ts'
import { tokenBody } from './older-answers.ts'

const ERROR_URI = 'https://datatracker.ietf.org/doc/html/rfc6749#section-5.2'
const CONTENT_TYPE = 'application/json'

/** The answers of 2211-jdk21 and later: no sentence, but for a parameter that is missing or not known. */
export const NEWER: Answers = {
  success: (tokens) => json(200, tokenBody(tokens, 'Bearer'), {}, CONTENT_TYPE),
  badClient: () => bare(401, 'invalid_client'),
  missing: (parameter) => aboutParameter('invalid_request', parameter),
  unknownGrantType: () => aboutParameter('unsupported_grant_type', 'grant_type'),
  unknownScope: () => bare(400, 'invalid_scope'),
  refusal({ failure, grantType }) {
    const { status, error } = failure
    if (status >= 500) return unavailable(failure)
    if (error === 'invalid_client') return NEWER.badClient(false)
    // The releases that these clients know have no password grant at all.
    if (error === 'unauthorized_client' && grantType === 'password') return NEWER.unknownGrantType()
    if (error === 'invalid_target') return bare(400, 'unauthorized_client')
    if (error === 'invalid_request') return NEWER.missing(grantType === 'authorization_code' ? 'code' : grantType)
    return bare(400, error)
  },
}

function bare(status: number, error: string): DialectAnswer {
  return json(status, { error }, {}, CONTENT_TYPE)
}

function aboutParameter(error: string, parameter: string): DialectAnswer {
  const body = { error_description: `OAuth 2.0 Parameter: ${parameter}`, error, error_uri: ERROR_URI }
  return json(400, body, {}, CONTENT_TYPE)
}
