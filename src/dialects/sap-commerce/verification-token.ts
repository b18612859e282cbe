import type { ActionRoute, DialectAnswer } from '../dialect.ts'
import { objectOf, parseJson, textOf } from '../json-body.ts'
import { json, occError, occUnavailable } from './answers.ts'
import { tokenIdOf } from './credentials.ts'
import { bearerOf } from './request.ts'

/** Seconds for which a code from a mail works. */
const CODE_SECONDS = 600
/** Longer texts are no addresses. */
const MAX_LOGIN_LENGTH = 254

/**
 * `POST /occ/v2/{site}/users/anonymous/verificationToken`: with the right password a code goes out by mail, and the answer is the
 * id that stands for the user name at the token endpoint. The password is checked as at any sign-in, by the dialect's own
 * client, because the caller's secret is not at hand; what that brought is ended at once.
 */
export function verificationToken(resource: string): ActionRoute {
  return {
    method: 'POST',
    path: '/occ/v2/:site/users/anonymous/verificationToken',
    async act({ body, headers }, services) {
      const bearer = bearerOf({ headers })
      const caller = bearer && (await services.findCaller(bearer, ({ audience }) => audience === resource))
      if (!caller) return occError(401, 'InvalidTokenError', 'Invalid access token')
      if (caller.kind !== 'client') return occError(403, 'ForbiddenError', 'Access is denied')
      const members = objectOf(parseJson(body))
      if (!members) return occError(400, 'HttpMessageNotReadableError', 'The request body cannot be read.')
      const [purpose, login, password] = [
        textOf(members, 'purpose'),
        textOf(members, 'loginId'),
        textOf(members, 'password'),
      ]
      if (purpose !== 'LOGIN') return invalid('purpose')
      if (login === '' || login.length > MAX_LOGIN_LENGTH) return invalid('loginId')
      const credentials = { grant_type: 'password', resource, username: login, password }
      const issued = await services.issue(credentials)
      if (issued.outcome === 'refused') {
        return issued.failure.status >= 500
          ? occUnavailable(issued.failure)
          : occError(400, 'BadCredentialsError', 'Bad credentials')
      }
      const { customer, clientId, accessToken } = issued.tokens
      await services.endSignIn(accessToken, { clientId, ...(customer && { customerId: customer.id }) })
      services.requestOneTimePassword(login)
      return json(201, { tokenId: tokenIdOf(login), expiresIn: String(CODE_SECONDS) })
    },
  }
}

function invalid(subject: string): DialectAnswer {
  const error = { message: `This field is required: ${subject}`, reason: 'invalid', subject, type: 'ValidationError' }
  return json(400, { errors: [error] })
}
