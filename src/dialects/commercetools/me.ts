import type { ActionRoute, DialectAnswer, DialectRequest } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import { apiFailure, concurrentModification, type PasswordLength, refusalOfAccount } from './api-errors.ts'
import { readBody } from './body.ts'
import { findCallerWith, findRecord, findSelf } from './callers.ts'
import { customerObject, newRecord } from './customer-object.ts'
import { json } from './errors.ts'
import { confirmEmail, invalidCurrentPassword, resetPassword } from './passwords.ts'

export type Project = { readonly key: string; readonly resource: string; readonly length: PasswordLength }

/** What a storefront does for the person in front of it. Each needs the scope `manage_my_profile`. */
export function profileRoutes(project: Project): ActionRoute[] {
  const { key, resource, length } = project
  const at = (method: ActionRoute['method'], path: string, act: Act): ActionRoute => ({
    method,
    path: `/${key}/me${path}`,
    async act(request, services) {
      const found = await findCallerWith(`manage_my_profile:${key}`, request, services, resource)
      return 'refused' in found ? found.refused : act({ request, services, caller: found.caller, length })
    },
  })
  return [
    at('POST', '/signup', signUp),
    at('POST', '/login', logIn),
    at('GET', '', readSelf),
    at('DELETE', '', deleteSelf),
    at('POST', '/password', changePassword),
    at('POST', '/password/reset', ({ request, services }) => resetPassword(request, services, length)),
    at('POST', '/email/confirm', ({ request, services }) => confirmEmail(request, services)),
  ]
}

type Asked = {
  readonly request: DialectRequest
  readonly services: DialectServices
  readonly caller: Parameters<typeof findSelf>[0]
  readonly length: PasswordLength
}
type Act = (asked: Asked) => Promise<DialectAnswer>

async function signUp({ request, services, length }: Asked): Promise<DialectAnswer> {
  const shape = { email: 'text', password: 'text', firstName: 'text?', lastName: 'text?', locale: 'text?' } as const
  const read = readBody(request.body, shape)
  if ('refused' in read) return read.refused
  const { email, password, firstName, lastName, locale } = read.body
  const registered = await services.ownAccount.register({
    email,
    password,
    givenName: firstName || undefined,
    familyName: lastName || undefined,
    locale: locale || undefined,
  })
  switch (registered.outcome) {
    case 'registered':
    case 'unconfirmed': {
      const record = newRecord(registered.account, registered.outcome === 'registered')
      return json(201, { customer: customerObject(record) })
    }
    case 'taken': {
      const message = 'There is already an existing customer with the provided email.'
      return apiFailure(400, [{ code: 'DuplicateField', message, field: 'email', duplicateValue: email }])
    }
    default:
      return refusalOfAccount(registered, length)
  }
}

/** A check of the password, which gives no token. A lock has the answer of a wrong password. */
async function logIn({ request, services, length }: Asked): Promise<DialectAnswer> {
  const read = readBody(request.body, { email: 'text', password: 'text' } as const)
  if ('refused' in read) return read.refused
  const checked = await services.ownAccount.checkPassword(read.body.email, read.body.password)
  if (checked.outcome === 'wrong-password' || checked.outcome === 'locked') {
    const message = 'Account with the given credentials not found.'
    return apiFailure(400, [{ code: 'InvalidCredentials', message }])
  }
  if (checked.outcome !== 'right') return refusalOfAccount(checked, length)
  return json(200, { customer: customerObject(await findRecord(checked.customer, services.ownAccount)) })
}

async function readSelf({ services, caller }: Asked): Promise<DialectAnswer> {
  const found = await findSelf(caller, services)
  return 'refused' in found ? found.refused : json(200, customerObject(found.record))
}

/** Forgets the person. Their last record is the answer. */
async function deleteSelf({ request, services, caller, length }: Asked): Promise<DialectAnswer> {
  const version = Number(request.query.get('version') || Number.NaN)
  if (request.query.getAll('version').length !== 1 || !Number.isSafeInteger(version)) {
    return apiFailure(400, [{ code: 'InvalidInput', message: 'The query parameter version is missing, or no number.' }])
  }
  const found = await findSelf(caller, services)
  if ('refused' in found) return found.refused
  const { record } = found
  if (record.version !== version) return concurrentModification(record.customer.id, version, record.version)
  const erased = await services.ownAccount.erase(caller)
  return erased.outcome === 'erased' ? json(200, customerObject(record)) : refusalOfAccount(erased, length)
}

/** Ends every token of the customer, this one too. */
async function changePassword({ request, services, caller, length }: Asked): Promise<DialectAnswer> {
  const shape = { version: 'number', currentPassword: 'text', newPassword: 'text' } as const
  const read = readBody(request.body, shape)
  if ('refused' in read) return read.refused
  const found = await findSelf(caller, services)
  if ('refused' in found) return found.refused
  const { customer, version } = found.record
  if (version !== read.body.version) return concurrentModification(customer.id, read.body.version, version)
  const { currentPassword: current, newPassword: next } = read.body
  const changed = await services.ownAccount.changePassword(caller, { current, next })
  if (changed.outcome === 'wrong-password') return invalidCurrentPassword()
  if (changed.outcome !== 'changed') return refusalOfAccount(changed, length)
  return json(200, customerObject(await findRecord(customer, services.ownAccount)))
}
