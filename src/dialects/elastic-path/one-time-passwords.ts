import type { ActionRoute } from '../dialect.ts'
import { textOf } from '../json-body.ts'
import { badBearer, failedValidation } from './errors.ts'
import { notAnObject, readResourceObject, violations } from './resource-object.ts'
import type { SignIn } from './sign-in.ts'

/** Spelled one way in the documentation and another way in published descriptions. */
const TYPES = ['one_time_password_token_request', 'one-time-password-token-request']
const PURPOSE = 'passwordless_authentication'

/** Asks for a code by mail. The answer is the same whether a mail is sent or not. */
export function oneTimePasswordRoute(signIn: SignIn): ActionRoute {
  return {
    method: 'POST',
    path: '/v2/authentication-realms/:realm/password-profiles/:profile/one-time-password-token-request',
    async act(request, services) {
      if (!(await signIn.findCaller(request, services))) return badBearer()
      const data = readResourceObject(request.body)
      if (typeof data === 'string') return notAnObject(data)
      const problems = violations(data, ['type', 'username', 'purpose'])
      if (problems.length > 0) return failedValidation(problems)
      if (!TYPES.includes(textOf(data, 'type'))) return failedValidation(['The selected data.type is invalid.'])
      // A new password is chosen on our own recovery page, not with a code from here.
      if (textOf(data, 'purpose') !== PURPOSE) return failedValidation(['The selected data.purpose is invalid.'])
      services.requestOneTimePassword(textOf(data, 'username'))
      return { status: 202, headers: { 'Cache-Control': 'no-store' }, body: '' }
    },
  }
}
