import type { ActionRoute, DialectRoute } from '../dialect.ts'
import { textOf } from '../json-body.ts'
import { type Field, readAttributes, violations } from './attributes.ts'
import { idMissing, type PasswordLength, passwordsDiffer, refusal, unauthorized } from './customer-answers.ts'
import { failure, lockedOut, NO_CONTENT } from './documents.ts'
import { contradiction } from './headers.ts'
import { findCallerAt } from './own-token.ts'

export type PasswordSettings = { readonly length: PasswordLength; readonly blockSeconds: number }

/** `PATCH /customer-password/{reference}`, `POST /customer-forgotten-password` and `PATCH /customer-restore-password/{id}`. */
export function passwordRoutes(settings: PasswordSettings): DialectRoute[] {
  return [
    withoutId('/customer-password', 'customer-password'),
    customerPassword(settings),
    forgottenPassword(settings),
    withoutId('/customer-restore-password', 'customer-restore-password'),
    restorePassword(settings),
  ]
}

/** The document is looked at first, then the id. */
function withoutId(path: string, type: string): ActionRoute {
  return {
    method: 'PATCH',
    path,
    act({ body, context }) {
      const parsed = readAttributes(body, type, context)
      return 'refused' in parsed ? parsed.refused : idMissing(context)
    },
  }
}

function customerPassword({ length, blockSeconds }: PasswordSettings): ActionRoute {
  const fields = ['newPassword', 'confirmPassword'] as const
  const rules: Field[] = [{ name: 'password' }, ...fields.map((name): Field => ({ name, is: 'password', length }))]
  return {
    method: 'PATCH',
    path: '/customer-password/:reference',
    async act(request, services) {
      const { body, params, context } = request
      const parsed = readAttributes(body, 'customer-password', context)
      if ('refused' in parsed) return parsed.refused
      const found = await findCallerAt(request, services)
      if ('refused' in found) return found.refused
      const refused = violations(parsed.attributes, rules, context)
      if (refused) return refused
      if (found.caller.customer?.customerReference !== params.reference) return unauthorized(context)
      const [next, repeated] = fields.map((name) => textOf(parsed.attributes, name))
      if (next === undefined || next !== repeated) return passwordsDiffer(fields, context)
      const current = textOf(parsed.attributes, 'password')
      const changed = await services.ownAccount.changePassword(found.caller, { current, next })
      switch (changed.outcome) {
        case 'changed':
          return NO_CONTENT
        case 'wrong-password':
          return failure(400, '408', 'Invalid password', context)
        case 'locked':
          return lockedOut({ blockSeconds, leftSeconds: changed.retryAfterSeconds }, context)
        default:
          return refusal(changed, { fields, length }, context)
      }
    },
  }
}

/** Always 204: the answer says nothing of whether there is such a customer. */
function forgottenPassword({ length }: PasswordSettings): ActionRoute {
  return {
    method: 'POST',
    path: '/customer-forgotten-password',
    async act(request, services) {
      const { body, context } = request
      const parsed = readAttributes(body, 'customer-forgotten-password', context)
      if ('refused' in parsed) return parsed.refused
      const refused = contradiction(request) ?? violations(parsed.attributes, [{ name: 'email', is: 'email' }], context)
      if (refused) return refused
      const requested = await services.ownAccount.requestPasswordReset(textOf(parsed.attributes, 'email'))
      if (requested.outcome === 'requested') return NO_CONTENT
      return refusal(requested, { fields: ['password', 'confirmPassword'], length }, context)
    },
  }
}

/** The id in the path is not looked at: the key in the document says whose password it is. */
function restorePassword({ length }: PasswordSettings): ActionRoute {
  const fields = ['password', 'confirmPassword'] as const
  const rules: Field[] = [
    { name: 'restorePasswordKey' },
    ...fields.map((name): Field => ({ name, is: 'password', length })),
  ]
  return {
    method: 'PATCH',
    path: '/customer-restore-password/:id',
    async act(request, services) {
      const { body, context } = request
      const parsed = readAttributes(body, 'customer-restore-password', context)
      if ('refused' in parsed) return parsed.refused
      const refused = contradiction(request) ?? violations(parsed.attributes, rules, context)
      if (refused) return refused
      const [password, repeated] = fields.map((name) => textOf(parsed.attributes, name))
      if (password === undefined || password !== repeated) return passwordsDiffer(fields, context)
      const key = textOf(parsed.attributes, 'restorePasswordKey')
      const reset = await services.ownAccount.resetPassword({ key, password })
      switch (reset.outcome) {
        case 'changed':
          return NO_CONTENT
        case 'invalid-key':
          return failure(422, '415', 'Restore password key is not valid.', context)
        default:
          return refusal(reset, { fields, length }, context)
      }
    },
  }
}
