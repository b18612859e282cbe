import type { ActionRoute, AnswerContext, DialectAnswer, DialectRequest, DialectRoute } from '../dialect.ts'
import { textOf } from '../json-body.ts'
import type { Account } from '../own-account.ts'
import type { DialectServices } from '../services.ts'
import { type Field, readAttributes, violations } from './attributes.ts'
import { idMissing, type PasswordLength, passwordsDiffer, refusal, unauthorized } from './customer-answers.ts'
import { failure, failures, NO_CONTENT, resourceOf, type SprykerError } from './documents.ts'
import { contradiction } from './headers.ts'
import { findCallerAt } from './own-token.ts'

const TYPE = 'customers'
const PATH = '/customers'
const PASSWORDS = ['password', 'confirmPassword'] as const
const ALREADY_EXISTS =
  'If this email address is already in use, you will receive a password reset link. Otherwise you must first validate your e-mail address to finish registration. Please check your e-mail.'

/** `POST /customers` and `DELETE /customers/{reference}`; the rest of a customer is the shop's. */
export function customerRoutes(length: PasswordLength): DialectRoute[] {
  return [
    { method: 'POST', path: PATH, act: (request, services) => register(request, services, length) },
    { method: 'DELETE', path: PATH, act: ({ context }) => idMissing(context) },
    erase(length),
  ]
}

function registrationFields(length: PasswordLength): Field[] {
  return [
    { name: 'firstName' },
    { name: 'lastName' },
    { name: 'gender', is: 'choice', of: ['Male', 'Female'] },
    { name: 'salutation', is: 'choice', of: ['Mr', 'Ms', 'Mrs', 'Dr'] },
    { name: 'email', is: 'email' },
    ...PASSWORDS.map((name): Field => ({ name, is: 'password', length })),
    { name: 'acceptedTerms', is: 'ticked' },
  ]
}

async function register(
  request: DialectRequest,
  services: DialectServices,
  length: PasswordLength,
): Promise<DialectAnswer> {
  const { body, context } = request
  const parsed = readAttributes(body, TYPE, context)
  if ('refused' in parsed) return parsed.refused
  const { attributes } = parsed
  const refused = contradiction(request) ?? violations(attributes, registrationFields(length), context)
  if (refused) return refused
  const text = (name: string) => textOf(attributes, name)
  if (text('password') !== text('confirmPassword')) return passwordsDiffer(PASSWORDS, context)
  const registered = await services.ownAccount.register({
    email: text('email'),
    password: text('password'),
    givenName: text('firstName'),
    familyName: text('lastName'),
  })
  switch (registered.outcome) {
    case 'registered':
    case 'unconfirmed':
      return registeredAs(registered.account, { gender: text('gender'), salutation: text('salutation') }, context)
    case 'taken':
      return failure(422, '400', ALREADY_EXISTS, context)
    case 'invalid':
      return invalid(registered.members, context)
    default:
      return refusal(registered, { fields: PASSWORDS, length }, context)
  }
}

/** What is not kept here is said back, as the shop says it; `createdAt` is the time of the answer. */
function registeredAs(
  { customerReference: id, email, givenName, familyName }: Account,
  shops: { readonly gender: string; readonly salutation: string },
  context: AnswerContext,
): DialectAnswer {
  const createdAt = new Date().toISOString().replace('T', ' ').replace('Z', '000')
  const { gender, salutation } = shops
  const names = { firstName: givenName, lastName: familyName }
  const attributes = { ...names, email, gender, dateOfBirth: null, salutation, createdAt, updatedAt: createdAt }
  return resourceOf({ type: TYPE, id, attributes }, context)
}

const FIELD_OF = { email: 'email', givenName: 'firstName', familyName: 'lastName', locale: 'locale' } as const
const COMPLAINT = 'This value is not valid.'

/** Stricter than the shop: what stands in a mail or an invoice as somebody's name must look like one. */
function invalid(members: readonly (keyof typeof FIELD_OF)[], context: AnswerContext): DialectAnswer {
  const violation = (member: keyof typeof FIELD_OF): SprykerError => ({
    status: 422,
    code: '901',
    detail: `${FIELD_OF[member]} => ${member === 'email' ? 'This value is not a valid email address.' : COMPLAINT}`,
  })
  const [first = 'email', ...rest] = members
  return failures([violation(first), ...rest.map(violation)], context)
}

function erase(length: PasswordLength): ActionRoute {
  return {
    method: 'DELETE',
    path: `${PATH}/:reference`,
    async act(request, services) {
      const { params, context } = request
      const found = await findCallerAt(request, services)
      if ('refused' in found) return found.refused
      if (found.caller.customer?.customerReference !== params.reference) return unauthorized(context)
      const erased = await services.ownAccount.erase(found.caller)
      return erased.outcome === 'erased' ? NO_CONTENT : refusal(erased, { fields: PASSWORDS, length }, context)
    },
  }
}
