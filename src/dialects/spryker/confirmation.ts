import type { ActionRoute } from '../dialect.ts'
import { readAttributes, violations } from './attributes.ts'
import { failure, NO_CONTENT } from './documents.ts'
import { contradiction } from './headers.ts'

/** `POST /customer-confirmation`: the key of the mail that a new customer got. */
export const customerConfirmation: ActionRoute = {
  method: 'POST',
  path: '/customer-confirmation',
  async act(request, services) {
    const { body, context } = request
    const parsed = readAttributes(body, 'customer-confirmation', context)
    if ('refused' in parsed) return parsed.refused
    const refused = contradiction(request) ?? violations(parsed.attributes, [{ name: 'registrationKey' }], context)
    if (refused) return refused
    if (await services.ownAccount.confirm(String(parsed.attributes.registrationKey))) return NO_CONTENT
    return failure(422, '423', 'This email confirmation code is invalid or has been already used.', context)
  },
}
