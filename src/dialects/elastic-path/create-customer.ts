import type { Registered } from '../../customers/self-service/outcomes.ts'
import type { ActionRoute } from '../dialect.ts'
import { type JsonObject, textOf } from '../json-body.ts'
import type { DialectServices } from '../services.ts'
import { type PasswordLength, refusalOfAccount } from './account-answers.ts'
import { customerObject, namesOf } from './customer-object.ts'
import { badBearer, failedValidation, json } from './errors.ts'
import { notAnObject, readResourceObject, violations } from './resource-object.ts'
import type { SignIn } from './sign-in.ts'

export const TAKEN = 'The data.email has already been taken.'

/** `POST /v2/customers`: registration, by any bearer. Who registers gets no token by it. */
export function createCustomerRoute(signIn: SignIn, length: PasswordLength): ActionRoute {
  return {
    method: 'POST',
    path: '/v2/customers',
    async act(request, services) {
      if (!(await signIn.findCaller(request, services))) return badBearer()
      const data = readResourceObject(request.body)
      if (typeof data === 'string') return notAnObject(data)
      const problems = violations(data, ['type', 'name', 'email', 'password'])
      if (problems.length > 0) return failedValidation(problems)
      if (textOf(data, 'type') !== 'customer') return failedValidation(['The selected data.type is invalid.'])
      const registered = await register(data, services)
      switch (registered.outcome) {
        case 'registered':
        case 'unconfirmed': {
          const now = new Date()
          return json(201, { data: customerObject(registered.account, { createdAt: now, changedAt: now }) })
        }
        case 'taken':
          return failedValidation([TAKEN])
        default:
          return refusalOfAccount(registered, length)
      }
    },
  }
}

/** With what a customer and an account member sign up with alike. */
export function register(data: JsonObject, { ownAccount }: DialectServices): Promise<Registered> {
  const { givenName, familyName } = namesOf(textOf(data, 'name'))
  return ownAccount.register({
    email: textOf(data, 'email'),
    password: textOf(data, 'password'),
    givenName,
    ...(familyName !== null && { familyName }),
  })
}
