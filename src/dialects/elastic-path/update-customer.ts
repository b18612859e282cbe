import { normalizeEmail } from '../../credentials/email.ts'
import type { Customer } from '../../customers/customer.ts'
import type { PasswordChanged, PasswordSet } from '../../customers/self-service/outcomes.ts'
import { invalidMembers } from '../../customers/self-service/register-customer.ts'
import type { ActionRoute, DialectAnswer } from '../dialect.ts'
import { type JsonObject, textOf } from '../json-body.ts'
import type { NotOwn } from '../own-account.ts'
import type { DialectServices } from '../services.ts'
import { BAD_NAME, type PasswordLength, refusalOfAccount, tooManyAttempts } from './account-answers.ts'
import { type Asking, type CustomerEndpoint, findAsking } from './callers.ts'
import { customerObject, namesOf } from './customer-object.ts'
import { detailedError, failedValidation, json } from './errors.ts'
import { notAnObject, readResourceObject, violations } from './resource-object.ts'

/** The shop sets a password by the token alone. Here the token must be this fresh for that. */
const FRESH_SECONDS = 3600
const NOT_FRESH =
  'The customer token is too old to set a password. Sign in again, or send data.current_password as well.'
const WRONG = 'The data.current_password is incorrect.'
/** Somebody else could be its owner. */
const EMAIL_STAYS = 'The data.email cannot be changed here: the new address must be confirmed first.'

type Change = { readonly data: JsonObject; readonly asking: Asking; readonly services: DialectServices }

/** `PUT /v2/customers/{id}`: another name, another password. What is not sent stays. */
export function updateCustomerRoute(endpoint: CustomerEndpoint, length: PasswordLength): ActionRoute {
  return {
    method: 'PUT',
    path: '/v2/customers/:id',
    async act(request, services) {
      const asking = await findAsking(request, services, endpoint)
      if ('refused' in asking) return asking.refused
      const data = readResourceObject(request.body)
      if (typeof data === 'string') return notAnObject(data)
      const problems = problemsOf(data, customerOf(asking).email)
      if (problems.length > 0) return failedValidation(problems)
      const change = { data, asking, services }
      // The password first: where it is refused, the name stays too.
      return (await changePassword(change, length)) ?? (await changeName(change, length))
    },
  }
}

function customerOf(asking: Asking): Customer {
  return asking.as === 'back-end' ? asking.record.customer : asking.customer
}

const OPTIONAL = ['name', 'email', 'password', 'current_password']

function problemsOf(data: JsonObject, email: string): string[] {
  const given = OPTIONAL.filter((name) => Object.hasOwn(data, name))
  const problems = violations(data, ['type', ...given])
  if (problems.length > 0) return problems
  if (textOf(data, 'type') !== 'customer') return ['The selected data.type is invalid.']
  if (given.includes('name') && invalidMembers(namesOf(textOf(data, 'name'))).length > 0) return [BAD_NAME]
  const isMoved = given.includes('email') && normalizeEmail(textOf(data, 'email')) !== normalizeEmail(email)
  return isMoved ? [EMAIL_STAYS] : []
}

/** Undefined when nothing was refused. */
async function changePassword(change: Change, length: PasswordLength): Promise<DialectAnswer | undefined> {
  if (!Object.hasOwn(change.data, 'password')) return undefined
  const changed = await setPassword(change)
  switch (changed.outcome) {
    case 'changed':
      return undefined
    case 'not-fresh':
      return detailedError(403, { detail: NOT_FRESH })
    case 'wrong-password':
      // Never 401: the shop's SDK would send it again and again.
      return failedValidation([WRONG])
    case 'locked':
      return tooManyAttempts(changed.retryAfterSeconds)
    default:
      return refusalOfAccount(changed, length)
  }
}

type Changed = PasswordChanged | PasswordSet | NotOwn | { readonly outcome: 'not-fresh' }

async function setPassword({ data, asking, services }: Change): Promise<Changed> {
  const next = textOf(data, 'password')
  const current = textOf(data, 'current_password')
  if (asking.as === 'back-end') {
    const { accounts, record } = asking
    return current
      ? accounts.changePassword(record.customer, { current, next })
      : accounts.setPassword(record.customer, next)
  }
  const { caller } = asking
  if (current) return services.ownAccount.changePassword(caller, { current, next })
  const isFresh = Date.now() / 1000 - caller.issuedAt <= FRESH_SECONDS
  return isFresh ? services.ownAccount.setPassword(caller, next) : { outcome: 'not-fresh' }
}

async function changeName({ data, asking, services }: Change, length: PasswordLength): Promise<DialectAnswer> {
  const { id } = customerOf(asking)
  if (!Object.hasOwn(data, 'name')) return answer(customerOf(asking), services)
  const profile = namesOf(textOf(data, 'name'))
  const changed =
    asking.as === 'back-end'
      ? await asking.accounts.changeProfile(id, profile)
      : await services.ownAccount.changeProfile(asking.caller, profile)
  return changed.outcome === 'changed' ? answer(changed.customer, services) : refusalOfAccount(changed, length)
}

async function answer(customer: Customer, { ownAccount }: DialectServices): Promise<DialectAnswer> {
  return json(200, { data: customerObject(customer, await ownAccount.find(customer.id)) })
}
